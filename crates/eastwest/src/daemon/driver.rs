//! The loop: carries effects out and hands their events to the engine.
//!
//! No decision is taken here: the engine decides what to do next and when to wake.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::World;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::engine::effect::{Effect, Event};
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::shared::Shared;

/// How long a call in flight may take after the process was asked to stop.
const LAST_CALL: Duration = Duration::from_millis(1800);
// The process must end within two seconds of being told to.
const _: () = assert!(LAST_CALL.as_millis() < 2000);
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
        for effect in shared.step(event) {
            running.spawn(carry_out(Arc::clone(&world), effect));
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
    shared.step(Event::Stop);
    last_call(&shared, &mut running).await;
    is_settled
}

async fn sleep_until_due(shared: &Shared) {
    let now = shared.clock.now();
    let wake = shared.engine().next_wake(now);
    let pause = wake.map_or(IDLE, |wake| wake.since(now)).min(IDLE);
    tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
}

/// Waits for a write in flight, so that the log shows its outcome.
async fn last_call(shared: &Shared, running: &mut JoinSet<Event>) {
    let finish = async {
        while shared.engine().is_writing() {
            match running.join_next().await {
                Some(Ok(event)) => drop(shared.step(event)),
                Some(Err(_)) => {}
                None => break,
            }
        }
    };
    if tokio::time::timeout(LAST_CALL, finish).await.is_err() {
        warn!("stopped before AWS answered a change; the next start reads its outcome");
    }
    running.abort_all();
    info!("stopped");
}

/// Carries out one effect. A panic is the failure of that effect alone.
async fn carry_out(world: Arc<World>, effect: Effect) -> Event {
    let kept = effect.clone();
    match AssertUnwindSafe(world.execute(effect)).catch_unwind().await {
        Ok(event) => event,
        Err(panic) => {
            let message = panic_text(panic.as_ref());
            error!(effect = ?kept, message, "a bug: an effect panicked");
            kept.failed(Fault::new(FaultKind::Unreadable, "eastwest.execute", message))
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
