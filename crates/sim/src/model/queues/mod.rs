//! SQS: standard queues on virtual time.
//!
//! **Invariant:** a message is delivered at least once and leaves its queue only when a receiver deletes it, when its
//! retention ends, or when the redrive policy moves it to the dead-letter queue. Nothing is scheduled: when a message
//! becomes visible is a number in it, so that a queue costs nothing while nobody looks.
//!
//! In reading order: `settings` (attributes), `policy` (who may send), `queue` (messages), `state`, `lookup` (which queue is
//! meant), `calls` (queues), `send`, `receive`, `batch` (messages), `direct` (the same in process).
//!
//! Absent: FIFO queues and binary attributes, which are refused; permissions of receivers; encryption, whose settings
//! are kept.

mod batch;
mod calls;
mod direct;
mod lookup;
mod policy;
mod queue;
mod receive;
mod send;
mod settings;
mod state;

pub(super) use state::Queues;
pub use state::ReceivedMessage;
