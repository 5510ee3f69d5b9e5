//! Why the calls of a client may fail although its configuration is in order, and what must be read to know.
//!
//! **Invariant:** what is said of a client follows from the world alone. What inference rests on and was not read is
//! asked for, once for each revision, and until then the client counts as not known.

use std::collections::BTreeSet;

use super::client::Client;
use super::needs::Calls;
use super::offers::{EndpointState, Offer};
use super::stale::is_younger;
use crate::declaration::issue::Issue;
use crate::ecs::environment::Mention;
use crate::ecs::name::DiscoveryName;
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{Deployment, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::plan::doubt::CallDoubt;
use crate::plan::hold::Hold;
use crate::plan::need::Need;
use crate::planner::facts::with_facts;
use crate::planner::input::PlannerInput;
use crate::view::reading::Question;
use crate::view::users_of;

/// The doubts about the calls of one client.
pub(crate) fn doubts<'a>(
    input: &PlannerInput<'a>,
    calls: Calls<'_>,
    client: &Client<'a>,
) -> Vec<CallDoubt> {
    if client.is_unread(input) {
        let question = Question::TaskDefinition(client.service.task_definition.clone());
        return unread(input, Hold::until_answered(question)).into_iter().collect();
    }
    if !client.is_in(input, &client.namespace.id) {
        return Vec::new();
    }
    let Some(primary) = client.service.primary() else { return Vec::new() };
    let ports = client.mentions(input).filter_map(|each| wrong_port(calls, client, each));
    let mut found: Vec<CallDoubt> = ports.collect();
    found.extend(not_served(input, calls, client));
    let needs = calls.needs.of(&client.service.key);
    found.extend(needs.iter().filter_map(|need| of_need(input, calls, client, need)));
    if primary.rollout != Rollout::InProgress && needs.is_empty() {
        found.extend(only_server(input, calls, client, primary));
    }
    found
}

/// What of these doubts is an issue of the client.
pub(crate) fn advice(
    doubts: &[(ServiceKey, Vec<CallDoubt>)],
) -> impl Iterator<Item = (ServiceKey, Vec<Issue>)> + use<> {
    let issues = |(key, doubts): &(ServiceKey, Vec<CallDoubt>)| {
        let issues: Vec<Issue> = doubts.iter().filter_map(CallDoubt::issue).collect();
        (!issues.is_empty()).then(|| (key.clone(), issues))
    };
    doubts.iter().filter_map(issues).collect::<Vec<_>>().into_iter()
}

/// The namespaces whose services beyond the watched clusters nobody has looked at, though these clients may call them.
pub(crate) fn unread_namespaces<'a>(
    input: &PlannerInput<'a>,
    clients: &[Client<'a>],
) -> BTreeSet<Question> {
    let mut namespaces: Vec<&Namespace> = clients.iter().map(|client| client.namespace).collect();
    namespaces.sort_unstable_by_key(|namespace| &namespace.id);
    namespaces.dedup_by_key(|namespace| &namespace.id);
    let unread = namespaces.into_iter().filter(|namespace| is_beyond(input, namespace));
    unread.map(|namespace| users_of(input.view, namespace)).collect()
}

/// Whether services of the namespace may be in clusters that are not watched, and nobody has looked yet.
fn is_beyond(input: &PlannerInput<'_>, namespace: &Namespace) -> bool {
    let uses = input.view.uses.get(&namespace.id);
    input.settings.clusters.is_some() && uses.is_none()
}

fn unread(input: &PlannerInput<'_>, hold: Hold) -> Option<CallDoubt> {
    match with_facts(input, hold) {
        Hold::NotSeen(unseen) => Some(CallDoubt::Unread(unseen)),
        _ => None,
    }
}

/// Whether a mention is of the host of an alias, with a port that nobody serves there.
fn wrong_port(calls: Calls<'_>, client: &Client<'_>, mention: &Mention) -> Option<CallDoubt> {
    let Mention { host, port, place } = mention;
    let port = (*port)?;
    let served = calls.offers.ports_at(&client.namespace.id, host)?;
    let (place, host) = (place.clone(), host.to_string());
    let served = (!served.contains(&port)).then(|| served.into_iter().collect())?;
    Some(CallDoubt::WrongPort { place, host, port, served })
}

