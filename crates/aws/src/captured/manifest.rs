//! The manifest of a captured folder: what it holds, and the calls that could not be made.
//!
//! Where captures are read in place of AWS, a call that was refused is refused once more, in the same words.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::capture::{Captures, MANIFEST, NotACapture, Spot, items, word};
use super::refused::{Call, Refused};
use crate::text::one_line;

/// The format of manifests that is written, and the only one that is read.
const FORMAT: u64 = 1;

impl Captures {
    /// The calls that could not be made, one line each: what was asked and why it has no answer.
    pub fn unread(&self) -> Vec<String> {
        let lines = self.refused.iter().map(|(call, refused)| {
            one_line(&format!("{}.{} {}: {}", call.api, call.name, call.request, refused.words()))
        });
        let failures = self.undescribed.iter().map(|((cluster, name), failure)| {
            let reason = failure.get("reason").and_then(Value::as_str).unwrap_or("?");
            one_line(&format!("ecs.DescribeServices {cluster}/{name}: {reason}"))
        });
        lines.chain(failures).collect()
    }

    /// The manifest: what `about` says, the files, and the calls that could not be made.
    pub(super) fn manifest(&self, about: &Value, files: &[String]) -> Value {
        let calls = self.refused.iter().map(|(call, refused)| {
            let request: Value = serde_json::from_str(&call.request).unwrap_or_default();
            json!({
                "call": format!("{}.{}", call.api, call.name), "request": request,
                "kind": refused.kind, "code": refused.code, "message": refused.message,
            })
        });
        let calls: Vec<Value> = calls.collect();
        let failures = self.undescribed.iter().map(|((cluster, name), failure)| {
            json!({"cluster": cluster, "service": name, "failure": failure})
        });
        let failures: Vec<Value> = failures.collect();
        let mut members = Map::new();
        members.insert("format".to_owned(), json!(FORMAT));
        members.extend(about.as_object().cloned().unwrap_or_default());
        members.insert("files".to_owned(), json!(files));
        members.insert("notRead".to_owned(), json!(calls));
        members.insert("notDescribed".to_owned(), json!(failures));
        json!({MANIFEST: members})
    }

    /// Reads a manifest.
    pub(super) fn add_manifest(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let manifest = &members[MANIFEST];
        let spot = spot.below(MANIFEST);
        let format = manifest.get("format").and_then(Value::as_u64);
        if format != Some(FORMAT) {
            let found = "its format is not 1, the only one that this eastwest reads: take the eastwest that captured it";
            return Err(spot.wrong(found));
        }
        let clusters = items(manifest, "clusters").iter().filter_map(Value::as_str);
        self.watched.get_or_insert_default().extend(clusters.map(str::to_owned));
        for call in items(manifest, "notRead") {
            let (api, name) = word(call, "call").split_once('.').unwrap_or_default();
            let key = Call::of(api, name, call.get("request").unwrap_or(&Value::Null));
            let code = call.get("code").and_then(Value::as_str).map(str::to_owned);
            let (kind, message) = (word(call, "kind").to_owned(), word(call, "message").to_owned());
            self.refused.insert(key, Refused { kind, code, message });
        }
        for each in items(manifest, "notDescribed") {
            let key = (word(each, "cluster").to_owned(), word(each, "service").to_owned());
            self.undescribed.insert(key, each.get("failure").cloned().unwrap_or_default());
        }
        Ok(())
    }

    /// The refusal of a call that was refused when this was captured.
    pub(super) fn refusal(&self, api: &str, name: &str, request: &Value) -> Option<&Refused> {
        self.refused.get(&Call::of(api, name, request))
    }

    /// What could not be read when this was captured, for people: a line for each call.
    pub(super) fn refused_notes(&self) -> Vec<String> {
        let mut calls: BTreeMap<(&str, &str), (usize, String)> = BTreeMap::new();
        for (call, refused) in &self.refused {
            let entry =
                calls.entry((&call.api, &call.name)).or_insert_with(|| (0, refused.words()));
            entry.0 += 1;
        }
        let lines = calls.into_iter().map(|((api, name), (count, words))| {
            let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            one_line(&format!(
                "{api}.{name} could not be read {times} when this was captured: {words}"
            ))
        });
        lines.collect()
    }
}
