//! How many ECS services a namespace takes: 300, and nobody can raise that (GR:ecs-service).
//!
//! Clients count too. Who is in stays free to change; who would newly join, after those before it in the same plan,
//! is held before ECS refuses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::ground::Ground;
use crate::ecs::name::{Arn, NamespaceId};
use crate::ecs::namespace::{Namespace, NamespaceUse};
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::Verdict;
use crate::plan::hold::Hold;
use crate::planner::world::World;

/// ECS services in one namespace (GR:ecs-service).
pub(crate) const SERVICES_MAX: usize = 300;

/// Whether a service is in a namespace, with any deployment that still has tasks.
pub(crate) fn is_in(service: &EcsService, namespace: &NamespaceId, ground: &Ground<'_>) -> bool {
    !service.is_gone()
        && service
            .running()
            .filter_map(|deployment| ground.namespace_of(deployment.connect.as_ref()?))
            .any(|found| found.id == *namespace)
}

/// Whether a namespace takes no more services.
pub(crate) fn is_full(world: &World<'_>, namespace: &NamespaceId) -> bool {
    members(world, namespace).len() >= SERVICES_MAX
}

/// Holds the steps by which more services would join a namespace than it takes.
pub(crate) fn hold_beyond(plan: &mut Plan, world: &World<'_>) {
    let mut members: BTreeMap<NamespaceId, usize> = BTreeMap::new();
    for key in &plan.order {
        let Some(entry) = plan.entries.get_mut(key) else { continue };
        let (Verdict::Step { action }, Some(namespace)) = (&entry.verdict, &entry.namespace) else {
            continue;
        };
        let Some(service) = world.view.service(key).and_then(|view| view.last.as_deref()) else {
            continue;
        };
        let is_in = is_in(service, &namespace.id, &world.ground_of(service));
        if is_in || matches!(action, Action::Disconnect { .. }) {
            continue;
        }
        let taken = members
            .entry(namespace.id.clone())
            .or_insert_with(|| self::members(world, &namespace.id).len());
        if *taken >= SERVICES_MAX {
            let words = words(namespace, *taken);
            entry.hold_step(Hold::Ineligible(words));
        } else {
            *taken += 1;
        }
    }
}

/// Who was seen in a namespace, and who has come since.
fn members(world: &World<'_>, namespace: &NamespaceId) -> BTreeSet<Arn> {
    let read = world.view.uses.get(namespace).map(|(_, seen)| seen);
    let mut members = match read {
        Some(Seen::Known(NamespaceUse { members, .. })) => members.clone(),
        Some(Seen::Absent | Seen::Unknown(_)) | None => BTreeSet::new(),
    };
    let watched = world.view.services().filter_map(|(_, view)| view.last.as_deref());
    let there = watched.filter(|each| is_in(each, namespace, &world.ground_of(each)));
    members.extend(there.map(|service| service.arn.clone()));
    members
}

fn words(namespace: &Namespace, members: usize) -> String {
    format!(
        "namespace {} has {members} services, those that join before this one included, and ECS allows {SERVICES_MAX}, a quota that cannot be raised: switch Service Connect off for one that does not need it, or put this service into another namespace",
        namespace.name
    )
}
