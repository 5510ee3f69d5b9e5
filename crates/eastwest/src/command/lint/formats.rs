//! Findings for a pipeline: annotations of a pull request, and JUnit XML.

use std::collections::BTreeMap;

use eastwest_core::declaration::issue::Weight;

use super::findings::{Findings, RolloutRow};
use crate::command::plan::github::Level;
use crate::command::plan::junit::{self, Outcome, Suites};

/// What the annotations and the suite are of.
const COMMAND: &str = "eastwest lint";

/// The annotations of a pull request: errors, then advice and rollouts, then the sum.
pub(super) fn github(found: &Findings) -> String {
    let of = |weight: Weight| {
        let some = found.all.iter().filter(move |finding| finding.weight == weight);
        some.map(|finding| (finding.subject.clone(), finding.message()))
    };
    let rollouts =
        found.rollouts.iter().map(|row| (format!("rollout: {}", row.service), output(row)));
    let sum = (COMMAND.to_owned(), found.sum());
    let notes = found.notes.iter().map(|note| (COMMAND.to_owned(), note.clone()));
    let levels = [
        Level { word: "error", command: COMMAND, all: of(Weight::Blocking).collect() },
        Level { word: "warning", command: COMMAND, all: of(Weight::Advice).collect() },
        Level {
            word: "notice",
            command: COMMAND,
            all: [sum].into_iter().chain(rollouts).chain(notes).collect(),
        },
    ];
    let mut text = String::new();
    for level in levels {
        level.print(&mut text);
    }
    text
}

/// JUnit XML: a case for each file and each service with a finding or a rollout.
pub(super) fn junit(found: &Findings) -> anyhow::Result<String> {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for finding in &found.all {
        let case = cases.entry(finding.subject.clone()).or_default();
        let lines =
            if finding.weight == Weight::Blocking { &mut case.wrong } else { &mut case.known };
        lines.push(finding.message());
    }
    for row in &found.rollouts {
        cases.entry(row.service.clone()).or_default().known.push(output(row));
    }
    if cases.is_empty() {
        cases.entry(found.sum()).or_default();
    }
    let cases = cases.into_iter().map(|(name, case)| (name, case.outcome()));
    junit::print(&Suites::from([(COMMAND.to_owned(), cases.collect())]))
}

/// What is said of one file or service.
#[derive(Default)]
struct Case {
    wrong: Vec<String>,
    known: Vec<String>,
}

impl Case {
    fn outcome(self) -> Outcome {
        let Self { mut wrong, known } = self;
        if wrong.is_empty() {
            return Outcome::Passed { output: known.join("\n") };
        }
        wrong.extend(known);
        Outcome::Failed { kind: "lint".to_owned(), message: wrong.join("\n") }
    }
}

fn output(row: &RolloutRow) -> String {
    let waits = row.waits.iter().map(|waits| format!("waits: {waits}"));
    let lines = [row.head()].into_iter().chain(row.changes.iter().cloned()).chain(waits);
    lines.collect::<Vec<_>>().join("\n")
}
