//! A plan as text: what would change, field by field, and why not where it would not.

use std::fmt::Write as _;

use eastwest_core::action::Action;
use eastwest_core::canonical::Change;
use eastwest_core::issue::Weight;

use crate::board::{HoldRow, PlanPage, StepRow};

/// The plan as a person reads it.
pub fn plan(page: &PlanPage) -> String {
    let mut text = String::new();
    for fault in &page.faults {
        line(&mut text, format_args!("! cluster {}: {}", fault.cluster, fault.message));
    }
    for issue in &page.issues {
        let mark = if issue.issue.weight == Weight::Blocking { '!' } else { 'i' };
        line(&mut text, format_args!("{mark} {}: {}", issue.service, issue.issue));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for step in &page.steps {
        show_step(&mut text, step);
    }
    for hold in &page.holds {
        show_hold(&mut text, hold);
    }
    text.push_str(&summary(page));
    text
}

fn show_step(text: &mut String, step: &StepRow) {
    let (mark, verb) = match &step.action {
        Action::Connect { .. } => ('~', "connect"),
        Action::Disconnect { .. } => ('-', "disconnect"),
    };
    let tasks = count(step.tasks, "task");
    let namespace = step.namespace.as_deref().map(|n| format!(" in {n}")).unwrap_or_default();
    line(
        text,
        format_args!("{mark} {}: {verb}{namespace}  # triggers a rollout ({tasks})", step.service),
    );
    show_changes(text, &step.changes);
    text.push('\n');
}

fn show_hold(text: &mut String, hold: &HoldRow) {
    line(text, format_args!("= {}: held, {}", hold.service, hold.hold.reason()));
    line(text, format_args!("    {}", hold.hold));
    show_changes(text, &hold.changes);
    text.push('\n');
}

fn show_changes(text: &mut String, changes: &[Change]) {
    for change in changes {
        let field: &str = change.field.into();
        let endpoint = change.endpoint.as_deref().map(|e| format!("{e} ")).unwrap_or_default();
        let from = change.from.as_deref().unwrap_or("-");
        let to = change.to.as_deref().unwrap_or("(removed; clients can no longer call it)");
        line(text, format_args!("    {field:<13} {endpoint}{from} -> {to}"));
    }
}

fn summary(page: &PlanPage) -> String {
    let sums = &page.summary;
    if sums.connect + sums.disconnect + sums.held == 0 && page.faults.is_empty() {
        return format!("Nothing to change: {} in sync.\n", count_usize(sums.in_sync, "service"));
    }
    format!(
        "Plan: {} to connect, {} to disconnect, {} held, {} in sync. {} would be replaced.\n",
        sums.connect,
        sums.disconnect,
        sums.held,
        sums.in_sync,
        count(sums.tasks, "task")
    )
}

fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn count_usize(number: usize, noun: &str) -> String {
    count(u32::try_from(number).unwrap_or(u32::MAX), noun)
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: Result<(), std::fmt::Error> = writeln!(text, "{what}");
}
