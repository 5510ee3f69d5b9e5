//! A discovery name or an alias that becomes another: add, roll the clients, remove.
//!
//! For clients a renamed endpoint is a new one; those that do not know it yet still call the old one, which would be
//! gone as soon as its server is rolled out. So the server first gets both, the clients that need it are rolled out,
//! and only then the old one goes. Which of the three is next is decided from what is seen, so it goes on from any
//! point after a crash.
//!
//! **Invariant:** nothing is kept for nobody, and nothing that somebody else wants: then the change is made at once.

use std::collections::BTreeMap;

use super::needs::{Client, Needs};
use super::offers::{Offers, Stands, is_same};
use super::stale::is_younger;
use crate::declaration::settings::Policy;
use crate::ecs::canonical::canonical;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::name::{DiscoveryName, ServiceKey};
use crate::ecs::service::{Deployment, Rollout};
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::planner::candidate::Candidate;
use crate::planner::names::register::{Register, claims};
use crate::planner::service::settle::Desired;
use crate::planner::world::World;

/// Who calls what, as far as known.
#[derive(Clone, Copy)]
pub(crate) struct Calls<'c> {
    pub(crate) offers: &'c Offers<'c>,
    pub(crate) needs: &'c Needs,
    pub(crate) clients: &'c [Client<'c>],
}

/// Where a rename stands.
pub(crate) struct Phase<'a> {
    /// What the service is to be while both are there.
    pub(crate) both: Candidate<'a>,
    /// Who is to be rolled out before the old one goes, and what must be read to know.
    hold: Hold,
    note: String,
}

impl Phase<'_> {
    /// Makes the entry that of this phase: both are added, or stand and the removal waits.
    pub(crate) fn enter(self, entry: &mut Entry) {
        if !self.both.differs() {
            entry.hold_step(self.hold);
        }
        entry.add_note(&self.note);
    }
}

/// The renames among the candidates whose old endpoints are still called.
pub(crate) fn phases<'a>(
    world: &World<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
    calls: Calls<'_>,
) -> BTreeMap<ServiceKey, Phase<'a>> {
    let phase = |candidate: &Candidate<'a>| {
        Some((candidate.service.key.clone(), phase(world, candidate, register, calls)?))
    };
    if calls.clients.is_empty() {
        return BTreeMap::new();
    }
    candidates.iter().filter_map(phase).collect()
}

fn phase<'a>(
    world: &World<'a>,
    candidate: &Candidate<'a>,
    register: &Register,
    calls: Calls<'_>,
) -> Option<Phase<'a>> {
    let Desired::On(whole, namespace) = &candidate.desired else { return None };
    if candidate.declaration.endpoints.is_empty() || world.settings.policy != Policy::Sync {
        // What stands is kept then, so the old one would never go.
        return None;
    }
    let standing = candidate.service.connect()?;
    if candidate.ground.namespace_of(standing)?.id != namespace.id {
        return None;
    }
    let mut kept = Vec::new();
    let mut hold = None;
    for old in standing.endpoints.iter().filter(|old| is_replaced(old, whole)) {
        let Some(both) = beside(old, whole, candidate, calls.offers) else { continue };
        let Some(waits) = caller(world, candidate, old, calls) else { continue };
        if !is_sought(register, candidate, &both) {
            hold = hold.or(Some(waits));
            kept.push(both);
        }
    }
    let hold = hold?;
    let names: Vec<String> = kept.iter().map(|old| old.discovery().to_string()).collect();
    let mut both = (**whole).clone();
    both.endpoints.extend(kept);
    let note = format!(
        "renamed in three steps: the new endpoint is added beside {}, the clients that need it are rolled out, then {} goes",
        names.join(", "),
        names.join(", "),
    );
    let both = candidate.instead(Desired::On(Box::new(both), namespace.clone()));
    Some(Phase { both, hold, note })
}

/// Whether an endpoint that stands is to go while another serves its port.
fn is_replaced(old: &Endpoint, whole: &Connect) -> bool {
    !whole.endpoints.iter().any(|new| is_same(new, old))
        && whole.endpoints.iter().any(|new| new.port_name == old.port_name)
}

/// The old endpoint as it can stand beside the new ones; none where it cannot. One discovery name has one alias, so
/// where only the alias changes the old one goes on under a name of its own.
fn beside(
    old: &Endpoint,
    whole: &Connect,
    candidate: &Candidate<'_>,
    offers: &Offers<'_>,
) -> Option<Endpoint> {
    let clashes = |new: &Endpoint| {
        new.called() == old.called()
            || (old.ingress_port.is_some() && new.ingress_port == old.ingress_port)
    };
    if old.alias.is_none() || whole.endpoints.iter().any(clashes) {
        return None;
    }
    let taken = |name: &DiscoveryName| whole.endpoints.iter().any(|new| new.discovery() == *name);
    if !taken(&old.discovery()) {
        return Some(old.clone());
    }
    let name = DiscoveryName::parse(&format!("{}-old", old.discovery())).ok()?;
    let (namespace, _) = candidate.offers()?;
    let free = !taken(&name) && offers.of(namespace, &name).is_empty();
    free.then(|| Endpoint { discovery_name: Some(name), ..old.clone() })
}

/// Whether somebody else waits for a name that the old endpoint would keep.
fn is_sought(register: &Register, candidate: &Candidate<'_>, old: &Endpoint) -> bool {
    let Desired::On(whole, namespace) = &candidate.desired else { return false };
    let alone = Connect { endpoints: vec![old.clone()], ..(**whole).clone() };
    let names = canonical(&alone, &candidate.ground);
    let mut names = claims(&names);
    names.any(|claim| register.is_sought_by_others(candidate.service, &namespace.id, &claim))
}

/// The first client that may call the old endpoint and does not know all of those that take its place.
fn caller(
    world: &World<'_>,
    candidate: &Candidate<'_>,
    old: &Endpoint,
    calls: Calls<'_>,
) -> Option<Hold> {
    let (namespace, whole) = candidate.offers()?;
    let Calls { offers, needs, clients } = calls;
    let new: Vec<DiscoveryName> = whole
        .endpoints
        .iter()
        .filter(|new| new.port_name == old.port_name)
        .map(Endpoint::discovery)
        .collect();
    let gone = old.discovery();
    let others = clients.iter().filter(|client| {
        client.service.arn != candidate.service.arn && client.is_in(world, namespace)
    });
    let calls = |client: &&Client<'_>| {
        needs.refreshing(client, offers).into_iter().any(|offer| {
            offer.service.arn == candidate.service.arn
                && (offer.discovery == gone || new.contains(&offer.discovery))
        })
    };
    let hold = |client: &Client<'_>| {
        let Deployment { created_at, rollout, .. } = *client.service.primary()?;
        if rollout != Rollout::Completed {
            // Tasks of the deployment before still run, and may be what it goes back to.
            return Some(Hold::WaitingForClient(client.service.key.clone()));
        }
        let own = |name| {
            let all = offers.of(namespace, name).iter();
            all.filter(|offer| offer.service.arn == candidate.service.arn)
        };
        for offer in new.iter().flat_map(own) {
            match is_younger(world, offer, created_at) {
                Ok(false) if matches!(offer.stands, Stands::Complete(_)) => {}
                Ok(_) => return Some(Hold::WaitingForClient(client.service.key.clone())),
                Err(hold) => return Some(world.with_facts(hold)),
            }
        }
        None
    };
    others.filter(calls).find_map(hold)
}

#[cfg(test)]
mod tests;
