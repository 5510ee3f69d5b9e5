//! What requests and answers look like: AWS's member names, one struct for each shape in use.
//!
//! Invariants: an answer never carries a null (a member that is absent is not written), a timestamp is
//! epoch seconds as AWS's JSON protocol writes it, and a request's members that no struct names are
//! ignored, as an older endpoint of AWS would. ECS spells members in camelCase, Cloud Map and SSM in
//! `PascalCase`; botocore's service models are the oracle for every name. Members that the simulator
//! stores and echoes without reading them stay raw JSON, so that nothing a caller sent gets lost.

pub mod cloud_map;
pub mod ecs;
pub mod events;
pub mod sqs;
pub mod ssm;
mod time;

pub use time::Time;

use serde_json::{Map, Value};

/// A refusal in AWS's form: what the caller gets instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The error's name, such as `InvalidParameterException`.
    pub code: &'static str,
    /// AWS's text for people.
    pub message: String,
    /// The HTTP status; modelled errors of these three APIs are 400, faults of the server 500.
    pub status: u16,
    /// Further members of the error's shape, such as `NamespaceId` of `NamespaceAlreadyExists`.
    pub members: Map<String, Value>,
}

impl ApiError {
    /// A client's error (HTTP 400) without further members.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: 400, members: Map::new() }
    }

    /// The same error with one more member of its shape.
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// ECS's commonest refusal.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// ECS's refusal that blames the caller's request as a whole.
    pub fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    /// Cloud Map's commonest refusal.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new("InvalidInput", message)
    }
}

/// Whether a member is left out of the JSON: `None` is, everything else (an empty list too) is not.
pub(crate) trait Absent {
    /// True when the member must not be written.
    fn absent(&self) -> bool {
        false
    }
}

impl<T> Absent for Option<T> {
    fn absent(&self) -> bool {
        self.is_none()
    }
}
impl<T> Absent for Vec<T> {}
impl<K, V> Absent for std::collections::BTreeMap<K, V> {}
impl Absent for Map<String, Value> {}
impl<T> Absent for std::sync::Arc<T> {}
impl Absent for String {}
impl Absent for bool {}
impl Absent for u16 {}
impl Absent for u32 {}
impl Absent for u64 {}
impl Absent for i64 {}
impl Absent for Time {}
impl Absent for Value {}

/// The one `skip_serializing_if` of every member.
pub(crate) fn absent<T: Absent>(member: &T) -> bool {
    member.absent()
}

/// Writes the structs of one API: every member may be missing on the way in, and none is written as null.
macro_rules! shapes {
    ($case:literal; $( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident : $kind:ty ),* $(,)? } )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(rename_all = $case)]
            pub struct $name {
                $(
                    $(#[$field_meta])*
                    #[serde(default, skip_serializing_if = "crate::shapes::absent")]
                    pub $field: $kind,
                )*
            }

            impl crate::shapes::Absent for $name {}
        )*
    };
}
pub(crate) use shapes;

/// Writes an enum of AWS's words: what the JSON says, and `as_str` for texts and filters.
macro_rules! words {
    ($( $(#[$meta:meta])* $name:ident { $first:ident = $first_word:literal $(, $variant:ident = $word:literal )* $(,)? } )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            pub enum $name {
                #[default]
                #[serde(rename = $first_word)]
                $first,
                $( #[serde(rename = $word)] $variant, )*
            }

            impl $name {
                /// The word AWS uses.
                pub const fn as_str(self) -> &'static str {
                    match self {
                        Self::$first => $first_word,
                        $( Self::$variant => $word, )*
                    }
                }
            }

            impl crate::shapes::Absent for $name {}
        )*
    };
}
pub(crate) use words;
