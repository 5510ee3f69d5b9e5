//! Early success: a rolling deployment that is done before it is over.
//!
//! Invariants: with BLOCKING the old tasks go first and then the deployment is COMPLETED; with DEFERRED it is
//! COMPLETED at once, and the old tasks linger under their ACTIVE deployment. What the new deployment lacks
//! starts afterwards like any other task, and no circuit breaker watches over it (DG:early-success-criteria).

use super::records::Event;
use super::{EcsServiceKey, Model, RolloutKind};

impl Model {
    /// Completes the PRIMARY deployment if as many of its tasks run as its service says are enough.
    pub(super) fn succeeds_early(&mut self, key: &EcsServiceKey) -> bool {
        let Some(service) = self.service(key) else { return false };
        let Some(early) = service.settings.conduct.early else { return false };
        let running = service.primary().map_or(0, super::Deployment::running);
        if running < early.enough(service.desired) {
            return false;
        }
        if early.deferred {
            self.complete(key, RolloutKind::Deploy);
            self.drop_superseded(key);
            self.fill(key);
        } else {
            self.stop_old(key, |_| true);
            self.finish(key, RolloutKind::Deploy);
            let missing = self.service(key).is_some_and(|each| each.running() != each.desired);
            if missing {
                self.begin_rollout(key, RolloutKind::Scale);
            }
        }
        true
    }

    /// The new tasks that are missing start as far as there is room; the old ones go later.
    fn fill(&mut self, key: &EcsServiceKey) {
        self.begin_rollout(key, RolloutKind::Fill);
        let Some(generation) = self.service(key).map(|service| service.generation) else { return };
        let at = self.now.plus_seconds(self.timings.deferred_cleanup_seconds);
        self.schedule(at, Event::CleanUp { key: key.clone(), generation });
    }

    /// The old tasks go, unless something else has begun since.
    pub(super) fn clean_up(&mut self, key: &EcsServiceKey, generation: u64) {
        let same = |service: &super::EcsServiceState| {
            service.generation == generation && !service.deployments.is_empty()
        };
        if self.service(key).is_some_and(same) {
            self.begin_rollout(key, RolloutKind::Scale);
        }
    }
}
