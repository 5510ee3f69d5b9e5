//! The terminal: a table that changes in place, or, without a terminal, one more table for each change.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::Table;
use crossterm::cursor::{Hide, MoveToColumn, MoveUp, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};

/// Where the demo is shown.
pub(crate) struct Screen {
    terminal: bool,
    /// Lines of the table on the screen, to be written over.
    lines: u16,
    last: String,
}

impl Screen {
    /// Standard output.
    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stdout().is_terminal(), lines: 0, last: String::new() }
    }

    /// Prints text that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.lines = 0;
        self.last.clear();
        write(text);
    }

    /// Shows the table in place of the last one.
    pub(crate) fn show(&mut self, table: &Table) {
        let text = fit(&table.to_string());
        if text == self.last {
            return;
        }
        if self.terminal {
            self.wipe();
        }
        self.lines = u16::try_from(text.lines().count()).unwrap_or(u16::MAX);
        write(&format!("{text}\n"));
        self.last = text;
    }

    /// Shows the table for the last time; what follows goes below it.
    pub(crate) fn show_last(&mut self, table: &Table) {
        self.show(table);
        self.lines = 0;
    }

    /// Leaves the terminal as it was.
    pub(crate) fn leave(&mut self) {
        if self.terminal {
            drop(queue!(std::io::stdout(), Show));
            drop(std::io::stdout().flush());
        }
    }

    fn wipe(&mut self) {
        let mut out = std::io::stdout();
        drop(queue!(out, Hide));
        if self.lines > 0 {
            drop(queue!(
                out,
                MoveToColumn(0),
                MoveUp(self.lines),
                Clear(ClearType::FromCursorDown)
            ));
        }
    }
}

/// Cuts each line to the terminal's width: a line that wraps would not be written over.
fn fit(text: &str) -> String {
    let width = crossterm::terminal::size().map_or(200, |(width, _)| usize::from(width.max(40)));
    let cut = |line: &str| line.chars().take(width).collect::<String>();
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// Writes to standard output; a reader that went away is no reason to fall over.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
