//! Several messages in one call: each entry succeeds or fails for itself.
//!
//! Invariants: a batch has one to ten entries whose ids differ; else all of it is refused (SQS API reference:
//! SendMessageBatch). An entry that is refused says whose fault it is.

use std::collections::BTreeSet;

use super::send::size_of;
use crate::model::Model;
use crate::shapes::ApiError;
use crate::shapes::sqs::{
    BatchAnswer, ChangeVisibilityBatchRequest, ChangeVisibilityRequest, DeleteMessageBatchRequest,
    DeleteMessageRequest, DoneEntry, EmptyAnswer, FailedEntry, SendMessageBatchAnswer,
    SendMessageBatchRequest, SendMessageRequest, SentEntry,
};

/// The most bytes of a batch (SQS quotas).
const BATCH_BYTES_MAX: usize = 1_048_576;

impl Model {
    /// `SendMessageBatch`.
    pub fn send_message_batch(
        &mut self,
        request: SendMessageBatchRequest,
    ) -> Result<SendMessageBatchAnswer, ApiError> {
        let url = request.queue_url;
        self.queue_at(&url)?;
        check(request.entries.iter().map(|entry| entry.id.as_str()))?;
        let sizes = request.entries.iter().map(|entry| {
            entry.message_body.len() + entry.message_attributes.as_ref().map_or(0, size_of)
        });
        let size: usize = sizes.sum();
        if size > BATCH_BYTES_MAX {
            let text = format!(
                "Batch requests cannot be longer than {BATCH_BYTES_MAX} bytes. You have sent {size} bytes."
            );
            return Err(ApiError::new("BatchRequestTooLong", text));
        }
        let mut answer = SendMessageBatchAnswer::default();
        for entry in request.entries {
            let id = entry.id;
            let sent = self.send_message(SendMessageRequest {
                queue_url: url.clone(),
                message_body: entry.message_body,
                delay_seconds: entry.delay_seconds,
                message_attributes: entry.message_attributes,
                message_deduplication_id: entry.message_deduplication_id,
            });
            match sent {
                Ok(sent) => answer.successful.push(SentEntry { id, sent }),
                Err(error) => answer.failed.push(failed(id, error)),
            }
        }
        Ok(answer)
    }

    /// `DeleteMessageBatch`.
    pub fn delete_message_batch(
        &mut self,
        request: DeleteMessageBatchRequest,
    ) -> Result<BatchAnswer, ApiError> {
        let url = &request.queue_url;
        let calls = request.entries.into_iter().map(|entry| {
            let receipt_handle = entry.receipt_handle;
            (entry.id, DeleteMessageRequest { queue_url: url.clone(), receipt_handle })
        });
        self.each(url, calls.collect(), Self::delete_message)
    }

    /// `ChangeMessageVisibilityBatch`.
    pub fn change_message_visibility_batch(
        &mut self,
        request: ChangeVisibilityBatchRequest,
    ) -> Result<BatchAnswer, ApiError> {
        let url = &request.queue_url;
        let calls = request.entries.into_iter().map(|entry| {
            let call = ChangeVisibilityRequest {
                queue_url: url.clone(),
                receipt_handle: entry.receipt_handle,
                visibility_timeout: entry.visibility_timeout.unwrap_or_default(),
            };
            (entry.id, call)
        });
        self.each(url, calls.collect(), Self::change_message_visibility)
    }

    /// Makes the call of each entry, by its id.
    fn each<Q>(
        &mut self,
        url: &str,
        calls: Vec<(String, Q)>,
        call: fn(&mut Self, &Q) -> Result<EmptyAnswer, ApiError>,
    ) -> Result<BatchAnswer, ApiError> {
        self.queue_at(url)?;
        check(calls.iter().map(|(id, _)| id.as_str()))?;
        let mut answer = BatchAnswer::default();
        for (id, request) in calls {
            match call(self, &request) {
                Ok(_) => answer.successful.push(DoneEntry { id }),
                Err(error) => answer.failed.push(failed(id, error)),
            }
        }
        Ok(answer)
    }
}

fn failed(id: String, error: ApiError) -> FailedEntry {
    FailedEntry { id, sender_fault: true, code: error.code.to_owned(), message: error.message }
}

/// Whether the ids of a batch's entries are those of a batch.
fn check<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        let text = "There should be at least one entry in the request.";
        return Err(ApiError::new("EmptyBatchRequest", text));
    }
    if ids.len() > 10 {
        let text =
            format!("Maximum number of entries per request are 10. You have sent {}.", ids.len());
        return Err(ApiError::new("TooManyEntriesInBatchRequest", text));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut seen = BTreeSet::new();
    for id in ids {
        if !(1..=80).contains(&id.len()) || !id.chars().all(allowed) {
            let text = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(ApiError::new("InvalidBatchEntryId", text));
        }
        if !seen.insert(id) {
            return Err(ApiError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    Ok(())
}
