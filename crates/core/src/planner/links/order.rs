//! The order of steps: servers before the clients that need them, and no client before its servers are complete.
//!
//! Tasks know only the endpoints that were there when their deployment began (DG:service-connect-concepts-deploy), so a
//! client that is rolled out before its server cannot call it. In a circle of needs one service must go first. That one
//! is refreshed once the others are complete.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::needs::{Calls, Needs};
use super::offers::{EndpointState, Offer, Offers};
use crate::declaration::declared::{Mode, Pause};
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::first_of;
use crate::plan::awaited::{Awaited, Until};
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::reason::Reason;
use crate::planner::candidate::Candidate;
use crate::planner::entries::Entries;
use crate::view::View;

/// Which service is to come before which.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Every service that is to change, servers first, otherwise in the order of keys.
    pub(crate) keys: Vec<ServiceKey>,
    /// The circles of needs, each in the order of its steps.
    pub(crate) circles: Vec<Vec<ServiceKey>>,
}

/// The order of the services that are to change. A service in order is not among them: it waits for no other.
pub(crate) fn servers_first(
    candidates: &[Candidate<'_>],
    needs: &Needs,
    offers: &Offers<'_>,
) -> Order {
    let mut graph: DiGraph<usize, ()> = DiGraph::with_capacity(candidates.len(), 0);
    let nodes: Vec<NodeIndex> = (0..candidates.len()).map(|at| graph.add_node(at)).collect();
    // The candidates are in the order of keys.
    let at = |key: &ServiceKey| candidates.binary_search_by_key(&key, |c| &c.service.key).ok();
    for (client, candidate) in candidates.iter().enumerate() {
        // A service that is switched off calls no other.
        let Some((namespace, _)) = candidate.offers() else { continue };
        let needed = needs.of(&candidate.service.key).iter();
        let called = needed.flat_map(|need| offers.called(namespace, &need.name));
        let servers = called.filter_map(|offer| {
            let server = at(&offer.service.key)?;
            is_server(&candidates[server], namespace, &offer.discovery).then_some(server)
        });
        let servers: BTreeSet<usize> = servers.collect();
        let servers = servers.into_iter().filter(|server| *server != client);
        graph.extend_with_edges(servers.map(|server| (nodes[client], nodes[server])));
    }
    // Components come in reverse topological order: servers before their clients.
    let mut order = Order::default();
    let may_call_any = |at: usize| {
        let Candidate { service, declaration, .. } = &candidates[at];
        declaration.needs.is_none()
            && declaration.mode == Some(Mode::Client)
            && needs.of(&service.key).is_empty()
    };
    for component in waiting_last(kosaraju_scc(&graph), &graph, may_call_any) {
        let members: Vec<ServiceKey> =
            component.iter().map(|at| candidates[*at].service.key.clone()).collect();
        order.keys.extend(members.iter().cloned());
        if members.len() > 1 {
            order.circles.push(members);
        }
    }
    order
}

/// Whether a candidate is to offer a name. One that is switched off or gives the name up is no server.
fn is_server(candidate: &Candidate<'_>, namespace: &NamespaceId, name: &DiscoveryName) -> bool {
    candidate.offers().is_some_and(|(id, _)| id == namespace) && candidate.will_offer(name)
}

/// The components as sorted numbers. Each comes after those it needs, and as early in the order of numbers as possible.
/// A client that may call any of them, as nobody knows its needs, comes after all: nobody needs what offers nothing.
fn waiting_last(
    components: Vec<Vec<NodeIndex>>,
    graph: &DiGraph<usize, ()>,
    may_call_any: impl Fn(usize) -> bool,
) -> Vec<Vec<usize>> {
    let mut of = vec![0; graph.node_count()];
    let mut sorted: Vec<Vec<usize>> = Vec::with_capacity(components.len());
    for (number, component) in components.into_iter().enumerate() {
        let mut members: Vec<usize> = component.iter().map(|node| graph[*node]).collect();
        members.sort_unstable();
        for at in &members {
            of[*at] = number;
        }
        sorted.push(members);
    }
    // The length of the longest chain of servers of each component: those without servers come first.
    let mut depth = vec![0_usize; sorted.len()];
    for (number, members) in sorted.iter().enumerate() {
        let needed = members.iter().flat_map(|at| graph.neighbors(NodeIndex::new(*at)));
        let others = needed.map(|node| of[graph[node]]).filter(|other| *other != number);
        depth[number] = others.map(|other| depth[other] + 1).max().unwrap_or(0);
    }
    let mut order: Vec<usize> = (0..sorted.len()).collect();
    order.sort_by_key(|number| {
        let first = sorted[*number][0];
        (may_call_any(first), depth[*number], first)
    });
    order.into_iter().map(|number| std::mem::take(&mut sorted[number])).collect()
}

/// The server that each step waits for; `steps` are all steps, servers first.
pub(crate) fn awaited(
    view: &View,
    entries: &Entries,
    calls: Calls<'_>,
    order: &Order,
    steps: &[ServiceKey],
) -> Vec<(ServiceKey, Awaited)> {
    let position = order.keys.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let mut waits = Waits { view, entries, calls, position, stuck: BTreeMap::new() };
    let mut all = Vec::new();
    // Servers come first, so it is known of each server whether it waits for a person itself.
    for key in steps {
        let entry = entries.get(key);
        let entry = entry.filter(|entry| matches!(entry.verdict, Verdict::Step { .. }));
        let Some(awaited) = entry.and_then(|entry| waits.of(key, entry)) else { continue };
        if matches!(awaited.until, Until::Mended(_)) {
            waits.stuck.insert(key, Reason::WaitingForServer);
        }
        all.push((key.clone(), awaited));
    }
    all
}

/// What tells which service waits for which.
struct Waits<'a> {
    view: &'a View,
    entries: &'a Entries,
    calls: Calls<'a>,
    /// The position of each service that is to change in the order.
    position: BTreeMap<&'a ServiceKey, usize>,
    /// The services that wait for what a person must mend, and the reason of that hold.
    stuck: BTreeMap<&'a ServiceKey, Reason>,
}

