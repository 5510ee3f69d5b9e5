//! What services are to each other: who calls whom, who waits for whom, who is stale.

pub(crate) mod offers;
pub(crate) mod needs;
pub(crate) mod order;
pub(crate) mod stale;
pub(crate) mod rename;

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::names::register::Register;
use super::service::settle::Desired;
use super::world::World;
use crate::declaration::declared::{Declaration, Mode, Pause};
use crate::declaration::settings::Policy;
use crate::ecs::connect::Endpoint;
use crate::ecs::name::{DiscoveryName, ServiceKey};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::view::who_uses;
use needs::{Client, Needs, may_call};
use offers::{Offers, Stands};
use order::{note_awaited, servers_first};
use rename::{Calls, Phase};

/// Who offers what and who needs it.
pub(super) struct Links<'c> {
    offers: Offers<'c>,
    needs: Needs,
    /// Everybody who may call others.
    clients: Vec<Client<'c>>,
    /// Those of them that are as they shall be.
    settled: &'c [Client<'c>],
}

impl<'c> Links<'c> {
    pub(super) fn new<'a: 'c>(
        world: &World<'a>,
        candidates: &'c [Candidate<'a>],
        (settled, stranded): (&'c [Client<'a>], &'c [Client<'a>]),
    ) -> Self {
        let changing = candidates.iter().filter_map(|candidate| client_of(world, candidate));
        let others = settled.iter().chain(stranded).copied();
        let clients: Vec<Client<'c>> = changing.chain(others).collect();
        if clients.is_empty() {
            // Nobody calls anybody: nothing need be looked up for a whole fleet.
            let (offers, needs) = (Offers::default(), Needs::default());
            return Self { offers, needs, clients, settled };
        }
        let offers = Offers::new(world, candidates);
        let needs = Needs::new(world, &offers, clients.iter().copied());
        Self { offers, needs, clients, settled }
    }

    pub(super) fn renames<'a>(
        &self,
        world: &World<'a>,
        candidates: &[Candidate<'a>],
        register: &Register,
    ) -> BTreeMap<ServiceKey, Phase<'a>> {
        let Self { offers, needs, clients, .. } = self;
        rename::phases(world, candidates, register, Calls { offers, needs, clients })
    }

    /// Enters refreshes, the order and what is waited for.
    pub(super) fn enter(self, world: &World<'_>, candidates: &[Candidate<'_>], plan: &mut Plan) {
        let Self { offers, needs, settled, .. } = &self;
        let order = servers_first(candidates, needs, offers);
        plan.order.clone_from(&order.keys);
        let leaving = leaving(candidates, plan, world.settings.policy);
        for client in *settled {
            if let Some(entry) = stale::refresh(world, offers, (needs, client), &leaving) {
                let key = client.service.key.clone();
                plan.order.push(key.clone());
                plan.entries.insert(key, entry);
            }
        }
        note_awaited(plan, world.view, (needs, offers), &order);
        for candidate in candidates {
            let Some(entry) = plan.entries.get_mut(&candidate.service.key) else { continue };
            if let Some(hold) = self.unseen_server(world, candidate) {
                entry.hold_step(world.with_facts(hold));
            }
            if let Some(words) = self.gone(candidate, entry) {
                entry.add_note(&words);
            }
        }
        (plan.needs, plan.advice) = self.needs.into_parts();
    }

    /// That somebody beyond the clusters we watch may be about to offer what a service declares to need, for want of
    /// having looked.
    fn unseen_server(&self, world: &World<'_>, candidate: &Candidate<'_>) -> Option<Hold> {
        let (id, _) = candidate.offers()?;
        let was_read = world.view.uses.get(id).is_some_and(|(_, seen)| seen.known().is_some());
        if was_read || world.settings.clusters.is_none() {
            return None;
        }
        let mut needs = self.needs.of(&candidate.service.key).iter();
        let is_missing =
            needs.any(|need| !need.inferred && self.offers.of(id, &need.name).is_empty());
        let namespace = candidate.namespace().filter(|_| is_missing)?;
        Some(Hold::until_answered(who_uses(world.view, namespace)))
    }

    /// Who calls the endpoints that go, in words; nothing where nobody does.
    fn gone(&self, candidate: &Candidate<'_>, entry: &Entry) -> Option<String> {
        let standing = candidate.service.connect()?;
        let left = candidate.ground.namespace_of(standing)?;
        let leaves = candidate.offers().is_none_or(|(namespace, _)| *namespace != left.id);
        let words = standing.endpoints.iter().filter_map(|endpoint| {
            let name = endpoint.discovery();
            let place = format!("{}/{name}", endpoint.port_name);
            let is_removed = entry.changes.iter().any(|change| {
                change.to.is_none() && change.endpoint.as_deref() == Some(place.as_str())
            });
            if !(leaves || is_removed) || self.can_be_called(candidate, left, &name) {
                return None;
            }
            let callers = self.callers(candidate, left, &name);
            let can = || format!("{name} goes, and {} can no longer call it", callers.join(", "));
            (!callers.is_empty()).then(can)
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Whether somebody else offers the name as well, or what takes its place is there already.
    fn can_be_called(
        &self,
        candidate: &Candidate<'_>,
        namespace: &Namespace,
        name: &DiscoveryName,
    ) -> bool {
        let arn = &candidate.service.arn;
        let mut successors = self.offers.successors(&namespace.id, name).flatten();
        self.offers.of(&namespace.id, name).iter().any(|offer| offer.service.arn != *arn)
            || successors.any(|offer| matches!(offer.stands, Stands::Complete(_)))
    }

    /// Who needs a name of a service in a namespace, and says who says so.
    fn callers(
        &self,
        candidate: &Candidate<'_>,
        namespace: &Namespace,
        name: &DiscoveryName,
    ) -> Vec<String> {
        let others = self.clients.iter().filter(|client| {
            client.namespace.id == namespace.id && client.service.arn != candidate.service.arn
        });
        let need = |client: &Client<'_>| {
            let key = &client.service.key;
            let need = self.needs.of(key).iter().find(|need| need.name == *name)?;
            let how = if need.inferred { " (as its environment says)" } else { "" };
            Some(format!("{key}{how}"))
        };
        let mut callers: Vec<String> = others.filter_map(need).collect();
        callers.sort();
        callers
    }
}

/// The names that their servers are about to give up: nobody is rolled out anew for them. What is paused without an
/// end, or not allowed, may stay for ever.
fn leaving(
    candidates: &[Candidate<'_>],
    plan: &Plan,
    policy: Policy,
) -> BTreeSet<(ServiceKey, DiscoveryName)> {
    let goes_on = |candidate: &&Candidate<'_>| {
        let action = plan.entries.get(&candidate.service.key).and_then(Entry::pending);
        candidate.declaration.pause != Some(Pause::Open)
            && action.is_some_and(|action| policy.allows(action))
    };
    let names = |candidate: &Candidate<'_>| {
        let standing = candidate.service.connect().into_iter().flat_map(|c| &c.endpoints);
        let names = standing.map(Endpoint::discovery).filter(|name| !candidate.will_offer(name));
        names.map(|name| (candidate.service.key.clone(), name)).collect::<Vec<_>>()
    };
    candidates.iter().filter(goes_on).flat_map(names).collect()
}

