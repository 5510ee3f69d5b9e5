//! What is known of one subject that needs a person, or did a moment ago.

use super::pace::Pace;
use crate::ecs::time::Now;
use crate::report::concern::Concern;

/// A subject that needs a person, or did a moment ago.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Why, as it was last seen.
    pub(super) concern: Concern,
    /// Since when we have seen this topic.
    pub(super) since: Now,
    /// Since when it is in order.
    pub(super) over_since: Option<Now>,
}

impl Known {
    /// Whether it has stood for long enough, or did.
    pub(super) fn is_ripe(&self, pace: &Pace, now: Now) -> bool {
        self.over_since.unwrap_or(now).since(self.since) >= pace.ripe_after
    }
}
