//! Events that callers send themselves, and trying a pattern.
//!
//! Invariant: what is too large is refused whole (EventBridge user guide: calculating PutEvents event entry size).
//!
//! Invariant: nobody but AWS sends events of a source that begins with `aws.`: such an entry fails, and the others of
//! the call do not (EventBridge API reference: PutEvents).

use serde_json::{Map, Value, json};

use super::envelope::seconds;
use super::pattern::Pattern;
use super::rules::invalid;
use crate::model::Model;
use crate::shapes::ApiError;
use crate::shapes::events::{
    PutEventsAnswer, PutEventsEntry, PutEventsRequest, PutEventsResult, TestEventPatternAnswer,
    TestEventPatternRequest,
};

/// The entries of one call are smaller than this together, in bytes (EventBridge user guide).
const LARGEST: usize = 256 * 1024;

/// What an event must have for `TestEventPattern` (EventBridge API reference).
const MEMBERS: [&str; 7] =
    ["id", "account", "source", "time", "region", "resources", "detail-type"];

impl Model {
    /// `PutEvents`.
    pub fn put_events(&mut self, request: PutEventsRequest) -> Result<PutEventsAnswer, ApiError> {
        if !(1..=10).contains(&request.entries.len()) {
            return Err(invalid(
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
            ));
        }
        if request.entries.iter().map(size).sum::<usize>() >= LARGEST {
            return Err(invalid("Total size of the entries in the request is over the limit."));
        }
        let mut answer = PutEventsAnswer::default();
        for entry in request.entries {
            let result = match self.try_put_event(entry) {
                Ok(id) => PutEventsResult { event_id: Some(id), ..PutEventsResult::default() },
                Err(error) => {
                    answer.failed_entry_count += 1;
                    PutEventsResult {
                        error_code: Some(error.code.to_owned()),
                        error_message: Some(error.message),
                        ..PutEventsResult::default()
                    }
                }
            };
            answer.entries.push(result);
        }
        Ok(answer)
    }

    fn try_put_event(&mut self, entry: PutEventsEntry) -> Result<String, ApiError> {
        let required = |value: Option<String>, name: &str| {
            let text =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| ApiError::new("InvalidArgument", text))
        };
        self.check_bus(entry.event_bus_name.as_deref())?;
        let source = required(entry.source, "Source")?;
        let detail_type = required(entry.detail_type, "DetailType")?;
        let detail = required(entry.detail, "Detail")?;
        if source.starts_with("aws.") {
            let text = "Not authorized for the source.";
            return Err(ApiError::new("NotAuthorizedForSourceException", text));
        }
        let malformed = |_| ApiError::new("MalformedDetail", "Detail is malformed.");
        let detail: Map<String, Value> = serde_json::from_str(&detail).map_err(malformed)?;
        let id = self.bus.draws.uuid();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": self.arns.account,
            "time": seconds(entry.time.unwrap_or(self.now)),
            "region": self.arns.region,
            "resources": entry.resources.unwrap_or_default(),
            "detail": detail,
        });
        self.publish(&event);
        Ok(id)
    }

    /// `TestEventPattern`.
    pub fn test_event_pattern(
        &self,
        request: &TestEventPatternRequest,
    ) -> Result<TestEventPatternAnswer, ApiError> {
        let pattern = Pattern::read(&request.event_pattern)?;
        let refused = |reason: String| {
            let text = format!("Event is not valid. Reason: {reason}");
            ApiError::new("InvalidEventPatternException", text)
        };
        let event: Value =
            serde_json::from_str(&request.event).map_err(|error| refused(error.to_string()))?;
        if let Some(absent) = MEMBERS.iter().find(|name| event.get(**name).is_none()) {
            return Err(refused(format!("{absent} is missing")));
        }
        Ok(TestEventPatternAnswer { result: pattern.matches(&event) })
    }
}

/// What an entry counts (EventBridge user guide: the time is 14 bytes, and each text as many as it has in UTF-8).
fn size(entry: &PutEventsEntry) -> usize {
    let PutEventsEntry { time, source, resources, detail_type, detail, event_bus_name: _ } = entry;
    let texts = [source, detail_type, detail].into_iter().flatten();
    let texts = texts.chain(resources.iter().flatten());
    time.map_or(0, |_| 14) + texts.map(String::len).sum::<usize>()
}
