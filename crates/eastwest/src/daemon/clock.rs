//! Two kinds of time, kept together: our own clock, which never steps back, and the calendar.

use std::time::{Duration, Instant};

use eastwest_core::ecs::time::Now;

/// A clock that began when the process did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    /// What our own clock showed at the start.
    head_start: Duration,
    started_at: jiff::Timestamp,
}

impl Clock {
    /// A clock that begins now, as if it had run for `head_start` already: the start-up pause is shorter by as much, and
    /// nothing else is. For tests, see [`crate::config::flags::Flags::start_up_pause`].
    pub(crate) fn start(head_start: Duration) -> Self {
        Self { start: Instant::now(), head_start, started_at: jiff::Timestamp::now() }
    }

    /// The moment at which it began.
    pub(crate) fn began(&self) -> Now {
        Now { since_start: self.head_start, calendar: self.started_at }
    }

    /// Both clocks.
    pub(crate) fn now(&self) -> Now {
        let since_start = self.head_start + self.start.elapsed();
        Now { since_start, calendar: jiff::Timestamp::now() }
    }

    /// The calendar time of a moment on our own clock.
    pub(crate) fn calendar(&self, moment: Now) -> jiff::Timestamp {
        jiff::SignedDuration::try_from(moment.since_start.saturating_sub(self.head_start))
            .ok()
            .and_then(|since| self.started_at.checked_add(since).ok())
            .unwrap_or(self.started_at)
    }
}

#[cfg(test)]
mod tests {
    use eastwest_core::declaration::settings::Settings;
    use eastwest_core::engine::Engine;
    use eastwest_core::engine::effect::Event;

    use super::*;

    #[test]
    fn a_head_start_is_seen_by_our_own_clock_alone() {
        let head_start = Duration::from_secs(10);
        let before = jiff::Timestamp::now();
        let clock = Clock::start(head_start);
        let now = clock.now();
        assert!(now.since_start >= head_start);
        assert!((before..=now.calendar).contains(&clock.calendar(clock.began())));
        assert!(clock.calendar(now) >= clock.calendar(clock.began()));
    }

    #[test]
    fn a_head_start_is_no_sleep_that_lasted_too_long() {
        let settings = Settings { clusters: Some([].into()), ..Settings::default() };
        let clock = Clock::start(Duration::from_secs(10));
        let mut engine = Engine::new(settings, clock.began());
        engine.step(clock.now(), Event::Tick);
        assert!(engine.take_news().is_empty());
    }
}
