//! The shapes of SQS (2012-11-05) in its JSON protocol.
//!
//! Invariant: `PascalCase`, except for `tags`. Members that only FIFO queues know are read, so that they can be refused.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use std::collections::BTreeMap;

use crate::shapes::shapes;

shapes! { "PascalCase";
    /// `CreateQueue`.
    #[derive(Eq)]
    CreateQueueRequest {
        queue_name: String,
        attributes: Option<BTreeMap<String, String>>,
        #[serde(rename = "tags")]
        tags: Option<BTreeMap<String, String>>,
    }

    /// `GetQueueUrl`.
    #[derive(Eq)]
    GetQueueUrlRequest {
        queue_name: String,
        #[serde(rename = "QueueOwnerAWSAccountId")]
        owner: Option<String>,
    }

    /// The answer of `CreateQueue` and `GetQueueUrl`.
    #[derive(Eq)]
    QueueUrlAnswer { queue_url: String }

    /// `DeleteQueue` and `PurgeQueue`.
    #[derive(Eq)]
    QueueRequest { queue_url: String }

    /// `GetQueueAttributes`.
    #[derive(Eq)]
    GetQueueAttributesRequest { queue_url: String, attribute_names: Option<Vec<String>> }

    /// The answer of `GetQueueAttributes`.
    #[derive(Eq)]
    QueueAttributesAnswer { attributes: Option<BTreeMap<String, String>> }

    /// `SetQueueAttributes`.
    #[derive(Eq)]
    SetQueueAttributesRequest { queue_url: String, attributes: BTreeMap<String, String> }

    /// `ListQueues`.
    #[derive(Eq)]
    ListQueuesRequest {
        queue_name_prefix: Option<String>,
        next_token: Option<String>,
        max_results: Option<u32>,
    }

    /// The answer of `ListQueues`.
    #[derive(Eq)]
    ListQueuesAnswer { queue_urls: Option<Vec<String>>, next_token: Option<String> }

    /// An attribute that a sender gave a message.
    #[derive(Eq)]
    MessageAttribute {
        string_value: Option<String>,
        binary_value: Option<String>,
        data_type: String,
    }

    /// `SendMessage`.
    #[derive(Eq)]
    SendMessageRequest {
        queue_url: String,
        message_body: String,
        delay_seconds: Option<u64>,
        message_attributes: Option<BTreeMap<String, MessageAttribute>>,
        message_deduplication_id: Option<String>,
    }

    /// The answer of `SendMessage`.
    #[derive(Eq)]
    SendMessageAnswer {
        message_id: String,
        #[serde(rename = "MD5OfMessageBody")]
        md5_of_body: String,
        #[serde(rename = "MD5OfMessageAttributes")]
        md5_of_attributes: Option<String>,
    }

    /// `SendMessageBatch`.
    #[derive(Eq)]
    SendMessageBatchRequest { queue_url: String, entries: Vec<SendMessageEntry> }

    /// One message of a batch.
    #[derive(Eq)]
    SendMessageEntry {
        id: String,
        message_body: String,
        delay_seconds: Option<u64>,
        message_attributes: Option<BTreeMap<String, MessageAttribute>>,
        message_deduplication_id: Option<String>,
    }

    /// The answer of `SendMessageBatch`.
    #[derive(Eq)]
    SendMessageBatchAnswer { successful: Vec<SentEntry>, failed: Vec<FailedEntry> }

    /// One message of a batch that was sent.
    #[derive(Eq)]
    SentEntry {
        id: String,
        #[serde(flatten)]
        sent: SendMessageAnswer,
    }

    /// One entry of a batch that was refused.
    #[derive(Eq)]
    FailedEntry { id: String, sender_fault: bool, code: String, message: String }

    /// `ReceiveMessage`.
    #[derive(Eq)]
    ReceiveMessageRequest {
        queue_url: String,
        attribute_names: Option<Vec<String>>,
        message_system_attribute_names: Option<Vec<String>>,
        message_attribute_names: Option<Vec<String>>,
        max_number_of_messages: Option<i64>,
        visibility_timeout: Option<i64>,
        wait_time_seconds: Option<i64>,
    }

    /// The answer of `ReceiveMessage`; no `Messages` where there is none.
    #[derive(Eq)]
    ReceiveMessageAnswer { messages: Option<Vec<MessageShape>> }

    /// One message that was received.
    #[derive(Eq)]
    MessageShape {
        message_id: String,
        receipt_handle: String,
        #[serde(rename = "MD5OfBody")]
        md5_of_body: String,
        body: String,
        attributes: Option<BTreeMap<String, String>>,
        #[serde(rename = "MD5OfMessageAttributes")]
        md5_of_attributes: Option<String>,
        message_attributes: Option<BTreeMap<String, MessageAttribute>>,
    }

    /// `DeleteMessage`.
    #[derive(Eq)]
    DeleteMessageRequest { queue_url: String, receipt_handle: String }

    /// `DeleteMessageBatch`.
    #[derive(Eq)]
    DeleteMessageBatchRequest { queue_url: String, entries: Vec<DeleteMessageEntry> }

    /// One message of a batch to delete.
    #[derive(Eq)]
    DeleteMessageEntry { id: String, receipt_handle: String }

    /// `ChangeMessageVisibility`.
    #[derive(Eq)]
    ChangeVisibilityRequest { queue_url: String, receipt_handle: String, visibility_timeout: i64 }

    /// `ChangeMessageVisibilityBatch`.
    #[derive(Eq)]
    ChangeVisibilityBatchRequest { queue_url: String, entries: Vec<ChangeVisibilityEntry> }

    /// One message of a batch whose visibility changes.
    #[derive(Eq)]
    ChangeVisibilityEntry { id: String, receipt_handle: String, visibility_timeout: Option<i64> }

    /// The answer of the batches that delete messages or change their visibility.
    #[derive(Eq)]
    BatchAnswer { successful: Vec<DoneEntry>, failed: Vec<FailedEntry> }

    /// One entry of a batch that was done.
    #[derive(Eq)]
    DoneEntry { id: String }

    /// An answer without members.
    #[derive(Eq)]
    EmptyAnswer {}
}
