//! A plan as text: grouped by what is to do, the sums last.
//!
//! What cannot be read comes first. Then come the steps by what they do, each group in the order in which they are done;
//! then the holds, one block for all that wait for the same thing; then the remarks on services that are in order. The
//! whole order of steps stands in `--json`.

use eastwest_core::plan::action::ActionKind;
use eastwest_core::plan::reason::Reason;

use super::blocks::{Block, blocks};
use super::rows::{Rows, snippet};
use super::shown::Shown;
use super::sums::{count_usize, show_cost, summary};
use crate::api::plan::{DocumentRow, PlanPage, StepRow};
use crate::api::text::{line, mark};
use crate::command::paint::{ADD, HEADING, REMARK, WRONG, painted};

/// Of more services in one block, the changes of each are not shown.
const FEW: usize = 5;

/// The steps in the order of groups, and what the group is called.
const GROUPS: [(ActionKind, &str); 3] = [
    (ActionKind::Connect, "To connect"),
    (ActionKind::Refresh, "To refresh"),
    (ActionKind::Disconnect, "To disconnect"),
];

/// The plan as a person reads it.
pub(crate) fn plan(shown: &Shown) -> String {
    let page = &shown.page;
    let mut text = String::new();
    trouble(&mut text, page);
    missing(&mut text, page);
    let mut rows = Rows::new(shown);
    for (steps, name) in groups(page) {
        let services = count_usize(steps.len(), "service");
        line(&mut text, format_args!("{}", painted(HEADING, format_args!("{name}: {services}"))));
        for step in steps {
            rows.step(&mut text, step);
        }
        text.push('\n');
    }
    held(&mut text, page, &mut rows);
    let before = text.len();
    rows.rest(&mut text);
    if text.len() > before {
        text.push('\n');
    }
    text.push_str(&end(shown));
    text
}

/// The sums alone: a line for each group.
pub(crate) fn in_short(shown: &Shown) -> String {
    let page = &shown.page;
    let mut text = String::new();
    trouble(&mut text, page);
    if !page.missing.is_empty() {
        line(&mut text, format_args!("{:<28} {:>5}", "To create", page.missing.len()));
    }
    for (steps, name) in groups(page) {
        line(&mut text, format_args!("{name:<28} {:>5}", steps.len()));
    }
    for block in blocks(&page.holds) {
        let name = format!("Held, {}", block.reason());
        line(&mut text, format_args!("{name:<28} {:>5}  {}", block.rows.len(), block.hold));
    }
    text.push_str(&end(shown));
    text
}

/// What could not be read, and what is wrong with the document.
fn trouble(text: &mut String, page: &PlanPage) {
    let sign = painted(WRONG, '!');
    for fault in &page.faults {
        line(text, format_args!("{sign} cluster {}: {}", fault.cluster, fault.message));
    }
    if let Some(document) = &page.document {
        show_document(text, document);
    }
    if !text.is_empty() {
        text.push('\n');
    }
}

fn show_document(text: &mut String, document: &DocumentRow) {
    for (source, fault) in document.sources.iter().filter_map(|s| Some((s, s.trouble.as_ref()?))) {
        line(text, format_args!("{} document ssm:{}: {fault}", painted(WRONG, '!'), source.name));
    }
    for issue in &document.issues {
        line(text, format_args!("{} document {issue}", mark(issue)));
    }
}

/// What is made first.
fn missing(text: &mut String, page: &PlanPage) {
    for missing in &page.missing {
        let hold = missing.hold.as_ref().map(|hold| format!("held, {}: {hold}: ", hold.reason()));
        let (sign, what) = (painted(ADD, '+'), &missing.prerequisite);
        line(text, format_args!("{sign} {}{what}", hold.unwrap_or_default()));
        if let Some(note) = &missing.note {
            line(text, format_args!("    {note}"));
        }
        text.push('\n');
    }
}

/// The steps by what they do; groups without a step are left out.
fn groups(page: &PlanPage) -> Vec<(Vec<&StepRow>, &'static str)> {
    let groups = GROUPS.into_iter().map(|(kind, name)| {
        let steps = page.steps.iter().filter(|step| step.action.kind() == kind);
        (steps.collect::<Vec<_>>(), name)
    });
    groups.filter(|(steps, _)| !steps.is_empty()).collect()
}

/// The holds. Services that wait alone are shown together by their reason; those that wait for the same have its text
/// above them.
fn held(text: &mut String, page: &PlanPage, rows: &mut Rows<'_>) {
    let blocks = blocks(&page.holds);
    let mut above: Option<Reason> = None;
    for (at, block) in blocks.iter().enumerate() {
        if block.rows.len() > 1 {
            heading(text, block.reason(), block.rows.len());
            shared(text, block, rows);
            above = None;
        } else {
            let reason = block.reason();
            if above != Some(reason) {
                let alike =
                    blocks[at..].iter().take_while(|b| b.reason() == reason && b.rows.len() == 1);
                heading(text, reason, alike.count());
            }
            above = Some(reason);
            alone(text, block, rows);
        }
        let next = blocks.get(at + 1);
        if next.is_none_or(|next| next.rows.len() > 1 || above != Some(next.reason())) {
            text.push('\n');
        }
    }
}

fn heading(text: &mut String, reason: Reason, services: usize) {
    let services = count_usize(services, "service");
    line(text, format_args!("{}", painted(HEADING, format_args!("Held, {reason}: {services}"))));
}

fn shared(text: &mut String, block: &Block<'_>, rows: &mut Rows<'_>) {
    why(text, block);
    let is_short = block.rows.len() > FEW;
    for row in &block.rows {
        if is_short {
            rows.hold_in_short(text, row);
        } else {
            rows.hold(text, row);
        }
    }
    let with_changes = block.rows.iter().find(|row| !row.changes.is_empty());
    if let Some(row) = with_changes.filter(|_| is_short) {
        let hint = format!("  the changes of one: eastwest plan --service {}", row.service);
        line(text, format_args!("{}", painted(REMARK, hint)));
    }
}

fn alone(text: &mut String, block: &Block<'_>, rows: &mut Rows<'_>) {
    for row in &block.rows {
        let mut lines = String::new();
        rows.hold(&mut lines, row);
        let (head, rest) = lines.split_once('\n').unwrap_or((&lines, ""));
        line(text, format_args!("{head}"));
        why(text, block);
        text.push_str(rest);
    }
}

/// What the services of a block wait for.
fn why(text: &mut String, block: &Block<'_>) {
    line(text, format_args!("    {}", block.hold));
    line(text, format_args!("    ends {}", block.hold.ends()));
    if let Some(lines) = block.hold.snippet() {
        snippet(text, &lines);
    }
}

/// The sums; of one service, that it is in order if so.
fn end(shown: &Shown) -> String {
    let page = &shown.page;
    let Some(service) = &shown.service else {
        let mut text = summary(page);
        show_cost(&mut text, page);
        return text;
    };
    let is_planned = !page.steps.is_empty() || !page.holds.is_empty();
    match (is_planned, shown.in_sync.contains(service)) {
        (true, _) => String::new(),
        (false, true) => format!("Nothing to change: {service} is in sync.\n"),
        (false, false) => format!("Nothing to change: {service} has not opted in.\n"),
    }
}
