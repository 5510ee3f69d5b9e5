//! A failed call, and what it means for us.
//!
//! The adapter turns every failed call into a [`Fault`] in one table; every decision about failures reads a `Fault` and
//! nothing else. No code after that table matches text.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::text::printable;

/// A classified failed call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Fault {
    /// What kind of failure it was.
    pub kind: FaultKind,
    /// The call, as `ecs.UpdateService`.
    pub operation: Arc<str>,
    /// What AWS or the transport answered: one line, without secrets.
    pub message: Arc<str>,
}

/// The kinds of failure. There is one for each way in which we act on a failure.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
pub enum FaultKind {
    /// AWS asks us to slow down; nothing happened.
    Throttled,
    /// We may not make this call.
    Denied,
    /// No credentials were found, or they have expired.
    NoCredentials,
    /// What the call names does not exist.
    NotFound,
    /// AWS refuses the request as it stands; it will refuse it again until something changes.
    Refused,
    /// The endpoint could not be reached; nothing was sent.
    Unreachable,
    /// No answer came in time: whether the call took effect is unknown.
    TimedOut,
    /// AWS failed inside: whether the call took effect is unknown.
    ServerError,
    /// The answer leaves out something that was asked for.
    Incomplete,
    /// The answer could not be read (an HTML page, truncated JSON): whether it took effect is unknown.
    Unreadable,
}

impl FaultKind {
    /// Whether the same call may succeed later although nobody does anything.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Denied | Self::NoCredentials | Self::NotFound | Self::Refused => false,
            Self::Throttled
            | Self::Unreachable
            | Self::TimedOut
            | Self::ServerError
            | Self::Incomplete
            | Self::Unreadable => true,
        }
    }

    /// Whether a *write* that ended so may have taken effect all the same.
    pub fn leaves_effect_unknown(self) -> bool {
        matches!(self, Self::TimedOut | Self::ServerError | Self::Unreadable)
    }
}

impl Fault {
    /// A fault of `kind` of the call `operation`. The message may quote what others wrote.
    pub fn new(kind: FaultKind, operation: &str, message: &str) -> Self {
        let message = printable(message, usize::MAX);
        Self { kind, operation: operation.into(), message: message.into() }
    }

    /// What a person can do about it, when there is something.
    pub fn advice(&self) -> Option<&'static str> {
        match self.kind {
            FaultKind::Denied => Some("allow this call in the IAM policy of eastwest's task role"),
            FaultKind::NoCredentials => Some(
                "give eastwest credentials: a task role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ),
            FaultKind::Unreadable => Some(
                "the endpoint does not speak the AWS protocol: check AWS_ENDPOINT_URL and any proxy between",
            ),
            FaultKind::Unreachable => {
                Some("check the network path, the region and AWS_ENDPOINT_URL")
            }
            FaultKind::Throttled
            | FaultKind::NotFound
            | FaultKind::Refused
            | FaultKind::TimedOut
            | FaultKind::Incomplete
            | FaultKind::ServerError => None,
        }
    }
}

impl FaultKind {
    /// The page that helps, when there is one.
    pub fn page(self) -> Option<&'static str> {
        match self {
            Self::Denied => Some("deploy/README.md#the-policies"),
            Self::NoCredentials => Some("docs/troubleshooting.md#credentials"),
            Self::NotFound => Some("docs/troubleshooting.md#what-is-not-there"),
            Self::Unreachable | Self::TimedOut => Some("deploy/README.md#the-network"),
            Self::Unreadable => Some("docs/troubleshooting.md#no-answer-of-aws"),
            Self::Throttled | Self::Refused | Self::Incomplete | Self::ServerError => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}
