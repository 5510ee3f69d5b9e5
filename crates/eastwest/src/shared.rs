//! The engine, between the loop that drives it and the HTTP handlers that look at it.
//!
//! One mutex, held for one step or one look, never across a wait: a step over 5,000 services takes
//! milliseconds, and a page never shows a half-made plan.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::consent::PlanId;
use eastwest_core::report::news::News;
use tokio::sync::Notify;

use crate::metrics::Metrics;
use crate::record::record;

/// Who is told what changed.
type Teller = dyn Fn(&Metrics, News) + Send + Sync;

/// The engine with its clocks and meters.
pub struct Shared {
    engine: Mutex<Engine>,
    /// The meters.
    pub metrics: Metrics,
    start: Instant,
    /// What our clock showed at the start.
    head_start: Duration,
    started_at: jiff::Timestamp,
    teller: Box<Teller>,
    /// What people have said and the loop has not taken up.
    inbox: Mutex<VecDeque<Event>>,
    mail: Notify,
}

impl Shared {
    /// A new engine at time zero, which tells of itself in the log.
    pub fn new(settings: Settings, metrics: Metrics) -> Self {
        Self::telling(settings, metrics, record)
    }

    /// A new engine at time zero, which tells somebody else.
    pub fn telling(
        settings: Settings,
        metrics: Metrics,
        teller: impl Fn(&Metrics, News) + Send + Sync + 'static,
    ) -> Self {
        let (start, started_at) = (Instant::now(), jiff::Timestamp::now());
        let now = Now { since_start: Duration::ZERO, calendar: started_at };
        Self {
            engine: Mutex::new(Engine::new(settings, now)),
            metrics,
            start,
            head_start: Duration::ZERO,
            started_at,
            teller: Box::new(teller),
            inbox: Mutex::default(),
            mail: Notify::new(),
        }
    }

    /// The same, as if it had run for `head_start` when it was made: its start-up pause is shorter by as much, and
    /// nothing else is. For tests, see [`crate::cli::Flags::start_up_pause`].
    #[must_use]
    pub fn with_head_start(self, head_start: Duration) -> Self {
        let settings = self.engine().settings().clone();
        let now = Now { since_start: head_start, calendar: self.started_at };
        Self { engine: Mutex::new(Engine::new(settings, now)), head_start, ..self }
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        let since_start = self.head_start + self.start.elapsed();
        Now { since_start, calendar: jiff::Timestamp::now() }
    }

    /// The calendar time of a moment on our own clock.
    pub fn calendar(&self, moment: Now) -> jiff::Timestamp {
        jiff::SignedDuration::try_from(moment.since_start.saturating_sub(self.head_start))
            .ok()
            .and_then(|since| self.started_at.checked_add(since).ok())
            .unwrap_or(self.started_at)
    }

    /// The engine, to look at.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        // A panic while the lock was held ended the loop; what remains is only looked at.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step, with its measurements and log lines.
    pub fn step(&self, event: Event) -> Vec<Effect> {
        let mut engine = self.engine();
        let (before, began) = (engine.passes(), Instant::now());
        let effects = engine.step(self.now(), event);
        if engine.passes() > before {
            self.metrics.pass(began.elapsed(), engine.plan());
        }
        let news = engine.take_news();
        drop(engine);
        for item in news {
            (self.teller)(&self.metrics, item);
        }
        effects
    }

    /// Tells the loop what somebody has said.
    pub(crate) fn say(&self, event: Event) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        self.mail.notify_one();
    }

    /// Waits for what somebody says next.
    pub(crate) async fn said(&self) -> Event {
        loop {
            let next = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match next {
                Some(event) => return event,
                None => self.mail.notified().await,
            }
        }
    }

    /// Agrees to a plan: how many changes it stands for, or the ids that wait where that is none of them.
    pub(crate) fn acknowledge(&self, plan: &PlanId) -> Result<usize, Vec<PlanId>> {
        let engine = self.engine();
        let waiting = engine.plan().awaiting_consent();
        let changes = match waiting.get(plan) {
            Some(why) => why.changes,
            None if !waiting.is_empty() && engine.plan().id() == *plan => {
                waiting.values().map(|why| why.changes).sum()
            }
            None => return Err(waiting.into_keys().cloned().collect()),
        };
        self.say(Event::Acknowledged(plan.clone()));
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_start_is_seen_by_our_own_clock_alone() {
        let head_start = Duration::from_secs(10);
        let before = jiff::Timestamp::now();
        let shared = Shared::new(Settings::default(), Metrics::new()).with_head_start(head_start);
        let now = shared.now();
        assert!(now.since_start >= head_start);
        let start = Now { since_start: head_start, ..now };
        assert!((before..=now.calendar).contains(&shared.calendar(start)));
        assert!(shared.calendar(now) >= shared.calendar(start));
    }

    #[test]
    fn a_head_start_is_no_sleep_that_lasted_too_long() {
        let settings = Settings { clusters: Some([].into()), ..Settings::default() };
        let shared = Shared::new(settings, Metrics::new()).with_head_start(Duration::from_secs(10));
        let mut engine = shared.engine();
        engine.step(shared.now(), Event::Tick);
        assert!(engine.take_news().is_empty());
    }
}
