//! What holds of every text a user may write, whatever it is: the assertions of the fuzz targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use eastwest_core::declaration::declared::Declaration;
use eastwest_core::declaration::document::Document;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::issue::{Issue, Weight};
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::declaration::{document, intent};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::ecs::time::AwsTime;

/// Tags, one a line, as `key=value`.
pub fn tags(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pair = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        (key.to_owned(), value.to_owned())
    };
    let tags: BTreeMap<String, String> = text.lines().map(pair).collect();
    let (intent, issues) = intent::parse(&TagPrefix::default(), &tags);
    check_issues(&issues);
    assert_eq!(intent == Intent::Ambiguous, blocks(&issues), "{issues:?}");
    assert_eq!(intent != Intent::NotOptedIn, tags.contains_key("eastwest/mode"));
    if let Intent::Declared(declaration) = intent
        && is_sayable(&declaration)
    {
        check_written(BTreeMap::from([(key(), declaration)]));
    }
}

/// Parameters of a document, separated by U+001E; the first one is tried as an entry too.
pub fn document(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let each = text.split('\u{1e}').enumerate();
    let mut parameters: Vec<Parameter> =
        each.map(|(number, text)| parameter(&format!("/p/{number}"), text)).collect();
    check_entry(&parameters[0]);
    let (read, issues) = document::read(&parameters);
    check_issues(&issues);
    assert_eq!(read.is_none(), blocks(&issues), "{issues:?}");
    parameters.reverse();
    assert_eq!((&read, &issues), (&document::read(&parameters).0, &document::read(&parameters).1));
    if let Some(Document { services, .. }) = read {
        check_written(services);
    }
}

fn check_entry(parameter: &Parameter) {
    let (entry, issues) = document::read_entry(parameter);
    check_issues(&issues);
    assert_eq!(entry.is_none(), blocks(&issues), "{issues:?}");
    if let Some(entry) = entry {
        check_written(BTreeMap::from([(key(), Arc::new(entry))]));
    }
}

/// What is written as a document reads the same.
fn check_written(mut services: BTreeMap<ServicePath, Arc<Declaration>>) {
    for entry in services.values_mut() {
        *entry = Arc::new(Declaration::clone(entry).whole());
    }
    let plain = services.iter().map(|(key, entry)| (key.clone(), Declaration::clone(entry)));
    let text = document::write(&plain.collect());
    // Written out for people it may be longer than a parameter that can be read.
    if text.len() > 8192 {
        return;
    }
    let (read, issues) = document::read(&[parameter("/p", &text)]);
    assert_eq!(read.map(|document| document.services), Some(services), "{issues:?}\n{text}");
}

/// Each issue is one printable line of a bounded length.
fn check_issues(issues: &[Issue]) {
    for issue in issues {
        let text = issue.to_string();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(text.chars().count() <= 4096, "{text:?}");
    }
}

fn blocks(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.weight == Weight::Blocking)
}

/// Tags can name one port twice, as `endpoint.80` and `endpoint.080`, and a parameter; a document can neither.
fn is_sayable(declaration: &Declaration) -> bool {
    let says = |at: usize| {
        let endpoint = &declaration.endpoints[at];
        (&endpoint.port, &endpoint.discovery_name)
    };
    let all = 0..declaration.endpoints.len();
    declaration.document.is_none()
        && all.clone().all(|at| all.clone().all(|other| at == other || says(at) != says(other)))
}

fn key() -> ServicePath {
    ServicePath::parse("prod/web").expect("a cluster and a service")
}

fn parameter(name: &str, text: &str) -> Parameter {
    Parameter {
        name: ParameterName::as_read(name),
        version: 1,
        modified_at: AwsTime(0),
        is_secret: false,
        text: text.to_owned(),
    }
}
