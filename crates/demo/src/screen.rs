//! The terminal: a table that changes in place, or, without a terminal, one line for each change.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};

use crossterm::cursor::{Hide, MoveToColumn, MoveUp, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};

use crate::page::Page;

/// Where the demo is shown.
pub(crate) struct Screen {
    terminal: bool,
    /// Lines of the table on the screen, to be written over.
    lines: u16,
    /// What was shown last: the table, or the sentences.
    last: BTreeSet<String>,
}

impl Screen {
    /// Standard output.
    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stdout().is_terminal(), lines: 0, last: BTreeSet::new() }
    }

    /// Prints text that stays; the next table comes below it.
    pub(crate) fn print(&mut self, text: &str) {
        self.lines = 0;
        write(text);
    }

    /// Shows the page: the table in place of the last one, or what is new in it.
    pub(crate) fn show(&mut self, page: &Page) {
        if self.terminal {
            self.draw(&fit(&page.table().to_string()));
            return;
        }
        let sentences = page.sentences();
        for sentence in sentences.iter().filter(|sentence| !self.last.contains(*sentence)) {
            write(&format!("{sentence}\n"));
        }
        self.last = sentences.into_iter().collect();
    }

    fn draw(&mut self, table: &str) {
        if self.lines > 0 && self.last.contains(table) {
            return;
        }
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
        self.lines = u16::try_from(table.lines().count()).unwrap_or(u16::MAX);
        write(&format!("{table}\n"));
        self.last = BTreeSet::from([table.to_owned()]);
    }

    /// Leaves the terminal as it was.
    pub(crate) fn leave(&mut self) {
        if self.terminal {
            drop(queue!(std::io::stdout(), Show));
            drop(std::io::stdout().flush());
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
