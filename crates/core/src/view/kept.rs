//! What of a reading is kept: thousands of services are in memory, and most of what AWS answers matters to no decision.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::rollout::is_telling;
use crate::declaration::intent::Intent;
use crate::ecs::service::{Deployment, EcsService, Rollout};

/// A short fingerprint of the tags. The tags themselves are not kept, because thousands of services have many.
pub(super) fn fingerprint(tags: &BTreeMap<String, String>) -> [u64; 2] {
    [0_u8, 1].map(|salt| {
        let mut hasher = DefaultHasher::new();
        (salt, tags).hash(&mut hasher);
        hasher.finish()
    })
}

/// Drops what no decision needs. Thousands of services are kept, and most did not opt in; of those only their names
/// matter.
pub(super) fn slim(service: &mut EcsService, intent: &Intent) {
    let quiet = |deployment: &Deployment| deployment.rollout == Rollout::Completed;
    if *intent == Intent::NotOptedIn {
        service.events = Vec::new();
    } else if service.deployments.iter().all(quiet) {
        // Why a rollout was rolled back is asked for long after.
        service.events.retain(|event| is_telling(&event.message));
    }
    let EcsService { deployments, task_definition, .. } = &mut *service;
    for deployment in deployments.iter_mut() {
        if deployment.rollout != Rollout::Failed {
            deployment.rollout_reason = String::new();
        }
        if deployment.task_definition == *task_definition {
            // One shared text in place of two equal ones.
            deployment.task_definition = task_definition.clone();
        }
    }
    if *intent == Intent::NotOptedIn {
        // A deployment that rolls is kept, or its rollout would seem to start again at each reading.
        let rolls = |each: &Deployment| each.rollout == Rollout::InProgress;
        deployments.retain(|deployment| deployment.connect.is_some() || rolls(deployment));
        deployments.shrink_to_fit();
        service.launch_type = String::new();
        service.platform_family = String::new();
        service.platform_version = String::new();
    }
}

/// The same entries in less memory. A map that is filled in the order of its keys leaves half of each node empty.
pub(super) fn packed<K: Ord, V>(map: BTreeMap<K, V>) -> BTreeMap<K, V> {
    map.into_iter().collect()
}
