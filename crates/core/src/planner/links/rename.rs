//! Renames a discovery name or an alias in three steps: add, roll the clients out, remove.
//!
//! For clients a renamed endpoint is a new one. A client that does not know it yet still calls the old one, which would
//! be gone as soon as its server is rolled out. So the server first gets both, then the clients that need it are rolled
//! out, and only then the old one goes. What is seen decides which step is next, so after a crash it goes on from any
//! point.
//!
//! **Invariant:** An old endpoint is kept only while a client calls it, and only if the document does not claim its name
//! for another service that wants it. Otherwise the change is made at once. The wish of any other service changes
//! nothing: it would not get the name anyway while clients call it.

use std::collections::BTreeMap;

use super::client::Client;
use super::needs::Calls;
use super::offers::{EndpointState, Offers, is_same};
use super::stale::is_younger;
use crate::declaration::settings::Policy;
use crate::ecs::canonical::canonical;
use crate::ecs::connect::{ClientAlias, Connect, Endpoint};
use crate::ecs::host::BadHost;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::service::{Deployment, EcsService, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::planner::candidate::Candidate;
use crate::planner::facts::with_facts;
use crate::planner::input::PlannerInput;
use crate::planner::names::register::{Register, claims};
use crate::planner::service::settle::Desired;

/// A rename whose old endpoints are still called.
pub(crate) struct RenamePhase<'a> {
    /// The service with both the old and the new endpoints.
    pub(crate) both: Candidate<'a>,
    /// Until which client is rolled out, or what is read, the old endpoints stay.
    hold: Hold,
    note: String,
}

impl RenamePhase<'_> {
    /// The entry in this phase: either both are added, or both are there and the removal waits.
    pub(crate) fn applied_to(self, mut entry: Entry) -> Entry {
        if !self.both.differs() {
            entry.hold_step(self.hold);
        }
        entry.add_note(&self.note);
        entry
    }
}

/// The renames among the candidates whose old endpoints are still called.
pub(crate) fn phases<'a>(
    input: &PlannerInput<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
    calls: Calls<'_>,
) -> BTreeMap<ServiceKey, RenamePhase<'a>> {
    let phase = |candidate: &Candidate<'a>| {
        Some((candidate.service.key.clone(), phase(input, candidate, register, calls)?))
    };
    if calls.clients.is_empty() {
        return BTreeMap::new();
    }
    candidates.iter().filter_map(phase).collect()
}

fn phase<'a>(
    input: &PlannerInput<'a>,
    candidate: &Candidate<'a>,
    register: &Register,
    calls: Calls<'_>,
) -> Option<RenamePhase<'a>> {
    let Desired::On(whole, namespace) = &candidate.desired else { return None };
    if candidate.declaration.endpoints.is_empty() || input.settings.policy != Policy::Sync {
        // Then what is deployed is kept, so the old endpoint would never go.
        return None;
    }
    let deployed = candidate.service.connect()?;
    if candidate.defaults.namespace_of(deployed)?.id != namespace.id {
        return None;
    }
    let mut kept = Vec::new();
    let mut hold = None;
    for old in deployed.endpoints.iter().filter(|old| is_replaced(old, whole)) {
        let Some(both) = beside(old, whole, candidate, calls.offers) else { continue };
        let Some(waits) = caller(input, candidate, old, calls) else { continue };
        if !is_due_to_others(register, candidate, &both) {
            hold = hold.or(Some(waits));
            kept.push(both);
        }
    }
    let hold = hold?;
    let note = words(&kept);
    let mut both = (**whole).clone();
    both.endpoints.extend(kept);
    let both = candidate.instead(Desired::On(Box::new(both), namespace.clone()));
    Some(RenamePhase { both, hold, note })
}

fn words(kept: &[Endpoint]) -> String {
    let names: Vec<String> = kept.iter().map(|old| old.discovery().to_string()).collect();
    let names = names.join(", ");
    format!(
        "renamed in three steps: the new endpoint is added beside {names}, the clients that need it are rolled out, then {names} goes"
    )
}

