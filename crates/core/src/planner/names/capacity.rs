//! How many ECS services a namespace takes: 300, and nobody can raise that (GR:ecs-service).
//!
//! Clients count too. A service that is in the namespace may still change. A service that would join a full namespace is
//! held before ECS refuses it; the services that join before it in the same plan count.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::defaults::Defaults;
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::{Arn, NamespaceId};
use crate::ecs::namespace::{Namespace, NamespaceUse};
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::planner::entries::Entries;
use crate::planner::input::PlannerInput;
use crate::view::ServiceView;

/// ECS services in one namespace (GR:ecs-service).
pub(crate) const SERVICES_MAX: usize = 300;

/// Whether a service is in a namespace, with any deployment that still has tasks.
pub(crate) fn is_in(
    service: &EcsService,
    namespace: &NamespaceId,
    defaults: &Defaults<'_>,
) -> bool {
    !service.is_gone()
        && service
            .running()
            .filter_map(|deployment| defaults.namespace_of(deployment.connect.as_ref()?))
            .any(|found| found.id == *namespace)
}

/// Whether a namespace takes no more services.
pub(crate) fn is_full(input: &PlannerInput<'_>, namespace: &NamespaceId) -> bool {
    members(input, namespace).len() >= SERVICES_MAX
}

/// The holds of the steps by which more services would join a namespace than it takes; `order` is the order of steps.
pub(crate) fn holds_beyond(
    input: &PlannerInput<'_>,
    entries: &Entries,
    order: &[ServiceKey],
) -> Vec<(ServiceKey, Hold)> {
    let mut counts: BTreeMap<&NamespaceId, usize> = BTreeMap::new();
    let mut holds = Vec::new();
    for key in order {
        let Some(namespace) = entries.get(key).and_then(|entry| joined(input, key, entry)) else {
            continue;
        };
        let count =
            counts.entry(&namespace.id).or_insert_with(|| members(input, &namespace.id).len());
        if *count >= SERVICES_MAX {
            holds.push((key.clone(), Hold::Ineligible(words(namespace, *count))));
        } else {
            *count += 1;
        }
    }
    holds
}

/// The namespace that a service would join by its step; `None` if it is in it already.
fn joined<'e>(
    input: &PlannerInput<'_>,
    key: &ServiceKey,
    entry: &'e Entry,
) -> Option<&'e Namespace> {
    let Verdict::Step { action } = &entry.verdict else { return None };
    let namespace = entry.namespace.as_ref()?;
    let service = input.view.service(key)?.last.as_deref()?;
    let stays_out = matches!(action, Action::Disconnect { .. });
    let joins = !stays_out && !is_in(service, &namespace.id, &input.defaults_of(service));
    joins.then_some(namespace)
}

/// The services that were seen in a namespace, and those that have joined since.
fn members(input: &PlannerInput<'_>, namespace: &NamespaceId) -> BTreeSet<Arn> {
    let read = input.view.uses.get(namespace).map(|(_, seen)| seen);
    let mut members = match read {
        Some(Seen::Known(NamespaceUse { members, .. })) => members.clone(),
        Some(Seen::Absent | Seen::Unknown(_)) | None => BTreeSet::new(),
    };
    // AWS says that these are gone, though they are kept until two listings agree: they keep nobody out.
    let is_there = |view: &ServiceView| {
        let is_gone = |fault: &Fault| fault.kind == FaultKind::NotFound;
        view.missing_since.is_none() && !view.trouble.as_ref().is_some_and(is_gone)
    };
    let watched = input.view.services().filter(|(_, view)| is_there(view));
    let watched = watched.filter_map(|(_, view)| view.last.as_deref());
    let there = watched.filter(|each| is_in(each, namespace, &input.defaults_of(each)));
    members.extend(there.map(|service| service.arn.clone()));
    members
}

fn words(namespace: &Namespace, members: usize) -> String {
    format!(
        "namespace {} has {members} services, those that join before this one included, and ECS allows {SERVICES_MAX}, a quota that cannot be raised: switch Service Connect off for one that does not need it, or put this service into another namespace",
        namespace.name
    )
}
