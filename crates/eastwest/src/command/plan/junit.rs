//! A plan as JUnit XML: a suite for each cluster, a case for each service that opted in.
//!
//! A case passes if the service is as wanted or would change; what would change stands in its output. It fails if a person
//! must act, and it is skipped if it waits for something that ends without one. A cluster that could not be read, and a
//! document that cannot be, is a case of the suite `eastwest` with an error.

use std::collections::BTreeMap;

use anyhow::Context as _;
use eastwest_core::declaration::issue::Weight;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::reason::Ending;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::shown::Shown;
use super::sums::count;
use crate::api::plan::{HoldRow, StepRow};

/// How one case ended.
pub(crate) enum Outcome {
    /// Well; `output` says what is worth knowing.
    Passed { output: String },
    /// It waits for something.
    Skipped { message: String },
    /// A person must act.
    Failed { kind: String, message: String },
    /// It could not be read.
    Error { message: String },
}

/// The cases of each suite, in the order of their names.
pub(crate) type Suites = BTreeMap<String, BTreeMap<String, Outcome>>;

/// The report on a plan.
pub(crate) fn report(shown: &Shown) -> anyhow::Result<String> {
    print(&suites(shown))
}

/// The suites as XML.
pub(crate) fn print(suites: &Suites) -> anyhow::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("testsuites")))?;
    for (name, cases) in suites {
        let counted = |is: fn(&Outcome) -> bool| {
            cases.values().filter(|outcome| is(outcome)).count().to_string()
        };
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", name.as_str()));
        suite.push_attribute(("tests", cases.len().to_string().as_str()));
        let failures = counted(|outcome| matches!(outcome, Outcome::Failed { .. }));
        suite.push_attribute(("failures", failures.as_str()));
        let errors = counted(|outcome| matches!(outcome, Outcome::Error { .. }));
        suite.push_attribute(("errors", errors.as_str()));
        let skipped = counted(|outcome| matches!(outcome, Outcome::Skipped { .. }));
        suite.push_attribute(("skipped", skipped.as_str()));
        writer.write_event(Event::Start(suite))?;
        for (case, outcome) in cases {
            outcome.write(&mut writer, name, case)?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let text = String::from_utf8(writer.into_inner()).context("the report is not UTF-8")?;
    Ok(text + "\n")
}

fn suites(shown: &Shown) -> Suites {
    let page = &shown.page;
    let mut suites = Suites::new();
    let mut add = |suite: &str, case: String, outcome| {
        suites.entry(suite.to_owned()).or_default().insert(case, outcome);
    };
    for row in &page.faults {
        let message = row.message.clone();
        add("eastwest", format!("cluster {}", row.cluster), Outcome::Error { message });
    }
    for source in page.document.iter().flat_map(|document| &document.sources) {
        let Some(message) = source.trouble.clone() else { continue };
        add("eastwest", format!("document ssm:{}", source.name), Outcome::Error { message });
    }
    for key in &shown.in_sync {
        let output = String::new();
        add(key.cluster.as_str(), key.name.to_string(), Outcome::Passed { output });
    }
    for step in &page.steps {
        let output = output(shown, step);
        let key = &step.service;
        add(key.cluster.as_str(), key.name.to_string(), Outcome::Passed { output });
    }
    for hold in &page.holds {
        let key = &hold.service;
        add(key.cluster.as_str(), key.name.to_string(), Outcome::of(hold, &issues(shown, key)));
    }
    suites
}

/// What would change.
fn output(shown: &Shown, step: &StepRow) -> String {
    let changes = step.changes.iter().map(|change| shown.named(change).to_string());
    let rollout =
        format!("{}: triggers a rollout ({})", step.action.kind(), count(step.tasks, "task"));
    [rollout].into_iter().chain(changes).collect::<Vec<_>>().join("\n")
}

fn issues(shown: &Shown, key: &ServiceKey) -> Vec<String> {
    let rows = shown.page.issues.iter().filter(|row| row.service == *key);
    let blocking = rows.filter(|row| row.issue.weight == Weight::Blocking);
    blocking.map(|row| row.issue.to_string()).collect()
}

impl Outcome {
    fn of(row: &HoldRow, issues: &[String]) -> Self {
        let hold = &row.hold;
        let lines = [hold.to_string()].into_iter().chain(issues.iter().cloned());
        let ends = format!("ends {}", hold.ends());
        let message = lines.chain([ends]).collect::<Vec<_>>().join("\n");
        if hold.ending() == Ending::ByPerson {
            Self::Failed { kind: hold.reason().to_string(), message }
        } else {
            Self::Skipped { message: format!("{}: {message}", hold.reason()) }
        }
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, suite: &str, case: &str) -> anyhow::Result<()> {
        let mut start = BytesStart::new("testcase");
        start.push_attribute(("classname", suite));
        start.push_attribute(("name", case));
        let element = match self {
            Self::Passed { output } if output.is_empty() => {
                return Ok(writer.write_event(Event::Empty(start))?);
            }
            Self::Passed { .. } => "system-out",
            Self::Skipped { .. } => "skipped",
            Self::Failed { .. } => "failure",
            Self::Error { .. } => "error",
        };
        let mut inner = BytesStart::new(element);
        let text = match self {
            Self::Passed { output } => output,
            Self::Failed { kind, message } => {
                inner.push_attribute(("type", kind.as_str()));
                inner.push_attribute(("message", message.lines().next().unwrap_or_default()));
                message
            }
            Self::Skipped { message } | Self::Error { message } => {
                inner.push_attribute(("message", message.lines().next().unwrap_or_default()));
                message
            }
        };
        writer.write_event(Event::Start(start))?;
        writer.write_event(Event::Start(inner))?;
        writer.write_event(Event::Text(BytesText::new(text)))?;
        writer.write_event(Event::End(BytesEnd::new(element)))?;
        Ok(writer.write_event(Event::End(BytesEnd::new("testcase")))?)
    }
}
