//! Who may have a name that several want.
//!
//! ECS refuses a taken discovery name without saying who has it, and nobody knows whether it refuses a taken
//! alias at all; so both are decided here, before any call, over every service we can see. The holder keeps
//! a name; if nobody has it, only those may have it that the document's claims list, if they say anything; among
//! them the oldest service gets it, then ARN order. It is a total order that does not depend on when we look, so
//! two who want one name never take turns.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::Claims;
use crate::ecs::canonical::Canonical;
use crate::ecs::connect::Connect;
use crate::ecs::ground::Ground;
use crate::ecs::name::{Arn, NamespaceId, ServiceKey};
use crate::ecs::namespace::{Namespace, NamespaceUse};
use crate::ecs::service::EcsService;
use crate::ecs::time::AwsTime;
use crate::plan::Plan;
use crate::plan::hold::Hold;
use crate::plan::hold::claim::{Claim, Holder};

/// One service that has or wants names in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Party {
    created_at: AwsTime,
    arn: Arn,
    key: ServiceKey,
}

impl Party {
    fn of(service: &EcsService) -> Self {
        let EcsService { created_at, arn, key, .. } = service;
        Self { created_at: *created_at, arn: arn.clone(), key: key.clone() }
    }

    fn rank(&self) -> (AwsTime, &Arn) {
        (self.created_at, &self.arn)
    }
}

type Name = (NamespaceId, Claim);

/// One name that somebody wants and does not have.
#[derive(Debug, Default)]
struct Sought {
    wanted: Vec<Party>,
    held: Vec<Party>,
    leftover: Option<Arn>,
    /// Who registers in the leftover without Service Connect.
    registry: Option<ServiceKey>,
    /// Who may newly take it, where the document says so.
    claimants: Option<BTreeSet<ServiceKey>>,
}

/// The names that somebody wants to change to, with who wants and who has them.
///
/// Only those: in a fleet in order there are none, and then nothing is looked up for thousands of services.
/// Hence the order of the notes: first who wants, then the Cloud Map services, then who holds.
#[derive(Debug, Default)]
pub(crate) struct Register {
    names: BTreeMap<Name, Sought>,
    /// Who wants a name that is claimed by others: they go nowhere, so they keep no other name from anybody.
    strangers: BTreeSet<Arn>,
    /// Cloud Map services of sought names that nobody was seen to use yet.
    leftovers: BTreeMap<Arn, Name>,
}

impl Register {
    /// Whether nobody seeks a name.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Notes what a service shall have.
    pub(crate) fn note_wanted(
        &mut self,
        service: &EcsService,
        (namespace, to): (&NamespaceId, &Canonical),
        document: &Claims<'_>,
    ) {
        for claim in claims(to) {
            let claimants = document.on(&claim);
            let sought = self.names.entry((namespace.clone(), claim)).or_default();
            if sought.wanted.is_empty() {
                sought.claimants = claimants.cloned();
            }
            sought.wanted.push(Party::of(service));
        }
    }

    /// Notes that all is noted: who is a stranger to a claim depends on who holds the name.
    pub(crate) fn note_strangers(&mut self) {
        let claimed = self.names.values().filter(|sought| sought.claimants.is_some());
        let strangers = claimed.flat_map(|sought| {
            sought.wanted.iter().filter(|party| sought.is_stranger(&party.key, &party.arn))
        });
        self.strangers = strangers.map(|party| party.arn.clone()).collect();
    }

    /// Notes the Cloud Map services of a namespace.
    pub(crate) fn note_cloud_map(&mut self, namespace: &NamespaceId, names: &NamespaceUse) {
        for service in &names.cloud_map {
            let name = (namespace.clone(), Claim::Discovery(service.name.clone()));
            if let Some(sought) = self.names.get_mut(&name) {
                sought.leftover = Some(service.arn.clone());
                self.leftovers.insert(service.arn.clone(), name);
            }
        }
    }

    /// Notes what a service has in force: in any deployment that still has tasks, for they are called too.
    pub(crate) fn note_held(&mut self, service: &EcsService, ground: &Ground<'_>) {
        if service.is_gone() {
            return;
        }
        for name in service.registries.iter().filter_map(|arn| self.leftovers.get(arn)) {
            let sought = self.names.entry(name.clone()).or_default();
            sought.registry.get_or_insert_with(|| service.key.clone());
        }
        for deployment in service.running() {
            for name in
                deployment.cloud_map.iter().filter_map(|(_, arn)| self.leftovers.remove(arn))
            {
                self.names.entry(name).or_default().leftover = None;
            }
            let Some(connect) = &deployment.connect else { continue };
            let Some(namespace) = ground.namespace_of(connect) else { continue };
            self.note_claims(service, claims_in_force(connect, namespace, ground), &namespace.id);
        }
    }

