//! The real world: the only crate that knows the AWS SDK.
//!
//! [`World::execute`] takes an [`Effect`](eastwest_core::engine::effect::Effect) and answers with exactly one
//! [`Event`](eastwest_core::engine::effect::Event). **No decision is taken
//! here:** an effect carries all that its execution needs, and what cannot be read becomes
//! [`Seen::Unknown`](eastwest_core::ecs::seen::Seen::Unknown) with its fault, never absence.
//!
//! One file for each verb: [`sweep`], [`describe`] (with refresh), [`confirm`], [`history`],
//! [`namespaces`], [`namespace_use`], [`task_definition`], [`clusters`], [`parameters`], [`queue`], [`lease`], [`apply`], and for what
//! services wait for [`new_namespace`] and [`named_ports`]. What only `verify` reads, [`tasks`] and [`instances`], is asked
//! for directly. People are told over [`bus`], and over [`https`], which is the one thing here that is not AWS's: it shares
//! the client. Below them: [`call`] makes one call, [`pace`] waits for
//! its turn, [`pages`] walks through listings, [`bounded`] refuses answers without end, [`convert`], [`raw`], [`members`] and [`revision`] read answers,
//! [`fault`] and [`text`] read failures, [`tap`] hands on what was asked and answered. [`operation`] is the table of all calls,
//! [`permissions`] the IAM policies that follow from it, and [`world`] what they go through. Above them, [`execute`] chooses the verb; beside them, [`captured`] plays AWS out of
//! files.
//!
//! **Absent on purpose:** retries of writes, caches, logs. Who asked decides what to do next.

#![cfg_attr(
    test,
    expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its texts so")
)]

mod apply;
mod bounded;
mod bus;
mod call;
mod captured;
mod clusters;
mod confirm;
mod convert;
mod credentials;
mod describe;
mod execute;
mod fault;
mod history;
mod https;
mod instances;
mod lease;
mod members;
mod named_ports;
mod namespace_use;
mod namespaces;
mod new_namespace;
mod operation;
mod pace;
mod pages;
mod parameters;
mod permissions;
mod queue;
mod raw;
mod revision;
mod settings;
mod sweep;
mod tap;
mod task_definition;
mod tasks;
#[cfg(test)]
mod tests;
mod text;
mod world;

pub use bus::{BusEvent, Untaken};
pub use call::{Call, OnCall};
pub use captured::{CapturedFile, Captures, NotACapture};
pub use fault::Denied;
pub use https::{Answered, Https, Unanswered};
pub use operation::{ACTIONS, Access, Operation};
pub use pace::{Bucket, Share};
pub use permissions::{Policy, policies};
pub use settings::{NoRegion, Settings};
pub use tap::{Heard, OnAnswer};
pub use world::{LeaseTable, MayWrite, Unchanged, World};
