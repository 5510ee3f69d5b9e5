//! Refusing what is hostile takes no memory to speak of.

use std::collections::BTreeMap;

use eastwest_core::declaration::issue::{Issue, Weight};
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::declaration::{document, intent, tag};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::time::AwsTime;
use peak_alloc::PeakAlloc;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

const MOST_BYTES: usize = 1024 * 1024;

/// How far memory grows above where it stands while `refuse` runs; its issues are part of that.
fn growth(what: &str, refuse: impl Fn() -> Vec<Issue>) {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let issues = refuse();
    let grown = PEAK.peak_usage() - before;
    assert!(issues.iter().any(|issue| issue.weight == Weight::Blocking), "{what} is not refused");
    assert!(grown <= MOST_BYTES, "{what}: memory grows by {grown} bytes");
}

fn parameter(text: String) -> Parameter {
    Parameter {
        name: ParameterName::as_read("/eastwest/prod"),
        version: 1,
        modified_at: AwsTime(0),
        is_secret: false,
        text,
    }
}

/// A document of `members` after its version.
fn with(members: &str) -> String {
    format!("{{\"version\":1,{members}}}")
}

/// `count` items, separated.
fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn documents() -> Vec<(&'static str, String)> {
    let long = "n".repeat(15_000);
    vec![
        ("nothing", String::new()),
        ("64 KB of words", "word ".repeat(13_108)),
        ("64 KB of spaces", with(&" ".repeat(65_536))),
        ("a depth bomb", "[".repeat(16_384)),
        ("a depth bomb of objects", "{\"a\":".repeat(3_276)),
        ("many values", format!("[{}]", list(8_000, |_| "0".to_owned()))),
        ("many lists", format!("[{}]", list(2_000, |_| "[]".to_owned()))),
        ("many unknown members", with(&list(1_700, |n| format!("\"{n}\":0")))),
        ("many nearly known members", with(&list(1_000, |n| format!("\"limi{n}\":0")))),
        ("one member many times", with(&list(1_250, |_| "\"freeze\":1".to_owned()))),
        (
            "many services with bad names",
            with(&format!("\"services\":{{{}}}", list(1_200, |n| format!("\"{n}\":{{}}")))),
        ),
        (
            "many services of a wrong type",
            with(&format!("\"services\":{{{}}}", list(1_200, |n| format!("\"a/{n}\":0")))),
        ),
        (
            "many bad needs",
            with(&format!(
                "\"services\":{{\"a/b\":{{\"needs\":[{}]}}}}",
                list(1_200, |_| "\"A b\"".to_owned())
            )),
        ),
        (
            "many equal endpoints",
            with(&format!(
                "\"services\":{{\"a/b\":{{\"endpoints\":[{}]}}}}",
                list(1_300, |_| "{\"port\":1}".to_owned())
            )),
        ),
        (
            "many empty endpoints",
            with(&format!(
                "\"services\":{{\"a/b\":{{\"endpoints\":[{}]}}}}",
                list(2_030, |_| "{}".to_owned())
            )),
        ),
        (
            "many services and a mistake in the last",
            with(&format!(
                "\"services\":{{{},\"a/z\":{{\"namespace\":\"a b\"}}}}",
                list(1_300, |n| format!("\"a/{n}\":{{}}"))
            )),
        ),
        ("a long name", with(&format!("\"{long}\":1"))),
        ("a long service name", with(&format!("\"services\":{{\"prod/{long}\":{{\"mode\":0}}}}"))),
        ("a long word", with(&format!("\"services\":{{\"a/b\":{{\"mode\":\"{long}\"}}}}"))),
        (
            "a long alias",
            with(&format!("\"services\":{{\"a/b\":{{\"endpoints\":[{{\"alias\":\"{long}\"}}]}}}}")),
        ),
        (
            "a long template",
            with(&format!("\"defaults\":{{\"discoveryName\":\"{}\"}}", "{x}".repeat(5_000))),
        ),
        ("escapes alone", with(&format!("\"{}\":1", "\\u0000".repeat(2_600)))),
        (
            "another version",
            format!("{{\"version\":2,\"x\":[{}]}}", list(1_900, |n| n.to_string())),
        ),
        ("a huge number", with(&format!("\"limits\":{{\"massChange\":1{}}}", "0".repeat(300)))),
        ("a number out of range", with("\"limits\":{\"massChange\":1e999}")),
    ]
}

fn tags() -> Vec<(String, BTreeMap<String, String>)> {
    let values =
        ["x".repeat(65_536), "a ".repeat(32_768), "idle=1s ".repeat(8_192), "Ä".repeat(32_768)];
    let rules = tag::RULES.iter().map(|rule| rule.key.to_owned());
    let keys = rules.chain(["endpoint.http".to_owned(), "mo".to_owned(), "k".repeat(65_536)]);
    let mut all = Vec::new();
    for key in keys {
        for value in &values {
            let mut tags =
                BTreeMap::from([("eastwest/mode".to_owned(), "client-server".to_owned())]);
            tags.insert(format!("eastwest/{key}"), value.clone());
            all.push((format!("{} of 64 KB", &key[..key.len().min(20)]), tags));
        }
    }
    all
}

/// One test, because the counter counts for the whole process.
#[test]
fn refusing_grows_memory_by_a_mebibyte_at_most() {
    // What is made once and kept is made before anything is measured.
    let _ = document::read(&[parameter(with("\"freeze\":true"))]);
    for (what, text) in documents() {
        assert!(
            text.len() <= 16_384 || text.len() >= 65_536,
            "{what} is refused for its size alone"
        );
        let parameter = parameter(text);
        growth(what, || document::read(std::slice::from_ref(&parameter)).1);
        growth(what, || document::read_entry(&parameter).1);
    }
    for (what, tags) in tags() {
        growth(&what, || intent::parse(&TagPrefix::default(), &tags).1);
    }
}
