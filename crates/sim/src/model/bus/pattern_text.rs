//! Reads an event pattern, and refuses what EventBridge would refuse.
//!
//! **Invariant:** a pattern that can match nothing because of its form is refused, never stored: a value that is not in
//! a list, an empty list or object, an operator that does not exist, an operand of the wrong type (EventBridge User
//! Guide: event patterns; comparison operators; the checks are those of AWS's library event-ruler).

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::pattern::{Bound, Fields, Glob, Network, Node, Operator, Pattern, Test, Words};
use crate::shapes::ApiError;

/// EventBridge takes numbers up to five billions, either side of zero (EventBridge User Guide: numeric matching).
const NUMBER_MAX: f64 = 5_000_000_000.0;

impl Pattern {
    /// Reads a pattern, or says why EventBridge refuses it.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        let members = value.as_object().ok_or_else(|| refused("Filter is not an object"))?;
        fields(members).map(Self).map_err(refused)
    }
}

/// The refusal of a pattern.
fn refused(reason: impl AsRef<str>) -> ApiError {
    let text = format!("Event pattern is not valid. Reason: {}", reason.as_ref());
    ApiError::new("InvalidEventPatternException", text)
}

fn fields(members: &Map<String, Value>) -> Result<Fields, String> {
    if members.is_empty() {
        return Err("Empty objects are not allowed".to_owned());
    }
    let mut read = Fields::default();
    for (name, value) in members {
        if name == "$or" {
            read.any_of = alternatives(value)?;
            continue;
        }
        let node = match value {
            Value::Object(members) => Node::Object(fields(members)?),
            Value::Array(entries) => Node::Leaf(tests(entries)?),
            _ => return Err(format!("\"{name}\" must be an object or an array")),
        };
        read.members.insert(name.clone(), node);
    }
    Ok(read)
}

fn alternatives(value: &Value) -> Result<Vec<Fields>, String> {
    let form = || "\"$or\" must be an array of objects".to_owned();
    let entries = value.as_array().filter(|list| !list.is_empty()).ok_or_else(form)?;
    entries.iter().map(|entry| fields(entry.as_object().ok_or_else(form)?)).collect()
}

fn tests(entries: &[Value]) -> Result<Vec<Test>, String> {
    if entries.is_empty() {
        return Err("Empty arrays are not allowed".to_owned());
    }
    entries.iter().map(test).collect()
}

fn test(entry: &Value) -> Result<Test, String> {
    match entry {
        Value::Array(_) => {
            Err("Match value must be String, number, true, false, or null".to_owned())
        }
        Value::Object(members) => {
            let mut members = members.iter();
            match [members.next(), members.next()] {
                [Some((operator, operand)), None] => operation(operator, operand),
                _ => Err("Only one key allowed in match expression".to_owned()),
            }
        }
        value => Ok(Test::Equals(value.clone())),
    }
}

fn operation(operator: &str, operand: &Value) -> Result<Test, String> {
    match operator {
        "prefix" => Ok(Test::Prefix(words(operator, operand)?)),
        "suffix" => Ok(Test::Suffix(words(operator, operand)?)),
        "equals-ignore-case" => Ok(Test::IgnoreCase(text(operator, operand)?)),
        "wildcard" => wildcard(&text(operator, operand)?),
        "exists" => match operand.as_bool() {
            Some(wanted) => Ok(Test::Exists(wanted)),
            None => Err("exists match pattern must be either true or false.".to_owned()),
        },
        "numeric" => numeric(operand),
        "cidr" => cidr(&text(operator, operand)?),
        "anything-but" => anything_but(operand),
        _ => Err(format!("Unrecognized match type {operator}")),
    }
}

fn text(operator: &str, operand: &Value) -> Result<String, String> {
    let text = operand.as_str().map(str::to_owned);
    text.ok_or_else(|| format!("{operator} match pattern must be a string"))
}

/// A text, or `{"equals-ignore-case": text}`.
fn words(operator: &str, operand: &Value) -> Result<Words, String> {
    let inner = operand.as_object().filter(|members| members.len() == 1);
    let ignoring = inner.and_then(|members| members.get("equals-ignore-case"));
    let text = text(operator, ignoring.unwrap_or(operand))?;
    Ok(Words { text, ignore_case: ignoring.is_some() })
}

fn wildcard(pattern: &str) -> Result<Test, String> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let part = match character {
            '\\' => match characters.next() {
                Some(escaped @ ('*' | '\\')) => Glob::Is(escaped),
                _ => return Err("Invalid escape character in wildcard".to_owned()),
            },
            '*' if parts.last() == Some(&Glob::Any) => {
                return Err("Consecutive wildcard characters are not allowed".to_owned());
            }
            '*' => Glob::Any,
            other => Glob::Is(other),
        };
        parts.push(part);
    }
    Ok(Test::Wildcard(parts))
}