impl Waits<'_> {
    /// The first server that a client waits for, if any.
    fn of(&self, client: &ServiceKey, entry: &Entry) -> Option<Awaited> {
        let namespace = &entry.namespace.as_ref()?.id;
        self.calls.needs.of(client).iter().find_map(|need| {
            let named = self.calls.offers.of(namespace, &need.name).iter().collect();
            // As long as its successor cannot come, the old name can be called.
            let successors =
                self.calls.offers.successors(namespace, &need.name).map(|each| (each, true));
            let mut all = std::iter::once((named, need.inferred)).chain(successors);
            let (offer, until) = all
                .find_map(|(offers, can_do_without)| self.first(client, &offers, can_do_without))?;
            let (name, server) = (offer.discovery.clone(), offer.service.key.clone());
            Some(Awaited { name, server, inferred: need.inferred, until })
        })
    }

    /// Which of the offers of one name is to be waited for, if any.
    fn first<'o>(
        &self,
        client: &ServiceKey,
        offers: &[&'o Offer<'o>],
        can_do_without: bool,
    ) -> Option<(&'o Offer<'o>, Until)> {
        let complete = offers.iter().any(|offer| matches!(offer.state, EndpointState::Complete(_)));
        let others = |state: EndpointState| {
            let others = offers.iter().filter(|offer| offer.service.key != *client);
            others.copied().filter(move |offer| offer.state == state)
        };
        if complete && can_do_without {
            // What can be called already is not waited for again, or a server that changes for ever stops its clients.
            return None;
        }
        // In a circle one service goes first.
        let wanted = || {
            others(EndpointState::Wanted).filter(|offer| self.is_before(&offer.service.key, client))
        };
        // A server that cannot be read just now may be read the next moment. How long a client waits that can do without
        // is bounded.
        let comes = |offer: &&Offer<'_>| match self.keeping(&offer.service.key) {
            None => true,
            Some(reason) => can_do_without && reason == Reason::NotSeen,
        };
        if let Some(offer) = wanted().find(comes) {
            return Some((offer, Until::Changed));
        }
        if complete {
            return None;
        }
        // A client waits for a running rollout even in a circle.
        if let Some(offer) = others(EndpointState::Rolling).next() {
            return Some((offer, Until::Complete));
        }
        if let Some(offer) = others(EndpointState::Filling).next() {
            return Some((offer, Until::Filled));
        }
        // Nobody knows when that will be. A client that can do without, or is to have the name itself, goes on.
        let is_its_own = offers.iter().any(|offer| offer.service.key == *client);
        let offer = wanted().next().filter(|_| !can_do_without && !is_its_own)?;
        Some((offer, Until::Mended(self.keeping(&offer.service.key)?)))
    }

    fn is_before(&self, server: &ServiceKey, client: &ServiceKey) -> bool {
        match (self.position.get(server), self.position.get(client)) {
            (Some(server), Some(client)) => server < client,
            _ => true,
        }
    }

    /// Why a server is not changed until a person does something, if so.
    fn keeping(&self, server: &ServiceKey) -> Option<Reason> {
        let hold = self.entries.get(server).and_then(Entry::hold);
        let hold = hold.filter(|hold| !hold.ends_by_itself()).map(Hold::reason);
        let paused = || is_paused_for_good(self.view, server).then_some(Reason::Paused);
        hold.or_else(paused).or_else(|| self.stuck.get(server).copied())
    }
}

fn is_paused_for_good(view: &View, server: &ServiceKey) -> bool {
    let declared = view.service(server).and_then(|service| service.intent.declared());
    declared.is_some_and(|declaration| declaration.pause == Some(Pause::Open))
}

/// The note of each service that is in a circle of needs.
pub(crate) fn circle_notes(order: &Order) -> Vec<(ServiceKey, String)> {
    let notes = order.circles.iter().flat_map(|circle| {
        let (names, first) = (first_of(circle, ", "), &circle[0]);
        let words = format!(
            "{names} need each other: {first} goes first, and is refreshed once the others are complete",
        );
        circle.iter().map(move |key| (key.clone(), words.clone()))
    });
    notes.collect()
}

#[cfg(test)]
mod tests;
