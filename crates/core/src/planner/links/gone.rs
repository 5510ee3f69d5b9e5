//! Endpoints that go, and the clients that can then no longer call them.

use super::client::Client;
use super::needs::Calls;
use super::offers::EndpointState;
use super::stale::Leaving;
use crate::declaration::declared::Pause;
use crate::declaration::settings::Policy;
use crate::ecs::connect::Endpoint;
use crate::ecs::name::DiscoveryName;
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::first_of;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::planner::candidate::Candidate;
use crate::planner::entries::Entries;
use crate::planner::input::PlannerInput;
use crate::view::reading::Question;

/// The names that their servers are about to give up: no client is rolled out again for them. A change that is paused
/// without an end, or that the policy does not allow, may never come, so its names are not among them.
pub(crate) fn leaving(candidates: &[Candidate<'_>], entries: &Entries, policy: Policy) -> Leaving {
    let goes_on = |candidate: &&Candidate<'_>| {
        let action = entries.get(&candidate.service.key).and_then(Entry::pending);
        candidate.declaration.pause != Some(Pause::Open)
            && action.is_some_and(|action| policy.allows(action))
    };
    candidates.iter().filter(goes_on).flat_map(given_up_by).collect()
}

/// The names that a candidate has and is not to have.
fn given_up_by(candidate: &Candidate<'_>) -> Vec<(ServiceKey, DiscoveryName)> {
    let deployed = candidate.service.connect().into_iter().flat_map(|c| &c.endpoints);
    let names = deployed.map(Endpoint::discovery).filter(|name| !candidate.will_offer(name));
    names.map(|name| (candidate.service.key.clone(), name)).collect()
}

/// The note of each candidate whose endpoints go while clients call them.
pub(crate) fn notes(
    candidates: &[Candidate<'_>],
    entries: &Entries,
    calls: Calls<'_>,
) -> Vec<(ServiceKey, String)> {
    let note = |candidate: &Candidate<'_>| {
        let key = &candidate.service.key;
        Some((key.clone(), words(candidate, entries.get(key)?, calls)?))
    };
    candidates.iter().filter_map(note).collect()
}

/// The holds of candidates whose endpoints go while it was not tried yet to read what some client calls.
pub(crate) fn unread_callers<'a>(
    input: &PlannerInput<'a>,
    candidates: &[Candidate<'a>],
    entries: &Entries,
    clients: &[Client<'a>],
) -> Vec<(ServiceKey, Hold)> {
    let hold = |candidate: &Candidate<'a>| {
        let key = &candidate.service.key;
        let deployed = candidate.service.connect()?;
        let namespace = candidate.defaults.namespace_of(deployed)?;
        going(candidate, entries.get(key)?).next()?;
        let unread = clients.iter().find(|client| {
            client.namespace.id == namespace.id
                && client.service.arn != candidate.service.arn
                && !client.service.names_no_task_definition()
                && !input.view.task_definitions.contains_key(&client.service.task_definition)
        })?;
        let question = Question::TaskDefinition(unread.service.task_definition.clone());
        Some((key.clone(), Hold::until_answered(question)))
    };
    candidates.iter().filter_map(hold).collect()
}

/// The deployed endpoints that go.
fn going<'e>(candidate: &'e Candidate<'_>, entry: &'e Entry) -> impl Iterator<Item = &'e Endpoint> {
    let deployed = candidate.service.connect();
    let namespace = deployed.and_then(|deployed| candidate.defaults.namespace_of(deployed));
    let leaves = candidate
        .offers()
        .is_none_or(|(wanted, _)| namespace.is_none_or(|namespace| *wanted != namespace.id));
    let endpoints = deployed.into_iter().flat_map(|deployed| &deployed.endpoints);
    endpoints.filter(move |endpoint| leaves || is_removed(endpoint, entry))
}

/// Which clients call the endpoints that go; `None` if no client does.
fn words(candidate: &Candidate<'_>, entry: &Entry, calls: Calls<'_>) -> Option<String> {
    let deployed = candidate.service.connect()?;
    let namespace = candidate.defaults.namespace_of(deployed)?;
    let losses = going(candidate, entry).filter_map(|endpoint| {
        let name = endpoint.discovery();
        if can_still_be_called(candidate, namespace, &name, calls) {
            return None;
        }
        let callers = callers(candidate, namespace, &name, calls);
        let words =
            || format!("{name} goes, and {} can no longer call it", first_of(&callers, ", "));
        (!callers.is_empty()).then(words)
    });
    let losses: Vec<String> = losses.collect();
    (!losses.is_empty()).then(|| losses.join("; "))
}

/// Whether the changes of an entry remove an endpoint.
fn is_removed(endpoint: &Endpoint, entry: &Entry) -> bool {
    let path = format!("{}/{}", endpoint.port_name, endpoint.discovery());
    let mut changes = entry.changes.iter();
    changes.any(|change| change.to.is_none() && change.endpoint.as_deref() == Some(path.as_str()))
}

/// Whether another service offers the name too, or the endpoint that takes its place is there already.
fn can_still_be_called(
    candidate: &Candidate<'_>,
    namespace: &Namespace,
    name: &DiscoveryName,
    calls: Calls<'_>,
) -> bool {
    let arn = &candidate.service.arn;
    let mut successors = calls.offers.successors(&namespace.id, name).flatten();
    calls.offers.of(&namespace.id, name).iter().any(|offer| offer.service.arn != *arn)
        || successors.any(|offer| matches!(offer.state, EndpointState::Complete(_)))
}

/// The clients in a namespace that need a name of another service. Inferred needs are marked.
fn callers(
    candidate: &Candidate<'_>,
    namespace: &Namespace,
    name: &DiscoveryName,
    calls: Calls<'_>,
) -> Vec<String> {
    let others = calls.clients.iter().filter(|client| {
        client.namespace.id == namespace.id && client.service.arn != candidate.service.arn
    });
    let callers = others.filter_map(|client| {
        let key = &client.service.key;
        let need = calls.needs.of(key).iter().find(|need| need.name == *name)?;
        let how = if need.inferred { " (as its environment says)" } else { "" };
        Some(format!("{key}{how}"))
    });
    let mut callers: Vec<String> = callers.collect();
    callers.sort();
    callers
}
