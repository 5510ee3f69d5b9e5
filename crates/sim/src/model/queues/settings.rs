//! The attributes of a queue: which there are, what they may be, and their defaults (SQS API reference:
//! SetQueueAttributes; ranges and defaults are of that page).

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::Policy;
use crate::shapes::ApiError;

/// An attribute that is a whole number.
struct Number {
    name: &'static str,
    least: u64,
    most: u64,
    default: u64,
}

const VISIBILITY: Number =
    Number { name: "VisibilityTimeout", least: 0, most: 43_200, default: 30 };
const RETENTION: Number =
    Number { name: "MessageRetentionPeriod", least: 60, most: 1_209_600, default: 345_600 };
const DELAY: Number = Number { name: "DelaySeconds", least: 0, most: 900, default: 0 };
const WAIT: Number =
    Number { name: "ReceiveMessageWaitTimeSeconds", least: 0, most: 20, default: 0 };
const SIZE: Number =
    Number { name: "MaximumMessageSize", least: 1024, most: 1_048_576, default: 1_048_576 };
const KEY_REUSE: Number =
    Number { name: "KmsDataKeyReusePeriodSeconds", least: 60, most: 86_400, default: 300 };

const NUMBERS: [&Number; 6] = [&VISIBILITY, &RETENTION, &DELAY, &WAIT, &SIZE, &KEY_REUSE];

/// Attributes that are texts; an empty one is none.
const TEXTS: [&str; 5] =
    ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled"];

/// Attributes that only SQS sets.
pub(super) const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    /// The dead-letter queue's ARN.
    pub(super) target: String,
    /// How often a message may be received.
    pub(super) receives_max: u32,
}

/// What a queue was told to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Settings {
    /// What was given, by name.
    given: BTreeMap<String, String>,
    pub(super) policy: Option<Policy>,
    pub(super) redrive: Option<Redrive>,
}

impl Settings {
    /// These settings with some attributes changed, or why they cannot be.
    pub(super) fn with(&self, changes: &BTreeMap<String, String>) -> Result<Self, ApiError> {
        let mut settings = self.clone();
        for (name, value) in changes {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), ApiError> {
        if matches!(name, "FifoQueue" | "ContentBasedDeduplication") {
            return Err(fifo());
        }
        if let Some(number) = NUMBERS.iter().find(|number| number.name == name) {
            let read = value.parse::<u64>().ok();
            let allowed = read.filter(|read| (number.least..=number.most).contains(read));
            allowed.ok_or_else(|| invalid_value(name))?;
        } else if !TEXTS.contains(&name) {
            let text = format!("Unknown Attribute {name}.");
            return Err(ApiError::new("InvalidAttributeName", text));
        }
        match name {
            "Policy" => self.policy = Policy::read(value).map_err(|()| invalid_value(name))?,
            "RedrivePolicy" if value.is_empty() => self.redrive = None,
            "RedrivePolicy" => {
                self.redrive = Some(redrive(value).ok_or_else(|| invalid_value(name))?);
            }
            "SqsManagedSseEnabled" if !matches!(value, "true" | "false") => {
                return Err(invalid_value(name));
            }
            _ => {}
        }
        if value.is_empty() {
            self.given.remove(name);
        } else {
            self.given.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }

    /// Whether these attributes are what the queue has already.
    pub(super) fn agree_with(&self, asked: &BTreeMap<String, String>) -> bool {
        let all = self.shown();
        asked.iter().all(|(name, value)| all.get(name) == Some(value))
    }

    /// Every attribute that was given or has a default.
    pub(super) fn shown(&self) -> BTreeMap<String, String> {
        let shown = NUMBERS.iter().filter(|number| number.name != KEY_REUSE.name);
        let mut all: BTreeMap<String, String> =
            shown.map(|number| (number.name.to_owned(), number.default.to_string())).collect();
        if !self.given.contains_key("KmsMasterKeyId") {
            all.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        }
        all.extend(self.given.clone());
        all
    }

    fn number(&self, number: &Number) -> u64 {
        let given = self.given.get(number.name).and_then(|value| value.parse().ok());
        given.unwrap_or(number.default)
    }

    /// Seconds for which a received message is hidden.
    pub(super) fn visibility_seconds(&self) -> u64 {
        self.number(&VISIBILITY)
    }

    /// Seconds for which a message is kept.
    pub(super) fn retention_seconds(&self) -> u64 {
        self.number(&RETENTION)
    }

    /// Seconds for which a new message is hidden.
    pub(super) fn delay_seconds(&self) -> u64 {
        self.number(&DELAY)
    }

    /// Seconds for which a receiver waits that does not say.
    pub(super) fn wait_seconds(&self) -> u64 {
        self.number(&WAIT)
    }

    /// Bytes of the largest message.
    pub(super) fn size_max(&self) -> u64 {
        self.number(&SIZE)
    }

    /// The key that encrypts the messages, if it is not SQS's own.
    pub(super) fn key(&self) -> Option<&str> {
        self.given.get("KmsMasterKeyId").map(String::as_str)
    }
}

/// Whether there is an attribute of this name.
pub(super) fn is_known(name: &str) -> bool {
    TEXTS.contains(&name)
        || COMPUTED.contains(&name)
        || NUMBERS.iter().any(|number| number.name == name)
        || matches!(name, "All" | "FifoQueue" | "ContentBasedDeduplication")
}

/// The refusal of everything that only FIFO queues have.
pub(super) fn fifo() -> ApiError {
    ApiError::new("UnsupportedOperation", "The simulator has no FIFO queues: use a standard queue.")
}

fn invalid_value(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

/// Reads a redrive policy. `maxReceiveCount` comes as a number or as its text.
fn redrive(text: &str) -> Option<Redrive> {
    let value: Value = serde_json::from_str(text).ok()?;
    let target = value.get("deadLetterTargetArn")?.as_str()?.to_owned();
    let count = value.get("maxReceiveCount")?;
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    let receives_max = u32::try_from(count).ok().filter(|count| (1..=1000).contains(count))?;
    target.starts_with("arn:").then_some(Redrive { target, receives_max })
}
