//! Every decision eastwest takes: pure, total, deterministic.
//!
//! Eight rooms. A room imports only rooms below it:
//!
//! ```text
//!  engine        the reconciler: events in, effects out; what is due when        top
//!  report        what is published: status, news, explain, cost, import
//!  guard         which steps of a plan may run now
//!  planner       how a plan is made
//!  plan          what a plan is: entries, actions, holds
//!  view          what is known of AWS, how old it is, how sure
//!  declaration   what people wrote, and what is wrong with it
//!  ecs           what AWS has; time and faults                                   ground
//! ```
//!
//! The flow, in reading order:
//!
//! ```text
//!  tags, document ──declaration──▶ Intent ──┐
//!                                           ├──▶ View ──planner──▶ Plan ──guard──▶ Plan ──engine──▶ Effect
//!  readings ───────────ecs─────────────────▶┘
//! ```
//!
//! A change that must not be made now is a [`plan::hold::Hold`] in the plan, so that it is shown, counted and tested.
//! **Absent here, on purpose:** I/O, a clock, randomness, logging, hash maps, the AWS SDK. Time is an argument.

#![cfg_attr(
    test,
    expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its texts so")
)]

pub mod ecs;
pub mod declaration;
pub mod view;
pub mod plan;
pub mod planner;
pub mod guard;
pub mod report;
pub mod engine;

#[cfg(test)]
mod testing;
