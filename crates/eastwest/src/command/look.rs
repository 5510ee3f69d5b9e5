//! Carries out one look, for the commands that write nothing. What to read is decided by [`Look`].

use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::World;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::Event;
use eastwest_core::engine::look::{Look, Looked};
use tokio::task::JoinSet;

/// Looks once at every cluster and everything its plan depends on.
pub(crate) async fn look(world: Arc<World>, settings: &Settings) -> Looked {
    let mut look = Look::new(settings.clone(), now());
    let mut running = JoinSet::new();
    let mut event = Event::Tick;
    loop {
        for effect in look.step(now(), event) {
            let world = Arc::clone(&world);
            running.spawn(async move { world.execute(effect).await });
        }
        event = match running.join_next().await {
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