fn numeric(operand: &Value) -> Result<Test, String> {
    let form = || "numeric match pattern must be an array of operators and numbers".to_owned();
    let entries = operand.as_array().ok_or_else(form)?;
    if !matches!(entries.len(), 2 | 4) {
        return Err(form());
    }
    let bounds: Vec<Bound> = entries.chunks(2).map(bound).collect::<Result<_, _>>()?;
    if let [lower, upper] = bounds.as_slice() {
        let is_lower = matches!(lower.operator, Operator::Greater | Operator::AtLeast);
        let is_upper = matches!(upper.operator, Operator::Less | Operator::AtMost);
        if !is_lower || !is_upper {
            return Err("a numeric range must begin with > or >= and end with < or <=".to_owned());
        }
        if lower.number >= upper.number {
            return Err("Bottom must be less than top".to_owned());
        }
    }
    Ok(Test::Numeric(bounds))
}

fn bound(pair: &[Value]) -> Result<Bound, String> {
    let operator = match pair.first().and_then(Value::as_str) {
        Some("<") => Operator::Less,
        Some("<=") => Operator::AtMost,
        Some("=") => Operator::Equal,
        Some(">=") => Operator::AtLeast,
        Some(">") => Operator::Greater,
        _ => return Err("Unrecognized numeric range operator".to_owned()),
    };
    let number = pair.get(1).and_then(Value::as_f64);
    let number = number.ok_or("Value of a numeric match must be numeric")?;
    if number.abs() > NUMBER_MAX {
        return Err(format!("Value must be between -{NUMBER_MAX} and {NUMBER_MAX}"));
    }
    Ok(Bound { operator, number })
}

fn cidr(text: &str) -> Result<Test, String> {
    let form = || format!("Malformed CIDR {text}");
    let (address, bits) = text.split_once('/').ok_or_else(form)?;
    let address: IpAddr = address.parse().map_err(|_| form())?;
    let bits: u32 = bits.parse().map_err(|_| form())?;
    if bits > if address.is_ipv4() { 32 } else { 128 } {
        return Err(form());
    }
    Ok(Test::Cidr(Network { address, bits }))
}

fn anything_but(operand: &Value) -> Result<Test, String> {
    let tests = match operand {
        Value::Object(members) => {
            let mut members = members.iter();
            let [Some((operator, operand)), None] = [members.next(), members.next()] else {
                return Err("Only one key allowed in match expression".to_owned());
            };
            let allowed = ["prefix", "suffix", "equals-ignore-case", "wildcard"];
            if !allowed.contains(&operator.as_str()) {
                return Err(format!("Unsupported anything-but pattern: {operator}"));
            }
            let each = |operand: &Value| match operand.as_str() {
                Some("") | None => Err(format!("{operator} match pattern must be a string")),
                Some(_) => operation(operator, operand),
            };
            listed(operand).iter().map(each).collect::<Result<Vec<_>, _>>()?
        }
        operand => {
            let values = listed(operand);
            let alike = values.iter().all(Value::is_string) || values.iter().all(Value::is_number);
            if !alike {
                let text = "Inside anything but list, either all values are number or string, mixed type is not supported";
                return Err(text.to_owned());
            }
            values.iter().map(|value| Test::Equals(value.clone())).collect()
        }
    };
    if tests.is_empty() {
        return Err("Empty arrays are not allowed".to_owned());
    }
    Ok(Test::AnythingBut(tests))
}

