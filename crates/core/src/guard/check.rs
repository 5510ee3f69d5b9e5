//! What must hold of any plan before one step of it is taken.
//!
//! A breach is a bug of ours, not of the user's: then nothing is written at all and it is shouted about.
//! This file and [`crate::guard`] are what a reviewer must read to trust the rest.

use std::collections::BTreeSet;

use crate::declaration::intent::Intent;
use crate::declaration::settings::Settings;
use crate::ecs::claim::Claim;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceId, NamespaceRef, Port};
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::planner::names::claims::Claims;
use crate::planner::service::alias::AliasRule;
use crate::view::View;

/// A rule that a plan breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The service it would have happened to.
    pub service: ServiceKey,
    /// The rule.
    pub rule: &'static str,
}

/// Every breach of a guarded plan; empty is as it must be.
pub fn check(plan: &Plan, view: &View, settings: &Settings) -> Vec<Breach> {
    let mut names = BTreeSet::new();
    let mut breaches = Vec::new();
    for (key, entry) in &plan.entries {
        let Verdict::Step { action } = &entry.verdict else { continue };
        let rules = [
            (!settings.policy.allows(action), "a step that the policy does not allow"),
            (!declared(view, key), "a step for a service that did not opt in"),
            (!readable(view, key), "a step for a service that was not read, or is rolling"),
            (is_idle(entry, action), "a step that changes nothing"),
            (action.service() != key, "a step under another service's name"),
            (!claim(&mut names, view, action), "a name for two services"),
            (intrudes(view, key, action), "a name that is claimed by others"),
            (misleads(view, key, action), "an alias that no service may take by itself"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        breaches.extend(broken.map(|(_, rule)| Breach { service: key.clone(), rule }));
    }
    breaches
}

/// A refresh changes nothing but what tasks know.
fn is_idle(entry: &Entry, action: &Action) -> bool {
    match action {
        Action::Refresh { .. } => entry.lacks.is_empty(),
        Action::Connect { .. } | Action::Disconnect { .. } => entry.changes.is_empty(),
    }
}

fn declared(view: &View, key: &ServiceKey) -> bool {
    view.service(key).is_some_and(|service| matches!(service.intent, Intent::Declared(_)))
}

fn readable(view: &View, key: &ServiceKey) -> bool {
    view.service(key).is_some_and(|service| {
        service.trouble.is_none()
            && service.missing_since.is_none()
            && service.last.as_ref().is_some_and(|last| !last.is_rolling())
    })
}

/// Whether a step takes a name that the document keeps for others, and that the service does not have.
fn intrudes(view: &View, key: &ServiceKey, action: &Action) -> bool {
    let (Action::Connect { connect, .. }, Some(document)) = (action, &view.document) else {
        return false;
    };
    let namespaces = view.known_namespaces();
    let claims = Claims { document: Some(document), namespaces };
    let kept = |name: &Claim| claims.on(name).is_some_and(|by| !by.contains(&key.path()));
    let last = view.service(key).and_then(|service| service.last.as_ref());
    let standing = last.iter().flat_map(|last| &last.deployments);
    let standing: Vec<&Connect> = standing.filter_map(|each| each.connect.as_ref()).collect();
    connect.endpoints.iter().any(|endpoint| {
        let has = |is: &dyn Fn(&Endpoint) -> bool| {
            standing.iter().flat_map(|connect| &connect.endpoints).any(is)
        };
        let discovery = endpoint.discovery();
        let has_name = has(&|old| old.discovery() == discovery);
        let host = endpoint.alias.as_ref().and_then(|alias| alias.dns_name.clone());
        // A host that is not said is the discovery name's own.
        let says = |old: &Endpoint| old.alias.as_ref().and_then(|alias| alias.dns_name.clone());
        let has_host = has(&|old| match says(old) {
            Some(said) => Some(said) == host,
            None => host.as_ref().is_some_and(|h| {
                namespaces.iter().any(|n| h.is_of_endpoint(&old.discovery(), &n.name))
            }),
        });
        let alias = endpoint.alias.as_ref().and_then(|a| Some(Claim::Alias(host.clone()?, a.port)));
        (kept(&Claim::Discovery(discovery)) && !has_name)
            || (alias.is_some_and(|alias| kept(&alias)) && !has_host)
    })
}

/// Whether a step writes an alias that the service must not have, or is in a namespace that was not read.
fn misleads(view: &View, key: &ServiceKey, action: &Action) -> bool {
    let Action::Connect { connect, .. } = action else { return false };
    let Some(service) = view.service(key).and_then(|service| service.last.as_deref()) else {
        return true;
    };
    let defaults = view.defaults(&key.cluster);
    let Some(namespace) = defaults.namespace_of(connect) else { return true };
    let document = view.document.as_deref();
    !AliasRule { service, namespace, defaults, document }.refusals(connect).is_empty()
}

/// The names of a namespace that earlier steps take, and the hosts with their ports.
type Names = BTreeSet<(NamespaceId, Option<DiscoveryName>, Option<(Option<DnsName>, Port)>)>;

/// Notes the names a step takes; false if an earlier step takes one of them.
fn claim(names: &mut Names, view: &View, action: &Action) -> bool {
    let Action::Connect { connect, .. } = action else { return true };
    let Some(NamespaceRef::Arn(_, id)) = &connect.namespace else { return false };
    let namespace = view.known_namespaces().iter().find(|namespace| namespace.id == *id);
    connect.endpoints.iter().all(|endpoint| {
        // A host that is not said depends on the discovery name, so it differs from endpoint to endpoint.
        let alias = endpoint.called().map(|(said, port)| {
            (namespace.map_or(said, |namespace| Some(endpoint.host_in(namespace))), port)
        });
        names.insert((id.clone(), Some(endpoint.discovery()), None))
            && (alias.is_none() || names.insert((id.clone(), None, alias)))
    })
}

#[cfg(test)]
mod tests;
