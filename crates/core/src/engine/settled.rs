//! Whether the engine has come to rest, for a caller that runs it only until then.

use super::state::Engine;
use crate::declaration::intent::Intent;
use crate::ecs::service_key::ServiceKey;
use crate::guard::unseen::unread_document;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::reason::Ending;
use crate::view::rollout::has_stalled;
use crate::view::{ClusterView, ServiceView};

impl Engine {
    /// Whether nothing is left that can proceed by itself: everything was read, nothing is under way, and whatever is
    /// still wanted waits for a person. A rollout that has stalled is waited for no longer.
    pub fn is_settled(&self) -> bool {
        self.has_read_everything() && self.is_idle() && !self.waits_for_itself()
    }

    fn has_read_everything(&self) -> bool {
        let has_document = unread_document(&self.view, &self.settings)
            .is_none_or(|unseen| !unseen.ends_by_itself());
        self.planning.passes() > 0
            && self.view.awake_for(self.stepped_at) >= self.settings.timing.staleness
            && self.view.clusters.values().all(is_read)
            && has_document
    }

    /// Whether no call is under way and none is about to begin.
    fn is_idle(&self) -> bool {
        !self.planning.is_outdated()
            && !self.is_writing()
            && !self.work.is_confirming()
            && self.work.questions_running() == 0
            && self.memory.writes().to_read_back().next().is_none()
    }

    /// Whether something proceeds or begins without a person.
    fn waits_for_itself(&self) -> bool {
        let plan = self.planning.plan();
        plan.missing.iter().any(|missing| missing.hold.as_ref().is_none_or(Hold::ends_by_itself))
            || plan.entries.iter().any(|(key, entry)| self.is_to_move(key, entry))
            || self.view.services().any(|(_, service)| self.is_rolling(service))
    }

    fn is_to_move(&self, key: &ServiceKey, entry: &Entry) -> bool {
        if entry.doubts.iter().any(|doubt| doubt.ending() == Ending::ByItself) {
            return true;
        }
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

/// Whether a cluster was read whole, or cannot be without a person.
fn is_read(cluster: &ClusterView) -> bool {
    let needs_person = cluster.trouble.as_ref().is_some_and(|fault| !fault.kind.is_transient());
    cluster.complete_at.is_some() || needs_person
}
