//! The queue that EventBridge fills: receiving and deleting messages.
//!
//! **Invariant:** one attempt each. The engine decides when to ask again, and a message that was not deleted comes again.

use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::queue::{Message, QueueUrl};

use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::{WAIT_SECONDS, World};

/// The most messages of one call (SQS:ReceiveMessageRequest.MaxNumberOfMessages).
const MOST: i32 = 10;

impl World {
    /// Waits for messages: as soon as there is one, up to ten; after twenty seconds, none.
    pub(crate) async fn receive(&self, queue: &QueueUrl) -> Result<Vec<Message>, Fault> {
        let request = self.sqs.receive_message().queue_url(queue.as_str());
        let request = request.max_number_of_messages(MOST).wait_time_seconds(WAIT_SECONDS);
        let answer = self.call(Operation::ReceiveMessage, Lane::Urgent, request.send()).await?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        // One without a receipt cannot be deleted: it comes again, and then whole.
        Ok(messages
            .filter_map(|message| {
                let receipt = message.receipt_handle?;
                Some(Message { receipt, body: message.body.unwrap_or_default() })
            })
            .collect())
    }

    /// Deletes at most ten messages by their receipts. An old receipt may delete nothing, and AWS does not say so.
    pub(crate) async fn delete(&self, queue: &QueueUrl, receipts: &[String]) -> Result<(), Fault> {
        let mut request = self.sqs.delete_message_batch().queue_url(queue.as_str());
        for (number, receipt) in receipts.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(receipt)
                .build()
                .expect("both members are set");
            request = request.entries(entry);
        }
        let operation = Operation::DeleteMessages;
        let answer = self.call(operation, Lane::Urgent, request.send()).await?;
        match answer.failed.first() {
            None => Ok(()),
            Some(failed) => {
                let text = failed.message().unwrap_or_default();
                let text = crate::text::one_line(&format!("{}: {text}", failed.code()));
                let kind =
                    if failed.sender_fault() { FaultKind::Refused } else { FaultKind::ServerError };
                Err(Fault::new(kind, operation.id(), &text))
            }
        }
    }
}
