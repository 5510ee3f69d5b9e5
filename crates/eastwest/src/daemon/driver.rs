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
            let message = panic_text(panic.as_ref());
            metrics.panicked();
            error!(effect = %kept, message, "a bug: an effect panicked; it is tried again later");
            kept.failed(Fault::new(FaultKind::Unreadable, "eastwest.execute", message))
        }
    }
}
