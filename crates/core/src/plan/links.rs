//! What services are to each other: who calls whom, who waits for whom, who is stale.

use std::collections::BTreeMap;

use super::{Candidate, Plan, World};
use crate::conflict::Register;
use crate::name::ServiceKey;
use crate::needs::{Client, Needs, may_call};
use crate::offers::Offers;
use crate::order::{note_awaited, servers_first};
use crate::rename::{self, Calls, Phase};
use crate::settle::Desired;
use crate::stale;

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
        settled: &'c [Client<'a>],
    ) -> Self {
        let changing = candidates.iter().filter_map(|candidate| client_of(world, candidate));
        let clients: Vec<Client<'c>> = changing.chain(settled.iter().copied()).collect();
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
        for client in *settled {
            if let Some(entry) = stale::refresh(world, offers, (needs, client)) {
                let key = client.service.key.clone();
                plan.order.push(key.clone());
                plan.entries.insert(key, entry);
            }
        }
        note_awaited(plan, needs, offers, &order);
        (plan.needs, plan.advice) = self.needs.into_parts();
    }
}

/// A service that is as it shall be, if it may call others.
pub(super) fn client<'a>(world: &World<'a>, candidate: &Candidate<'a>) -> Option<Client<'a>> {
    let (namespace, _) = candidate.offers()?;
    let namespace = world.namespaces.iter().find(|each| each.id == *namespace)?;
    let Candidate { service, declaration, .. } = *candidate;
    let client = Client { service, declaration, namespace };
    may_call(world, &client).then_some(client)
}

fn client_of<'c>(world: &World<'_>, candidate: &'c Candidate<'_>) -> Option<Client<'c>> {
    let Desired::On(_, namespace) = &candidate.desired else { return None };
    let Candidate { service, declaration, .. } = candidate;
    let client = Client { service, declaration, namespace };
    may_call(world, &client).then_some(client)
}
