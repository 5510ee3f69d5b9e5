//! The engine, between the loop that drives it and the HTTP handlers that look at it.
//!
//! One mutex, held for one step or one look, never across a wait: a step over 5,000 services takes
//! milliseconds, and a page never shows a half-made plan.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use eastwest_core::effect::{Effect, Event};
use eastwest_core::engine::Engine;
use eastwest_core::settings::Settings;
use eastwest_core::time::Now;

use crate::metrics::Metrics;
use crate::record::record;

/// The engine with its clocks and meters.
pub struct Shared {
    engine: Mutex<Engine>,
    /// The meters.
    pub metrics: Metrics,
    start: Instant,
    started_at: jiff::Timestamp,
}

impl Shared {
    /// A new engine at time zero.
    pub fn new(settings: Settings, metrics: Metrics) -> Self {
        let (start, started_at) = (Instant::now(), jiff::Timestamp::now());
        let now = Now { since_start: std::time::Duration::ZERO, calendar: started_at };
        Self { engine: Mutex::new(Engine::new(settings, now)), metrics, start, started_at }
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        Now { since_start: self.start.elapsed(), calendar: jiff::Timestamp::now() }
    }

    /// The calendar time of a moment on our own clock.
    pub fn calendar(&self, moment: Now) -> jiff::Timestamp {
        jiff::SignedDuration::try_from(moment.since_start)
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
            record(&self.metrics, item);
        }
        effects
    }
}
