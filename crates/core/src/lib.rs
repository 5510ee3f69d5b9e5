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

pub mod action;
pub mod brake;
pub mod canonical;
pub mod check;
pub mod choice;
mod claims;
pub mod conflict;
pub mod connect;
pub mod contended;
pub mod cost;
pub mod declaration;
pub mod declare;
pub mod document;
pub mod effect;
pub mod eligible;
pub mod engine;
pub mod explain;
pub mod fault;
mod given_up;
pub mod guard;
pub mod history;
pub mod hold;
pub mod import;
pub mod in_force;
pub mod issue;
pub mod look;
pub mod mention;
pub mod merge;
pub mod name;
pub mod needs;
mod offers;
pub mod order;
mod pinned;
pub mod plan;
pub mod prerequisite;
pub mod queue;
pub mod ready;
mod rename;
pub mod rollout;
mod room;
pub mod settings;
pub mod settle;
pub mod stale;
pub mod status;
pub mod survey;
mod swap;
pub mod tag;
#[cfg(test)]
mod testing;
pub mod time;
mod value;
pub mod view;
pub mod waves;
pub mod windows;
pub mod writes;
