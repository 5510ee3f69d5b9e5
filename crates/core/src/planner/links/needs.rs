//! Which endpoints each service calls: as declared, else as inferred from its environment.
//!
//! A need is a discovery name in the service's own namespace. An inferred need orders rollouts. It causes a refresh only
//! if the declaration asks for that, because a value that looks like a host may be none.

use std::collections::{BTreeMap, BTreeSet};

use super::client::Client;
use super::offers::{Offer, Offers};
use crate::declaration::declared::RefreshWhen;
use crate::declaration::document::escaped;
use crate::declaration::issue::Issue;
use crate::ecs::name::DiscoveryName;
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::nearest;
use crate::plan::need::Need;
use crate::planner::input::PlannerInput;

/// Which services offer, need and call what.
#[derive(Clone, Copy)]
pub(crate) struct Calls<'c> {
    pub(crate) offers: &'c Offers<'c>,
    pub(crate) needs: &'c Needs,
    pub(crate) clients: &'c [Client<'c>],
}

/// What each client needs.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    pub(crate) of: BTreeMap<ServiceKey, Vec<Need>>,
    /// What is wrong with declared needs.
    pub(crate) issues: BTreeMap<ServiceKey, Vec<Issue>>,
}

impl Needs {
    /// Resolves what clients need against what is offered.
    pub(crate) fn new<'c>(
        input: &PlannerInput<'c>,
        offers: &Offers<'_>,
        clients: impl Iterator<Item = Client<'c>>,
    ) -> Self {
        let mut needs = Self::default();
        for client in clients {
            needs.note(input, offers, &client);
        }
        needs
    }

    fn note<'c>(&mut self, input: &PlannerInput<'c>, offers: &Offers<'_>, client: &Client<'c>) {
        let key = &client.service.key;
        let of = match &client.declaration.needs {
            Some(names) => {
                let issues = names.iter().filter_map(|name| issue(input, offers, client, name));
                let issues: Vec<Issue> = issues.collect();
                if !issues.is_empty() {
                    self.issues.insert(key.clone(), issues);
                }
                declared(names, offers, client)
            }
            None => inferred(input, offers, client),
        };
        if !of.is_empty() {
            self.of.insert(key.clone(), of);
        }
    }

    /// What one service needs.
    pub(crate) fn of(&self, key: &ServiceKey) -> &[Need] {
        self.of.get(key).map_or(&[], Vec::as_slice)
    }

    /// The offers of other services that cause a refresh of a client once they are there.
    pub(crate) fn refresh_causes<'o, 'c>(
        &self,
        client: &Client<'_>,
        offers: &'o Offers<'c>,
    ) -> Vec<&'o Offer<'c>> {
        let id = &client.namespace.id;
        let when = client.declaration.refresh.unwrap_or(RefreshWhen::Declared);
        let of_needs = |inferred: bool| {
            let needs = self.of(&client.service.key).iter();
            let needs = needs.filter(move |need| inferred || !need.inferred);
            needs.flat_map(|need| offers.called(id, &need.name)).collect()
        };
        let all: Vec<&Offer<'c>> = match when {
            RefreshWhen::Never => Vec::new(),
            RefreshWhen::Always => offers.in_namespace(id).flat_map(|(_, offers)| offers).collect(),
            RefreshWhen::Inferred => of_needs(true),
            RefreshWhen::Declared => of_needs(false),
        };
        let mut known = BTreeSet::new();
        let is_others = |offer: &&Offer<'_>| offer.service.arn != client.service.arn;
        let is_new = |offer: &&Offer<'c>| known.insert(std::ptr::from_ref(*offer));
        all.into_iter().filter(is_others).filter(is_new).collect()
    }
}

fn declared(names: &[DiscoveryName], offers: &Offers<'_>, client: &Client<'_>) -> Vec<Need> {
    let names: BTreeSet<&DiscoveryName> =
        names.iter().filter(|name| !is_own(offers, client, name)).collect();
    names.into_iter().map(|name| Need { name: name.clone(), inferred: false }).collect()
}

fn inferred<'c>(input: &PlannerInput<'c>, offers: &Offers<'_>, client: &Client<'c>) -> Vec<Need> {
    let id = &client.namespace.id;
    let mentioned = client.mentions(input);
    let names = mentioned.flat_map(|each| offers.at_host(id, &each.host, each.port));
    let names: BTreeSet<&DiscoveryName> =
        names.filter(|name| !is_own(offers, client, name)).collect();
    names.into_iter().map(|name| Need { name: name.clone(), inferred: true }).collect()
}

/// Whether the service itself offers a name, and no other service does.
fn is_own(offers: &Offers<'_>, client: &Client<'_>, name: &DiscoveryName) -> bool {
    let offers = offers.of(&client.namespace.id, name);
    !offers.is_empty() && offers.iter().all(|offer| offer.service.arn == client.service.arn)
}

/// What is wrong with a declared need. It holds no service.
fn issue(
    input: &PlannerInput<'_>,
    offers: &Offers<'_>,
    client: &Client<'_>,
    name: &DiscoveryName,
) -> Option<Issue> {
    let Namespace { id, name: namespace, .. } = client.namespace;
    let place = &place_of_needs(input, &client.service.key);
    if is_own(offers, client, name) {
        let words = "the service itself offers this name and need not wait for itself: remove it";
        return Some(Issue::new(place, name.as_str(), words).advice());
    }
    if !offers.of(id, name).is_empty() {
        return None;
    }
    if let Some(server) = offers.elsewhere(id, name) {
        let words = format!(
            "no service offers this name in namespace {namespace}; {server} does in another, where this service cannot call it: put both into one namespace, or remove it. Nothing waits for it"
        );
        return Some(Issue::new(place, name.as_str(), words).advice());
    }
    let words = format!(
        "no service offers this name in namespace {namespace}: correct the spelling, or remove it. Nothing waits for it; once a service offers it, this service is refreshed"
    );
    let near = nearest(name.as_str(), offers.in_namespace(id).map(|(name, _)| name.as_str()));
    Some(Issue { nearest: near, ..Issue::new(place, name.as_str(), words) }.advice())
}

/// Where the needs are declared: in the document's entry, else in the tag.
fn place_of_needs(input: &PlannerInput<'_>, key: &ServiceKey) -> String {
    let entry =
        input.view.document.as_ref().and_then(|document| document.services.get(&key.path()));
    match entry.filter(|entry| entry.needs.is_some()) {
        Some(_) => format!("#/services/{}/needs", escaped(&key.to_string())),
        None => input.settings.prefix.key("needs"),
    }
}

#[cfg(test)]
mod tests;
