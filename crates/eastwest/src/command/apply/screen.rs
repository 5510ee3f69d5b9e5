//! Where an `apply` is shown: lines that stay and, on a terminal, the progress below them.
//!
//! **Invariant:** the progress stands in the last lines of the terminal and nowhere else: it is taken away before a line is
//! printed, and at the end. Without a terminal there is none.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossterm::cursor::{MoveToColumn, MoveUp};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};

/// Standard output.
pub(super) struct Screen {
    is_terminal: bool,
    /// The progress that stands there.
    below: Mutex<Vec<String>>,
}

impl Screen {
    /// Standard output; `is_quiet` where no progress is wanted.
    pub(super) fn new(is_quiet: bool) -> Self {
        let is_terminal = !is_quiet && std::io::stdout().is_terminal();
        Self { is_terminal, below: Mutex::default() }
    }

    /// Whether it shows progress.
    pub(super) fn shows_progress(&self) -> bool {
        self.is_terminal
    }

    /// Prints a line that stays.
    pub(super) fn print(&self, line: &str) {
        let below = self.below();
        write(&drawn(below.len(), Some(line), &below));
    }

    /// Shows this progress in place of the last one.
    pub(super) fn show(&self, lines: &[String]) {
        let mut below = self.below();
        let width = crossterm::terminal::size().map_or(80, |(width, _)| usize::from(width).max(20));
        // A line that is broken would be two, and only one would be taken away.
        let lines: Vec<String> = lines.iter().map(|line| cut(line, width)).collect();
        if *below != lines {
            write(&drawn(below.len(), None, &lines));
            *below = lines;
        }
    }

    fn below(&self) -> MutexGuard<'_, Vec<String>> {
        self.below.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to write in place of so many lines: a line that stays, and the progress below it.
fn drawn(before: usize, line: Option<&str>, below: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    if before > 0 {
        let lines = u16::try_from(before).unwrap_or(u16::MAX);
        drop(queue!(out, MoveToColumn(0), MoveUp(lines), Clear(ClearType::FromCursorDown)));
    }
    for line in line.into_iter().chain(below.iter().map(String::as_str)) {
        drop(queue!(out, Print(line), Print("\n")));
    }
    out
}

/// As much of a line as fits.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() < width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(2)).chain(['…']).collect()
}

/// Writes to standard output; a reader that went away is no reason to fall over.
fn write(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(bytes).and_then(|()| out.flush()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_taken_away_before_a_line_and_stands_below_it_again() {
        let below = ["1 changing".to_owned(), "2 held".to_owned()];
        let text = String::from_utf8(drawn(2, Some("a line"), &below)).expect("text");
        assert_eq!(text, "\u{1b}[1G\u{1b}[2A\u{1b}[Ja line\n1 changing\n2 held\n");
        assert_eq!(drawn(0, Some("a line"), &[]), b"a line\n", "without progress nothing is moved");
    }

    #[test]
    fn a_line_of_progress_never_breaks() {
        assert_eq!(cut("short", 20), "short");
        assert_eq!(cut("0123456789", 8).chars().count(), 7);
    }
}
