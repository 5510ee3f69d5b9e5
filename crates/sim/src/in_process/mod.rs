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

mod aws;
mod bench;
pub mod check;
mod clockwork;
mod controller;
mod convert;
mod deeds;
mod definition;
mod definitions;
mod documents;
mod draw;
mod face;
mod fleet;
mod habits;
mod letter;
mod namespaces;
mod outside;
mod parameters;
mod post_mortem;
mod reads;
mod rivals;
pub mod simulate;
mod trace;
mod world;

pub use bench::Bench;
pub use controller::Controller;
pub use definition::{Definition, Flaw, definition};
pub use face::request;
pub use fleet::Fleet;
pub use outside::{Newcomer, Outside};
pub use trace::Trace;
pub use world::World;
