//! The events that AWS sends of what changes in the model, and EventBridge's rules for who gets them.
//!
//! **Invariant:** a change is announced where it is made, in the same call, and only if a rule listens: a world in
//! which nobody listens pays nothing for events. An event never holds a parameter's value, the value of an environment
//! variable or an option of a log driver. What the bus draws (loss, delay, doubling) comes from a generator of its own,
//! so that who listens changes nothing else of the world.
//!
//! In reading order: `state` (rules and targets), `envelope` (one event), `pattern`, `pattern_text` (which events a
//! rule wants), `publish` (from the bus into queues), `rollouts`, `changes`, `trail` (what is announced), `rules`,
//! `targets`, `put_events` (the calls).
//!
//! Absent: other buses than `default`, archives, pipes; schedules, which are stored and never fire; targets other than
//! SQS queues, which are stored and get nothing.

mod changes;
mod envelope;
mod pattern;
mod pattern_text;
mod publish;
mod put_events;
mod rollouts;
mod rules;
mod state;
mod targets;
mod trail;

pub(super) use changes::{ParameterChange, ParameterOperation, TagChange};
pub(super) use state::Bus;
pub(super) use trail::Outcome;
