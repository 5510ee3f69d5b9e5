//! Queues for a program that runs in the model's process: everything that the wire offers a receiver, without the wire.

use serde_json::json;

use super::queue::Reception;
use super::state::ReceivedMessage;
use crate::model::Model;
use crate::shapes::events::{PutRuleRequest, PutTargetsRequest, Target};
use crate::shapes::sqs::CreateQueueRequest;
use crate::shapes::{ApiError, Time};

impl Model {
    /// Makes a standard queue of this name, and a rule of the same name that leads every event of AWS into it. Fails
    /// where the calls that do the same would.
    pub fn queue_all_events(&mut self, name: &str) -> Result<(), ApiError> {
        let queue = self.arns.queue(name);
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "events.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": { "ArnEquals": { "aws:SourceArn": self.arns.rule(name) } },
            }],
        });
        let attributes = [("Policy".to_owned(), policy.to_string())].into();
        self.create_queue(CreateQueueRequest {
            queue_name: name.to_owned(),
            attributes: Some(attributes),
            ..CreateQueueRequest::default()
        })?;
        self.put_rule(PutRuleRequest {
            name: name.to_owned(),
            event_pattern: Some(json!({ "source": [{ "prefix": "aws." }] }).to_string()),
            ..PutRuleRequest::default()
        })?;
        let target = Target { id: "queue".to_owned(), arn: queue, ..Target::default() };
        self.put_targets(PutTargetsRequest {
            rule: name.to_owned(),
            targets: vec![target],
            ..PutTargetsRequest::default()
        })?;
        Ok(())
    }

    /// Up to `most` messages that are visible now, hidden from then on for the queue's time-out. Fails if there is no
    /// such queue.
    pub fn receive(&mut self, queue: &str, most: usize) -> Result<Vec<ReceivedMessage>, ApiError> {
        let hidden_seconds = self.queues.named(queue)?.settings.visibility_seconds();
        let how = Reception { now: self.now, most, hidden_seconds };
        let received = self.receive_as(queue, how)?.into_iter();
        let shown = received.map(|each| ReceivedMessage {
            receipt: each.handle,
            body: each.message.body,
            receives: each.message.receives,
            sent_at: each.message.sent_at,
        });
        Ok(shown.collect())
    }

    /// When the next message of this queue can be received, if nothing more happens: an instant that is past means now,
    /// and `None` never. Fails if there is no such queue.
    pub fn next_visible(&self, queue: &str) -> Result<Option<Time>, ApiError> {
        self.queues.named(queue).map(super::queue::Queue::next_visible)
    }

    /// Deletes a message that was received; with the receipt of an earlier reception, nothing. Fails if there is no such
    /// queue, or if it gave no such receipt.
    pub fn delete_received(&mut self, queue: &str, receipt: &str) -> Result<(), ApiError> {
        let queue = self.queues.named_mut(queue)?;
        let invalid =
            || ApiError::new("ReceiptHandleIsInvalid", "This queue gave no such receipt.");
        let receipt = queue.receipt(receipt).ok_or_else(invalid)?;
        queue.delete(receipt);
        Ok(())
    }
}
