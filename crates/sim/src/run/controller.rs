//! What the world runs: the engine, or in tests of the checkers a flawed stand-in for it.

use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::report::news::News;

/// A reconciler: events in, effects out.
pub trait Controller {
    /// Takes in one event and says what to do next.
    fn step(&mut self, now: Now, event: Event) -> Vec<Effect>;
    /// When to come back with [`Event::Tick`] if nothing else happens before.
    fn next_wake(&self, now: Now) -> Option<Now>;
    /// What has changed since the last call.
    fn take_news(&mut self) -> Vec<News>;
    /// The engine inside.
    fn engine(&self) -> &Engine;
}

impl Controller for Engine {
    fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        Self::step(self, now, event)
    }

    fn next_wake(&self, _: Now) -> Option<Now> {
        Self::next_wake(self)
    }

    fn take_news(&mut self) -> Vec<News> {
        Self::take_news(self)
    }

    fn engine(&self) -> &Engine {
        self
    }
}
