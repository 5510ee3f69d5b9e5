//! Two kinds of time, kept together: our own clock, which never steps back, and the calendar.

use std::time::{Duration, Instant};

use eastwest_core::time::Now;

/// A clock that began when the process did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    started_at: jiff::Timestamp,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), started_at: jiff::Timestamp::now() }
    }

    /// The moment at which it began.
    pub(crate) fn began(&self) -> Now {
        Now { since_start: Duration::ZERO, calendar: self.started_at }
    }

    /// Both clocks.
    pub(crate) fn now(&self) -> Now {
        Now { since_start: self.start.elapsed(), calendar: jiff::Timestamp::now() }
    }

    /// The calendar time of a moment on our own clock.
    pub(crate) fn calendar(&self, moment: Now) -> jiff::Timestamp {
        jiff::SignedDuration::try_from(moment.since_start)
            .ok()
            .and_then(|since| self.started_at.checked_add(since).ok())
            .unwrap_or(self.started_at)
    }
}
