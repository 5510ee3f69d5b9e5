//! Whether the engine has come to rest, for whoever runs it only until then.

use super::Engine;
use crate::declaration::intent::Intent;
use crate::ecs::name::ServiceKey;
use crate::guard::unseen::unread_document;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::view::rollout::has_stalled;
use crate::view::{ClusterView, ServiceView};

impl Engine {
    /// Whether nothing is left that can proceed by itself: all was looked at, nothing is under way, and whatever is
    /// still wanted waits for a person. A rollout that has stalled is waited for no longer.
    pub fn is_settled(&self) -> bool {
        let missing = self.plan.missing.iter().map(|missing| missing.hold.as_ref());
        let moves = |(key, entry): (&ServiceKey, &Entry)| self.is_to_move(key, entry);
        self.has_looked_around()
            && !self.unplanned
            && !self.is_writing()
            && self.confirming.is_empty()
            && self.questions_running() == 0
            && self.writes.to_read_back().next().is_none()
            && !missing.into_iter().any(|hold| hold.is_none_or(Hold::ends_by_itself))
            && !self.plan.entries.iter().any(moves)
            && !self.view.services().any(|(_, service)| self.is_rolling(service))
    }

    fn has_looked_around(&self) -> bool {
        let clusters = &self.view.clusters;
        let is_read = |cluster: &ClusterView| {
            let hopeless = cluster.trouble.as_ref().is_some_and(|fault| !fault.kind.is_transient());
            cluster.complete_at.is_some() || hopeless
        };
        let has_document = unread_document(&self.view, &self.settings)
            .is_none_or(|unseen| !unseen.ends_by_itself());
        self.passes > 0
            && self.view.awake_for(self.stepped_at) >= self.settings.timing.staleness
            && clusters.values().all(is_read)
            && has_document
    }

    fn is_to_move(&self, key: &ServiceKey, entry: &Entry) -> bool {
        match &entry.verdict {
            Verdict::InSync => false,
            Verdict::Step { .. } => true,
            Verdict::Hold { hold, .. } => {
                let stalled = self.view.service(key).is_some_and(|view| self.has_stalled(view));
                hold.ends_by_itself() && !stalled
            }
        }
    }

    fn is_rolling(&self, service: &ServiceView) -> bool {
        service.intent != Intent::NotOptedIn
            && service.rolling_since.is_some()
            && !self.has_stalled(service)
    }

    fn has_stalled(&self, service: &ServiceView) -> bool {
        has_stalled(service, &self.settings.timing, self.stepped_at)
    }
}
