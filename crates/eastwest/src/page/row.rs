//! One service in a list: how it stands, why, and what would end it.

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::standing::Standing;
use eastwest_core::view::ServiceView;

use super::words::Moment;
use crate::api::listing::namespace_of;
use crate::api::services::standing_of;
use crate::daemon::clock::Clock;

/// One service.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its cluster.
    pub(crate) cluster: String,
    /// Its name there.
    pub(crate) name: String,
    /// Its namespace.
    pub(crate) namespace: Option<String>,
    /// How it stands.
    pub(crate) standing: Standing,
    /// The reason, one of a closed set.
    pub(crate) reason: Option<&'static str>,
    /// The reason in words.
    pub(crate) why: Option<String>,
    /// What would end it.
    pub(crate) ends: Option<String>,
    /// Whether the row above says the very same: then it need not be read twice.
    pub(crate) is_as_above: bool,
    /// Since when.
    pub(crate) since: Option<Moment>,
}

/// Since when a service is as it is: as AWS remembers it where the status speaks of a rollout, else as this process saw.
pub(super) fn since(engine: &Engine, clock: Clock, key: &ServiceKey) -> Option<Moment> {
    let published = engine.status(key)?;
    let told = published.status.began.and_then(eastwest_core::ecs::time::AwsTime::calendar);
    let seen = || Moment::ago(clock.calendar(published.since), clock.now().calendar);
    Some(told.map_or_else(seen, Moment::of_aws))
}

impl Row {
    /// One service as it is now.
    pub(super) fn new(
        engine: &Engine,
        clock: Clock,
        key: &ServiceKey,
        service: &ServiceView,
    ) -> Self {
        let status = engine.status(key).map(|published| &published.status);
        Self {
            cluster: key.cluster.to_string(),
            name: key.name.to_string(),
            namespace: namespace_of(engine, key, service)
                .map(|namespace| namespace.name.to_string()),
            standing: standing_of(engine, key, service),
            reason: status.and_then(|status| status.reason).map(Reason::name),
            why: status.and_then(|status| status.message.clone()),
            ends: status.and_then(|status| status.ends.clone()),
            is_as_above: false,
            since: since(engine, clock, key),
        }
    }
}

/// Marks the rows that say the same as the one above.
pub(super) fn mark_repeated(rows: &mut [Row]) {
    let says = |row: &Row| (row.reason, row.why.clone(), row.ends.clone());
    for at in 1..rows.len() {
        rows[at].is_as_above = rows[at].why.is_some() && says(&rows[at]) == says(&rows[at - 1]);
    }
}
