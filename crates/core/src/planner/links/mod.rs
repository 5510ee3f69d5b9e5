//! Decides what services mean to each other: which calls which, which waits for which, and which is stale.
//!
//! **In:** the candidates, the clients, and the entries so far. **Out:** the order of steps, the server that each step
//! waits for, refreshes, the phases of renames, and notes on what can no longer be called.

pub(crate) mod client;
pub(crate) mod offers;
pub(crate) mod needs;
pub(crate) mod stale;
pub(crate) mod doubts;
pub(crate) mod calls;
pub(crate) mod rename;
pub(crate) mod order;
pub(crate) mod gone;

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::entries::Entries;
use super::facts::with_facts;
use super::input::PlannerInput;
use super::names::register::Register;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::service_key::ServiceKey;
use crate::plan::awaited::Awaited;
use crate::plan::call::Traffic;
use crate::plan::doubt::CallDoubt;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::view::reading::Question;
use crate::view::{View, users_of};
use client::Client;
use needs::{Calls, Needs};
use offers::Offers;
use order::{Order, servers_first};
use rename::RenamePhase;
use stale::Known;

/// Which services offer and need what.
pub(super) struct Links<'c> {
    offers: Offers<'c>,
    needs: Needs,
    /// Every service that may call others.
    clients: Vec<Client<'c>>,
    /// Those of them that are in order.
    settled: &'c [Client<'c>],
}

