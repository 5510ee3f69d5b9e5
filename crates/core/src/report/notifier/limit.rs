//! How many messages a channel may be sent: a bucket of tokens that fills over time.
//!
//! **Invariant:** within any span no more than the burst, and one for each refill in that span.

use std::time::Duration;

use super::pace::Pace;
use crate::ecs::time::Now;

/// A bucket. It holds only when it is full again, so that it needs no clock of its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limit {
    full_at: Option<Now>,
}

impl Limit {
    /// Whether one more may be sent.
    pub(super) fn allows(&self, pace: &Pace, now: Now) -> bool {
        let lacks = self.full_at.map_or(Duration::ZERO, |full| full.since(now));
        lacks <= pace.refill * pace.burst.saturating_sub(1)
    }

    /// One is sent.
    pub(super) fn take(&mut self, pace: &Pace, now: Now) {
        let from = self.full_at.map_or(now, |full| full.max(now));
        self.full_at = Some(from.plus(pace.refill));
    }
}
