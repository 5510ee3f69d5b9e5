//! Who may have a name that several want.
//!
//! ECS refuses a taken discovery name without saying who has it, and nobody knows whether it refuses a taken
//! alias at all; so both are decided here, before any call, over every service we can see. The holder keeps
//! a name; if nobody has it, the oldest service gets it, then ARN order. It is a total order that does not
//! depend on when we look, so two who want one name never take turns.

use std::collections::BTreeMap;

use crate::canonical::{Canonical, Ground, canonical};
use crate::hold::{Claim, Holder};
use crate::name::{Arn, NamespaceId, ServiceKey};
use crate::time::AwsTime;
use crate::view::{DeploymentStatus, EcsService, NamespaceUse, ServiceStatus};

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

/// Every name of every namespace, with who has it and who wants it.
#[derive(Debug, Default)]
pub struct Register {
    held: BTreeMap<(NamespaceId, Claim), Vec<Party>>,
    wanted: BTreeMap<(NamespaceId, Claim), Vec<Party>>,
    leftovers: BTreeMap<(NamespaceId, Claim), Arn>,
    used: std::collections::BTreeSet<Arn>,
}

impl Register {
    /// Notes what a service has in force: in any deployment that still has tasks, for they are called too.
    pub fn note_held(&mut self, service: &EcsService, ground: &Ground<'_>) {
        if service.status == ServiceStatus::Inactive {
            return;
        }
        for deployment in &service.deployments {
            if deployment.status == DeploymentStatus::Inactive {
                continue;
            }
            self.used.extend(deployment.cloud_map.iter().map(|(_, arn)| arn.clone()));
            let Some(connect) = &deployment.connect else { continue };
            let Some(namespace) = ground.namespace_of(connect) else { continue };
            for claim in claims(&canonical(connect, ground)) {
                let parties = self.held.entry((namespace.id.clone(), claim)).or_default();
                let party = Party::of(service);
                if !parties.contains(&party) {
                    parties.push(party);
                }
            }
        }
    }

    /// Notes what a service shall have.
    pub fn note_wanted(&mut self, service: &EcsService, namespace: &NamespaceId, to: &Canonical) {
        for claim in claims(to) {
            self.wanted.entry((namespace.clone(), claim)).or_default().push(Party::of(service));
        }
    }

    /// Notes the Cloud Map services of a namespace; call it after every [`Self::note_held`].
    pub fn note_cloud_map(&mut self, namespace: &NamespaceId, names: &NamespaceUse) {
        for service in &names.cloud_map {
            if !self.used.contains(&service.arn) {
                let claim = Claim::Discovery(service.name.clone());
                self.leftovers.insert((namespace.clone(), claim), service.arn.clone());
            }
        }
    }

    /// Whether a service would claim a name that it does not hold itself.
    pub fn claims_new_name(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> bool {
        claims(to).any(|claim| {
            let parties = self.held.get(&(namespace.clone(), claim)).map_or(&[][..], Vec::as_slice);
            !parties.iter().any(|party| party.arn == service.arn)
        })
    }

    /// Who stands in this service's way, if anybody: the first of its claims that it must not have.
    pub fn obstacle(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> Option<(Claim, Holder)> {
        claims(to).find_map(|claim| {
            let key = (namespace.clone(), claim);
            let holder = self.obstacle_to(service, &key)?;
            Some((key.1, holder))
        })
    }

    fn obstacle_to(&self, service: &EcsService, key: &(NamespaceId, Claim)) -> Option<Holder> {
        let held = self.held.get(key).map_or(&[][..], Vec::as_slice);
        if held.iter().any(|party| party.arn == service.arn) {
            return None;
        }
        if let Some(holder) = held.iter().min_by_key(|party| party.rank()) {
            return Some(Holder::Has(holder.key.clone(), holder.arn.clone()));
        }
        if let Some(leftover) = self.leftovers.get(key) {
            return Some(Holder::Leftover(leftover.clone()));
        }
        let first = self.wanted.get(key)?.iter().min_by_key(|party| party.rank())?;
        (first.arn != service.arn).then(|| Holder::Precedes(first.key.clone(), first.arn.clone()))
    }
}

/// Every name a configuration takes up.
fn claims(canonical: &Canonical) -> impl Iterator<Item = Claim> {
    canonical.endpoints.iter().flat_map(|((_, discovery), endpoint)| {
        let alias =
            endpoint.host.clone().zip(endpoint.port).map(|(host, port)| Claim::Alias(host, port));
        [Some(Claim::Discovery(discovery.clone())), alias].into_iter().flatten()
    })
}