impl<'c> Links<'c> {
    pub(super) fn new<'a: 'c>(
        input: &PlannerInput<'a>,
        candidates: &'c [Candidate<'a>],
        unseen: &'c [Candidate<'a>],
        settled: &'c [Client<'a>],
        stranded: &'c [Client<'a>],
    ) -> Self {
        let links = Self::of_clients(input, candidates, settled, stranded);
        if links.clients.is_empty() {
            // No service calls another: nothing is looked up for a whole fleet.
            return links;
        }
        links.resolved(input, candidates.iter().chain(unseen))
    }

    /// The services that may call others, while nothing is looked up yet.
    fn of_clients<'a: 'c>(
        input: &PlannerInput<'a>,
        candidates: &'c [Candidate<'a>],
        settled: &'c [Client<'a>],
        stranded: &'c [Client<'a>],
    ) -> Self {
        let changing = candidates.iter().filter_map(|each| Client::changing(input, each));
        let others = settled.iter().chain(stranded).copied();
        let clients: Vec<Client<'c>> = changing.chain(others).collect();
        Self { offers: Offers::default(), needs: Needs::default(), clients, settled }
    }

    /// The same with what every service offers, and what the clients need of it.
    fn resolved<'a: 'c>(
        self,
        input: &PlannerInput<'a>,
        wanting: impl Iterator<Item = &'c Candidate<'a>>,
    ) -> Self {
        let offers = Offers::new(input, wanting);
        let needs = Needs::new(input, &offers, self.clients.iter().copied());
        Self { offers, needs, ..self }
    }

    /// Who calls whom in each namespace, and what is offered there. Everything is looked up, whether anybody calls or not.
    pub(super) fn traffic<'a: 'c>(
        input: &PlannerInput<'a>,
        candidates: &'c [Candidate<'a>],
        unseen: &'c [Candidate<'a>],
        settled: &'c [Client<'a>],
        stranded: &'c [Client<'a>],
    ) -> BTreeMap<NamespaceId, Traffic> {
        let links = Self::of_clients(input, candidates, settled, stranded)
            .resolved(input, candidates.iter().chain(unseen));
        let of = |id: &NamespaceId| (id.clone(), calls::traffic(input, links.calls(), id));
        input.namespaces.iter().map(|namespace| of(&namespace.id)).collect()
    }

    fn calls(&self) -> Calls<'_> {
        let Self { offers, needs, clients, .. } = self;
        Calls { offers, needs, clients }
    }

    /// The services in a namespace that need a name and run.
    pub(super) fn callers_of(
        &self,
        input: &PlannerInput<'_>,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> Vec<ServiceKey> {
        let needs = |client: &&Client<'_>| {
            let needs = self.needs.of(&client.service.key);
            needs.iter().any(|need| need.name == *name) && client.is_in(input, namespace)
        };
        self.clients.iter().filter(needs).map(|client| client.service.key.clone()).collect()
    }

    /// The renames whose old endpoints are still called.
    pub(super) fn renames<'a>(
        &self,
        input: &PlannerInput<'a>,
        candidates: &[Candidate<'a>],
        register: &Register,
    ) -> BTreeMap<ServiceKey, RenamePhase<'a>> {
        rename::phases(input, candidates, register, self.calls())
    }

    /// The order of the candidates, servers first.
    pub(super) fn order(&self, candidates: &[Candidate<'_>]) -> Order {
        servers_first(candidates, &self.needs, &self.offers)
    }

    /// The entries of the clients that are in order and need a refresh.
    pub(super) fn refreshes(
        &self,
        input: &PlannerInput<'_>,
        candidates: &[Candidate<'_>],
        entries: &Entries,
        register: &Register,
    ) -> Vec<(ServiceKey, Entry)> {
        let leaving = gone::leaving(candidates, entries, input.settings.policy);
        let known = Known { leaving: &leaving, register };
        let refresh = |client: &Client<'_>| {
            let entry = stale::refresh(input, self.calls(), client, known)?;
            Some((client.service.key.clone(), entry))
        };
        self.settled.iter().filter_map(refresh).collect()
    }

    /// The server that each step waits for.
    pub(super) fn awaited(
        &self,
        view: &View,
        entries: &Entries,
        order: &Order,
        steps: &[ServiceKey],
    ) -> Vec<(ServiceKey, Awaited)> {
        order::awaited(view, entries, self.calls(), order, steps)
    }

    /// The notes of candidates whose endpoints go while clients call them.
    pub(super) fn lost_calls(
        &self,
        candidates: &[Candidate<'_>],
        entries: &Entries,
    ) -> Vec<(ServiceKey, String)> {
        gone::notes(candidates, entries, self.calls())
    }

    /// The holds of candidates whose endpoints go while nobody knows yet who calls them.
    pub(super) fn unread_callers<'a: 'c>(
        &self,
        input: &PlannerInput<'a>,
        candidates: &[Candidate<'a>],
        entries: &Entries,
    ) -> Vec<(ServiceKey, Hold)>
    where
        'c: 'a,
    {
        gone::unread_callers(input, candidates, entries, &self.clients)
    }

    /// The holds of candidates whose servers may be beyond the clusters that are watched, where nobody has looked yet.
    pub(super) fn unseen_servers(
        &self,
        input: &PlannerInput<'_>,
        candidates: &[Candidate<'_>],
    ) -> Vec<(ServiceKey, Hold)> {
        let hold = |candidate: &Candidate<'_>| {
            let hold = self.unseen_server(input, candidate)?;
            Some((candidate.service.key.clone(), with_facts(input, hold)))
        };
        candidates.iter().filter_map(hold).collect()
    }

    fn unseen_server(&self, input: &PlannerInput<'_>, candidate: &Candidate<'_>) -> Option<Hold> {
        let (id, _) = candidate.offers()?;
        let was_read = input.view.uses.get(id).is_some_and(|(_, seen)| seen.known().is_some());
        if was_read || input.settings.clusters.is_none() {
            return None;
        }
        let mut needs = self.needs.of(&candidate.service.key).iter();
        let is_missing =
            needs.any(|need| !need.inferred && self.offers.of(id, &need.name).is_empty());
        let namespace = candidate.namespace().filter(|_| is_missing)?;
        Some(Hold::until_answered(users_of(input.view, namespace)))
    }

    /// The doubts about the calls of each client.
    pub(super) fn doubts<'a: 'c>(
        &self,
        input: &PlannerInput<'a>,
    ) -> Vec<(ServiceKey, Vec<CallDoubt>)>
    where
        'c: 'a,
    {
        let doubts = |client: &Client<'c>| {
            let found = doubts::doubts(input, self.calls(), client);
            (!found.is_empty()).then(|| (client.service.key.clone(), found))
        };
        self.clients.iter().filter_map(doubts).collect()
    }

    /// What else must be read before it is known who calls whom.
    pub(super) fn unread(&self, input: &PlannerInput<'_>) -> BTreeSet<Question> {
        doubts::unread_namespaces(input, &self.clients)
    }

    /// What services need, and what is wrong with declared needs.
    pub(super) fn into_needs(self) -> Needs {
        self.needs
    }
}
