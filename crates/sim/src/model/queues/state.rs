//! The queues of one Region. Data alone.

use std::collections::BTreeMap;

use super::queue::Queue;
use crate::model::ids::Ids;
use crate::shapes::{ApiError, Time};

/// All queues.
#[derive(Debug, Clone)]
pub(in crate::model) struct Queues {
    pub(super) by_name: BTreeMap<String, Queue>,
    /// When a queue of this name was deleted.
    pub(super) deleted: BTreeMap<String, Time>,
    /// The ids of messages and receptions.
    pub(super) ids: Ids,
}

impl Queues {
    /// No queues.
    pub(in crate::model) const fn new(seed: u64) -> Self {
        Self { by_name: BTreeMap::new(), deleted: BTreeMap::new(), ids: Ids::new(seed) }
    }

    /// A queue of this name.
    pub(super) fn named(&self, name: &str) -> Result<&Queue, ApiError> {
        self.by_name.get(name).ok_or_else(queue_does_not_exist)
    }

    pub(super) fn named_mut(&mut self, name: &str) -> Result<&mut Queue, ApiError> {
        self.by_name.get_mut(name).ok_or_else(queue_does_not_exist)
    }
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// What to delete it with.
    pub receipt: String,
    /// The text: of an event, its JSON.
    pub body: String,
    /// How often it has been received, this time included.
    pub receives: u32,
    /// When it came into the queue.
    pub sent_at: Time,
}

/// The refusal of what concerns a queue that is not there.
pub(super) fn queue_does_not_exist() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

/// The refusal of a parameter that has a wrong value.
pub(super) fn invalid_parameter(text: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", text)
}
