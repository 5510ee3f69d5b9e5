//! The reconciler: events in, effects out, no I/O.
//!
//! **Decides:** what to read, what to write and when to come back. **In:** an [`Event`](effect::Event) and the time.
//! **Out:** [`Effect`](effect::Effect)s to carry out, each answered by one event, and news to log.
//!
//! The daemon, the simulation on virtual time and the property tests use the same [`Engine`]. It is level-triggered: an
//! event only changes the view or says that time has passed, and every decision is made from the whole view.
//!
//! The engine has four parts: `planning` (what is wanted), `memory` (what it did itself), `work` (what is due and under
//! way) and `published` (what the caller was told). Each keeps its own invariants. [`Engine::step`] is the story that
//! leads through them.

pub mod effect;
pub(crate) mod queue;
mod nudges;
mod intake;
pub mod look;
mod memory;
mod planning;
mod polls;
mod work;
mod published_status;
mod first_readings;
mod rollouts;
mod overtaken;
mod published;
mod questions;
mod state;
mod receiving;
mod leading;
mod apply_event;
mod settled;
mod concerns;
mod wake;
mod step;

pub use published_status::PublishedStatus;
pub use state::Engine;

#[cfg(test)]
mod tests;
