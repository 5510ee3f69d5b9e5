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

/// What ECS is called where it calls others.
const ECS: &str = "ecs.amazonaws.com";

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

/// Who made a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// A user of the APIs.
    User,
    /// ECS itself, by its service-linked role.
    Ecs,
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
        let mut record = self.record(Caller::User, request);
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
        self.announce_record(operation, record);
    }

    /// Announces a call that ECS makes to Cloud Map for a service or a cluster.
    pub(in crate::model) fn announce_call_by_ecs(
        &mut self,
        operation: &str,
        request: impl FnOnce() -> Value,
    ) {
        if self.is_recorded(operation) {
            let record = self.record(Caller::Ecs, &request());
            self.announce_record(operation, record);
        }
    }

    fn announce_record(&mut self, operation: &str, mut record: Value) {
        let Some((api, name)) = operation.split_once('.') else { return };
        let source = match api {
            "ecs" => "aws.ecs",
            _ => "aws.servicediscovery",
        };
        record["eventSource"] = format!("{api}.amazonaws.com").into();
        record["eventName"] = name.into();
        self.announce(Announcement {
            promise: Promise::BestEffort,
            source,
            detail_type: "AWS API Call via CloudTrail",
            resources: Vec::new(),
            detail: record,
        });
    }

    fn record(&mut self, caller: Caller, request: &Value) -> Value {
        let [request_id, event_id] = [self.bus.draws.uuid(), self.bus.draws.uuid()];
        let [address, agent] = match caller {
            Caller::User => [CALLERS_ADDRESS, self.caller.as_str()],
            Caller::Ecs => [ECS, ECS],
        };
        json!({
            "eventVersion": "1.11",
            "userIdentity": self.identity(caller),
            "eventTime": seconds(self.now),
            "awsRegion": self.arns.region,
            "sourceIPAddress": address,
            "userAgent": agent,
            "requestParameters": shown(request),
            "responseElements": null,
            "requestID": request_id,
            "eventID": event_id,
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": self.arns.account,
            "eventCategory": "Management",
        })
    }

    /// IAM is not modelled: every user is the same session of the same role.
    fn identity(&self, caller: Caller) -> Value {
        let account = &self.arns.account;
        let [role, path, session] = match caller {
            Caller::User => ["simulated", "", "simulated"],
            Caller::Ecs => [
                "AWSServiceRoleForECS",
                "aws-service-role/ecs.amazonaws.com/",
                "ecs-service-scheduler",
            ],
        };
        let id = format!("AROA{:X>17}", role.to_uppercase().chars().take(17).collect::<String>());
        let mut identity = json!({
            "type": "AssumedRole",
            "principalId": format!("{id}:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": id,
                    "arn": format!("arn:aws:iam::{account}:role/{path}{role}"),
                    "accountId": account,
                    "userName": role,
                },
                "attributes": { "creationDate": seconds(self.now), "mfaAuthenticated": "false" },
            },
        });
        match caller {
            Caller::User => identity["accessKeyId"] = "ASIASIMULATEDSIMULATE".into(),
            Caller::Ecs => identity["invokedBy"] = ECS.into(),
        }
        identity
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