    fn note_claims(
        &mut self,
        service: &EcsService,
        claims: impl Iterator<Item = Claim>,
        namespace: &NamespaceId,
    ) {
        for claim in claims {
            let Some(sought) = self.names.get_mut(&(namespace.clone(), claim)) else { continue };
            if sought.held.iter().all(|party| party.arn != service.arn) {
                sought.held.push(Party::of(service));
            }
        }
    }

    /// Whether a service would claim a name that it does not hold itself.
    pub(crate) fn claims_new_name(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> bool {
        claims(to).any(|claim| {
            let sought = self.names.get(&(namespace.clone(), claim));
            !sought.is_some_and(|s| s.held.iter().any(|party| party.arn == service.arn))
        })
    }

    /// What stands in this service's way: each of its claims that it must not have, the lasting ones first.
    pub(crate) fn obstacles(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> Vec<Hold> {
        let mut obstacles: Vec<Hold> = claims(to)
            .filter_map(|claim| {
                let name = (namespace.clone(), claim);
                let sought = self.names.get(&name)?;
                if sought.is_stranger(&service.key, &service.arn) {
                    let by = sought.claimants.clone().unwrap_or_default();
                    return Some(Hold::Claimed { claim: name.1, by });
                }
                Some(Hold::Conflict(name.1, sought.obstacle_to(service, &self.strangers)?))
            })
            .collect();
        obstacles.sort_by_key(|hold| matches!(hold, Hold::Conflict(..)));
        obstacles
    }

    /// Whether somebody else wants a name.
    pub(crate) fn is_sought_by_others(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> bool {
        let sought = self.names.get(&(namespace.clone(), claim.clone()));
        sought.is_some_and(|sought| sought.wanted.iter().any(|party| party.arn != service.arn))
    }

    /// Whether a service comes first of all that want a name, once its holder has let go of it.
    pub(crate) fn is_first(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> bool {
        let sought = self.names.get(&(namespace.clone(), claim.clone()));
        let first = sought.and_then(|sought| sought.first(&self.strangers));
        first.is_some_and(|first| first.arn == service.arn)
    }
}

impl Sought {
    fn obstacle_to(&self, service: &EcsService, strangers: &BTreeSet<Arn>) -> Option<Holder> {
        // Two may have one name already, for nobody knows whether ECS refuses an alias twice: then it is the
        // first one's, and the other waits even with a change that leaves its names alone.
        if let Some(holder) = self.held.iter().min_by_key(|party| party.rank()) {
            let other = holder.arn != service.arn;
            return other.then(|| Holder::Has(holder.key.clone(), holder.arn.clone()));
        }
        if let Some(leftover) = self.leftover.clone() {
            return Some(match self.registry.clone() {
                Some(key) => Holder::Registry(leftover, key),
                None => Holder::Leftover(leftover),
            });
        }
        let first = self.first(strangers)?;
        (first.arn != service.arn).then(|| Holder::Precedes(first.key.clone(), first.arn.clone()))
    }

    fn first(&self, strangers: &BTreeSet<Arn>) -> Option<&Party> {
        let wanted = self.wanted.iter().filter(|party| !strangers.contains(&party.arn));
        wanted.min_by_key(|party| party.rank())
    }

    /// Whether the name is claimed, and neither by this service nor in its hands.
    fn is_stranger(&self, key: &ServiceKey, arn: &Arn) -> bool {
        self.claimants.as_ref().is_some_and(|claimants| !claimants.contains(key))
            && self.held.iter().all(|party| party.arn != *arn)
    }
}

/// Every name a configuration takes up.
pub(crate) fn claims(canonical: &Canonical) -> impl Iterator<Item = Claim> {
    canonical.endpoints.iter().flat_map(|((_, discovery), endpoint)| {
        let alias =
            endpoint.host.clone().zip(endpoint.port).map(|(host, port)| Claim::Alias(host, port));
        [Some(Claim::Discovery(discovery.clone())), alias].into_iter().flatten()
    })
}

/// The same of a configuration in force. Not through its canonical form, because this runs for every service
/// there is, and most name all that they have.
fn claims_in_force<'c>(
    connect: &'c Connect,
    namespace: &'c Namespace,
    ground: &'c Ground<'_>,
) -> impl Iterator<Item = Claim> {
    connect.endpoints.iter().flat_map(move |endpoint| {
        let alias = |port| Claim::Alias(endpoint.host_in(namespace), port);
        let alias = endpoint.client_port(ground).map(alias);
        [Some(Claim::Discovery(endpoint.discovery())), alias].into_iter().flatten()
    })
}

/// Tells each holder who else wants its name.
pub(crate) fn name_contestants(plan: &mut Plan) {
    let contests: Vec<(ServiceKey, ServiceKey)> = plan
        .holds()
        .filter_map(|(loser, hold)| match hold {
            Hold::Conflict(_, Holder::Has(winner, _) | Holder::Precedes(winner, _)) => {
                Some((winner.clone(), loser.clone()))
            }
            _ => None,
        })
        .collect();
    for (winner, loser) in contests {
        if let Some(entry) = plan.entries.get_mut(&winner) {
            entry.contested_by.push(loser);
        }
    }
}
