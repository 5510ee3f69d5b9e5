//! Deployments that eastwest did not begin, and what they changed.
//!
//! What is not declared is kept as deployed, so a change of it by hand stays. Nobody would notice that, unless what
//! stood before is remembered.
//!
//! **Invariant:** only two readings that follow one another show such a change. What was changed before the start is
//! not known here, and neither is a change whose deployment was rolled back. AWS's own record would tell for a
//! fortnight, at two calls for each service; thousands of services in order are not worth that.

use super::View;
use super::former::Replaced;
use crate::ecs::connect::Connect;
use crate::ecs::name::DeploymentId;
use crate::ecs::service::{Deployment, EcsService};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;

/// A rollout that eastwest began since its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRollout {
    /// Its deployment.
    pub deployment: DeploymentId,
    /// When AWS says it was created.
    pub created_at: AwsTime,
}

/// What stood in a service before others changed its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignChange {
    /// The configuration before the first of these changes; none for off.
    pub before: Option<Connect>,
    /// When AWS created the deployment of the latest.
    pub at: AwsTime,
}

impl View {
    /// Whether eastwest began this deployment, as far as it remembers.
    pub(crate) fn is_own(&self, key: &ServiceKey, deployment: &DeploymentId) -> bool {
        let own = self.own_rollouts.get(key).into_iter().flatten();
        own.into_iter().any(|rollout| rollout.deployment == *deployment)
    }
}

/// Notes what new readings of watched services show that others changed.
pub(super) fn follow(view: &mut View, replaced: &[Replaced]) {
    for Replaced { key, before } in replaced {
        let after = view.service(key).and_then(|known| known.last.clone());
        match (before.as_deref(), after.as_deref()) {
            (_, None) => drop(view.foreign_changes.remove(key)),
            (None, Some(_)) => {}
            (Some(before), Some(after)) => follow_one(view, before, after),
        }
    }
}

fn follow_one(view: &mut View, before: &EcsService, after: &EcsService) {
    let (Some(old), Some(new)) = (before.primary(), after.primary()) else { return };
    let key = &after.key;
    let stood = match view.foreign_changes.get(key) {
        Some(change) => &change.before,
        None => &old.connect,
    };
    if *stood == new.connect {
        view.foreign_changes.remove(key);
    } else if is_successor(old, new) && old.connect != new.connect && !view.is_own(key, &new.id) {
        let change = ForeignChange { before: stood.clone(), at: new.created_at };
        view.foreign_changes.insert(key.clone(), change);
    }
}

/// Whether a deployment came after the other. One that is older is a rollback.
fn is_successor(old: &Deployment, new: &Deployment) -> bool {
    new.id != old.id && new.created_at > old.created_at
}
