//! A plan as annotations of a pull request: workflow commands of GitHub Actions, one a line.
//!
//! GitHub shows ten annotations of each level for a step of a workflow, so a hold that many services share is one, and a
//! level that would have more than ten ends with how many more there are. Only annotations are printed: text of users on
//! a line of its own could be read as a command, and within one everything is escaped.
//! (docs.github.com: workflow commands for GitHub Actions; the escapes are those of `@actions/core`.)

use eastwest_core::declaration::issue::Weight;
use eastwest_core::ecs::text::first_of;
use eastwest_core::plan::need::MissingEndpoint;

use super::blocks::blocks;
use super::shown::Shown;
use super::sums::{count, summary};
use crate::api::text::line;

/// What the annotations are of.
const COMMAND: &str = "eastwest plan";
/// So many annotations of a level GitHub shows for a step of a workflow.
const SHOWN: usize = 10;

/// What is annotated with one level: each with its title and its message.
pub(crate) struct Level {
    /// `error`, `warning` or `notice`.
    pub(crate) word: &'static str,
    /// The title of what says how many more there are.
    pub(crate) command: &'static str,
    /// The annotations.
    pub(crate) all: Vec<(String, String)>,
}

/// The annotations of a plan.
pub(crate) fn annotations(shown: &Shown) -> String {
    let mut text = String::new();
    for level in [errors(shown), warnings(shown), notices(shown)] {
        level.print(&mut text);
    }
    text
}

/// What cannot be read, and what is declared and cannot be honoured.
fn errors(shown: &Shown) -> Level {
    let page = &shown.page;
    let faults = page.faults.iter();
    let faults = faults.map(|row| (format!("cluster {}", row.cluster), row.message.clone()));
    let document = page.document.iter().flat_map(|document| {
        let sources = document.sources.iter().filter_map(|source| {
            Some((format!("document ssm:{}", source.name), source.trouble.clone()?))
        });
        let issues = document.issues.iter().filter(|issue| issue.weight == Weight::Blocking);
        sources.chain(issues.map(|issue| ("document".to_owned(), issue.to_string())))
    });
    let issues = page.issues.iter().filter(|row| row.issue.weight == Weight::Blocking);
    let issues = issues.map(|row| (row.service.to_string(), row.issue.to_string()));
    Level { word: "error", command: COMMAND, all: faults.chain(document).chain(issues).collect() }
}

/// What is held until a person acts, and what may fail.
fn warnings(shown: &Shown) -> Level {
    let blocks = blocks(&shown.page.holds);
    let held = blocks.iter().filter(|block| block.needs_a_person()).map(|block| {
        let services = first_of(block.rows.iter().map(|row| &row.service), ", ");
        let title = format!("held, {}: {services}", block.reason());
        (title, format!("{}; ends {}", block.hold, block.hold.ends()))
    });
    let doubts = shown
        .page
        .doubts
        .iter()
        .map(|row| (row.service.to_string(), format!("{}; ends {}", row.doubt, row.ends)));
    Level { word: "warning", command: COMMAND, all: held.chain(doubts).collect() }
}

/// The sums, then what would change, what waits for its turn, and advice.
fn notices(shown: &Shown) -> Level {
    let page = &shown.page;
    let sums = (COMMAND.to_owned(), summary(page).trim_end().to_owned());
    let missing = page.missing.iter();
    let missing = missing.map(|row| ("created first".to_owned(), row.prerequisite.to_string()));
    let steps = page.steps.iter().map(|step| {
        let title = format!("{}: {}", step.service, step.action.kind());
        let changes = step.changes.iter().map(|change| shown.named(change).to_string());
        let lacks = step.lacks.iter().map(|MissingEndpoint { alias, .. }| format!("lacks {alias}"));
        let rollout = format!("triggers a rollout ({})", count(step.tasks, "task"));
        (title, changes.chain(lacks).chain([rollout]).collect::<Vec<_>>().join("\n"))
    });
    let blocks = blocks(&page.holds);
    let waits = blocks.iter().filter(|block| !block.needs_a_person()).map(|block| {
        let services = first_of(block.rows.iter().map(|row| &row.service), ", ");
        let title = format!("waits, {}: {services}", block.reason());
        (title, format!("{}; ends {}", block.hold, block.hold.ends()))
    });
    let advice = page.issues.iter().filter(|row| row.issue.weight != Weight::Blocking);
    let advice = advice.map(|row| (row.service.to_string(), row.issue.to_string()));
    Level {
        word: "notice",
        command: COMMAND,
        all: [sums].into_iter().chain(missing).chain(steps).chain(waits).chain(advice).collect(),
    }
}

impl Level {
    /// Prints it, one annotation a line.
    pub(crate) fn print(self, text: &mut String) {
        let more = self.all.len().saturating_sub(SHOWN);
        let shown = if more == 0 { SHOWN } else { SHOWN - 1 };
        for (title, message) in self.all.iter().take(shown) {
            let (title, message) = (property(title), data(message));
            line(text, format_args!("::{} title={title}::{message}", self.word));
        }
        if more > 0 {
            let Self { word, command, .. } = self;
            line(text, format_args!("::{word} title={command}::and {} more", more + 1));
        }
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
