//! The services as a table: one row each, what needs a person first, and how many there are below.
//!
//! On a terminal no line is longer than the width: reasons are broken between words. Elsewhere a row is one line, so that
//! `grep` finds all of it.

use std::io::IsTerminal as _;

use comfy_table::{ContentArrangement, Table, presets};
use eastwest_core::report::standing::Standing;
use strum::VariantArray as _;

use super::rows::{Row, Standings};
use crate::api::text::line;
use crate::command::paint::{ADD, AGAIN, CHANGE, HEADING, REMARK, WRONG, painted};

/// Of a narrower terminal nothing is left for the reason.
const NARROWEST: u16 = 40;

/// What is taken for the size of a terminal that does not tell it.
const USUAL: (u16, u16) = (80, 24);

/// For how much room a table is made; without bounds where it is no terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// The characters of a line.
    pub(super) width: Option<u16>,
    /// The lines.
    pub(super) height: Option<usize>,
}

impl Layout {
    /// Standard output: as wide as its terminal, and as long as it needs.
    pub(super) fn of_stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self { width: is_terminal.then(|| size().0.max(NARROWEST)), height: None }
    }

    /// One page of the terminal.
    pub(super) fn of_page() -> Self {
        Self { height: Some(usize::from(size().1)), ..Self::of_stdout() }
    }
}

/// Width and height of the terminal; some tell neither.
fn size() -> (u16, u16) {
    let told = crossterm::terminal::size().ok();
    told.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(USUAL)
}

/// The services as a person reads them: those that are not in order, or all.
pub(super) fn text(standings: &Standings, all: bool, layout: Layout) -> String {
    let mut head = String::new();
    for fault in &standings.faults {
        let sign = painted(WRONG, '!');
        line(&mut head, format_args!("{sign} cluster {}: {}", fault.cluster, fault.message));
    }
    let is_alone = standings.services.len() == 1;
    let is_shown = |row: &&Row| all || is_alone || row.standing < Standing::InOrder;
    let rows: Vec<&Row> = standings.services.iter().filter(is_shown).collect();
    let mut body = if rows.is_empty() { Vec::new() } else { rendered(&rows, layout.width) };
    let sums = sums(standings, all || is_alone, layout.width);
    let others = head.lines().count() + sums.len() + 1;
    if let Some(most) = layout.height.map(|height| height.saturating_sub(others).max(2)) {
        cut(&mut body, most);
    }
    let mut text = head;
    for each in body.iter().chain(&sums) {
        line(&mut text, format_args!("{each}"));
    }
    text
}

/// Leaves out the lines that do not fit, and says so. They are those that need a person least.
fn cut(lines: &mut Vec<String>, most: usize) {
    if lines.len() > most {
        let more = lines.len() - (most - 1);
        lines.truncate(most - 1);
        lines
            .push(painted(REMARK, format_args!("… {more} more lines; a larger window shows them")));
    }
}

/// The lines of the table, its heading first.
fn rendered(rows: &[&Row], width: Option<u16>) -> Vec<String> {
    let has_since = rows.iter().any(|row| row.since.is_some());
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    let since = has_since.then_some("since");
    table.set_header(
        ["stands", "service", "reason"].into_iter().chain(since).chain(["why, and what ends it"]),
    );
    let mut above: Option<&Row> = None;
    for row in rows {
        // On a terminal the text of a brake comes once, and not for each of a hundred services.
        let is_as_above = width.is_some()
            && row.message.is_some()
            && above
                .is_some_and(|above| (&above.message, &above.ends) == (&row.message, &row.ends));
        above = Some(row);
        let why = if is_as_above { "as above".to_owned() } else { why(row) };
        let since = has_since.then(|| row.since.map_or(String::new(), |at| format!("{at:.0}")));
        let cells = [row.standing.to_string(), row.service.clone(), reason(row)];
        table.add_row(cells.into_iter().chain(since).chain([why]));
    }
    let lines = table.to_string();
    let mut lines = lines.lines().map(str::trim_end).map(str::to_owned);
    let heading = lines.next().map(|heading| painted(HEADING, heading));
    heading.into_iter().chain(lines.map(|line| coloured(&line))).collect()
}

/// The reason, or the field's words where there is none.
fn reason(row: &Row) -> String {
    let words = [&row.sync, &row.health].into_iter().flatten().map(String::as_str);
    row.reason.clone().unwrap_or_else(|| words.collect::<Vec<_>>().join(" "))
}

fn why(row: &Row) -> String {
    let ends = row.ends.as_ref().map(|ends| format!("; ends {ends}"));
    format!("{}{}", row.message.as_deref().unwrap_or_default(), ends.unwrap_or_default())
}

/// A row begins with how the service stands.
fn coloured(line: &str) -> String {
    for standing in Standing::VARIANTS {
        let word = standing.to_string();
        if let Some(rest) = line.trim_start().strip_prefix(&word) {
            let indent = &line[..line.len() - line.trim_start().len()];
            let style = match standing {
                Standing::Broken => WRONG,
                Standing::Held | Standing::ToChange => CHANGE,
                Standing::Changing => AGAIN,
                Standing::InOrder => ADD,
                Standing::NotOptedIn => REMARK,
            };
            return format!("{indent}{}{rest}", painted(style, word));
        }
    }
    line.to_owned()
}

/// How many services stand how, in as many lines as it takes.
fn sums(standings: &Standings, all: bool, width: Option<u16>) -> Vec<String> {
    if standings.services.is_empty() {
        return vec!["no service was found".to_owned()];
    }
    let of = |standing: &Standing| standings.summary.get(standing.name()).copied().unwrap_or(0);
    let known = Standing::VARIANTS.iter().filter(|standing| of(standing) > 0);
    let mut words: Vec<String> =
        known.map(|standing| format!("{} {standing}", of(standing))).collect();
    if !all && of(&Standing::InOrder) + of(&Standing::NotOptedIn) > 0 {
        words.push("--all shows every service".to_owned());
    }
    let width = width.map_or(usize::MAX, usize::from);
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 2 + word.len() <= width => {
                line.push_str(", ");
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
