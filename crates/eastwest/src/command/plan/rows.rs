//! The lines of one service in a plan.

use std::collections::BTreeMap;

use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::action::{Action, ActionKind};
use eastwest_core::plan::need::MissingEndpoint;

use super::shown::Shown;
use super::sums::{count, count_usize};
use crate::api::plan::{DoubtRow, HoldRow, IssueRow, StepRow};
use crate::api::text::{line, mark};
use crate::command::paint::{ADD, AGAIN, CHANGE, DOUBT, HEADING, REMARK, REMOVE, WRONG, painted};

/// Writes the lines of services, each with the issues of its own.
pub(crate) struct Rows<'a> {
    issues: BTreeMap<&'a ServiceKey, Vec<&'a IssueRow>>,
    doubts: BTreeMap<&'a ServiceKey, Vec<&'a DoubtRow>>,
    shown: &'a Shown,
}

impl<'a> Rows<'a> {
    /// For this plan.
    pub(crate) fn new(shown: &'a Shown) -> Self {
        let mut issues: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &shown.page.issues {
            issues.entry(&row.service).or_default().push(row);
        }
        let mut doubts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &shown.page.doubts {
            doubts.entry(&row.service).or_default().push(row);
        }
        Self { issues, doubts, shown }
    }

    /// One service to change.
    pub(crate) fn step(&mut self, text: &mut String, step: &StepRow) {
        let (mark, style) = match &step.action {
            Action::Connect { .. } => ('~', CHANGE),
            Action::Disconnect { .. } => ('-', REMOVE),
            Action::Refresh { .. } => ('*', AGAIN),
        };
        let kind = step.action.kind();
        let namespace = step.namespace.as_deref().map(|n| format!(" in {n}")).unwrap_or_default();
        let rollout = format!("# triggers a rollout ({})", count(step.tasks, "task"));
        line(
            text,
            format_args!(
                "{} {}: {kind}{namespace}  {}",
                painted(style, mark),
                painted(HEADING, &step.service),
                painted(REMARK, rollout),
            ),
        );
        self.remarks(text, &step.service);
        if let Some(awaited) = &step.awaits {
            line(text, format_args!("    waits         {awaited}"));
        }
        if let Some(contention) = &step.contention {
            line(text, format_args!("    {contention}; this is one more attempt"));
            snippet(text, &contention.snippet());
        }
        lacks(text, &step.lacks, step.lacks_more);
        note(text, step.note.as_deref());
        self.changes(text, &step.changes);
    }

    /// One service that is held; its reason stands above it.
    pub(crate) fn hold(&mut self, text: &mut String, hold: &HoldRow) {
        let verb = verb(hold).map(|verb| format!(": {verb}"));
        self.held(text, hold, &verb.unwrap_or_default());
        lacks(text, &hold.lacks, hold.lacks_more);
        note(text, hold.note.as_deref());
        self.changes(text, &hold.changes);
    }

    /// One of many that are held for the same reason: what would be done, without its changes.
    pub(crate) fn hold_in_short(&mut self, text: &mut String, hold: &HoldRow) {
        let many = match hold.changes.len() {
            0 => String::new(),
            some => format!(", {}", count_usize(some, "change")),
        };
        let what = verb(hold).map(|verb| format!(": {verb}{many}"));
        self.held(text, hold, &what.unwrap_or_default());
        note(text, hold.note.as_deref());
    }

    /// The head of a held service, and what is wrong with its declaration.
    fn held(&mut self, text: &mut String, hold: &HoldRow, what: &str) {
        let (mark, service) = (painted(CHANGE, '='), painted(HEADING, &hold.service));
        line(text, format_args!("{mark} {service}{what}"));
        self.remarks(text, &hold.service);
    }

    /// The services that have issues or doubts and no block of their own.
    pub(crate) fn rest(mut self, text: &mut String) {
        let services: Vec<&ServiceKey> =
            self.issues.keys().chain(self.doubts.keys()).copied().collect();
        for service in services {
            let issues = self.issues.remove(service).unwrap_or_default();
            let doubts = self.doubts.remove(service).unwrap_or_default();
            for IssueRow { issue, .. } in issues {
                let sign = mark(issue);
                let style = if sign == '!' { WRONG } else { REMARK };
                line(text, format_args!("{} {service}: {issue}", painted(style, sign)));
            }
            for DoubtRow { doubt, ends, .. } in doubts {
                line(text, format_args!("{} {service}: {doubt}", painted(DOUBT, '?')));
                line(text, format_args!("    ends {ends}"));
            }
        }
    }

    /// What is wrong with this service's declaration, and why its calls may fail.
    fn remarks(&mut self, text: &mut String, service: &ServiceKey) {
        for IssueRow { issue, .. } in self.issues.remove(service).unwrap_or_default() {
            let sign = mark(issue);
            let style = if sign == '!' { WRONG } else { REMARK };
            let word = if sign == '!' { "issue" } else { "advice" };
            line(text, format_args!("    {} {word}: {issue}", painted(style, sign)));
        }
        for DoubtRow { doubt, ends, .. } in self.doubts.remove(service).unwrap_or_default() {
            line(text, format_args!("    {} {doubt}; ends {ends}", painted(DOUBT, '?')));
        }
    }

    fn changes(&self, text: &mut String, changes: &[Change]) {
        for change in changes.iter().map(|change| self.shown.named(change)) {
            let field: &str = change.field.into();
            let endpoint = change.endpoint.as_deref().map(|e| format!("{e} ")).unwrap_or_default();
            let from = change.from.as_deref().unwrap_or("-");
            let to = match change.to.as_deref() {
                Some(value) => painted(ADD, value),
                None => painted(REMOVE, "(removed; clients can no longer call it)"),
            };
            line(text, format_args!("    {field:<13} {endpoint}{from} -> {to}"));
        }
    }
}

/// Lines to paste elsewhere.
pub(crate) fn snippet(text: &mut String, snippet: &str) {
    for each in snippet.lines() {
        line(text, format_args!("    {each}"));
    }
}

/// What would be done with a held service, where that is known.
fn verb(hold: &HoldRow) -> Option<ActionKind> {
    hold.action.as_ref().map(Action::kind)
}

fn lacks(text: &mut String, lacks: &[MissingEndpoint], more: usize) {
    for MissingEndpoint { name, alias, server, .. } in lacks {
        line(text, format_args!("    lacks         {name} as {alias} of {server}"));
    }
    if more > 0 {
        line(text, format_args!("    lacks         and {more} more"));
    }
}

fn note(text: &mut String, note: Option<&str>) {
    if let Some(note) = note {
        line(text, format_args!("    note: {note}"));
    }
}
