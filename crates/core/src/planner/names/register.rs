//! Decides which service may have a name that several want.
//!
//! ECS refuses a taken discovery name without saying who has it, and nobody knows whether it refuses a taken
//! alias at all. So eastwest decides both before any call, over every service it can see:
//!
//! 1. The holder keeps a name.
//! 2. If no service has it and the document claims it, only the services that the claim lists may take it.
//! 3. A name that was in use is [kept] for the service that had it.
//! 4. Among those that may take it, the oldest service gets it; of two of one age, the first by ARN.
//!
//! This order is total and does not depend on when eastwest looks, so two services that want one name never take turns.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::claims::Claims;
use super::kept::{self, Handovers};
use crate::ecs::canonical::Canonical;
use crate::ecs::claim::{Claim, InForce, in_force};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{Arn, DiscoveryName, NamespaceId};
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::ecs::time::AwsTime;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::hold::claim::{Holder, arn_beside};
use crate::planner::candidate::Candidate;
use crate::planner::entries::{Contest, Entries};
use crate::planner::input::PlannerInput;
use crate::view::former::FormerName;

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

/// One name that a service wants and does not have.
#[derive(Debug, Default)]
struct ContestedName {
    wanted: Vec<Party>,
    held: Vec<Party>,
    /// A Cloud Map service of this name that no ECS service was seen to use.
    leftover: Option<Arn>,
    /// The ECS service that registers in the leftover without Service Connect.
    registry: Option<ServiceKey>,
    /// The services that may newly take it, if the document claims it.
    claimants: Option<BTreeSet<ServicePath>>,
    /// What is known of the service that had it.
    former: Option<FormerName>,
    /// The discovery name of the endpoint that has it.
    discovery: Option<DiscoveryName>,
    /// A client that needs it and runs, if it may pass from one service to another.
    needed_by: Option<ServiceKey>,
}

/// The names that services want to change to, with the services that want and that have them.
///
/// It holds no other names: in a fleet in order there are none, and then nothing is looked up for thousands of
/// services. That is why it notes first which services want a name, then the Cloud Map services, then the holders.
#[derive(Debug, Default)]
pub(crate) struct Register {
    names: BTreeMap<Name, ContestedName>,
    /// The services that want a name that is claimed for others. They change nothing, so they keep no other name from
    /// any service.
    strangers: BTreeSet<Arn>,
    /// Cloud Map services of contested names that no service was seen to use yet.
    leftovers: BTreeMap<Arn, Name>,
    /// Which services wait for names of which others.
    handovers: Handovers,
    /// For how long a name that was in use is kept from other services.
    kept_for: Duration,
}

/// The services in a namespace that need a name and run.
pub(crate) type Callers<'f> = &'f dyn Fn(&NamespaceId, &DiscoveryName) -> Vec<ServiceKey>;

