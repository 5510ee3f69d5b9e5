//! Messages that callers send.
//!
//! Invariants: a body has only characters that XML allows, and with its attributes it is no longer than the queue allows.
//! The digests are those that SDKs check (SQS Developer Guide: message attributes, calculating the MD5 digest).

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use super::queue::Message;
use super::settings::fifo;
use super::state::invalid_parameter;
use crate::model::Model;
use crate::shapes::ApiError;
use crate::shapes::sqs::{MessageAttribute, SendMessageAnswer, SendMessageRequest};

impl Model {
    /// `SendMessage`. Messages are not in the log of writes.
    pub fn send_message(
        &mut self,
        request: SendMessageRequest,
    ) -> Result<SendMessageAnswer, ApiError> {
        if request.message_deduplication_id.is_some() {
            return Err(fifo());
        }
        let now = self.now;
        let settings = &self.queue_at(&request.queue_url)?.settings;
        let attributes = request.message_attributes.unwrap_or_default();
        check_body(&request.message_body)?;
        check_attributes(&attributes)?;
        let size = request.message_body.len() + size_of(&attributes);
        if size as u64 > settings.size_max() {
            let most = settings.size_max();
            return Err(invalid_parameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            )));
        }
        let delay = request.delay_seconds.unwrap_or(settings.delay_seconds());
        if delay > 900 {
            return Err(invalid_parameter(format!(
                "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
            )));
        }
        let answer = SendMessageAnswer {
            message_id: self.queues.ids.uuid(),
            md5_of_body: digest(request.message_body.as_bytes()),
            md5_of_attributes: digest_of_attributes(&attributes),
        };
        self.queue_at_mut(&request.queue_url)?.put(Message {
            id: answer.message_id.clone(),
            body: request.message_body,
            attributes,
            sent_at: now,
            visible_at: now.plus_seconds(delay),
            receives: 0,
            first_received_at: None,
            nonce: 0,
        });
        Ok(answer)
    }
}

/// The bytes that attributes add to a message.
pub(super) fn size_of(attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let size = |(name, each): (&String, &MessageAttribute)| {
        name.len() + each.data_type.len() + each.string_value.as_ref().map_or(0, String::len)
    };
    attributes.iter().map(size).sum()
}

fn check_body(body: &str) -> Result<(), ApiError> {
    if body.is_empty() {
        let text = "The request must contain the parameter MessageBody.";
        return Err(ApiError::new("MissingParameter", text));
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    match body.chars().find(|c| !allowed(*c)) {
        None => Ok(()),
        Some(other) => Err(ApiError::new(
            "InvalidMessageContents",
            format!(
                "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
                u32::from(other)
            ),
        )),
    }
}

fn check_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), ApiError> {
    if attributes.len() > 10 {
        return Err(invalid_parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            attributes.len()
        )));
    }
    for (name, attribute) in attributes {
        let kind = attribute.data_type.split('.').next().unwrap_or_default();
        if kind == "Binary" || attribute.binary_value.is_some() {
            let text = "The simulator has no binary attributes: use String or Number.";
            return Err(ApiError::new("UnsupportedOperation", text));
        }
        if !matches!(kind, "String" | "Number") {
            return Err(invalid_parameter(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            )));
        }
        if attribute.string_value.as_ref().is_none_or(String::is_empty) {
            return Err(invalid_parameter(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type 'String'."
            )));
        }
    }
    Ok(())
}

/// The MD5 digest of a body, in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Md5::digest(bytes))
}

/// The MD5 digest of attributes; `None` where there is none.
pub(super) fn digest_of_attributes(
    attributes: &BTreeMap<String, MessageAttribute>,
) -> Option<String> {
    /// A text is of this kind.
    const TEXT: u8 = 1;
    if attributes.is_empty() {
        return None;
    }
    let mut hash = Md5::new();
    for (name, attribute) in attributes {
        let value = attribute.string_value.as_deref().unwrap_or_default();
        for part in [name.as_str(), attribute.data_type.as_str()] {
            add(&mut hash, part);
        }
        hash.update([TEXT]);
        add(&mut hash, value);
    }
    Some(hexadecimal(&hash.finalize()))
}

fn add(hash: &mut Md5, part: &str) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    hash.update(length.to_be_bytes());
    hash.update(part);
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
