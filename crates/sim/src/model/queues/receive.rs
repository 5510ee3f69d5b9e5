//! Messages that callers receive, delete, and hide for longer.
//!
//! Invariants: a message that was received as often as the redrive policy allows goes to the dead-letter queue in place
//! of being received again (SQS Developer Guide: dead-letter queues). Deleting with a receipt of an earlier reception
//! succeeds and deletes nothing. How long a receiver waits is the wire's business: [`Model::wait_seconds`].

use std::collections::BTreeMap;

use super::queue::{Message, Receipt, Received, Reception};
use super::send::{digest, digest_of_attributes};
use super::state::invalid_parameter;
use crate::model::Model;
use crate::shapes::sqs::{
    ChangeVisibilityRequest, DeleteMessageRequest, EmptyAnswer, MessageShape, ReceiveMessageAnswer,
    ReceiveMessageRequest,
};
use crate::shapes::{ApiError, Time};

/// The sender of a message: IAM is not modelled.
const SENDER: &str = "AROASIMULATEDSIMULATE:simulated";

/// The longest that a message can be hidden, in seconds.
const HIDDEN_MAX: u64 = 43_200;

impl Model {
    /// `ReceiveMessage`: what is visible now. Receptions are not in the log of writes.
    pub fn receive_message(
        &mut self,
        request: &ReceiveMessageRequest,
    ) -> Result<ReceiveMessageAnswer, ApiError> {
        let most =
            between(request.max_number_of_messages.unwrap_or(1), "MaxNumberOfMessages", 1, 10)?;
        let wait = request.wait_time_seconds.unwrap_or(0);
        between(wait, "WaitTimeSeconds", 0, 20)?;
        let name = self.name_in_url(&request.queue_url)?.to_owned();
        let settings = &self.queues.named(&name)?.settings;
        let hidden_seconds = match request.visibility_timeout {
            Some(seconds) => between(seconds, "VisibilityTimeout", 0, HIDDEN_MAX)?,
            None => settings.visibility_seconds(),
        };
        let most = usize::try_from(most).unwrap_or(1);
        let how = Reception { now: self.now, most, hidden_seconds };
        let received = self.receive_as(&name, how)?;
        let shown = received.into_iter().map(|received| shown(received, request));
        let messages: Vec<_> = shown.collect();
        Ok(ReceiveMessageAnswer { messages: Some(messages).filter(|all| !all.is_empty()) })
    }

    /// Receives from a queue; what was received too often goes to its dead-letter queue.
    pub(super) fn receive_as(
        &mut self,
        name: &str,
        how: Reception,
    ) -> Result<Vec<Received>, ApiError> {
        let redrive = self.queues.named(name)?.settings.redrive.as_ref();
        let dead = redrive.and_then(|redrive| self.name_in_arn(&redrive.target));
        let dead = dead.filter(|dead| self.queues.named(dead).is_ok()).map(str::to_owned);
        let redrives = dead.is_some();
        let mut ids = self.queues.ids.clone();
        let taken = self.queues.named_mut(name)?.receive(how, redrives, || ids.next());
        self.queues.ids = ids;
        if let Some(dead) = dead {
            let dead = self.queues.named_mut(&dead)?;
            for message in taken.spent {
                dead.put(Message { receives: 0, first_received_at: None, ..message });
            }
        }
        Ok(taken.received)
    }

    /// For how many seconds a receiver wants to wait for a message.
    pub fn wait_seconds(&self, request: &ReceiveMessageRequest) -> u64 {
        let asked = request.wait_time_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let default = || self.queue_at(&request.queue_url).map(|q| q.settings.wait_seconds());
        asked.unwrap_or_else(|| default().unwrap_or_default())
    }

    /// When the next message of a queue becomes visible, by the queue's URL; `None`: it has none.
    pub fn next_visible_at(&self, url: &str) -> Option<Time> {
        self.queue_at(url).ok()?.next_visible()
    }

    /// `DeleteMessage`.
    pub fn delete_message(
        &mut self,
        request: &DeleteMessageRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        let receipt = self.receipt(&request.queue_url, &request.receipt_handle)?;
        self.queue_at_mut(&request.queue_url)?.delete(receipt);
        Ok(EmptyAnswer {})
    }

    /// `ChangeMessageVisibility`.
    pub fn change_message_visibility(
        &mut self,
        request: &ChangeVisibilityRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        let receipt = self.receipt(&request.queue_url, &request.receipt_handle)?;
        let seconds = between(request.visibility_timeout, "VisibilityTimeout", 0, HIDDEN_MAX)?;
        let now = self.now;
        if self.queue_at_mut(&request.queue_url)?.hide(receipt, now, seconds) {
            return Ok(EmptyAnswer {});
        }
        let text = "The message referred to isn't in flight.";
        Err(ApiError::new("MessageNotInflight", text))
    }

    fn receipt(&self, url: &str, handle: &str) -> Result<Receipt, ApiError> {
        let invalid = || {
            let text =
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
            ApiError::new("ReceiptHandleIsInvalid", text)
        };
        self.queue_at(url)?.receipt(handle).ok_or_else(invalid)
    }
}

fn between(value: i64, name: &str, least: u64, most: u64) -> Result<u64, ApiError> {
    let read = u64::try_from(value).ok().filter(|read| (least..=most).contains(read));
    read.ok_or_else(|| {
        invalid_parameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))
    })
}

/// A message as it is answered: its attributes only where they were asked for.
fn shown(received: Received, request: &ReceiveMessageRequest) -> MessageShape {
    let Received { handle, message } = received;
    let names = [&request.attribute_names, &request.message_system_attribute_names];
    let asked = |name: &str| {
        names.into_iter().flatten().flatten().any(|each| each == "All" || each == name)
    };
    let all = [
        (
            "ApproximateFirstReceiveTimestamp",
            message.first_received_at.unwrap_or_default().0.to_string(),
        ),
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SenderId", SENDER.to_owned()),
        ("SentTimestamp", message.sent_at.0.to_string()),
    ];
    let system: BTreeMap<String, String> = all
        .into_iter()
        .filter(|(name, _)| asked(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let wanted = request.message_attribute_names.as_deref().unwrap_or_default();
    let is_wanted = |name: &str| {
        wanted.iter().any(|each| match each.strip_suffix(".*") {
            _ if each == "All" || each == ".*" => true,
            Some(prefix) => name.starts_with(&format!("{prefix}.")),
            None => each == name,
        })
    };
    let own: BTreeMap<_, _> =
        message.attributes.into_iter().filter(|(name, _)| is_wanted(name)).collect();
    MessageShape {
        message_id: message.id,
        receipt_handle: handle,
        md5_of_body: digest(message.body.as_bytes()),
        body: message.body,
        attributes: Some(system).filter(|system| !system.is_empty()),
        md5_of_attributes: digest_of_attributes(&own),
        message_attributes: Some(own).filter(|own| !own.is_empty()),
    }
}
