//! What came from the queue and is not answered yet: receipts of messages to delete, and the queue's trouble.

use super::effect::Effect;
use crate::ecs::fault::Fault;
use crate::ecs::queue::QueueUrl;

/// What came from the queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Intake {
    /// The receipts of messages to delete.
    pub(super) noted: Vec<String>,
    /// Why the latest call to receive failed, if it did.
    pub(super) not_received: Option<Fault>,
    /// Why the latest call to delete failed, if it did.
    pub(super) not_deleted: Option<Fault>,
    /// Whether more came lately than looks can follow.
    pub(super) is_flooded: bool,
}

impl Intake {
    /// Why messages cannot be received or deleted, if so.
    pub(super) fn trouble(&self) -> Option<&Fault> {
        self.not_received.as_ref().or(self.not_deleted.as_ref())
    }

    /// Deletes the messages whose hints are noted.
    pub(super) fn delete(&mut self, queue: Option<&QueueUrl>) -> Option<Effect> {
        let queue = queue.filter(|_| !self.noted.is_empty())?;
        Some(Effect::Delete(queue.clone(), std::mem::take(&mut self.noted)))
    }
}
