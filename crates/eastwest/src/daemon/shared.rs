//! The engine, between the loop that drives it and the HTTP handlers that read it.
//!
//! One mutex, held for one step or one look, never across a wait: a step over 5,000 services takes
//! milliseconds, and a page never shows a half-made plan.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::entry::Entry;
use eastwest_core::plan::hold::Hold;
use eastwest_core::report::news::News;
use eastwest_core::report::ready;
use tokio::sync::Notify;

use super::clock::Clock;
use super::meters::Metrics;
use super::record::record;

/// Receives what changed.
type Publish = dyn Fn(&Metrics, News) + Send + Sync;

/// The engine with its clocks and meters.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    /// The meters.
    pub(crate) metrics: Metrics,
    /// The clocks.
    pub(crate) clock: Clock,
    publish: Box<Publish>,
    /// Events from people that the loop has not received yet.
    inbox: Mutex<VecDeque<Event>>,
    arrived: Notify,
}

impl Shared {
    /// A new engine that begins with the clock, whose news go to the log.
    pub(crate) fn new(settings: Settings, metrics: Metrics, clock: Clock) -> Self {
        Self::publishing_to(settings, metrics, clock, record)
    }

    /// A new engine that begins with the clock, whose news go to `publish`.
    pub(crate) fn publishing_to(
        settings: Settings,
        metrics: Metrics,
        clock: Clock,
        publish: impl Fn(&Metrics, News) + Send + Sync + 'static,
    ) -> Self {
        Self {
            engine: Mutex::new(Engine::new(settings, clock.began())),
            metrics,
            clock,
            publish: Box::new(publish),
            inbox: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// The engine, to read from.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        // A panic while the lock was held ended the loop; what remains is only read.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That AWS has answered nothing yet, if it is so for too long.
    pub(crate) fn silence(&self) -> Option<String> {
        let (began, now) = (self.clock.began(), self.clock.now());
        ready::silence(self.metrics.has_answered(), began, now)
    }

    /// What the pages wait for until they are complete and fresh.
    pub(crate) fn waiting_for(&self) -> Vec<String> {
        let engine = self.engine();
        let missing =
            ready::waiting_for(engine.view(), &engine.settings().timing, self.clock.now());
        self.silence().into_iter().chain(missing).collect()
    }

    /// One step, with its measurements and log lines.
    pub(crate) fn step(&self, event: Event) -> Vec<Effect> {
        let mut engine = self.engine();
        let (before, began) = (engine.passes(), Instant::now());
        let effects = engine.step(self.clock.now(), event);
        if engine.passes() > before {
            self.metrics.pass(began.elapsed(), engine.plan());
        }
        let news = engine.take_news();
        drop(engine);
        for item in news {
            (self.publish)(&self.metrics, item);
        }
        effects
    }

    /// Sends an event to the loop.
    pub(crate) fn send(&self, event: Event) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        self.arrived.notify_one();
    }

    /// Waits for the next event that was sent.
    pub(crate) async fn recv(&self) -> Event {
        loop {
            let next = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match next {
                Some(event) => return event,
                None => self.arrived.notified().await,
            }
        }
    }

    /// Consents to a plan: how many changes it stands for, or, where no change waits for this id, the ids that wait.
    pub(crate) fn acknowledge(&self, plan: &PlanId) -> Result<usize, Vec<PlanId>> {
        let changes = self.engine().plan().acknowledged_by(plan)?;
        self.send(Event::Acknowledged(plan.clone()));
        Ok(changes)
    }

    /// Asks for one more attempt at a service that ECS rolled back: its key, or why there is nothing to try again.
    pub(crate) fn retry(&self, path: &ServicePath) -> Result<ServiceKey, String> {
        let key = {
            let engine = self.engine();
            let key = engine.view().at_path(path);
            let key = key.ok_or_else(|| format!("there is no service {path}"))?;
            let held = engine.plan().entries.get(key).and_then(Entry::hold);
            match held {
                Some(Hold::RolledBack { .. }) => key.clone(),
                Some(other) => {
                    return Err(format!(
                        "{path} is not held because ECS rolled it back, but as {}: {other}",
                        other.reason()
                    ));
                }
                None => {
                    return Err(format!("{path} is not held, so there is nothing to try again"));
                }
            }
        };
        self.send(Event::Retry(key.clone()));
        Ok(key)
    }
}