/// The first mention of a host below the name of the namespace that no service offers. Services that register with Cloud
/// Map without Service Connect may answer at such names in a namespace with DNS: where one of them is in view, nobody
/// can tell.
pub(super) fn not_served(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
) -> Option<CallDoubt> {
    let Namespace { id, name, kind, .. } = client.namespace;
    let is_certain = kind == "HTTP";
    let below = format!(".{}", name.as_str().to_ascii_lowercase());
    let is_below = |each: &&Mention| {
        each.host.strip_suffix(below.as_str()).is_some_and(|label| !label.contains('.'))
    };
    let mut mentions = client.mentions(input).filter(is_below);
    let found = mentions.find(|each| !calls.offers.has_host(id, &each.host))?;
    let may_be_elsewhere =
        !is_certain && input.view.all_services().any(|service| !service.registries.is_empty());
    if may_be_elsewhere || is_beyond(input, client.namespace) {
        return None;
    }
    Some(CallDoubt::NotServed { place: found.place.clone(), namespace: name.clone(), is_certain })
}

/// Why a client cannot call what it needs. Where a refresh is planned, that says it.
fn of_need(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
    need: &Need,
) -> Option<CallDoubt> {
    let Namespace { id, .. } = client.namespace;
    let offers = calls.offers.of(id, &need.name);
    if offers.is_empty() {
        return not_offered(input, client, &need.name);
    }
    let primary = client.service.primary()?;
    if primary.rollout == Rollout::InProgress {
        return None;
    }
    let causes = calls.needs.refresh_causes(client, calls.offers);
    let others = offers.iter().filter(|offer| offer.service.arn != client.service.arn);
    let others: Vec<&Offer<'_>> = others.collect();
    if others.iter().any(|offer| causes.iter().any(|cause| std::ptr::eq(*cause, *offer))) {
        return None;
    }
    none_is_known(input, &others, primary)
}

pub(super) fn not_offered(
    input: &PlannerInput<'_>,
    client: &Client<'_>,
    name: &DiscoveryName,
) -> Option<CallDoubt> {
    let uses = input.view.uses.get(&client.namespace.id);
    let was_read = uses.is_some_and(|(_, seen)| seen.known().is_some());
    if was_read || input.settings.clusters.is_none() {
        return Some(CallDoubt::NotOffered(name.clone()));
    }
    unread(input, Hold::until_answered(users_of(input.view, client.namespace)))
}

/// The only server of its namespace, if the client's tasks began before it was there. A client of which nobody says
/// what it calls is there to call something.
fn only_server(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
    primary: &Deployment,
) -> Option<CallDoubt> {
    if !client.is_pure() || client.declaration.needs.is_some() {
        return None;
    }
    let offers = calls.offers.in_namespace(&client.namespace.id).flat_map(|(_, offers)| offers);
    let offers: Vec<&Offer<'_>> = offers.collect();
    let servers: BTreeSet<_> = offers.iter().map(|offer| &offer.service.arn).collect();
    if servers.len() != 1 {
        return None;
    }
    match none_is_known(input, &offers, primary)? {
        CallDoubt::TooOld { name, server, .. } => {
            Some(CallDoubt::TooOld { name, server, is_needed: false })
        }
        doubt => Some(doubt),
    }
}

/// The doubt of tasks that know none of these endpoints.
fn none_is_known(
    input: &PlannerInput<'_>,
    offers: &[&Offer<'_>],
    primary: &Deployment,
) -> Option<CallDoubt> {
    let mut open = None;
    let mut too_old = None;
    for offer in offers {
        match is_younger(input, offer, primary.created_at) {
            Ok(false) if matches!(offer.state, EndpointState::Complete(_)) => return None,
            Ok(is_younger) => {
                if is_younger {
                    too_old = too_old.or(Some(*offer));
                }
            }
            Err(hold) => open = open.or(Some(hold)),
        }
    }
    if let Some(hold) = open {
        return unread(input, hold);
    }
    too_old.map(|offer| CallDoubt::TooOld {
        name: offer.discovery.clone(),
        server: offer.service.key.clone(),
        is_needed: true,
    })
}

#[cfg(test)]
mod tests;