/// A service that is as it shall be, if it may call others.
pub(super) fn client<'a>(world: &World<'a>, candidate: &Candidate<'a>) -> Option<Client<'a>> {
    let (namespace, _) = candidate.offers()?;
    let namespace = world.namespaces.iter().find(|each| each.id == *namespace)?;
    let Candidate { service, declaration, .. } = *candidate;
    let client = Client { service, declaration, namespace };
    may_call(world, &client).then_some(client)
}

/// A service that is in a namespace and of which is not known what it shall be: its tasks call others all the same.
pub(super) fn stranded<'a>(
    world: &World<'a>,
    service: &'a EcsService,
    declaration: &'a Declaration,
) -> Option<Client<'a>> {
    let namespace = world.ground_of(service).namespace_of(service.connect()?)?;
    let client = Client { service, declaration, namespace };
    let is_on = service.status == ServiceStatus::Active && declaration.mode != Some(Mode::Off);
    (is_on && may_call(world, &client)).then_some(client)
}

fn client_of<'c>(world: &World<'_>, candidate: &'c Candidate<'_>) -> Option<Client<'c>> {
    let Desired::On(_, namespace) = &candidate.desired else { return None };
    let Candidate { service, declaration, .. } = candidate;
    let client = Client { service, declaration, namespace };
    may_call(world, &client).then_some(client)
}
