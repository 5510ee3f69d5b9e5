//! The loop: carries effects out and hands their events to the engine.
//!
//! No decision is taken here: the engine decides what to do next and when to wake.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::World;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::engine::effect::{Effect, Event};
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::meters::Metrics;
use super::panics::panic_text;
use super::shared::Shared;

/// How long a write in flight may take after the process was asked to stop, and then the calls that give its leases up.
const LAST_CALL: Duration = Duration::from_millis(1500);
/// How long the loop waits after a step that panicked, so that a bug that strikes at once does not keep a core busy.
const AFTER_PANIC: Duration = Duration::from_secs(1);
/// How long to sleep when nothing is due. In practice a sweep is due earlier.
const IDLE: Duration = Duration::from_mins(1);

/// When to end, if nothing stops the loop before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Never: it runs until it is stopped.
    Stopped,
    /// When nothing is left that can proceed without a person.
    Settled,
}

/// Drives the engine until the run ends, then lets a write in flight finish. Returns whether the engine was settled.
pub(crate) async fn drive(
    world: Arc<World>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    until: Until,
) -> bool {
    let mut running = JoinSet::new();
    let mut event = Event::Tick;
    loop {
        if let Ok(effects) = shared.step(event) {
            for effect in effects {
                running.spawn(carry_out(Arc::clone(&world), shared.metrics.clone(), effect));
            }
        } else {
            // The new engine has asked for nothing yet. A write under way is read back, as after a restart.
            running = JoinSet::new();
            tokio::time::sleep(AFTER_PANIC).await;
        }
        if until == Until::Settled && shared.engine().is_settled() {
            break;
        }
        event = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = running.join_next() => match ended {
                Ok(event) => event,
                Err(join) => {
                    // `carry_out` catches panics, and nothing cancels them: this cannot happen.
                    error!(%join, "a task was lost");
                    Event::Tick
                }
            },
            received = shared.recv() => received,
            () = sleep_until_due(&shared) => Event::Tick,
        };
    }
    let is_settled = shared.engine().is_settled();
    last_call(&world, &shared, &mut running).await;
    is_settled
}

async fn sleep_until_due(shared: &Shared) {
    let now = shared.clock.now();
    let wake = shared.engine().next_wake();
    let pause = wake.map_or(IDLE, |wake| wake.since(now)).min(IDLE);
    tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
}

/// Stops: waits for a write in flight, so that the log shows its outcome, and gives up the leases.
async fn last_call(world: &Arc<World>, shared: &Arc<Shared>, running: &mut JoinSet<Event>) {
    let finish = async {
        let mut event = Event::Stop;
        loop {
            for effect in shared.step(event).unwrap_or_default() {
                running.spawn(carry_out(Arc::clone(world), shared.metrics.clone(), effect));
            }
            let is_done = {
                let engine = shared.engine();
                !engine.is_writing() && !engine.holds_leases()
            };
            if is_done {
                break;
            }
            event = match running.join_next().await {
                Some(ended) => ended.unwrap_or(Event::Tick),
                None => break,
            };
        }
    };
    drop(tokio::time::timeout(LAST_CALL, finish).await);
    let (is_writing, holds_leases) = {
        let engine = shared.engine();
        (engine.is_writing(), engine.holds_leases())
    };
    if is_writing {
        warn!("stopped before AWS answered a change; the next start reads its outcome");
    }
    if holds_leases {
        warn!("stopped before a lease was given up; it expires by itself");
    }
    running.abort_all();
    info!("stopped");
}

/// Carries out one effect. A panic is the failure of that effect alone.
async fn carry_out(world: Arc<World>, metrics: Metrics, effect: Effect) -> Event {
    let kept = effect.clone();
    debug!(effect = %kept, "begins");
    match AssertUnwindSafe(world.execute(effect)).catch_unwind().await {
        Ok(event) => event,
        Err(panic) => {
            let what = panic_text(panic.as_ref());
            metrics.panicked();
            error!(effect = %kept, what, "a bug: an effect panicked; it is tried again later");
            kept.failed(Fault::new(FaultKind::Unreadable, "eastwest.execute", what))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eastwest_core::declaration::settings::Settings;

    use super::super::clock::Clock;
    use super::*;

    /// An AWS that nobody answers for, and whose every call panics once it has failed.
    async fn world_that_panics() -> Arc<World> {
        let settings = eastwest_aws::Settings {
            region: Some("eu-west-1".to_owned()),
            // The discard service: nobody listens there.
            simulator: Some("http://127.0.0.1:9".to_owned()),
            on_call: Arc::new(|_| panic!("a bug")),
            ..eastwest_aws::Settings::default()
        };
        Arc::new(World::connect(settings).await.expect("a Region"))
    }

    fn panics(metrics: &Metrics) -> Option<f64> {
        let gathered = metrics.gather();
        let panics = gathered.iter().find(|family| family.name() == "eastwest_panics_total");
        panics.map(|family| family.get_metric()[0].get_counter().get_value())
    }

    #[tokio::test]
    async fn an_effect_that_panics_is_counted_its_key_waits_longer_each_time_and_the_loop_lives() {
        let (world, metrics) = (world_that_panics().await, Metrics::new());
        let clock = Clock::start(Duration::from_secs(10));
        let shared = Shared::publishing_to(Settings::default(), metrics.clone(), clock, |_, _| ());
        let mut effects = shared.step(Event::Tick).expect("no panic");
        let mut waits = Vec::new();
        for count in 1..=3 {
            let effect = effects.pop().expect("a look for the clusters");
            assert_eq!((effect.to_string().as_str(), effects.len()), ("find-clusters", 0));
            let event = carry_out(Arc::clone(&world), metrics.clone(), effect).await;
            let Event::ClustersFound(Err(fault)) = &event else { panic!("{event:?}") };
            assert!(fault.message.contains("a bug"), "{fault}");
            assert_eq!(panics(&metrics), Some(f64::from(count)));
            let before = shared.clock.now();
            assert!(shared.step(event).expect("the step does not panic").is_empty(), "not at once");
            let due = shared.engine().next_wake().expect("it is tried again");
            waits.push(due.since(before).as_secs_f64().round());
            effects = shared.engine().step(due, Event::Tick);
        }
        assert_eq!(waits, [2.0, 4.0, 8.0]);
    }
}
