//! What holds of every map of tags.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::declaration::intent::{Intent, parse};
use crate::declaration::issue::Weight;
use crate::declaration::tag::RULES;
use crate::declaration::tag_prefix::TagPrefix;

/// Any text, and often text that is nearly right.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "(idle|request|name|alias|ca|group|awslogs|client|true|none|[0-9]{1,9}|=|:| |-|s|m){0,8}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    let known = (0..RULES.len()).prop_map(|at| format!("eastwest/{}", RULES[at].key));
    prop_oneof![
        4 => known,
        2 => "eastwest/endpoint\\.[ -~]{0,9}",
        1 => "eastwest/[ -~]{0,9}",
        1 => any::<String>(),
    ]
}

fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    let mode = proptest::option::weighted(
        0.7,
        proptest::sample::select(&["client", "client-server", "off"]),
    );
    (prop::collection::btree_map(key(), value(), 0..8), mode).prop_map(|(mut tags, mode)| {
        tags.extend(mode.map(|mode| ("eastwest/mode".to_owned(), mode.to_owned())));
        tags
    })
}

proptest! {
    #![proptest_config(crate::testing::cases(512))]

    #[test]
    fn parsing_never_panics_and_gives_one_answer(tags in tags()) {
        let prefix = TagPrefix::default();
        prop_assert_eq!(parse(&prefix, &tags), parse(&prefix, &tags));
    }

    #[test]
    fn nobody_is_opted_in_but_by_the_mode_tag(tags in tags()) {
        let (intent, issues) = parse(&TagPrefix::default(), &tags);
        prop_assert_eq!(intent != Intent::NotOptedIn, tags.contains_key("eastwest/mode"));
        let blocking = issues.iter().any(|issue| issue.weight == Weight::Blocking);
        prop_assert_eq!(intent == Intent::Ambiguous, blocking);
    }

    #[test]
    fn tags_that_are_not_ours_say_nothing(tags in tags(), more in prop::collection::btree_map("[a-d]{1,9}", any::<String>(), 0..5)) {
        let prefix = TagPrefix::default();
        let mut all = tags.clone();
        all.extend(more);
        prop_assert_eq!(parse(&prefix, &tags), parse(&prefix, &all));
    }

    #[test]
    fn an_issue_is_one_short_printable_line(tags in tags()) {
        for issue in parse(&TagPrefix::default(), &tags).1 {
            let text = issue.to_string();
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
            prop_assert!(issue.place.chars().count() <= 129 && issue.read.chars().count() <= 81);
        }
    }

    #[test]
    fn the_nearest_spelling_of_a_value_is_accepted(text in "[A-Za-z -]{1,12}") {
        let read = |text: &str| {
            let tags = BTreeMap::from([
                ("eastwest/mode".to_owned(), "client-server".to_owned()),
                ("eastwest/discovery-name".to_owned(), text.to_owned()),
            ]);
            parse(&TagPrefix::default(), &tags)
        };
        for issue in read(&text).1 {
            if let Some(nearest) = issue.nearest {
                prop_assert_eq!(read(&nearest).1, vec![]);
            }
        }
    }
}