/// The entries of a list, or the one value that stands alone.
fn listed(operand: &Value) -> &[Value] {
    match operand {
        Value::Array(entries) => entries,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EVENT: &str = r#"{
        "source": "aws.ecs", "account": "123456789012", "count": 7, "ratio": 0.5, "empty": "", "none": null, "on": true,
        "resources": ["arn:aws:ecs:eu-west-1:1:service/prod/web", "second"], "address": "10.0.1.7",
        "detail": {"eventName": "TagResource", "user": {"name": "CI-Bot"}, "tags": [{"k": "a", "v": "1"}, {"k": "b", "v": "2"}]}
    }"#;

    fn matches(pattern: &Value) -> bool {
        let event: Value = serde_json::from_str(EVENT).unwrap();
        Pattern::read(&pattern.to_string()).unwrap().matches(&event)
    }

    #[test]
    fn an_event_matches_what_says_so_of_it() {
        for pattern in [
            json!({"source": ["aws.ecs"]}),
            json!({"source": ["aws.tag", "aws.ecs"], "detail": {"eventName": ["TagResource"]}}),
            json!({"resources": ["second"]}),
            json!({"resources": [{"prefix": "arn:aws:ecs:"}]}),
            json!({"resources": [{"suffix": "/web"}]}),
            json!({"detail": {"user": {"name": [{"equals-ignore-case": "ci-bot"}]}}}),
            json!({"detail": {"user": {"name": [{"prefix": {"equals-ignore-case": "ci-"}}]}}}),
            json!({"detail": {"user": {"name": [{"wildcard": "C*B*t"}]}}}),
            json!({"count": [7]}),
            json!({"on": [true]}),
            json!({"none": [null]}),
            json!({"empty": [""]}),
            json!({"count": [{"numeric": [">", 5, "<=", 7]}]}),
            json!({"ratio": [{"numeric": ["=", 0.5]}]}),
            json!({"address": [{"cidr": "10.0.0.0/16"}]}),
            json!({"source": [{"anything-but": "aws.tag"}]}),
            json!({"source": [{"anything-but": ["aws.tag", "aws.ssm"]}]}),
            json!({"count": [{"anything-but": [1, 2]}]}),
            json!({"source": [{"anything-but": {"prefix": "aws.t"}}]}),
            json!({"source": [{"anything-but": {"suffix": ["tag", "ssm"]}}]}),
            json!({"source": [{"anything-but": {"wildcard": "*tag*"}}]}),
            json!({"source": [{"exists": true}], "nothing": [{"exists": false}]}),
            json!({"detail": {"errorCode": [{"exists": false}]}}),
            json!({"no": {"such": {"place": [{"exists": false}]}}}),
            json!({"detail": {"tags": {"k": ["b"], "v": ["2"]}}}),
            json!({"$or": [{"source": ["x"]}, {"count": [7]}], "account": ["123456789012"]}),
            json!({"detail": {"$or": [{"eventName": ["x"]}, {"user": {"name": ["CI-Bot"]}}]}}),
        ] {
            assert!(matches(&pattern), "{pattern}");
        }
    }

    #[test]
    fn an_event_does_not_match_what_is_not_so() {
        for pattern in [
            json!({"source": ["aws.tag"]}),
            json!({"source": ["aws.ecs"], "detail": {"eventName": ["x"]}}),
            json!({"source": [{"prefix": "ecs"}]}),
            json!({"source": [{"suffix": "aws"}]}),
            json!({"source": [{"wildcard": "*tag"}]}),
            json!({"source": ["AWS.ECS"]}),
            json!({"count": ["7"]}),
            json!({"count": [7.0]}),
            json!({"count": [{"numeric": ["<", 7]}]}),
            json!({"account": [{"numeric": [">", 0]}]}),
            json!({"address": [{"cidr": "10.0.2.0/24"}]}),
            json!({"source": [{"anything-but": ["aws.ecs"]}]}),
            json!({"source": [{"anything-but": {"prefix": "aws."}}]}),
            json!({"nothing": [{"anything-but": "x"}]}),
            json!({"source": [{"exists": false}]}),
            json!({"detail": [{"exists": true}]}),
            json!({"detail": {"tags": {"k": ["a"], "v": ["2"]}}}),
            json!({"$or": [{"source": ["x"]}, {"count": [8]}]}),
            json!({"$or": [{"source": ["aws.ecs"]}], "count": [8]}),
        ] {
            assert!(!matches(&pattern), "{pattern}");
        }
    }

    #[test]
    fn what_eventbridge_refuses_is_refused() {
        for pattern in [
            "",
            "[]",
            "7",
            "{}",
            "{\"a\": [",
            r#"{"a": "b"}"#,
            r#"{"a": []}"#,
            r#"{"a": {}}"#,
            r#"{"a": [["b"]]}"#,
            r#"{"a": [{}]}"#,
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            r#"{"a": [{"contains": "x"}]}"#,
            r#"{"a": [{"prefix": 7}]}"#,
            r#"{"a": [{"exists": "yes"}]}"#,
            r#"{"a": [{"numeric": [">"]}]}"#,
            r#"{"a": [{"numeric": ["~", 1]}]}"#,
            r#"{"a": [{"numeric": [">", "1"]}]}"#,
            r#"{"a": [{"numeric": [">", 5, "<", 1]}]}"#,
            r#"{"a": [{"numeric": ["=", 6000000000]}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0"}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#,
            r#"{"a": [{"anything-but": [1, "x"]}]}"#,
            r#"{"a": [{"anything-but": []}]}"#,
            r#"{"a": [{"anything-but": {"exists": true}}]}"#,
            r#"{"a": [{"anything-but": null}]}"#,
            r#"{"a": [{"wildcard": "a**b"}]}"#,
            r#"{"a": [{"wildcard": "a\\b"}]}"#,
            r#"{"$or": []}"#,
            r#"{"$or": ["x"]}"#,
            r#"{"$or": {"a": ["b"]}}"#,
        ] {
            let error = Pattern::read(pattern).unwrap_err();
            assert_eq!(error.code, "InvalidEventPatternException", "{pattern}");
            let text = "Event pattern is not valid. Reason: ";
            assert!(error.message.starts_with(text), "{pattern}: {}", error.message);
        }
    }
}
