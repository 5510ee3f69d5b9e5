//! The pauses that people asked for, as pages show them.

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::asked_pause::PauseScope;

use crate::daemon::clock::Clock;

/// One pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PauseRow {
    /// What it says.
    pub(crate) words: String,
    /// What the button that ends it names.
    pub(crate) cluster: String,
    /// The same, of a service.
    pub(crate) service: String,
}

/// The pauses in force: all of them, or those that hold one service.
pub(super) fn rows(engine: &Engine, clock: Clock, of: Option<&ServiceKey>) -> Vec<PauseRow> {
    let in_force = engine.pauses().in_force(clock.now());
    let shown = in_force.filter(|pause| of.is_none_or(|key| pause.scope.covers(key)));
    let row = |pause: &eastwest_core::plan::asked_pause::AskedPause| {
        let (cluster, service) = match &pause.scope {
            PauseScope::Everything => (String::new(), String::new()),
            PauseScope::Cluster(cluster) => (cluster.to_string(), String::new()),
            PauseScope::Service(key) => (String::new(), key.to_string()),
        };
        let words = format!("Paused {}: {}, until {:.0}", pause.over, pause.scope, pause.until);
        PauseRow { words, cluster, service }
    };
    shown.map(row).collect()
}
