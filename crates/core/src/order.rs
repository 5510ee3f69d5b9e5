//! In which order steps are taken: servers before the clients that need them, and no client before they are complete.
//!
//! Tasks see only the endpoints that were there when their deployment began
//! (DG:service-connect-concepts-deploy), so a client rolled out before its server cannot call it. In a circle of needs
//! somebody must go first: who does is refreshed once the others are complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::Serialize;

use crate::name::{DiscoveryName, NamespaceId, ServiceKey};
use crate::needs::{Needs, with_successors};
use crate::offers::{Offer, Offers, Stands};
use crate::plan::{Candidate, Entry, Plan, Verdict};

/// A server that is to be complete before its client is rolled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// The name that is needed.
    pub name: DiscoveryName,
    /// Who offers it, or is to.
    pub server: ServiceKey,
    /// Whether the need is only inferred.
    pub inferred: bool,
    /// What its server is still to do.
    pub until: Until,
}

/// What is still to happen to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// It is to be changed first.
    Changed,
    /// Its rollout is to complete.
    Complete,
    /// It is to be changed, and held for a reason that somebody must mend.
    Mended(&'static str),
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, server, inferred, until } = self;
        let how = if *inferred { "as its environment says" } else { "as declared" };
        write!(f, "needs {name} of {server}, {how}, ")?;
        match until {
            Until::Changed => f.write_str("which is to be changed first"),
            Until::Complete => f.write_str("whose deployment has not completed"),
            Until::Mended(reason) => write!(f, "which is held itself: {reason}"),
        }
    }
}

impl Awaited {
    /// What would end the wait.
    pub(crate) fn ends(&self) -> String {
        match self.until {
            Until::Changed | Until::Complete => {
                format!("once a deployment of {} that offers it has completed", self.server)
            }
            Until::Mended(_) => format!(
                "once what holds {} is mended, or {} is taken out of the needs",
                self.server, self.name
            ),
        }
    }
}

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
        let names = with_successors(needed, namespace, offers);
        let servers = names.into_iter().flat_map(|name| {
            let offers = offers.of(namespace, name).iter();
            let servers = offers.filter_map(|offer| at(&offer.service.key));
            servers.filter(|server| is_server(&candidates[*server], namespace, name))
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
pub(crate) fn note_awaited(plan: &mut Plan, needs: &Needs, offers: &Offers<'_>, order: &Order) {
    let place: BTreeMap<&ServiceKey, usize> =
        order.keys.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let awaited: Vec<(ServiceKey, Awaited)> = plan
        .entries
        .iter()
        .filter(|(_, entry)| matches!(entry.verdict, Verdict::Step { .. }))
        .filter_map(|(key, entry)| {
            let namespace = &entry.namespace.as_ref()?.id;
            let before = |server: &ServiceKey| match (place.get(server), place.get(key)) {
                (Some(server), Some(client)) => server < client,
                _ => true,
            };
            let mut all = needs.of(key).iter().flat_map(|need| {
                let names = with_successors(std::iter::once(need), namespace, offers);
                names.into_iter().map(move |name| (name, need.inferred))
            });
            let first = all.find_map(|(name, inferred)| {
                let offers = offers.of(namespace, name);
                let others = || offers.iter().filter(|offer| offer.service.key != *key);
                let until = until(&others(), plan, inferred)?;
                let mut servers = others().map(|offer| &offer.service.key);
                // In a circle somebody goes first; but a rollout under way is waited for even there.
                let server = servers.find(|key| until == Until::Complete || before(key))?;
                Some(Awaited { name: name.clone(), server: server.clone(), inferred, until })
            });
            Some((key.clone(), first?))
        })
        .collect();
    for (key, awaited) in awaited {
        if let Some(entry) = plan.entries.get_mut(&key) {
            entry.awaits = Some(Box::new(awaited));
        }
    }
    note_circles(plan, order);
}

/// What is to be waited for before one name can be called, if anything.
fn until<'o>(
    offers: &(impl Iterator<Item = &'o Offer<'o>> + Clone),
    plan: &Plan,
    inferred: bool,
) -> Option<Until> {
    let complete = offers.clone().any(|offer| matches!(offer.stands, Stands::Complete(_)));
    let keeping = |offer: &Offer<'_>| plan.entries.get(&offer.service.key).and_then(Entry::hold);
    let mut wanted = offers.clone().filter(|offer| offer.stands == Stands::Wanted);
    match wanted.next() {
        Some(offer) => match keeping(offer).filter(|hold| !hold.passes()) {
            None => Some(Until::Changed),
            // Nobody knows when: a client that can call it as it is, or that may not need it, goes on.
            Some(_) if complete || inferred => None,
            Some(obstacle) => Some(Until::Mended(obstacle.reason())),
        },
        None if complete => None,
        None => offers.clone().next().map(|_| Until::Complete),
    }
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
