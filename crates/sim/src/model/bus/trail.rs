//! The record that CloudTrail makes of a call, as EventBridge brings it.
//!
//! **Invariant:** every mutating call to ECS and Cloud Map has one, a refused call too; a read has none. What may be
//! secret (environment variables, options of log drivers) is hidden in what was asked and in what was answered
//! (CloudTrail User Guide: record contents).

use serde_json::{Map, Value, json};

use super::envelope::{Announcement, Promise, in_words, seconds};
use crate::model::Model;
use crate::shapes::{ApiError, Time};

/// What CloudTrail writes in place of a secret.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// The APIs whose calls are announced.
const APIS: [&str; 2] = ["ecs", "servicediscovery"];

/// Where the pretend callers sit.
const CALLERS_ADDRESS: &str = "127.0.0.1";

/// What came of a call, as far as its record tells.
#[derive(Debug, Clone)]
pub(in crate::model) enum Outcome {
    /// The answer, with AWS's member names.
    Answered(Value),
    /// The refusal.
    Refused(ApiError),
}

impl Model {
    /// Whether a call such as `ecs.UpdateService` would get a record that somebody reads.
    pub(in crate::model) fn is_recorded(&self, operation: &str) -> bool {
        let api = operation.split('.').next();
        self.is_heard() && api.is_some_and(|api| APIS.contains(&api))
    }

    /// Announces a mutating call, if [`Self::is_recorded`].
    pub(in crate::model) fn announce_call(
        &mut self,
        operation: &str,
        request: &Value,
        outcome: Outcome,
    ) {
        let Some((api, name)) = operation.split_once('.') else { return };
        let source = match api {
            "ecs" => "aws.ecs",
            _ => "aws.servicediscovery",
        };
        let mut detail = self.record(request, outcome);
        detail["eventSource"] = format!("{api}.amazonaws.com").into();
        detail["eventName"] = name.into();
        self.announce(Announcement {
            promise: Promise::BestEffort,
            source,
            detail_type: "AWS API Call via CloudTrail",
            resources: Vec::new(),
            detail,
        });
    }

    fn record(&mut self, request: &Value, outcome: Outcome) -> Value {
        let [request_id, event_id] = [self.bus.draws.uuid(), self.bus.draws.uuid()];
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": self.identity(),
            "eventTime": seconds(self.now),
            "awsRegion": self.arns.region,
            "sourceIPAddress": CALLERS_ADDRESS,
            "userAgent": self.caller,
            "requestParameters": shown(request),
            "responseElements": null,
            "requestID": request_id,
            "eventID": event_id,
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": self.arns.account,
            "eventCategory": "Management",
        });
        match outcome {
            Outcome::Answered(answer) => {
                let empty = answer.as_object().is_none_or(Map::is_empty);
                record["responseElements"] =
                    if empty { Value::Null } else { with_times(shown(&answer)) };
            }
            Outcome::Refused(error) => {
                record["errorCode"] = error.code.into();
                record["errorMessage"] = error.message.into();
            }
        }
        record
    }

    /// Whoever calls: IAM is not modelled, so it is always the same session of the same role.
    fn identity(&self) -> Value {
        const ROLE: &str = "AROASIMULATEDSIMULATE";
        let account = &self.arns.account;
        json!({
            "type": "AssumedRole",
            "principalId": format!("{ROLE}:simulated"),
            "arn": self.arns.caller(),
            "accountId": account,
            "accessKeyId": "ASIASIMULATEDSIMULATE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": ROLE,
                    "arn": format!("arn:aws:iam::{account}:role/simulated"),
                    "accountId": account,
                    "userName": "simulated",
                },
                "attributes": { "creationDate": seconds(self.now), "mfaAuthenticated": "false" },
            },
        })
    }
}

/// A request or an answer as CloudTrail shows it: members in camelCase, secrets hidden.
fn shown(value: &Value) -> Value {
    match value {
        Value::Array(entries) => entries.iter().map(shown).collect(),
        Value::Object(members) => {
            let show = |(name, value): (&String, &Value)| {
                let shown = match (name.as_str(), value) {
                    ("environment", Value::Array(entries)) => {
                        entries.iter().map(|entry| hidden(shown(entry), "value")).collect()
                    }
                    ("options", Value::Object(options)) => {
                        let hide = |name: &String| (name.clone(), Value::from(HIDDEN));
                        Value::Object(options.keys().map(hide).collect())
                    }
                    (_, value) => shown(value),
                };
                (camel(name), shown)
            };
            Value::Object(members.iter().map(show).collect())
        }
        value => value.clone(),
    }
}

fn hidden(mut entry: Value, member: &str) -> Value {
    if let Some(value) = entry.get_mut(member) {
        *value = HIDDEN.into();
    }
    entry
}

/// `NamespaceId` as `namespaceId`. A name that is no member of AWS's, such as `AWS_INSTANCE_PORT`, stays.
fn camel(name: &str) -> String {
    let mut characters = name.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_ascii_uppercase() && second != '_' => {
            first.to_ascii_lowercase().to_string() + characters.as_str()
        }
        _ => name.to_owned(),
    }
}

/// The instants of an answer in words.
fn with_times(mut value: Value) -> Value {
    fn is_instant(name: &str) -> bool {
        name.ends_with("At") || name.ends_with("Date")
    }
    match &mut value {
        Value::Array(entries) => {
            for entry in entries {
                *entry = with_times(entry.take());
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let instant = serde_json::from_value::<Time>(member.clone());
                *member = match instant {
                    Ok(instant) if is_instant(name) => in_words(instant).into(),
                    _ => with_times(member.take()),
                };
            }
        }
        _ => {}
    }
    value
}
