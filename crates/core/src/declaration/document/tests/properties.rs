//! What holds of every document and of every text.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value};

use super::generate::{declaration, services};
use super::{WHOLE, parameter, secret};
use crate::declaration::document::{read, read_entry, write};
use crate::declaration::issue::{Issue, Weight};
use crate::ecs::parameter::Parameter;
use crate::ecs::service_key::ServicePath;

/// A text that is JSON, often nearly a document: its words, its nesting, few values.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(&["client", "none", "http", "prod/web", "5m", "20%", "arn:aws:a:b:c:d"])
            .prop_map(Value::from),
        select(&[1, 8080, 65_535]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        let name = prop_oneof![4 => select(WORDS).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

const WORDS: &[&str] = &[
    "version",
    "namespaces",
    "defaults",
    "services",
    "claims",
    "limits",
    "freeze",
    "type",
    "vpc",
    "create",
    "namespace",
    "discoveryName",
    "prod/web",
    "mode",
    "endpoints",
    "port",
    "alias",
    "timeout",
    "idle",
    "tls",
    "ca",
    "logs",
    "driver",
    "options",
    "accessLogs",
    "format",
    "needs",
    "pause",
    "massChange",
];

/// The document with everything, with a value of it replaced.
fn nearly() -> impl Strategy<Value = String> {
    (any::<prop::sample::Index>(), json()).prop_map(|(at, value)| {
        let mut whole: Value = serde_json::from_str(WHOLE).expect("JSON");
        let mut places = Vec::new();
        super::schema::pointers(&whole, "", &mut places);
        *whole.pointer_mut(at.get::<String>(&places)).expect("it is there") = value;
        whole.to_string()
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200)
            .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        1 => any::<String>(),
        3 => json().prop_map(|value| value.to_string()),
        3 => nearly(),
    ]
}

/// Documents that share few names, so that they agree and contradict each other.
fn parts() -> impl Strategy<Value = Vec<Parameter>> {
    let lines = vec![
        r#""services":{"prod/web":{"mode":"client"}}"#,
        r#""services":{"prod/web":{"mode":"off"},"prod/api":{"mode":"client"}}"#,
        r#""claims":{"pay":["prod/web"]}"#,
        r#""claims":{"pay":["prod/api"]}"#,
        r#""limits":{"massChange":5}"#,
        r#""limits":{"massChange":"5%","rolloutsPerCluster":2}"#,
        r#""namespaces":{"shop":{"type":"http","create":true}}"#,
        r#""namespaces":{"shop":{"type":"http"}}"#,
        r#""defaults":{"namespace":"shop"}"#,
        r#""freeze":true"#,
        r#""freeze":false"#,
        r#""freeze":0"#,
    ];
    prop::collection::vec(subsequence(lines, 0..3), 1..5).prop_map(|parts| {
        let each = parts.into_iter().enumerate().map(|(number, lines)| {
            let members = lines.iter().flat_map(|line| [",", line]).collect::<String>();
            parameter(&format!("/p/{number}"), &format!("{{\"version\":1{members}}}"))
        });
        each.collect()
    })
}

fn is_short_and_printable(issue: &Issue) -> bool {
    let text = issue.to_string();
    !text.chars().any(char::is_control)
        && issue.place.chars().count() <= 128 + 384 + 3
        && issue.read.chars().count() <= 81
        && text.chars().count() <= 4096
}

fn blocks(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.weight == Weight::Blocking)
}

proptest! {
    #![proptest_config(crate::testing::cases(512))]

    #[test]
    fn what_is_written_reads_the_same(services in services()) {
        let text = write(&services);
        let (document, issues) = read(&[parameter("/p", &text)]);
        prop_assert!(!blocks(&issues), "{:?}\n{}", issues, text);
        let said: BTreeMap<ServicePath, _> =
            services.into_iter().map(|(key, entry)| (key, Arc::new(entry))).collect();
        prop_assert_eq!(document.map(|document| document.services), Some(said));
    }

    #[test]
    fn an_entry_reads_alone_as_it_does_in_the_document(mut declaration in declaration()) {
        // A role is for the document alone: a tag may name any entry that stands alone.
        for tls in declaration.endpoints.iter_mut().filter_map(|endpoint| endpoint.tls.as_mut()) {
            tls.role = None;
        }
        let key = ServicePath::parse("prod/web").expect("a key");
        let text = write(&BTreeMap::from([(key, declaration.clone())]));
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        let entry = whole["services"]["prod/web"].to_string();
        prop_assert_eq!(read_entry(&parameter("/e", &entry)), (Some(declaration), vec![]));
    }

    #[test]
    fn the_order_of_parameters_does_not_matter(parts in parts().prop_flat_map(|parts| (Just(parts.clone()), Just(parts).prop_shuffle()))) {
        let (parts, shuffled) = parts;
        prop_assert_eq!(read(&parts), read(&shuffled));
    }

    #[test]
    fn reading_never_panics_and_refuses_with_issues_alone(text in text()) {
        let (document, issues) = read(&[parameter("/p", &text)]);
        prop_assert_eq!(document.is_none(), blocks(&issues), "{:?}", issues);
        prop_assert!(issues.iter().all(is_short_and_printable), "{:?}", issues);
        let (entry, issues) = read_entry(&parameter("/p", &text));
        prop_assert_eq!(entry.is_none(), blocks(&issues), "{:?}", issues);
        prop_assert!(issues.iter().all(is_short_and_printable), "{:?}", issues);
    }

    #[test]
    fn a_secret_parameter_is_read_alike_and_shown_not_at_all(text in nearly()) {
        let (open, _) = read(&[parameter("/p", &text)]);
        let (hidden, issues) = read(&[secret("/p", &text)]);
        prop_assert_eq!(open, hidden);
        let sizes = format!("{} bytes", text.len());
        prop_assert!(issues.iter().all(|issue| ["(hidden)", "", &sizes].contains(&issue.read.as_str())), "{:?}", issues);
    }
}