impl Register {
    /// Reads which services want and have which names; `wanting` are all services whose wish is known.
    pub(crate) fn new<'c, 'a: 'c>(
        input: &PlannerInput<'a>,
        wanting: impl Iterator<Item = &'c Candidate<'a>>,
        callers: Callers<'_>,
    ) -> Self {
        let mut register = Self {
            handovers: Handovers::new(input),
            kept_for: input.view.name_quarantine(&input.settings.timing),
            ..Self::default()
        };
        register.note_wishes(input, wanting);
        if register.names.is_empty() {
            return register;
        }
        for (namespace, (_, seen)) in &input.view.uses {
            if let Some(names) = seen.known() {
                register.note_cloud_map(namespace, names);
            }
        }
        for service in input.view.all_services() {
            register.note_held(service, &input.defaults_of(service));
        }
        register.note_strangers();
        register.note_former(input, callers);
        register
    }

    /// Notes whose the names were that no service has, and which services wait for names of which others.
    fn note_former(&mut self, input: &PlannerInput<'_>, callers: Callers<'_>) {
        let Self { names, handovers, .. } = self;
        for ((namespace, claim), contested) in names {
            contested.former = input.view.former.of(namespace, claim).cloned();
            if contested.passes_on() {
                let name = contested.discovery_of(claim);
                let mut needed_by = callers(namespace, &name).into_iter();
                contested.needed_by = needed_by.find(|key| !contested.is_party(key));
            }
            let former = contested.former.iter().map(|former| &former.owner);
            let holders = contested.held.iter().map(|party| &party.key);
            let owners: Vec<&ServiceKey> =
                if contested.held.is_empty() { former.collect() } else { holders.collect() };
            for party in &contested.wanted {
                handovers.note(&party.key, owners.iter().copied());
            }
        }
    }

    fn note_wishes<'c, 'a: 'c>(
        &mut self,
        input: &PlannerInput<'a>,
        wanting: impl Iterator<Item = &'c Candidate<'a>>,
    ) {
        let document = input.view.document.as_deref();
        let claims = Claims { document, namespaces: input.namespaces };
        // A service that waits only for an answer keeps its place.
        let refused = |hold: Hold| !matches!(hold, Hold::NotSeen(_));
        for candidate in wanting {
            if let Some((namespace, to)) = candidate.wanted()
                && !candidate.refusal(input.view).is_some_and(refused)
            {
                self.note_wanted(candidate.service, namespace, to, &claims);
            }
        }
    }

    /// Notes what a service is to have.
    fn note_wanted(
        &mut self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
        document: &Claims<'_>,
    ) {
        for claim in claims(to) {
            let claimants = document.on(&claim);
            let contested = self.names.entry((namespace.clone(), claim)).or_default();
            if contested.wanted.is_empty() {
                contested.claimants = claimants.cloned();
            }
            contested.wanted.push(Party::of(service));
        }
    }

    /// Comes last: whether a service is a stranger to a claim depends on which service holds the name.
    fn note_strangers(&mut self) {
        let claimed = self.names.values().filter(|contested| contested.claimants.is_some());
        let strangers = claimed.flat_map(|contested| {
            contested.wanted.iter().filter(|party| contested.is_stranger(&party.key, &party.arn))
        });
        self.strangers = strangers.map(|party| party.arn.clone()).collect();
    }

    /// Notes the Cloud Map services of a namespace.
    fn note_cloud_map(&mut self, namespace: &NamespaceId, names: &NamespaceUse) {
        for service in &names.cloud_map {
            let name = (namespace.clone(), Claim::Discovery(service.name.clone()));
            if let Some(contested) = self.names.get_mut(&name) {
                contested.leftover = Some(service.arn.clone());
                self.leftovers.insert(service.arn.clone(), name);
            }
        }
    }

    /// Notes what a service has in force in any deployment that still has tasks, because clients call those too.
    fn note_held(&mut self, service: &EcsService, defaults: &Defaults<'_>) {
        if service.is_gone() {
            return;
        }
        for name in service.registries.iter().filter_map(|arn| self.leftovers.get(arn)) {
            let contested = self.names.entry(name.clone()).or_default();
            contested.registry.get_or_insert_with(|| service.key.clone());
        }
        for deployment in service.running() {
            for name in
                deployment.cloud_map.iter().filter_map(|(_, arn)| self.leftovers.remove(arn))
            {
                self.names.entry(name).or_default().leftover = None;
            }
        }
        for InForce { namespace, claim, discovery } in in_force(service, defaults) {
            let Some(contested) = self.names.get_mut(&(namespace, claim)) else { continue };
            contested.discovery.get_or_insert(discovery);
            if contested.held.iter().all(|party| party.arn != service.arn) {
                contested.held.push(Party::of(service));
            }
        }
    }

    /// Whether a service would take a name that it does not hold itself.
    pub(crate) fn claims_new_name(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> bool {
        claims(to).any(|claim| {
            let contested = self.names.get(&(namespace.clone(), claim));
            !contested.is_some_and(|s| s.held.iter().any(|party| party.arn == service.arn))
        })
    }

    /// The reason against each name that a service wants and must not have. Those that stay come first.
    pub(crate) fn obstacles(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        to: &Canonical,
    ) -> Vec<Hold> {
        let mut obstacles: Vec<Hold> = claims(to)
            .filter_map(|claim| {
                let name = (namespace.clone(), claim);
                let contested = self.names.get(&name)?;
                if contested.is_stranger(&service.key, &service.arn) {
                    let by = contested.claimants.clone().unwrap_or_default();
                    return Some(Hold::Claimed { claim: name.1, by });
                }
                let holder = self.obstacle_to(service, contested)?;
                Some(Hold::Conflict(name.1, holder))
            })
            .collect();
        obstacles.sort_by_key(|hold| matches!(hold, Hold::Conflict(..)));
        obstacles
    }

    /// What is known of a name in a namespace.
    fn contested(&self, namespace: &NamespaceId, claim: &Claim) -> Option<&ContestedName> {
        self.names.get(&(namespace.clone(), claim.clone()))
    }

    /// Whether another service wants a name and may have it at once when its holder gives it up. A service that would
    /// have to wait for the name anyway is no reason to hurry.
    pub(crate) fn is_due_to_others(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> bool {
        let contested = self.contested(namespace, claim);
        contested.is_some_and(|contested| {
            let is_kept = !self.kept_for.is_zero() && contested.claimants.is_none();
            let mut others = contested.wanted.iter().filter(|party| party.arn != service.arn);
            !is_kept && others.any(|party| !self.strangers.contains(&party.arn))
        })
    }

    /// Whether clients call a name that its holder would pass on to a service without a claim to it.
    pub(crate) fn is_called(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> bool {
        let contested = self.contested(namespace, claim);
        contested.is_some_and(|contested| {
            contested.claimants.is_none()
                && contested.needed_by.is_some()
                && contested.held.iter().all(|party| party.arn != service.arn)
        })
    }

    /// Whose a name was that another service has now, if it is still kept for that one.
    pub(crate) fn kept_from(
        &self,
        input: &PlannerInput<'_>,
        service: &ServiceKey,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> Option<Holder> {
        let former = input.view.former.of(namespace, claim)?;
        let document = input.view.document.as_deref();
        let claimants = Claims { document, namespaces: input.namespaces }.on(claim);
        // Two that have swapped names may have clients that need them since.
        let is_kept = self.handovers.is_kept_from(service, former, claimants, false);
        if is_kept { kept::holder(former, service, self.kept_for, None) } else { None }
    }

    /// Whether a service is the first to get a name once its holder has given it up.
    pub(crate) fn is_first(
        &self,
        service: &EcsService,
        namespace: &NamespaceId,
        claim: &Claim,
    ) -> bool {
        let contested = self.contested(namespace, claim);
        let first = contested.and_then(|contested| self.first(contested));
        first.is_some_and(|first| first.arn == service.arn)
    }

    fn obstacle_to(&self, service: &EcsService, contested: &ContestedName) -> Option<Holder> {
        // Two services may have one name already, because nobody knows whether ECS refuses an alias twice. Then the
        // name belongs to the first, and the other waits even with a change that leaves its names alone.
        if let Some(holder) = contested.held.iter().min_by_key(|party| party.rank()) {
            let other = holder.arn != service.arn;
            let beside = || arn_beside(&holder.key, &holder.arn, &service.key);
            return other.then(|| Holder::Has(holder.key.clone(), beside()));
        }
        if let Some(leftover) = contested.leftover.clone() {
            return Some(match contested.registry.clone() {
                Some(key) => Holder::Registry(leftover, key),
                None => Holder::Leftover(leftover),
            });
        }
        if let Some(former) = self.kept(contested, &service.key)
            && let Some(holder) =
                kept::holder(former, &service.key, self.kept_for, contested.needed_by.as_ref())
        {
            return Some(holder);
        }
        let first = self.first(contested)?;
        let beside = || arn_beside(&first.key, &first.arn, &service.key);
        (first.arn != service.arn).then(|| Holder::Precedes(first.key.clone(), beside()))
    }

    /// The former owner that a name is kept for, if it is kept from this service.
    fn kept<'r>(
        &self,
        contested: &'r ContestedName,
        service: &ServiceKey,
    ) -> Option<&'r FormerName> {
        let former = contested.former_if_kept()?;
        let (claimants, is_needed) = (contested.claimants.as_ref(), contested.needed_by.is_some());
        self.handovers.is_kept_from(service, former, claimants, is_needed).then_some(former)
    }

    /// The service that gets a name: its former owner as long as it is kept for that one, else the oldest of those that
    /// need not wait for it.
    fn first<'r>(&self, contested: &'r ContestedName) -> Option<&'r Party> {
        let had = |party: &Party| {
            contested.former_if_kept().is_some_and(|former| former.owner.path() == party.key.path())
        };
        let wanted = contested.wanted.iter().filter(|party| !self.strangers.contains(&party.arn));
        wanted.min_by_key(|party| {
            let is_kept = self.kept(contested, &party.key).is_some();
            (is_kept, !had(party), party.rank())
        })
    }
}

