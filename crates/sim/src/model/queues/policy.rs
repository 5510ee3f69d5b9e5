//! Whether a queue's policy lets EventBridge send messages for a rule.
//!
//! **Invariant:** nothing is allowed that no statement allows, and a statement that denies wins. A condition that this
//! file does not know is not fulfilled, so that a policy that works here works at AWS (IAM User Guide: policy evaluation
//! logic; EventBridge User Guide: resource-based policies for SQS).

use serde_json::{Map, Value};

/// The principal that sends.
const SENDER: &str = "events.amazonaws.com";

/// The policy of one queue.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    statements: Vec<Value>,
}

/// A message that EventBridge wants to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending<'a> {
    /// The queue's ARN.
    pub(super) queue: &'a str,
    /// The rule's ARN.
    pub(super) rule: &'a str,
    /// The rule's account.
    pub(super) account: &'a str,
}

impl Policy {
    /// Reads a policy; an empty one is none.
    pub(super) fn read(text: &str) -> Result<Option<Self>, ()> {
        if text.is_empty() {
            return Ok(None);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| ())?;
        let statements = listed(value.get("Statement").ok_or(())?).to_vec();
        let complete = |statement: &Value| {
            let has = |name: &str| statement.get(name).is_some();
            matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"))
                && (has("Principal") || has("NotPrincipal"))
                && (has("Action") || has("NotAction"))
        };
        statements.iter().all(complete).then_some(Some(Self { statements })).ok_or(())
    }

    /// Whether EventBridge may send this.
    pub(super) fn lets_send(&self, sending: Sending<'_>) -> bool {
        let concerns = |statement: &&Value| concerns(statement, sending);
        let effects: Vec<_> =
            self.statements.iter().filter(concerns).map(|each| each["Effect"].as_str()).collect();
        effects.contains(&Some("Allow")) && !effects.contains(&Some("Deny"))
    }
}

fn concerns(statement: &Value, sending: Sending<'_>) -> bool {
    let principal = match &statement["Principal"] {
        Value::String(everybody) => everybody == "*",
        principal => [("Service", SENDER), ("Service", "*"), ("AWS", "*")]
            .iter()
            .any(|(kind, name)| texts(&principal[*kind]).any(|text| text == *name)),
    };
    let action = texts(&statement["Action"])
        .any(|action| is_like(&action.to_lowercase(), "sqs:sendmessage"));
    let resource = statement
        .get("Resource")
        .is_none_or(|resource| texts(resource).any(|resource| is_like(resource, sending.queue)));
    let conditions = statement.get("Condition").and_then(Value::as_object);
    principal && action && resource && conditions.is_none_or(|all| fulfilled(all, sending))
}

fn fulfilled(conditions: &Map<String, Value>, sending: Sending<'_>) -> bool {
    conditions.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return false };
        keys.iter().all(|(key, wanted)| {
            let actual = match key.to_lowercase().as_str() {
                "aws:sourcearn" => sending.rule,
                "aws:sourceaccount" => sending.account,
                _ => return false,
            };
            texts(wanted).any(|wanted| match operator.as_str() {
                "ArnEquals" | "ArnLike" | "StringLike" => is_like(wanted, actual),
                "StringEquals" => wanted == actual,
                _ => false,
            })
        })
    })
}

/// The entries of a list, or the one value that stands alone.
fn listed(value: &Value) -> &[Value] {
    match value {
        Value::Array(entries) => entries,
        one => std::slice::from_ref(one),
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    listed(value).iter().filter_map(Value::as_str)
}

/// Whether a text has the form of a pattern with `*` in it.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SENDING: Sending<'_> =
        Sending { queue: "arn:aws:sqs:r:1:q", rule: "arn:aws:events:r:1:rule/a", account: "1" };

    fn lets(statement: &Value) -> bool {
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        Policy::read(&text).unwrap().unwrap().lets_send(SENDING)
    }

    fn allow(more: &Value) -> Value {
        let mut statement = json!({
            "Effect": "Allow", "Principal": {"Service": SENDER}, "Action": "sqs:SendMessage",
            "Resource": SENDING.queue,
        });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        statement
    }

    #[test]
    fn a_statement_for_eventbridge_lets_it_send() {
        for more in [
            json!({}),
            json!({"Principal": "*"}),
            json!({"Principal": {"AWS": "*"}}),
            json!({"Action": ["SQS:*"]}),
            json!({"Resource": "*"}),
            json!({"Condition": {"ArnEquals": {"aws:SourceArn": SENDING.rule}}}),
            json!({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:*:1:rule/*"}}}),
            json!({"Condition": {"StringEquals": {"aws:SourceAccount": ["2", "1"]}}}),
        ] {
            assert!(lets(&allow(&more)), "{more}");
        }
    }

    #[test]
    fn everything_else_does_not() {
        for more in [
            json!({"Principal": {"Service": "sns.amazonaws.com"}}),
            json!({"Principal": {"AWS": "arn:aws:iam::1:root"}}),
            json!({"Action": "sqs:ReceiveMessage"}),
            json!({"Resource": "arn:aws:sqs:r:1:other"}),
            json!({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:r:1:rule/b"}}}),
            json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}),
            json!({"Effect": "Deny"}),
        ] {
            assert!(!lets(&allow(&more)), "{more}");
        }
        assert!(!lets(&json!([allow(&json!({})), allow(&json!({"Effect": "Deny"}))])));
    }
}
