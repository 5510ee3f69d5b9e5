//! Who calls whom in one namespace, and whether each call succeeds.
//!
//! **Invariant:** it says what the doubts and the refreshes say, because it asks the same functions.

use std::collections::BTreeMap;

use super::client::Client;
use super::doubts::{not_offered, not_served};
use super::needs::Calls;
use super::offers::{EndpointState, Offer};
use super::stale::is_younger;
use crate::ecs::name::NamespaceId;
use crate::ecs::service_key::ServiceKey;
use crate::plan::call::{Call, CallState, Offered, Traffic};
use crate::plan::doubt::CallDoubt;
use crate::plan::need::Need;
use crate::planner::input::PlannerInput;

/// Everything that is called and offered in a namespace.
pub(crate) fn traffic(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    namespace: &NamespaceId,
) -> Traffic {
    let clients = calls.clients.iter().filter(|client| client.namespace.id == *namespace);
    let mut found: Vec<Call> = clients.flat_map(|client| of_client(input, calls, client)).collect();
    found.sort();
    let offered = calls.offers.in_namespace(namespace).flat_map(|(_, offers)| offers);
    let mut offers: Vec<Offered> = offered.map(offered_by).collect();
    offers.sort();
    Traffic { calls: found, offers }
}

fn offered_by(offer: &Offer<'_>) -> Offered {
    Offered {
        name: offer.discovery.clone(),
        alias: offer.alias(),
        server: offer.service.key.clone(),
        is_ready: matches!(offer.state, EndpointState::Complete(_)),
    }
}

/// The calls of one client.
fn of_client<'c>(input: &PlannerInput<'c>, calls: Calls<'_>, client: &Client<'c>) -> Vec<Call> {
    let needs = calls.needs.of(&client.service.key).iter();
    let mut found: Vec<Call> = needs.flat_map(|need| of_need(input, calls, client, need)).collect();
    if client.declaration.needs.is_none() && client.is_unread(input) {
        found.push(unnamed(client, CallState::Unknown));
    }
    if let Some(CallDoubt::NotServed { is_certain, .. }) = not_served(input, calls, client) {
        let state = if is_certain { CallState::Missing } else { CallState::Unknown };
        found.push(unnamed(client, state));
    }
    found
}

/// A call of something that has no name to show.
fn unnamed(client: &Client<'_>, state: CallState) -> Call {
    let client = client.service.key.clone();
    Call { client, name: None, server: None, alias: None, inferred: true, state }
}

/// The calls that one need causes: one for each service that offers the name, in the best state.
fn of_need(
    input: &PlannerInput<'_>,
    calls: Calls<'_>,
    client: &Client<'_>,
    need: &Need,
) -> Vec<Call> {
    let offers = calls.offers.of(&client.namespace.id, &need.name).iter();
    let others = offers.filter(|offer| offer.service.arn != client.service.arn);
    let mut best: BTreeMap<&ServiceKey, (CallState, String)> = BTreeMap::new();
    for offer in others {
        let state = (of_offer(input, client, offer), offer.alias());
        best.entry(&offer.service.key)
            .and_modify(|known| {
                if state.0 < known.0 {
                    known.clone_from(&state);
                }
            })
            .or_insert(state);
    }
    let call = |server: Option<&ServiceKey>, alias, state| Call {
        client: client.service.key.clone(),
        name: Some(need.name.clone()),
        server: server.cloned(),
        alias,
        inferred: need.inferred,
        state,
    };
    if best.is_empty() {
        let state = match not_offered(input, client, &need.name) {
            Some(doubt) if doubt.is_unread() => CallState::Unknown,
            Some(_) | None => CallState::Missing,
        };
        return vec![call(None, None, state)];
    }
    let calls = best.into_iter();
    calls.map(|(server, (state, alias))| call(Some(server), Some(alias), state)).collect()
}

/// Whether the tasks of a client know an endpoint.
fn of_offer(input: &PlannerInput<'_>, client: &Client<'_>, offer: &Offer<'_>) -> CallState {
    if !matches!(offer.state, EndpointState::Complete(_)) {
        return CallState::Missing;
    }
    let primary = client.service.primary();
    let Some(primary) = primary.filter(|_| client.is_in(input, &client.namespace.id)) else {
        return CallState::Stale;
    };
    match is_younger(input, offer, primary.created_at) {
        Ok(false) => CallState::Reachable,
        Ok(true) => CallState::Stale,
        Err(_) => CallState::Unknown,
    }
}
