//! Which endpoints each service calls: declared, else inferred from its environment.
//!
//! A need is a discovery name in the service's own namespace. An inferred one orders rollouts; it causes a refresh
//! only where that is asked for, because a value that looks like a host may be none.

use std::collections::{BTreeMap, BTreeSet};

use super::offers::{Offer, Offers};
use crate::declaration::declared::{Declaration, RefreshWhen};
use crate::declaration::document::escaped;
use crate::declaration::issue::Issue;
use crate::ecs::name::{DiscoveryName, NamespaceId, ServiceKey};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;
use crate::ecs::text::nearest;
use crate::plan::need::Need;
use crate::planner::world::World;

/// A service that may call others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'c> {
    pub(crate) service: &'c EcsService,
    pub(crate) declaration: &'c Declaration,
    /// Where it is to be.
    pub(crate) namespace: &'c Namespace,
}

impl Client<'_> {
    /// Whether it is in a namespace already, and so may call others there.
    pub(crate) fn is_in(&self, world: &World<'_>, namespace: &NamespaceId) -> bool {
        let ground = world.view.ground(&self.service.key.cluster);
        let found = self.service.connect().and_then(|connect| ground.namespace_of(connect));
        found.is_some_and(|found| found.id == *namespace)
    }
}

/// What each client needs.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    of: BTreeMap<ServiceKey, Vec<Need>>,
    issues: BTreeMap<ServiceKey, Vec<Issue>>,
}

impl Needs {
    /// Resolved against what is offered.
    pub(crate) fn new<'c>(
        world: &World<'_>,
        offers: &Offers<'_>,
        clients: impl Iterator<Item = Client<'c>>,
    ) -> Self {
        let mut needs = Self::default();
        for client in clients {
            let key = &client.service.key;
            let of = match &client.declaration.needs {
                Some(names) => {
                    let issues: Vec<Issue> = names
                        .iter()
                        .filter_map(|name| issue(world, offers, &client, name))
                        .collect();
                    if !issues.is_empty() {
                        needs.issues.insert(key.clone(), issues);
                    }
                    declared(names, offers, &client)
                }
                None => inferred(world, offers, &client),
            };
            if !of.is_empty() {
                needs.of.insert(key.clone(), of);
            }
        }
        needs
    }

    /// What one service needs.
    pub(crate) fn of(&self, key: &ServiceKey) -> &[Need] {
        self.of.get(key).map_or(&[], Vec::as_slice)
    }

    /// Everything, for those who look.
    pub(crate) fn into_parts(
        self,
    ) -> (BTreeMap<ServiceKey, Vec<Need>>, BTreeMap<ServiceKey, Vec<Issue>>) {
        (self.of, self.issues)
    }

    /// What of others has the service redeployed once it is there.
    pub(crate) fn refreshing<'o, 'c>(
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

/// Whether a service may call anybody at all; for most of a fleet in order nothing need be looked up.
pub(crate) fn may_call(world: &World<'_>, client: &Client<'_>) -> bool {
    let Declaration { needs, refresh, .. } = client.declaration;
    let mentions =
        || world.task_definition(client.service).is_some_and(|td| !td.mentions.is_empty());
    *refresh == Some(RefreshWhen::Always)
        || infers_unread(world, client)
        || needs.as_ref().map_or_else(mentions, |needs| !needs.is_empty())
}

/// Whether its environment decides over a refresh and was not read: a service in order needs its task definition for
/// nothing else.
pub(crate) fn infers_unread(world: &World<'_>, client: &Client<'_>) -> bool {
    let Declaration { needs, refresh, .. } = client.declaration;
    *refresh == Some(RefreshWhen::Inferred)
        && needs.is_none()
        && world.task_definition(client.service).is_none()
}

fn declared(names: &[DiscoveryName], offers: &Offers<'_>, client: &Client<'_>) -> Vec<Need> {
    let names: BTreeSet<&DiscoveryName> =
        names.iter().filter(|name| !is_own(offers, client, name)).collect();
    names.into_iter().map(|name| Need { name: name.clone(), inferred: false }).collect()
}

fn inferred(world: &World<'_>, offers: &Offers<'_>, client: &Client<'_>) -> Vec<Need> {
    let Some(task_definition) = world.task_definition(client.service) else { return Vec::new() };
    let id = &client.namespace.id;
    let mentioned = task_definition.mentions.iter();
    let names = mentioned.flat_map(|(host, port)| offers.at_host(id, host, port));
    let names: BTreeSet<&DiscoveryName> =
        names.filter(|name| !is_own(offers, client, name)).collect();
    names.into_iter().map(|name| Need { name: name.clone(), inferred: true }).collect()
}

/// Whether nobody but the service itself offers a name.
fn is_own(offers: &Offers<'_>, client: &Client<'_>, name: &DiscoveryName) -> bool {
    let offers = offers.of(&client.namespace.id, name);
    !offers.is_empty() && offers.iter().all(|offer| offer.service.arn == client.service.arn)
}

/// What is wrong with a declared need: it holds nobody up.
fn issue(
    world: &World<'_>,
    offers: &Offers<'_>,
    client: &Client<'_>,
    name: &DiscoveryName,
) -> Option<Issue> {
    let Namespace { id, name: namespace, .. } = client.namespace;
    let place = &place(world, &client.service.key);
    if is_own(offers, client, name) {
        let words =
            "the service itself offers this name; a service need not wait for itself: take it out";
        return Some(Issue::new(place, name.as_str(), words).advice());
    }
    if !offers.of(id, name).is_empty() {
        return None;
    }
    if let Some(server) = offers.elsewhere(id, name) {
        let words = format!(
            "nobody offers this name in namespace {namespace}; {server} does in another, where this service cannot call it: bring both into one namespace, or take it out. Nothing waits for it"
        );
        return Some(Issue::new(place, name.as_str(), words).advice());
    }
    let words = format!(
        "nobody offers this name in namespace {namespace}: mend the spelling, or take it out. Nothing waits for it; once somebody offers it, this service is refreshed"
    );
    let near = nearest(name.as_str(), offers.in_namespace(id).map(|(name, _)| name.as_str()));
    Some(Issue { nearest: near, ..Issue::new(place, name.as_str(), words) }.advice())
}

/// Where the needs stand: in the entry, else in the tag.
fn place(world: &World<'_>, key: &ServiceKey) -> String {
    let entry = world.view.document.as_ref().and_then(|document| document.services.get(key));
    match entry.filter(|entry| entry.needs.is_some()) {
        Some(_) => format!("#/services/{}/needs", escaped(&key.to_string())),
        None => world.settings.prefix.key("needs"),
    }
}

#[cfg(test)]
mod tests;
