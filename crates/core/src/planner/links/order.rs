//! In which order steps are taken: servers before the clients that need them, and no client before they are complete.
//!
//! Tasks see only the endpoints that were there when their deployment began
//! (DG:service-connect-concepts-deploy), so a client rolled out before its server cannot call it. In a circle of needs
//! somebody must go first: who does is refreshed once the others are complete.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::needs::Needs;
use super::offers::{Offer, Offers, Stands};
use crate::declaration::declared::Pause;
use crate::ecs::name::{DiscoveryName, NamespaceId, ServiceKey};
use crate::plan::Plan;
use crate::plan::awaited::{Awaited, Until};
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::reason::Reason;
use crate::planner::candidate::Candidate;
use crate::view::View;

/// Who is to come before whom.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Everybody, servers first, otherwise in the order of keys.
    pub(crate) keys: Vec<ServiceKey>,
    /// The circles of needs, each in the order in which it is gone through.
    pub(crate) circles: Vec<Vec<ServiceKey>>,
}

/// The order of those that are to change. Who is as it shall be is not among them: it waits for nobody.
pub(crate) fn servers_first(
    candidates: &[Candidate<'_>],
    needs: &Needs,
    offers: &Offers<'_>,
) -> Order {
    let mut graph: DiGraph<usize, ()> = DiGraph::with_capacity(candidates.len(), 0);
    let nodes: Vec<NodeIndex> = (0..candidates.len()).map(|at| graph.add_node(at)).collect();
    // They come in the order of keys.
    let at = |key: &ServiceKey| candidates.binary_search_by_key(&key, |c| &c.service.key).ok();
    for (client, candidate) in candidates.iter().enumerate() {
        // Who is switched off calls nobody.
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
    // Components come in reverse topological order: whoever is needed before whoever needs.
    let mut order = Order::default();
    for component in waiting_last(kosaraju_scc(&graph), &graph) {
        let members: Vec<ServiceKey> =
            component.iter().map(|at| candidates[*at].service.key.clone()).collect();
        order.keys.extend(members.iter().cloned());
        if members.len() > 1 {
            order.circles.push(members);
        }
    }
    order
}

/// Who is switched off or gives a name up is nobody's server.
fn is_server(candidate: &Candidate<'_>, namespace: &NamespaceId, name: &DiscoveryName) -> bool {
    candidate.offers().is_some_and(|(id, _)| id == namespace) && candidate.will_offer(name)
}

/// The components as sorted numbers, each after those it needs, and as early in the order of numbers as that allows.
fn waiting_last(components: Vec<Vec<NodeIndex>>, graph: &DiGraph<usize, ()>) -> Vec<Vec<usize>> {
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
    // How long a chain of servers each one has: those without come first.
    let mut depth = vec![0_usize; sorted.len()];
    for (number, members) in sorted.iter().enumerate() {
        let needed = members.iter().flat_map(|at| graph.neighbors(NodeIndex::new(*at)));
        let others = needed.map(|node| of[graph[node]]).filter(|other| *other != number);
        depth[number] = others.map(|other| depth[other] + 1).max().unwrap_or(0);
    }
    let mut order: Vec<usize> = (0..sorted.len()).collect();
    order.sort_by_key(|number| (depth[*number], sorted[*number][0]));
    order.into_iter().map(|number| std::mem::take(&mut sorted[number])).collect()
}

/// Notes for every step which server it waits for, and who is in a circle.
pub(crate) fn note_awaited(
    plan: &mut Plan,
    view: &View,
    (needs, offers): (&Needs, &Offers<'_>),
    order: &Order,
) {
    let place = order.keys.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let mut waits = Waits { plan, view, needs, offers, place, stuck: BTreeMap::new() };
    let mut all: Vec<(ServiceKey, Awaited)> = Vec::new();
    // Servers come first, so of each one it is known whether it waits for a person itself.
    for key in &plan.order {
        let entry = plan.entries.get(key);
        let entry = entry.filter(|entry| matches!(entry.verdict, Verdict::Step { .. }));
        let Some(awaited) = entry.and_then(|entry| waits.of(key, entry)) else { continue };
        if matches!(awaited.until, Until::Mended(_)) {
            waits.stuck.insert(key, Reason::WaitingForServer);
        }
        all.push((key.clone(), awaited));
    }
    for (key, awaited) in all {
        if let Some(entry) = plan.entries.get_mut(&key) {
            entry.awaits = Some(Box::new(awaited));
        }
    }
    note_circles(plan, order);
}

/// What tells who waits for whom.
struct Waits<'a> {
    plan: &'a Plan,
    view: &'a View,
    needs: &'a Needs,
    offers: &'a Offers<'a>,
    /// At which place in the order somebody changes.
    place: BTreeMap<&'a ServiceKey, usize>,
    /// Those who wait for what a person must mend, and how that is called.
    stuck: BTreeMap<&'a ServiceKey, Reason>,
}

impl Waits<'_> {
    /// The first server that a client waits for.
    fn of(&self, client: &ServiceKey, entry: &Entry) -> Option<Awaited> {
        let namespace = &entry.namespace.as_ref()?.id;
        self.needs.of(client).iter().find_map(|need| {
            let named = self.offers.of(namespace, &need.name).iter().collect();
            // As long as its successor cannot come, a name can be called as it is.
            let successors = self.offers.successors(namespace, &need.name).map(|each| (each, true));
            let mut all = std::iter::once((named, need.inferred)).chain(successors);
            let (offer, until) = all
                .find_map(|(offers, can_do_without)| self.first(client, &offers, can_do_without))?;
            let (name, server) = (offer.discovery.clone(), offer.service.key.clone());
            Some(Awaited { name, server, inferred: need.inferred, until })
        })
    }

    /// What is to be waited for of those who offer one name, if anything.
    fn first<'o>(
        &self,
        client: &ServiceKey,
        offers: &[&'o Offer<'o>],
        can_do_without: bool,
    ) -> Option<(&'o Offer<'o>, Until)> {
        let complete = offers.iter().any(|offer| matches!(offer.stands, Stands::Complete(_)));
        let others = |stands: Stands| {
            let others = offers.iter().filter(|offer| offer.service.key != *client);
            others.copied().filter(move |offer| offer.stands == stands)
        };
        // In a circle somebody goes first.
        let wanted =
            || others(Stands::Wanted).filter(|offer| self.is_before(&offer.service.key, client));
        if let Some(offer) = wanted().find(|offer| self.keeping(&offer.service.key).is_none()) {
            return Some((offer, Until::Changed));
        }
        if complete {
            return None;
        }
        // A rollout under way is waited for even in a circle.
        if let Some(offer) = others(Stands::Rolling).next() {
            return Some((offer, Until::Complete));
        }
        // Nobody knows when that will be: a client that may do without, or is to have the name itself, goes on.
        let is_its_own = offers.iter().any(|offer| offer.service.key == *client);
        let offer = wanted().next().filter(|_| !can_do_without && !is_its_own)?;
        Some((offer, Until::Mended(self.keeping(&offer.service.key)?)))
    }

    fn is_before(&self, server: &ServiceKey, client: &ServiceKey) -> bool {
        match (self.place.get(server), self.place.get(client)) {
            (Some(server), Some(client)) => server < client,
            _ => true,
        }
    }

    /// Why a server is not changed until a person does something.
    fn keeping(&self, server: &ServiceKey) -> Option<Reason> {
        let hold = self.plan.entries.get(server).and_then(Entry::hold);
        let hold = hold.filter(|hold| !hold.ends_by_itself()).map(Hold::reason);
        let paused = || is_paused_for_good(self.view, server).then_some(Reason::Paused);
        hold.or_else(paused).or_else(|| self.stuck.get(server).copied())
    }
}

fn is_paused_for_good(view: &View, server: &ServiceKey) -> bool {
    let declared = view.service(server).and_then(|service| service.intent.declared());
    declared.is_some_and(|declaration| declaration.pause == Some(Pause::Open))
}

fn note_circles(plan: &mut Plan, order: &Order) {
    for circle in &order.circles {
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        let words = format!(
            "{} need each other: {} goes first, and is refreshed once the others are complete",
            names.join(", "),
            names[0],
        );
        for key in circle {
            if let Some(entry) = plan.entries.get_mut(key) {
                entry.add_note(&words);
            }
        }
    }
}

#[cfg(test)]
mod tests;
