//! The calls about queues themselves.
//!
//! Invariants: `CreateQueue` of a queue that exists gives its URL if the attributes agree, and is refused if they do
//! not. A name is free again 60 seconds after its queue was deleted; a queue is purged at most once in 60 seconds (SQS
//! API reference: CreateQueue, DeleteQueue, PurgeQueue).

use std::collections::BTreeMap;

use super::queue::Queue;
use super::settings::{Settings, fifo, is_known};
use super::state::{invalid_parameter, queue_does_not_exist};
use crate::model::Model;
use crate::model::page::{PageRules, take};
use crate::shapes::ApiError;
use crate::shapes::sqs::{
    CreateQueueRequest, EmptyAnswer, GetQueueAttributesRequest, GetQueueUrlRequest,
    ListQueuesAnswer, ListQueuesRequest, QueueAttributesAnswer, QueueRequest, QueueUrlAnswer,
    SetQueueAttributesRequest,
};

/// A queue that was deleted can be made again after so many seconds (SQS API reference: DeleteQueue).
const DELETED_SECONDS: u64 = 60;

/// A queue is purged at most once in so many seconds.
const PURGE_SECONDS: u64 = 60;

impl Model {
    /// `CreateQueue`.
    pub fn create_queue(
        &mut self,
        request: CreateQueueRequest,
    ) -> Result<QueueUrlAnswer, ApiError> {
        self.logged("sqs.CreateQueue", request, Self::try_create_queue)
    }

    fn try_create_queue(
        &mut self,
        request: CreateQueueRequest,
    ) -> Result<QueueUrlAnswer, ApiError> {
        let name = request.queue_name;
        if name.strip_suffix(".fifo").is_some() {
            return Err(fifo());
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if !(1..=80).contains(&name.len()) || !name.chars().all(allowed) {
            let text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(invalid_parameter(text));
        }
        let now = self.now;
        let attributes = request.attributes.unwrap_or_default();
        let settings = Settings::default().with(&attributes)?;
        let answer = QueueUrlAnswer { queue_url: self.queue_url(&name) };
        if let Ok(queue) = self.queues.named(&name) {
            if queue.settings.agree_with(&attributes) {
                return Ok(answer);
            }
            let text =
                "A queue already exists with the same name and a different value for attribute(s).";
            return Err(ApiError::new("QueueNameExists", text));
        }
        let free_at = self.queues.deleted.get(&name).map(|at| at.plus_seconds(DELETED_SECONDS));
        if free_at.is_some_and(|free_at| now < free_at) {
            let text = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
            return Err(ApiError::new("QueueDeletedRecently", text));
        }
        let mark = self.queues.ids.next();
        self.queues.by_name.insert(name.clone(), Queue::new(name, settings, now, mark));
        Ok(answer)
    }

    /// `GetQueueUrl`.
    pub fn get_queue_url(&self, request: &GetQueueUrlRequest) -> Result<QueueUrlAnswer, ApiError> {
        if request.owner.as_ref().is_some_and(|owner| *owner != self.arns.account) {
            return Err(queue_does_not_exist());
        }
        self.queues.named(&request.queue_name)?;
        Ok(QueueUrlAnswer { queue_url: self.queue_url(&request.queue_name) })
    }

    /// `ListQueues`, by name.
    pub fn list_queues(&self, request: &ListQueuesRequest) -> Result<ListQueuesAnswer, ApiError> {
        let prefix = request.queue_name_prefix.as_deref().unwrap_or_default();
        let scope = format!("ListQueues {prefix}");
        let rules = PageRules {
            scope: &scope,
            default: 1000,
            most: 1000,
            code: "InvalidParameterValue",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        };
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let wanted = self.queues.by_name.keys().filter(|name| name.starts_with(prefix));
        let (taken, next_token) = take(&rules, &page, wanted, |name| (*name).clone());
        let urls: Vec<_> = taken.into_iter().map(|name| self.queue_url(name)).collect();
        let queue_urls = Some(urls).filter(|urls| !urls.is_empty());
        // SQS pages only for those who say how long a page is.
        let next_token = next_token.filter(|_| request.max_results.is_some());
        Ok(ListQueuesAnswer { queue_urls, next_token })
    }

    /// `GetQueueAttributes`.
    pub fn get_queue_attributes(
        &self,
        request: &GetQueueAttributesRequest,
    ) -> Result<QueueAttributesAnswer, ApiError> {
        let queue = self.queue_at(&request.queue_url)?;
        let names = request.attribute_names.as_deref().unwrap_or_default();
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            let text = format!("Unknown Attribute {unknown}.");
            return Err(ApiError::new("InvalidAttributeName", text));
        }
        let asked = |name: &str| names.iter().any(|each| each == "All" || each == name);
        let all = self.attributes_of(queue);
        let shown: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| asked(name)).collect();
        Ok(QueueAttributesAnswer { attributes: Some(shown).filter(|shown| !shown.is_empty()) })
    }

    fn attributes_of(&self, queue: &Queue) -> BTreeMap<String, String> {
        let mut all = queue.settings.shown();
        let counts = queue.counts(self.now);
        let seconds = |time: crate::shapes::Time| (time.0 / 1000).to_string();
        let computed = [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("CreatedTimestamp", seconds(queue.created_at)),
            ("LastModifiedTimestamp", seconds(queue.modified_at)),
            ("QueueArn", self.arns.queue(&queue.name)),
        ];
        all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        all
    }

    /// `SetQueueAttributes`.
    pub fn set_queue_attributes(
        &mut self,
        request: SetQueueAttributesRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("sqs.SetQueueAttributes", request, |model, request| {
            let now = model.now;
            let queue = model.queue_at_mut(&request.queue_url)?;
            queue.settings = queue.settings.with(&request.attributes)?;
            queue.modified_at = now;
            Ok(EmptyAnswer {})
        })
    }

    /// `PurgeQueue`: at once, where AWS takes up to a minute.
    pub fn purge_queue(&mut self, request: QueueRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("sqs.PurgeQueue", request, |model, request| {
            let now = model.now;
            let queue = model.queue_at_mut(&request.queue_url)?;
            let again_at = queue.purged_at.map(|at| at.plus_seconds(PURGE_SECONDS));
            if again_at.is_some_and(|again_at| now < again_at) {
                let text = format!(
                    "Only one PurgeQueue operation on {} is allowed every {PURGE_SECONDS} seconds.",
                    queue.name
                );
                return Err(ApiError::new("PurgeQueueInProgress", text));
            }
            queue.purged_at = Some(now);
            queue.clear();
            Ok(EmptyAnswer {})
        })
    }

    /// `DeleteQueue`, with its messages: at once, where AWS takes up to a minute.
    pub fn delete_queue(&mut self, request: QueueRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("sqs.DeleteQueue", request, |model, request| {
            let name = model.name_in_url(&request.queue_url)?;
            model.queues.by_name.remove(name).ok_or_else(queue_does_not_exist)?;
            model.queues.deleted.insert(name.to_owned(), model.now);
            Ok(EmptyAnswer {})
        })
    }
}
