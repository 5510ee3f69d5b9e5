//! One run: the controller against the model on virtual time, in one thread, from one seed.
//!
//! ```text
//!  Controller ──Effect──▶ adapter ──calls──▶ weather ──▶ Model
//!       ▲                                                  │ truth
//!       └──────────Event, after a drawn latency────────────┤
//!  outside events (people, pipelines, ECS) ───────────────▶│──▶ judge: the invariants
//! ```
//!
//! **In:** a model, the weather, a judge, a way to make a controller, and what happens outside; for [`simulate`] a seed
//! alone. **Out:** the trace of what happened, the first broken rule, and counts of what the run tried.
//!
//! [`World`] lets time pass from event to event. The judge watches the truth, never the controller's reports.
//! [`simulate`] draws a fleet, its people and its weather from a seed and runs all of it.
//!
//! **Invariant:** no clock, no thread, no randomness but the seed's. The same seed gives the same trace, word for word.
//! Nothing here decides what eastwest does.
//!
//! In reading order: `controller` (what is run), `trace` (what is written down),
//! `process` (one process), `fences` (who may write by the lease table), `world` (how time passes),
//! `final_state` (how everything stands when a rule broke), `fresh` (a fresh controller says the same), `quiet_writes`
//! (which writes count when all is calm), `report` (what became of a life), `simulate` (a whole life), `leased_life` (what a life with leases has besides).

mod controller;
mod fences;
mod final_state;
mod fresh;
mod leased_life;
mod process;
mod quiet_writes;
mod report;
pub mod simulate;
mod trace;
mod world;

pub use controller::Controller;
pub use report::Report;
pub use trace::Trace;
pub use world::World;