/// Whether a deployed endpoint is to go while another one serves its port.
fn is_replaced(old: &Endpoint, whole: &Connect) -> bool {
    !whole.endpoints.iter().any(|new| is_same(new, old))
        && whole.endpoints.iter().any(|new| new.port_name == old.port_name)
}

/// The old endpoint as it can be beside the new ones; `None` if it cannot. One discovery name has one alias, so if only
/// the alias changes, the old endpoint gets a name of its own.
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
    let is_bad = |alias: &ClientAlias| {
        let host = alias.dns_name.as_ref();
        host.is_some_and(|host| BadHost::of(host).is_some())
    };
    if old.alias.as_ref().is_none_or(is_bad) || whole.endpoints.iter().any(clashes) {
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

/// Whether another service has a right to a name that the old endpoint would keep.
fn is_due_to_others(register: &Register, candidate: &Candidate<'_>, old: &Endpoint) -> bool {
    let Desired::On(whole, namespace) = &candidate.desired else { return false };
    let alone = Connect { endpoints: vec![old.clone()], ..(**whole).clone() };
    let names = canonical(&alone, &candidate.defaults);
    let mut names = claims(&names);
    names.any(|claim| register.is_due_to_others(candidate.service, &namespace.id, &claim))
}

/// The hold for the first client that may call the old endpoint and does not know every endpoint that replaces it.
fn caller(
    input: &PlannerInput<'_>,
    candidate: &Candidate<'_>,
    old: &Endpoint,
    calls: Calls<'_>,
) -> Option<Hold> {
    let replaced = Replaced::of(candidate, old)?;
    let others = calls.clients.iter().filter(|client| {
        client.service.arn != replaced.server.arn && client.is_in(input, replaced.namespace)
    });
    others
        .filter(|client| replaced.is_called_by(client, calls))
        .find_map(|client| replaced.waits_for(input, client, calls.offers))
}

/// An old endpoint and the names that replace it.
struct Replaced<'e> {
    server: &'e EcsService,
    namespace: &'e NamespaceId,
    old: DiscoveryName,
    new: Vec<DiscoveryName>,
}

impl<'e> Replaced<'e> {
    fn of(candidate: &'e Candidate<'_>, old: &Endpoint) -> Option<Self> {
        let (namespace, whole) = candidate.offers()?;
        let on_its_port = whole.endpoints.iter().filter(|new| new.port_name == old.port_name);
        let new = on_its_port.map(Endpoint::discovery).collect();
        Some(Self { server: candidate.service, namespace, old: old.discovery(), new })
    }

    fn is_called_by(&self, client: &Client<'_>, calls: Calls<'_>) -> bool {
        calls.needs.refresh_causes(client, calls.offers).into_iter().any(|offer| {
            offer.service.arn == self.server.arn
                && (offer.discovery == self.old || self.new.contains(&offer.discovery))
        })
    }

    /// Why the old endpoint must wait for a client; `None` if its tasks know every new endpoint.
    fn waits_for(
        &self,
        input: &PlannerInput<'_>,
        client: &Client<'_>,
        offers: &Offers<'_>,
    ) -> Option<Hold> {
        let Deployment { created_at, rollout, .. } = *client.service.primary()?;
        let waits = || Some(Hold::WaitingForClient(client.service.key.clone()));
        if rollout != Rollout::Completed {
            // Tasks of the deployment before still run, and ECS may roll back to them.
            return waits();
        }
        let named = self.new.iter().flat_map(|name| offers.of(self.namespace, name));
        for offer in named.filter(|offer| offer.service.arn == self.server.arn) {
            match is_younger(input, offer, created_at) {
                Ok(false) if matches!(offer.state, EndpointState::Complete(_)) => {}
                Ok(_) => return waits(),
                Err(hold) => return Some(with_facts(input, hold)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
