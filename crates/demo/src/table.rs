//! The table of services, laid out for the width and the height that there are.
//!
//! **Invariant:** no line is longer than the width, and there are fewer lines than the height, or the table could not be
//! written over. What a service waits for is shown whatever the width: beside the row where there is room for all of
//! it, else below. What does not fit are columns, from the right.

use comfy_table::{Cell, ContentArrangement, Table, presets};

/// The columns, without the reason.
const COLUMNS: [&str; 7] =
    ["service", "tasks", "rollout", "sync", "health", "clients call", "calls"];
/// Which columns go first where there is no room.
const DISPENSABLE: [usize; 4] = [6, 5, 2, 1];
/// Before a reason that stands below its row.
const INDENT: &str = "     ";

/// One service.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// What stands in each column.
    pub(crate) cells: [String; COLUMNS.len()],
    /// Why it is as it is; empty where there is nothing to say.
    pub(crate) why: String,
}

/// How large the terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// The table, line by line.
pub(crate) fn rendered(lines: &[Line], size: Size) -> Vec<String> {
    let all: Vec<usize> = (0..COLUMNS.len()).collect();
    let wide = with_columns(lines, &all, true);
    if wide.iter().all(|line| line.chars().count() <= size.width) {
        return cut(wide, size);
    }
    let rows = narrowed(lines, all, size.width);
    let width = size.width.saturating_sub(INDENT.len()).max(1);
    let reasons: Vec<Vec<String>> = lines.iter().map(|line| wrapped(&line.why, width)).collect();
    let each = lines_each(&reasons, size.height);
    let mut shown = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        shown.push(row);
        // The first row is the header.
        let reason =
            at.checked_sub(1).and_then(|at| reasons.get(at)).map_or(&[][..], Vec::as_slice);
        shown.extend(shortened(reason, each, width).iter().map(|line| format!("{INDENT}{line}")));
    }
    cut(shown, size)
}

/// The rows with as many columns as fit.
fn narrowed(lines: &[Line], mut columns: Vec<usize>, width: usize) -> Vec<String> {
    let mut dispensable = DISPENSABLE.iter();
    loop {
        let rows = with_columns(lines, &columns, false);
        if rows.iter().all(|line| line.chars().count() <= width) {
            return rows;
        }
        let Some(next) = dispensable.next() else { return rows };
        columns.retain(|column| column != next);
    }
}

fn with_columns(lines: &[Line], columns: &[usize], with_reason: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let reason = |why: &str| with_reason.then(|| Cell::new(why));
    let header = columns.iter().map(|column| Cell::new(COLUMNS[*column])).chain(reason(""));
    table.set_header(header.collect::<Vec<_>>());
    for line in lines {
        let cells = columns.iter().map(|column| Cell::new(&line.cells[*column]));
        table.add_row(cells.chain(reason(&line.why)).collect::<Vec<_>>());
    }
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// How many lines each reason may have, so that all fit below each other: one at least.
fn lines_each(reasons: &[Vec<String>], height: usize) -> usize {
    let longest = reasons.iter().map(Vec::len).max().unwrap_or(0);
    let needs =
        |each: usize| 1 + reasons.iter().map(|reason| 1 + reason.len().min(each)).sum::<usize>();
    (1..=longest).rev().find(|each| needs(*each) < height).unwrap_or(1)
}

/// The beginning of a text that is longer, so that it shows that it is.
fn shortened(lines: &[String], most: usize, width: usize) -> Vec<String> {
    let mut kept: Vec<String> = lines.iter().take(most).cloned().collect();
    if let Some(last) = kept.last_mut().filter(|_| lines.len() > most) {
        *last = last.chars().take(width.saturating_sub(1)).chain(['…']).collect();
    }
    kept
}

/// A text in lines of at most so many characters, broken between words where that is possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for part in letters.chunks(width) {
            let part: String = part.iter().collect();
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + part.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&part);
                }
                _ => lines.push(part),
            }
        }
    }
    lines
}

/// What is left where even the shortest table is too large.
fn cut(mut lines: Vec<String>, size: Size) -> Vec<String> {
    let most = size.height.saturating_sub(1).max(1);
    if lines.len() > most {
        let hidden = lines.len() - (most - 1);
        lines.truncate(most - 1);
        lines.push(format!("… and {hidden} more lines: make the window higher"));
    }
    lines.into_iter().map(|line| line.chars().take(size.width).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHY: &str = "needs django-api of prod/django (inferred from its environment), whose deployment completed early and does not run all its tasks yet";

    fn line(name: &str, health: &str, why: &str) -> Line {
        let alias = format!("{name}.internal.myapp:8000");
        let cells = [name, "2/2", "in progress", "OutOfSync", health, &alias, "1 of 2 get through"];
        Line { cells: cells.map(str::to_owned), why: why.to_owned() }
    }

    fn fleet() -> Vec<Line> {
        vec![
            line("django", "Healthy", ""),
            line("fastapi", "Degraded", "the rollout failed: tasks failed to start"),
            line("shop", "Progressing", WHY),
        ]
    }

    fn at(width: usize, height: usize) -> Vec<String> {
        rendered(&fleet(), Size { width, height })
    }

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn at_every_width_each_reason_is_there_whole_and_no_line_is_too_long() {
        for width in [60, 80, 100, 120, 200, 300] {
            let shown = at(width, 50);
            let text = words(&shown.join(" "));
            for what in [WHY, "the rollout failed: tasks failed to start", "Degraded"] {
                assert!(text.contains(what), "{width}: {what} is missing in\n{}", shown.join("\n"));
            }
            for line in &shown {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn where_there_is_room_the_reason_stands_beside_its_row_and_every_column_is_there() {
        let shown = at(300, 50);
        assert_eq!(shown.len(), 4);
        assert!(COLUMNS.iter().all(|column| shown[0].contains(column)), "{}", shown[0]);
        assert!(shown[3].ends_with(WHY), "{}", shown[3]);
    }

    #[test]
    fn a_narrow_table_keeps_the_service_its_sync_and_its_health_longest() {
        for (width, gone) in [(60, "clients call"), (40, "rollout")] {
            let header = &at(width, 50)[0];
            assert!(!header.contains(gone), "{width}: {header}");
            for column in ["service", "sync", "health"] {
                assert!(header.contains(column), "{width}: {header}");
            }
        }
    }

    #[test]
    fn a_low_window_shortens_the_reasons_and_shows_that_it_does() {
        let shown = at(60, 8);
        assert!(shown.len() < 8, "{}", shown.join("\n"));
        assert!(shown.last().is_some_and(|line| line.ends_with('…')), "{}", shown.join("\n"));
        assert!(shown.iter().any(|line| line.contains("the rollout failed")));
    }

    #[test]
    fn a_window_too_low_for_the_rows_says_how_many_lines_are_missing() {
        let shown = at(60, 5);
        assert_eq!(shown.len(), 4);
        assert_eq!(shown[3], "… and 3 more lines: make the window higher");
    }

    #[test]
    fn a_word_that_is_longer_than_the_line_is_broken() {
        assert_eq!(wrapped("an arn:aws:ecs:x is", 8), ["an", "arn:aws:", "ecs:x is"]);
        assert_eq!(wrapped("", 8), [""; 0]);
    }
}
