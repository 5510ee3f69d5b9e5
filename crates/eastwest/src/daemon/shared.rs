//! The engine, between the loop that drives it and the HTTP handlers that read it.
//!
//! One mutex, held for one step or one look, never across a wait: a step over 5,000 services takes
//! milliseconds, and a page never shows a half-made plan.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use eastwest_aws::{Call, Denied};
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::entry::Entry;
use eastwest_core::plan::hold::Hold;
use eastwest_core::report::denied::Denials;
use eastwest_core::report::news::News;
use eastwest_core::report::notice::{About, Level, Notice, NoticeKind, notice};
use eastwest_core::report::ready::{self, Trouble};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::clock::Clock;
use super::history::History;
use super::meters::Metrics;
use super::panics::panic_text;
use super::record::record;

/// A step panicked, and a new engine has taken the place of the old one.
#[derive(Debug)]
pub(crate) struct LostEngine;

/// Receives what changed.
type Publish = dyn Fn(&Metrics, News) + Send + Sync;

/// The engine with its clocks and meters.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    /// The meters.
    pub(crate) metrics: Metrics,
    /// The clocks.
    pub(crate) clock: Clock,
    /// What happened lately.
    pub(crate) history: History,
    /// Which actions AWS denies.
    denials: Mutex<Denials>,
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
            history: History::new(clock.began().calendar),
            denials: Mutex::default(),
            publish: Box::new(publish),
            inbox: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// The engine, to read from.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        // Where a panic came while the lock was held, a new engine takes the place of this one.
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

    fn denials(&self) -> MutexGuard<'_, Denials> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one attempt of a call to AWS: it is counted, and an action that is denied is said once.
    pub(crate) fn called(&self, call: &Call) {
        self.metrics.call(call);
        match (&call.denied, call.id()) {
            (Some(Denied { action, fault }), _) => {
                if self.denials().denied(action, fault, self.clock.now()) {
                    warn!(action, fault = %fault, page = fault.kind.page(), "AWS denies an action");
                }
            }
            (None, Some(operation)) if call.result == "Ok" => self.denials().answered(operation),
            (None, _) => {}
        }
    }

    /// Everything that cannot be read or done now.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        let engine = self.engine();
        let (view, now) = (engine.view(), self.clock.now());
        let leader = |cluster: &ClusterName| Some((cluster.clone(), engine.leader(cluster, now)?));
        let leaders: Vec<_> = view.clusters.keys().filter_map(leader).collect();
        ready::troubles(view, engine.queue_trouble(), &leaders, &self.denials())
    }

    /// One step. If it panics, that is a bug: a new engine takes the place of this one, as after a restart, and what runs
    /// must be dropped.
    pub(crate) fn step(&self, event: Event) -> Result<Vec<Effect>, LostEngine> {
        catch_unwind(AssertUnwindSafe(|| self.try_step(event))).map_err(|panic| {
            self.metrics.panicked();
            error!(
                what = panic_text(panic.as_ref()),
                "a bug: a step panicked; eastwest starts again"
            );
            let mut engine = self.engine();
            let (settings, pauses) = (engine.settings().clone(), engine.pauses().clone());
            *engine = Engine::in_place_of_a_lost_one(settings, pauses, self.clock.now());
            LostEngine
        })
    }

    /// One step, with its measurements and log lines.
    fn try_step(&self, event: Event) -> Vec<Effect> {
        let mut engine = self.engine();
        let (before, began) = (engine.passes(), Instant::now());
        let effects = engine.step(self.clock.now(), event);
        if engine.passes() > before {
            self.metrics.pass(began.elapsed(), engine.plan());
        }
        let news = engine.take_news();
        drop(engine);
        for item in news {
            if let Some(notice) = notice(&item) {
                self.tell(notice);
            }
            (self.publish)(&self.metrics, item);
        }
        effects
    }

    /// Adds something to the history.
    pub(crate) fn tell(&self, notice: Notice) {
        self.history.add(self.clock.now().calendar, notice);
    }

    /// Adds what a person asked for.
    pub(super) fn tell_request(&self, service: Option<&ServiceKey>, sentence: &str) {
        let about = service.map_or(About::Process, |key| About::Service(key.clone()));
        self.tell(Notice::new(NoticeKind::Request, Level::Info, about, sentence));
    }

    /// Asks for a look now, at one service or at everything: the key, or why there is no such service.
    pub(crate) fn look(&self, path: Option<&ServicePath>) -> Result<Option<ServiceKey>, String> {
        let key = path.map(|path| {
            let engine = self.engine();
            let key = engine.view().at_path(path).cloned();
            key.ok_or_else(|| format!("there is no ECS service {path}"))
        });
        let key = key.transpose()?;
        self.send(Event::Look(key.clone()));
        let service = key.as_ref().map_or("all".to_owned(), ToString::to_string);
        info!(service, "looks now");
        self.tell_request(key.as_ref(), "a person asked for a look now");
        Ok(key)
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
        info!(%plan, changes, "acknowledged");
        let words = format!("a person acknowledged plan {plan}: {changes} changes");
        self.tell_request(None, &words);
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
        info!(service = %key, "tries again");
        self.tell_request(Some(&key), "a person asked for a retry");
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use eastwest_core::ecs::fault::{Fault, FaultKind};

    use super::*;

    #[test]
    fn a_step_that_panics_is_counted_and_a_new_engine_goes_on_as_after_a_start() {
        let has_panicked = AtomicBool::new(false);
        let publish = move |_: &Metrics, _: News| {
            assert!(has_panicked.swap(true, Ordering::Relaxed), "a bug");
        };
        let clock = Clock::start(Duration::from_secs(10));
        let shared = Shared::publishing_to(Settings::default(), Metrics::new(), clock, publish);
        assert_eq!(shared.step(Event::Tick).expect("no news yet"), [Effect::FindClusters]);
        let denied = Fault::new(FaultKind::Denied, "ecs.ListClusters", "no");
        shared.step(Event::ClustersFound(Err(denied))).expect_err("the first news panic");
        let counted = shared.metrics.gather();
        let panics = counted.iter().find(|family| family.name() == "eastwest_panics_total");
        let panics = panics.map(|family| family.get_metric()[0].get_counter().get_value());
        assert_eq!(panics, Some(1.0));
        assert_eq!(shared.step(Event::Tick).expect("it goes on"), [Effect::FindClusters]);
        let pauses_from = shared.engine().view().awake_since;
        assert!(pauses_from >= Duration::from_secs(10), "it pauses as after a start");
    }
}
