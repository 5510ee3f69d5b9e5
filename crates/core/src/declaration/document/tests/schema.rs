//! The schema: what it says is checked, and everything it lets a user say is read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{WHOLE, parameter};
use crate::declaration::document::conform::{CHECKED, FOR_EDITORS};
use crate::declaration::document::{read, schema};

/// Every keyword, member names of the document left out.
fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
    let Some(object) = schema.as_object() else { return };
    for (keyword, value) in object {
        found.insert(keyword.clone());
        match keyword.as_str() {
            "properties" => {
                value.as_object().into_iter().flatten().for_each(|(_, v)| keywords(v, found));
            }
            "anyOf" | "oneOf" => {
                value.as_array().into_iter().flatten().for_each(|v| keywords(v, found));
            }
            "additionalProperties" | "items" | "propertyNames" => keywords(value, found),
            _ => {}
        }
    }
}

#[test]
fn each_keyword_is_checked_or_known_to_be_for_editors() {
    let mut found = BTreeSet::new();
    keywords(&schema(), &mut found);
    let known = CHECKED.iter().chain(FOR_EDITORS).map(|&keyword| keyword.to_owned()).collect();
    assert_eq!(found, known);
}

#[test]
fn each_object_refuses_unknown_members_and_each_member_says_what_it_is() {
    fn look(schema: &Value, place: &str) {
        if let Some(members) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], false, "{place}");
            for (name, member) in members {
                assert!(member["description"].is_string(), "{place}/{name}");
                look(member, &format!("{place}/{name}"));
            }
        }
        let below =
            ["additionalProperties", "items"].into_iter().filter_map(|keyword| schema.get(keyword));
        below.chain(schema["anyOf"].as_array().into_iter().flatten()).for_each(|s| look(s, place));
    }
    look(&schema(), "");
    assert_eq!(schema()["properties"]["version"]["const"], 1);
}

/// The pointers of all members below `value`.
pub(super) fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let members =
        value.as_object().into_iter().flatten().map(|(name, v)| (name.replace('/', "~1"), v));
    let items = value.as_array().into_iter().flatten().enumerate().map(|(n, v)| (n.to_string(), v));
    for (step, below) in members.chain(items) {
        let at = format!("{at}/{step}");
        pointers(below, &at, found);
        found.push(at);
    }
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (above, step) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(above).expect("it is there") {
        Value::Object(members) => drop(members.remove(&step.replace("~1", "/"))),
        Value::Array(items) => drop(items.remove(step.parse().expect("a number"))),
        _ => unreachable!("only lists and objects have something below them"),
    }
    document
}

#[test]
fn nothing_that_may_stand_in_a_document_is_without_effect() {
    let whole: Value = serde_json::from_str(WHOLE).expect("JSON");
    let says = read(&[parameter("/p", WHOLE)]);
    assert!(says.0.is_some(), "{says:?}");
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    // A namespace that is not to be created says nothing but that it is known.
    for pointer in all.iter().filter(|pointer| !pointer.starts_with("/namespaces/old")) {
        let less = without(&whole, pointer);
        assert_ne!(read(&[parameter("/p", &less.to_string())]), says, "{pointer}");
    }
}

#[test]
fn the_document_with_everything_has_every_member_of_the_schema() {
    fn look(schema: &Value, document: &[&Value], place: &str) {
        let choices = schema["anyOf"].as_array().into_iter().flatten();
        choices.for_each(|schema| look(schema, document, place));
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let below: Vec<&Value> = document.iter().filter_map(|value| value.get(name)).collect();
            assert!(!below.is_empty(), "{place}/{name}");
            look(member, &below, &format!("{place}/{name}"));
        }
        let below: Vec<&Value> =
            document.iter().flat_map(|v| v.as_array().into_iter().flatten()).collect();
        look_below(&schema["items"], &below, place);
        let below: Vec<&Value> = document
            .iter()
            .flat_map(|v| v.as_object().into_iter().flat_map(|o| o.values()))
            .collect();
        look_below(&schema["additionalProperties"], &below, place);
    }
    fn look_below(schema: &Value, document: &[&Value], place: &str) {
        if schema.is_object() {
            look(schema, document, &format!("{place}/*"));
        }
    }
    let whole: Value = serde_json::from_str(WHOLE).expect("JSON");
    look(&schema(), &[&whole], "");
}
