//! What a check found, and its text.

use eastwest_core::declaration::issue::{Issue, Weight};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::reason::Reason;
use serde::Serialize;

use crate::api::text::line;
use crate::command::text;

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    /// What is wrong or worth knowing.
    #[serde(rename = "findings")]
    pub(super) all: Vec<Finding>,
    /// What eastwest would roll out once a tool's plan is applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rollouts: Vec<RolloutRow>,
    /// Remarks on where all of it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    /// How many documents were checked.
    pub(super) documents: usize,
    /// How many services were checked that opted in.
    pub(super) services: usize,
    /// How many services of a tool's plan were checked, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proposed: Option<usize>,
    /// Whether it is known what eastwest would roll out.
    #[serde(skip)]
    pub(super) knows_rollouts: bool,
}

/// One finding.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// The file or the service.
    pub(super) subject: String,
    /// How much it matters.
    pub(super) weight: Weight,
    /// What it is.
    #[serde(flatten)]
    pub(super) what: What,
}

/// What a finding is.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum What {
    /// A declaration that is invalid.
    Issue {
        /// Where it stands.
        place: String,
        /// What stands there.
        #[serde(skip_serializing_if = "String::is_empty")]
        read: String,
        /// What is allowed.
        allowed: String,
        /// The nearest spelling that is.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearest: Option<String>,
        /// All of it in words.
        message: String,
    },
    /// A wanted change that is held.
    Hold { reason: Reason, message: String },
    /// Something that cannot be read.
    File { message: String },
}

/// One rollout that eastwest would begin.
#[derive(Debug, Serialize)]
pub(super) struct RolloutRow {
    /// The service.
    pub(super) service: String,
    /// What is done: `connect`, `disconnect` or `refresh`.
    pub(super) action: String,
    /// How many tasks it replaces.
    pub(super) tasks: u32,
    /// What changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<String>,
    /// What it waits for first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waits: Option<String>,
}

impl Findings {
    /// Notes what cannot be read.
    pub(super) fn file(&mut self, subject: String, message: String) {
        let what = What::File { message };
        self.all.push(Finding { subject, weight: Weight::Blocking, what });
    }

    /// Notes what holds a change.
    pub(super) fn hold(&mut self, subject: String, hold: &Hold) {
        let reason = hold.reason();
        let message = format!("{hold}; ends {}", hold.ends());
        let what = What::Hold { reason, message };
        self.all.push(Finding { subject, weight: Weight::Blocking, what });
    }

    /// Notes what is wrong with a declaration.
    pub(super) fn issue(&mut self, subject: String, issue: &Issue) {
        self.all.push(Finding::issue(subject, issue));
    }

    /// Whether a person should mend something.
    pub(super) fn is_wrong(&self) -> bool {
        self.all.iter().any(|finding| finding.weight == Weight::Blocking)
    }

    /// One line for each finding and each rollout, and the sum.
    pub(super) fn text(&self) -> String {
        let mut text = text::notes(&self.notes);
        for finding in &self.all {
            text.push_str(&finding.line());
        }
        for rollout in &self.rollouts {
            text.push_str(&rollout.lines());
        }
        text + &self.sum() + "\n"
    }

    /// What was checked, and what came of it.
    pub(super) fn sum(&self) -> String {
        let errors = self.all.iter().filter(|f| f.weight == Weight::Blocking).count();
        // One service or document may have several.
        let what = match errors {
            0 => "nothing is wrong".to_owned(),
            errors => count(errors, "error", "errors"),
        };
        let documents = count(self.documents, "document", "documents");
        let services = count(self.services, "service that opted in", "services that opted in");
        let Some(proposed) = self.proposed else {
            return format!("{documents}, {services}: {what}");
        };
        let proposed = count(proposed, "service of the plan", "services of the plan");
        let rollouts = format!(", {}", count(self.rollouts.len(), "rollout", "rollouts"));
        let rollouts = if self.knows_rollouts { rollouts } else { String::new() };
        let others = if self.documents > 0 { format!("{documents}, ") } else { String::new() };
        format!("{others}{proposed}: {what}{rollouts}")
    }
}

/// A number with its noun.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

impl Finding {
    fn issue(subject: String, issue: &Issue) -> Self {
        let message = issue.to_string();
        let Issue { place, read, allowed, nearest, weight } = issue.clone();
        Self { subject, weight, what: What::Issue { place, read, allowed, nearest, message } }
    }

    /// What is said of the subject.
    pub(super) fn message(&self) -> String {
        match &self.what {
            What::Issue { message, .. } | What::File { message } => message.clone(),
            What::Hold { reason, message } => format!("{reason}: {message}"),
        }
    }

    fn line(&self) -> String {
        let mark = match self.weight {
            Weight::Blocking => "error",
            Weight::Advice => "advice",
        };
        let (subject, message) = (&self.subject, self.message());
        match &self.what {
            // The place begins with the file already.
            What::Issue { place, .. } if place.starts_with(&format!("{subject}#")) => {
                format!("{mark}: {message}\n")
            }
            What::Issue { .. } | What::File { .. } | What::Hold { .. } => {
                format!("{mark}: {subject}: {message}\n")
            }
        }
    }
}

impl RolloutRow {
    /// What it does and what it costs, in one line.
    pub(super) fn head(&self) -> String {
        let tasks = count(usize::try_from(self.tasks).unwrap_or(usize::MAX), "task", "tasks");
        format!("{} triggers a rollout ({tasks})", self.action)
    }

    fn lines(&self) -> String {
        let mut lines = format!("rollout: {}: {}\n", self.service, self.head());
        let waits = self.waits.iter().map(|waits| format!("waits: {waits}"));
        for more in self.changes.iter().cloned().chain(waits) {
            line(&mut lines, format_args!("    {more}"));
        }
        lines
    }
}
