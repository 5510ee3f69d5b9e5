//! The in-process face: the engine runs against the model on virtual time, in one thread, from one seed.
//!
//! ```text
//!  Controller ──Effect──▶ face ──calls──▶ weather ──▶ Model
//!       ▲                                                │ truth
//!       └──────────Event, after a drawn latency──────────┤
//!  outside events (people, pipelines, ECS) ─────────────▶│──▶ check: the invariants
//! ```
//!
//! An effect is carried out by the same API calls as the real adapter makes, each at its own virtual instant
//! and each with its own fate, so that a reading of many parts shows many instants. [`World`] lets time pass
//! from event to event; [`check::Checker`] watches the truth, never the controller's reports; [`simulate`]
//! draws a fleet, its people and its weather from a seed and runs all of it. A [`Bench`] is the face alone.
//!
//! Invariants: no clock, no thread, no randomness but the seed's: the same seed gives the same trace, word for
//! word. Nothing here decides what eastwest does.

mod controller;
mod post_mortem;
pub mod simulate;
mod trace;
mod world;

pub use controller::Controller;
pub use trace::Trace;
pub use world::World;
