//! Finds clients whose tasks do not know endpoints that they need.
//!
//! A task knows the endpoints that were there when its service's deployment was created. Replacement tasks know no more
//! (DG:service-connect-concepts-deploy). No API tells which endpoints a task knows, so two ages are compared, by AWS's
//! clock: that of the client's PRIMARY deployment, and that of the deployment that brought the endpoint. A client that is
//! redeployed anyway needs no refresh. One refresh covers all endpoints that its tasks do not know.

use std::collections::BTreeSet;

use super::client::Client;
use super::needs::Calls;
use super::offers::{EndpointState, Offer};
use crate::ecs::canonical::canonical;
use crate::ecs::claim::Claim;
use crate::ecs::name::DiscoveryName;
use crate::ecs::seen::Seen;
use crate::ecs::service::Rollout;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::SHOWN;
use crate::ecs::time::AwsTime;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::need::MissingEndpoint;
use crate::planner::facts::with_facts;
use crate::planner::input::PlannerInput;
use crate::planner::names::register::Register;
use crate::planner::obstacle::recent;
use crate::planner::service::eligible::unread_task_definition;
use crate::view::reading::Question;

/// Names that their servers are about to give up.
pub(crate) type Leaving = BTreeSet<(ServiceKey, DiscoveryName)>;

/// What is known of the names that clients need.
#[derive(Clone, Copy)]
pub(crate) struct Known<'c> {
    /// Those that their servers are about to give up.
    pub(crate) leaving: &'c Leaving,
    /// Whose they are.
    pub(crate) register: &'c Register,
}

/// The entry of a client that is in order and needs a refresh; `None` if its tasks know every endpoint they need.
pub(crate) fn refresh(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
    known: Known<'_>,
) -> Option<Entry> {
    let primary = client.service.primary()?;
    if primary.rollout == Rollout::InProgress {
        // The endpoints it will not know are seen when the rollout is done.
        return None;
    }
    let Found { lacks, more, unknown, foreign } = compare(input, calls, client, known).cut();
    if lacks.is_empty() && unknown.is_none() {
        return None;
    }
    let action = Action::Refresh { service: client.service.key.clone() };
    let verdict = match foreign.or(unknown).or_else(|| obstacle(input, client)) {
        None => Verdict::Step { action },
        Some(hold) => Verdict::Hold { hold: with_facts(input, hold), action: Some(action) },
    };
    let in_sync = Entry::in_sync(Some(client.namespace));
    let mut entry = Entry { verdict, lacks, lacks_more: more, ..in_sync };
    if !entry.lacks.is_empty()
        && let Some(words) = image_words(input, client)
    {
        entry.add_note(&words);
    }
    Some(entry)
}

/// What the comparison of ages shows.
#[derive(Default)]
struct Found {
    /// The endpoints that the tasks of a client do not know.
    lacks: Vec<MissingEndpoint>,
    /// How many more there are.
    more: usize,
    /// What must be read before more can be told.
    unknown: Option<Hold>,
    /// A name among them that was another service's, and is still kept for that one.
    foreign: Option<Hold>,
}

/// Why no client is led to an offer: its name was another service's a short while ago.
fn foreign(
    input: &PlannerInput<'_>,
    client: &Client<'_>,
    offer: &Offer<'_>,
    known: Known<'_>,
) -> Option<Hold> {
    let alias = offer.port.map(|port| Claim::Alias(offer.host.clone(), port));
    let claims = [Some(Claim::Discovery(offer.discovery.clone())), alias];
    claims.into_iter().flatten().find_map(|claim| {
        let namespace = &client.namespace.id;
        let holder = known.register.kept_from(input, &offer.service.key, namespace, &claim)?;
        Some(Hold::Conflict(claim, holder))
    })
}

impl Found {
    /// Keeps the oldest of a list that grows with the fleet: they decide when the client is rolled out.
    fn cut(mut self) -> Self {
        self.more = self.lacks.len().saturating_sub(SHOWN);
        if self.more > 0 {
            self.lacks.sort_by_key(|lack| (lack.since.is_none(), lack.since));
            self.lacks.truncate(SHOWN);
        }
        self
    }
}

/// Compares the age of a client's deployment with that of each endpoint it needs.
fn compare(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
    known: Known<'_>,
) -> Found {
    let mut found = Found::default();
    let Some(primary) = client.service.primary() else { return found };
    for offer in calls.needs.refresh_causes(client, calls.offers) {
        if known.leaving.contains(&(offer.service.key.clone(), offer.discovery.clone())) {
            continue;
        }
        match is_younger(input, offer, primary.created_at) {
            Ok(true) => {
                found.lacks.push(MissingEndpoint {
                    name: offer.discovery.clone(),
                    alias: offer.alias(),
                    server: offer.service.key.clone(),
                    since: since(input, offer),
                });
                found.foreign = found.foreign.or_else(|| foreign(input, client, offer, known));
            }
            Ok(false) => {}
            Err(hold) => found.unknown = Some(hold),
        }
    }
    if client.has_unread_environment(input) {
        found.unknown = Some(unread_task_definition(client.service));
    }
    found
}

/// When an endpoint came, as far as its server's past tells.
fn since(input: &PlannerInput<'_>, offer: &Offer<'_>) -> Option<AwsTime> {
    let (_, seen) = input.view.histories.get(&offer.service.key)?;
    seen.known()?.age(offer.endpoint)?.since
}

/// Whether an endpoint came after a deployment was created.
pub(crate) fn is_younger(
    input: &PlannerInput<'_>,
    offer: &Offer<'_>,
    created_at: AwsTime,
) -> Result<bool, Hold> {
    let EndpointState::Complete(by) = offer.state else { return Ok(false) };
    if created_at > by {
        return Ok(false);
    }
    let key = &offer.service.key;
    if input.view.service(key).is_some_and(|server| server.missing_since.is_some()) {
        // A listing does not show it: most likely it is gone.
        return Ok(false);
    }
    match input.view.histories.get(key).map(|(_, seen)| seen) {
        Some(Seen::Known(history)) => Ok(match history.age(offer.endpoint) {
            Some(age) => age.since.is_some_and(|since| created_at <= since),
            // Its history lags behind what it has in force, so the endpoint is as new as that.
            None => true,
        }),
        // The server was deleted: the next listing will show that.
        Some(Seen::Absent) => Ok(false),
        Some(Seen::Unknown(_)) | None => Err(Hold::until_answered(Question::History(key.clone()))),
    }
}

/// Why a client cannot be rolled out again now.
fn obstacle(input: &PlannerInput<'_>, client: &Client<'_>) -> Option<Hold> {
    let service = client.service;
    if input.task_definition(service).is_none() {
        return Some(unread_task_definition(service));
    }
    let defaults = input.defaults_of(service);
    let deployed = service.connect().map(|connect| canonical(connect, &defaults));
    recent(input, service, deployed.as_ref(), &defaults)
}

/// A forced deployment resolves image tags again (DG:deployment-type-ecs), so it may bring other code with it.
fn image_words(input: &PlannerInput<'_>, client: &Client<'_>) -> Option<String> {
    let task_definition = input.task_definition(client.service)?;
    let mutable = task_definition.images.iter().filter(|image| !image.contains("@sha256:"));
    let mutable: Vec<&str> = mutable.map(String::as_str).collect();
    (!mutable.is_empty()).then(|| {
        format!(
            "a forced deployment resolves image tags again: {} may be another image by now; name images by digest to rule that out",
            mutable.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
