//! Which queue a caller means, and how a message of EventBridge gets into one.

use std::collections::BTreeMap;

use super::policy::Sending;
use super::queue::{Message, Queue};
use super::state::queue_does_not_exist;
use crate::model::Model;
use crate::shapes::{ApiError, Time};

/// The key of SQS that no other service may use.
const SQS_KEY: &str = "alias/aws/sqs";

impl Model {
    /// The URL of a queue.
    pub(super) fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.queues_at, self.arns.account)
    }

    /// The name in a queue's URL. Only the path matters: a caller may reach the simulator under any host.
    pub(super) fn name_in_url<'a>(&self, url: &'a str) -> Result<&'a str, ApiError> {
        let mut parts = url.rsplit('/');
        let (name, account) = (parts.next().unwrap_or_default(), parts.next());
        if account.is_some_and(|account| account != self.arns.account) {
            return Err(queue_does_not_exist());
        }
        Ok(name)
    }

    /// The name in the ARN of a queue of this account and Region.
    pub(super) fn name_in_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let name = arn.rsplit(':').next()?;
        (arn == self.arns.queue(name)).then_some(name)
    }

    pub(super) fn queue_at(&self, url: &str) -> Result<&Queue, ApiError> {
        self.queues.named(self.name_in_url(url)?)
    }

    pub(super) fn queue_at_mut(&mut self, url: &str) -> Result<&mut Queue, ApiError> {
        let name = self.name_in_url(url)?;
        self.queues.named_mut(name)
    }

    /// The name of a queue into which EventBridge may put messages for a rule; `None`: it may not.
    pub(in crate::model) fn queue_for_events(&self, queue: &str, rule: &str) -> Option<String> {
        let name = self.name_in_arn(queue)?;
        let settings = &self.queues.named(name).ok()?.settings;
        let sending = Sending { queue, rule, account: &self.arns.account };
        let allowed = settings.policy.as_ref().is_some_and(|policy| policy.lets_send(sending));
        (allowed && settings.key() != Some(SQS_KEY)).then(|| name.to_owned())
    }

    /// Puts a message into a queue that becomes visible at that instant. A queue that is gone gets nothing.
    pub(in crate::model) fn deliver_to(&mut self, queue: &str, body: String, at: Time) {
        let id = self.queues.ids.uuid();
        let Ok(queue) = self.queues.named_mut(queue) else { return };
        let visible_at = at.plus_seconds(queue.settings.delay_seconds());
        queue.put(Message {
            id,
            body,
            attributes: BTreeMap::new(),
            sent_at: at,
            visible_at,
            receives: 0,
            first_received_at: None,
            nonce: 0,
        });
    }
}
