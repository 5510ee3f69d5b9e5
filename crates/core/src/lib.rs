//! Every decision eastwest takes: pure, total, deterministic.
//!
//! The flow on one page, in reading order:
//!
//! ```text
//!  tags ──tag──▶ Declaration ──settle──▶ Desired ──plan──▶ Plan ──guard──▶ Plan ──check──▶ Effect
//!  readings ──merge──▶ View ────────────────┴──────────────┘
//! ```
//!
//! [`engine`] holds the parts together: events in, effects out. **Absent here, on purpose:** I/O, a clock,
//! randomness, logging, hash maps, the AWS SDK. Time is an argument; everything that must not be done now is a
//! [`plan::Hold`] in the answer, so that it is shown, counted and tested.

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
