//! Carries out one look, for the commands that write nothing. What to read is decided by [`Look`].

use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::World;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::Event;
use eastwest_core::engine::look::{Look, Looked};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, interval_at};

/// A person who waits for so long is told what is still to be read, and again after each such time.
const SILENCE: Duration = Duration::from_secs(2);

/// When to tell a person who waits.
pub(crate) fn reminders() -> Interval {
    interval_at(Instant::now() + SILENCE, SILENCE)
}

/// Looks once at every cluster and everything its plan depends on.
pub(crate) async fn look(world: Arc<World>, settings: &Settings) -> Looked {
    carry_out(world, Look::new(settings.clone(), now())).await
}

/// Carries a look out to its end.
pub(crate) async fn carry_out(world: Arc<World>, mut look: Look) -> Looked {
    let mut running = JoinSet::new();
    let mut event = Event::Tick;
    let mut clock = reminders();
    loop {
        for effect in look.step(now(), event) {
            let world = Arc::clone(&world);
            running.spawn(async move { world.execute(effect).await });
        }
        let ended = loop {
            tokio::select! {
                ended = running.join_next() => break ended,
                _ = clock.tick() => eprintln!("still reading {}", look.progress()),
            }
        };
        event = match ended {
            Some(Ok(event)) => event,
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            None => return look.into_looked(),
        };
    }
}

/// One look takes no time of its own: all of it happens at once.
pub(crate) fn now() -> Now {
    Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::now() }
}
