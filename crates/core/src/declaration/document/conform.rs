//! Compares a tree with the schema: each value that does not have the shape of a document becomes an issue.
//!
//! It knows the few keywords in `CHECKED`. The other keywords of the schema (`FOR_EDITORS`) are for editors; the
//! readers in [`crate::declaration::value`] check the same with better messages. A test holds the schema to these two
//! lists.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::{At, Report};
use super::tree::Node;
use crate::ecs::text::nearest;

/// The keywords that are looked at.
#[cfg(test)]
pub(super) const CHECKED: &[&str] = &[
    "additionalProperties",
    "anyOf",
    "const",
    "items",
    "maximum",
    "minItems",
    "minProperties",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "type",
];

/// The keywords that are there for editors and people.
#[cfg(test)]
pub(super) const FOR_EDITORS: &[&str] = &[
    "$id",
    "$schema",
    "description",
    "format",
    "maxLength",
    "minLength",
    "pattern",
    "propertyNames",
    "title",
];

/// Reports what the schema does not allow in the value here and in all values below it.
pub(super) fn conform(at: &At<'_>, schema: &Value, report: &mut Report<'_>) {
    let mut choices = Vec::new();
    gather(schema, &mut choices);
    let fitting: Vec<&Value> =
        choices.iter().copied().filter(|choice| is_of_type(at.node, choice)).collect();
    let words: Option<Vec<&Value>> = fitting.iter().map(|choice| choice.get("const")).collect();
    match (fitting.first(), words) {
        (None, _) => report.refuse(at, wanted(&choices), None),
        (Some(_), Some(words)) => {
            if !words.iter().any(|word| is_equal(at.node, word)) {
                let known = words.iter().filter_map(|word| word.as_str());
                let near = at.node.text().map(|text| text.trim().to_ascii_lowercase());
                let near = near.and_then(|text| nearest(&text, known));
                report.refuse(at, wanted(&choices), near);
            }
        }
        (Some(choice), None) => match at.node {
            Node::Members(_) => object(at, choice, report),
            Node::List(_) => list(at, choice, report),
            Node::Whole(number) if !is_within(*number, choice) => {
                report.refuse(at, kind(choice), None);
            }
            _ => {}
        },
    }
}

fn object(at: &At<'_>, schema: &Value, report: &mut Report<'_>) {
    let known = &schema["properties"];
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let mut seen = BTreeSet::new();
    for (number, (name, member)) in (1..).zip(at.members()) {
        match known.get(name).or(others) {
            None => unknown(at, &Member { number, name, at: member }, schema, report),
            Some(schema) if seen.insert(name) => conform(&member, schema, report),
            Some(_) => {
                report.refuse_name(
                    &member,
                    name,
                    "each member once: remove this repeated one",
                    None,
                );
            }
        }
    }
    for name in names(&schema["required"]).filter(|name| !seen.contains(name)) {
        let mut choices = Vec::new();
        gather(&known[name], &mut choices);
        report.miss(at, name, format!("required: {}", wanted(&choices)));
    }
    if at.node.members().is_empty() && schema.get("minProperties").is_some() {
        report.refuse(at, format!("at least one of {}", listed(&members(schema), "and")), None);
    }
}

/// A member of an object, with its number from 1.
struct Member<'a> {
    number: usize,
    name: &'a str,
    at: At<'a>,
}

/// Reports a member that the schema does not know. If the text is hidden, its number stands for its name.
fn unknown(at: &At<'_>, member: &Member<'_>, schema: &Value, report: &mut Report<'_>) {
    let members = members(schema);
    let Member { number, name, at: member } = member;
    let near = nearest(name, members.iter().copied());
    let allowed = format!("the members here are {}", listed(&members, "and"));
    if report.is_hidden() {
        report.refuse(at, format!("member {number} is unknown; {allowed}"), near);
    } else {
        report.refuse_name(member, name, format!("no such member; {allowed}"), near);
    }
}

fn list(at: &At<'_>, schema: &Value, report: &mut Report<'_>) {
    if at.node.items().is_empty() && schema.get("minItems").is_some() {
        report.refuse(at, "at least one item: add one, or leave the member out", None);
    }
    for item in at.items() {
        conform(&item, &schema["items"], report);
    }
}

/// Collects the alternatives of a schema, nested ones too. A schema without alternatives is its own.
fn gather<'a>(schema: &'a Value, choices: &mut Vec<&'a Value>) {
    match schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array) {
        Some(each) => each.iter().for_each(|schema| gather(schema, choices)),
        None => choices.push(schema),
    }
}

fn is_of_type(node: &Node, schema: &Value) -> bool {
    let name = match node {
        Node::Null => "null",
        Node::Flag(_) => "boolean",
        Node::Whole(_) => "integer",
        Node::Fraction(_) => "number",
        Node::Text(_) => "string",
        Node::List(_) => "array",
        Node::Members(_) => "object",
    };
    schema["type"] == name
}

fn is_equal(node: &Node, word: &Value) -> bool {
    node.text().is_some_and(|text| word == text)
        || node.whole().is_some_and(|number| word.as_i64().map(i128::from) == Some(number))
}

fn is_within(number: i128, schema: &Value) -> bool {
    let bound = |name: &str| schema[name].as_i64().map(i128::from);
    bound("minimum").is_none_or(|least| least <= number)
        && bound("maximum").is_none_or(|most| number <= most)
}

/// What these alternatives allow, in words.
fn wanted(choices: &[&Value]) -> String {
    let words: Vec<String> = choices.iter().map(|choice| kind(choice)).collect();
    listed(&words.iter().map(String::as_str).collect::<Vec<_>>(), "or")
}

fn kind(schema: &Value) -> String {
    match (&schema["const"], schema["type"].as_str()) {
        (Value::String(word), _) => word.clone(),
        (Value::Null, Some("string")) => "a text".to_owned(),
        (Value::Null, Some("boolean")) => "true or false".to_owned(),
        (Value::Null, Some("array")) => "a list".to_owned(),
        (Value::Null, Some("integer")) => {
            format!("a whole number from {} to {}", schema["minimum"], schema["maximum"])
        }
        (Value::Null, _) => match members(schema).as_slice() {
            [] => "an object".to_owned(),
            members => format!("an object with {}", listed(members, "and")),
        },
        (number, _) => format!("the number {number}"),
    }
}

fn members(schema: &Value) -> Vec<&str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// `a, b or c`.
fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., end] => format!("{} {last} {end}", others.join(", ")),
    }
}
