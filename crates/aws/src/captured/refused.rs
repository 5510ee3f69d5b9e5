//! A call that was refused when the world was captured, and the refusal once more.

use eastwest_core::ecs::fault::FaultKind;
use serde_json::{Value, json};

use crate::tap::Refusal;

/// What says which page of a listing is asked for: a listing is refused as a whole.
const PAGING: [&str; 4] = ["nextToken", "maxResults", "NextToken", "MaxResults"];

/// A call by what it asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// The API, as `ecs`.
    pub(super) api: String,
    /// Its name within the API.
    pub(super) name: String,
    /// Its request as JSON, without what pages.
    pub(super) request: String,
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// What kind of fault it was.
    pub(super) kind: String,
    /// AWS's error code, if AWS answered.
    pub(super) code: Option<String>,
    /// AWS's own text.
    pub(super) message: String,
}

impl Call {
    /// The call with this request.
    pub(super) fn of(api: &str, name: &str, request: &Value) -> Self {
        let mut request = request.clone();
        if let Some(members) = request.as_object_mut() {
            members.retain(|name, _| !PAGING.contains(&name.as_str()));
        }
        Self { api: api.to_owned(), name: name.to_owned(), request: request.to_string() }
    }
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        let kind: &'static str = refusal.kind.into();
        let Refusal { code, message, .. } = refusal.clone();
        Self { kind: kind.to_owned(), code, message }
    }
}

impl Refused {
    /// In one line.
    pub(super) fn words(&self) -> String {
        let code = self.code.as_deref().unwrap_or(&self.kind);
        let message = if self.message.is_empty() || self.message == code {
            String::new()
        } else {
            format!(": {}", self.message)
        };
        format!("{code}{message}")
    }

    /// The refusal once more. A fault that passes is no such fault here: a second attempt would end no better.
    pub(super) fn again(&self) -> Value {
        let lasting: [&str; 3] =
            [FaultKind::Denied.into(), FaultKind::NotFound.into(), FaultKind::Refused.into()];
        match &self.code {
            Some(code) if lasting.contains(&self.kind.as_str()) => {
                json!({"__type": code, "message": self.message})
            }
            _ => json!({"__type": "ClientException",
                        "message": format!("not captured: {}", self.words())}),
        }
    }
}