impl ContestedName {
    /// Whether it may pass from one service to another.
    fn passes_on(&self) -> bool {
        let is_holder = |party: &Party| self.held.iter().any(|holder| holder.arn == party.arn);
        self.former.is_some()
            || (!self.held.is_empty() && self.wanted.iter().any(|party| !is_holder(party)))
    }

    /// Its former owner, as long as it is kept for that one: until the quarantine is over and no client needs it.
    fn former_if_kept(&self) -> Option<&FormerName> {
        self.former.as_ref().filter(|former| !former.is_over || self.needed_by.is_some())
    }

    /// The discovery name by which services need it.
    fn discovery_of(&self, claim: &Claim) -> DiscoveryName {
        let former = self.former.as_ref().map(|former| &former.discovery);
        match (claim, self.discovery.as_ref().or(former)) {
            (Claim::Discovery(name), _) | (Claim::Alias(..), Some(name)) => name.clone(),
            (Claim::Alias(host, _), None) => DiscoveryName::as_read(host.as_str()),
        }
    }

    /// Whether a service wants it, has it or had it.
    fn is_party(&self, key: &ServiceKey) -> bool {
        self.wanted.iter().chain(&self.held).any(|party| party.key == *key)
            || self.former.as_ref().is_some_and(|former| former.owner == *key)
    }

    /// Whether the name is claimed for others and this service does not have it.
    fn is_stranger(&self, key: &ServiceKey, arn: &Arn) -> bool {
        self.claimants.as_ref().is_some_and(|claimants| !claimants.contains(&key.path()))
            && self.held.iter().all(|party| party.arn != *arn)
    }
}

/// Every name that a configuration takes.
pub(crate) fn claims(canonical: &Canonical) -> impl Iterator<Item = Claim> {
    canonical.endpoints.iter().flat_map(|((_, discovery), endpoint)| {
        let alias =
            endpoint.host.clone().zip(endpoint.port).map(|(host, port)| Claim::Alias(host, port));
        [Some(Claim::Discovery(discovery.clone())), alias].into_iter().flatten()
    })
}

/// The pairs of services that want one name, in the order of those that wait.
pub(crate) fn contests(entries: &Entries) -> Vec<Contest> {
    let contest = |(loser, entry): (&ServiceKey, &Entry)| match entry.hold()? {
        Hold::Conflict(_, Holder::Has(winner, _) | Holder::Precedes(winner, _)) => {
            Some(Contest { winner: winner.clone(), loser: loser.clone() })
        }
        _ => None,
    };
    entries.iter().filter_map(contest).collect()
}
