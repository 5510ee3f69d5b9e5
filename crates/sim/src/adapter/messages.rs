//! The messages of a queue, received by a long poll and deleted: each call is tried once.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::queue::{Message, QueueUrl};

use super::calls::{Aws, fault_of};

/// How long a call waits for messages.
const WAIT_MS: u64 = 20_000;
/// How often a call that waits looks whether one came. AWS answers at once; events are late by more than this anyway.
const LOOK_EVERY_MS: u64 = 10_000;
/// The most messages of one call.
const MOST: usize = 10;

impl Aws {
    /// Waits for messages.
    pub(crate) async fn receive(&self, queue: &QueueUrl) -> Result<Vec<Message>, Fault> {
        let op = "sqs.ReceiveMessage";
        self.read_once(op, |_, _| Ok(())).await?;
        let end = self.clock.now().plus_ms(WAIT_MS);
        loop {
            let received = self.model.borrow_mut().receive(name(queue), MOST);
            let received = received.map_err(|error| fault_of(op, &error))?;
            if !received.is_empty() || self.clock.now() >= end {
                let message = |each: crate::model::ReceivedMessage| Message {
                    receipt: each.receipt,
                    body: each.body,
                };
                return Ok(received.into_iter().map(message).collect());
            }
            self.clock.sleep(LOOK_EVERY_MS).await;
        }
    }

    /// Deletes messages.
    pub(crate) async fn delete(&self, queue: &QueueUrl, receipts: &[String]) -> Result<(), Fault> {
        let op = "sqs.DeleteMessageBatch";
        self.read_once(op, |_, _| Ok(())).await?;
        for receipt in receipts {
            let deleted = self.model.borrow_mut().delete_received(name(queue), receipt);
            deleted.map_err(|error| fault_of(op, &error))?;
        }
        Ok(())
    }
}

/// The queue's name: the last part of its URL.
fn name(queue: &QueueUrl) -> &str {
    queue.as_str().rsplit('/').next().unwrap_or_default()
}
