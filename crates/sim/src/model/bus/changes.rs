//! What AWS announces of changed tags and parameters. Both are of best effort (EventBridge Reference).

use std::collections::BTreeMap;

use serde_json::json;

use super::envelope::{Announcement, Promise};
use crate::model::Model;

/// The tags of one resource, before and after a change.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct TagChange<'a> {
    /// The resource's ARN.
    pub(in crate::model) arn: &'a str,
    pub(in crate::model) before: &'a BTreeMap<String, String>,
    pub(in crate::model) after: &'a BTreeMap<String, String>,
}

impl TagChange<'_> {
    /// The keys whose tags were added, changed or removed.
    fn keys(&self) -> Vec<&String> {
        let all = self.before.keys().chain(self.after.keys());
        let mut keys: Vec<_> =
            all.filter(|key| self.before.get(*key) != self.after.get(*key)).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// What became of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum ParameterOperation {
    Create,
    Update,
    Delete,
}

impl ParameterOperation {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// A parameter that was changed: its name, type and description, never its value.
#[derive(Debug, Clone)]
pub(in crate::model) struct ParameterChange {
    pub(in crate::model) operation: ParameterOperation,
    pub(in crate::model) name: String,
    pub(in crate::model) kind: &'static str,
    pub(in crate::model) description: Option<String>,
}

impl Model {
    /// Tags were set or removed. Setting what stands already changes nothing, and nothing is announced.
    pub(in crate::model) fn announce_tags(&mut self, change: TagChange<'_>) {
        if !self.is_heard() || !self.events.tag_change {
            return;
        }
        let keys = change.keys();
        // arn:aws:<service>:<region>:<account>:<type>/…
        let mut parts = change.arn.splitn(6, ':').skip(2);
        let (Some(service), Some(path)) = (parts.next(), parts.nth(2)) else { return };
        if keys.is_empty() {
            return;
        }
        let version = self.bus.tag_versions.entry(change.arn.to_owned()).or_default();
        *version += 1;
        let detail = json!({
            "changed-tag-keys": keys,
            "service": service,
            "resource-type": path.split('/').next(),
            "version": *version,
            "tags": change.after,
        });
        self.announce(Announcement {
            promise: Promise::BestEffort,
            source: "aws.tag",
            detail_type: "Tag Change on Resource",
            resources: vec![change.arn.to_owned()],
            detail,
        });
    }

    /// A parameter was written or deleted.
    pub(in crate::model) fn announce_parameter(&mut self, change: ParameterChange) {
        if !self.is_heard() {
            return;
        }
        let mut detail = json!({
            "operation": change.operation.name(),
            "name": change.name,
            "type": change.kind,
        });
        if let Some(description) = change.description {
            detail["description"] = description.into();
        }
        self.announce(Announcement {
            promise: Promise::BestEffort,
            source: "aws.ssm",
            detail_type: "Parameter Store Change",
            resources: vec![self.arns.parameter(&change.name)],
            detail,
        });
    }
}
