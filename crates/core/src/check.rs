//! What must hold of any plan before one step of it is taken.
//!
//! A breach is a bug of ours, not of the user's: then nothing is written at all and it is shouted about.
//! This file and [`crate::guard`] are what a reviewer must read to trust the rest.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::declare::Intent;
use crate::name::{DiscoveryName, DnsName, NamespaceId, NamespaceRef, Port, ServiceKey};
use crate::plan::{Plan, Verdict};
use crate::settings::{Policy, Settings};
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
            (settings.policy == Policy::Observe, "a step under the policy observe"),
            (removes(settings.policy, action), "a switching off under the policy upsert-only"),
            (!declared(view, key), "a step for a service that did not opt in"),
            (!readable(view, key), "a step for a service that was not read, or is rolling"),
            (entry.changes.is_empty(), "a step that changes nothing"),
            (action.service() != key, "a step under another service's name"),
            (!claim(&mut names, action), "a name for two services"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        breaches.extend(broken.map(|(_, rule)| Breach { service: key.clone(), rule }));
    }
    breaches
}

fn removes(policy: Policy, action: &Action) -> bool {
    policy == Policy::UpsertOnly && matches!(action, Action::Disconnect { .. })
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

type Names = BTreeSet<(NamespaceId, Option<DiscoveryName>, Option<(Option<DnsName>, Port)>)>;

/// Notes the names a step takes; false if an earlier step takes one of them.
fn claim(names: &mut Names, action: &Action) -> bool {
    let Action::Connect { connect, .. } = action else { return true };
    let Some(NamespaceRef::Arn(_, id)) = &connect.namespace else { return false };
    connect.endpoints.iter().all(|endpoint| {
        let alias = endpoint.alias.as_ref().map(|alias| (alias.dns_name.clone(), alias.port));
        names.insert((id.clone(), Some(endpoint.discovery()), None))
            && (alias.is_none() || names.insert((id.clone(), None, alias)))
    })
}

#[cfg(test)]
mod tests;
