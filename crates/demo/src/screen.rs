//! The terminal: a table that changes in place, or, without a terminal, one line for each change.
//!
//! **Invariant:** a table is written over only where it stands as it was written. A window that was resized may have
//! broken its lines anew, so then everything is cleared and written again.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};

use crossterm::cursor::{Hide, MoveTo, MoveToColumn, MoveUp, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};

use crate::page::Page;
use crate::table::{Size, rendered};

/// What is taken for the size of a terminal that does not tell it.
const USUAL: Size = Size { width: 80, height: 24 };
/// Below that a table makes no sense.
const NARROWEST: usize = 40;

/// Where the demo is shown.
pub(crate) struct Screen {
    terminal: bool,
    canvas: Canvas,
    /// The sentences that were shown last.
    last: BTreeSet<String>,
}

impl Screen {
    /// Standard output.
    pub(crate) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { terminal, canvas: Canvas::default(), last: BTreeSet::new() }
    }

    /// Prints text that stays; the next table comes below it.
    pub(crate) fn print(&mut self, text: &str) {
        write(self.canvas.print(text).as_bytes());
    }

    /// Shows the page: the table in place of the last one, or what is new in it.
    pub(crate) fn show(&mut self, page: &Page) {
        if self.terminal {
            let size = size();
            write(&self.canvas.draw(&rendered(&page.lines(), size), size));
            return;
        }
        let sentences = page.sentences();
        for sentence in sentences.iter().filter(|sentence| !self.last.contains(*sentence)) {
            write(format!("{sentence}\n").as_bytes());
        }
        self.last = sentences.into_iter().collect();
    }

    /// Leaves the terminal as it was.
    pub(crate) fn leave(&mut self) {
        if self.terminal {
            drop(queue!(std::io::stdout(), Show));
            drop(std::io::stdout().flush());
        }
    }
}

/// What stands on the terminal, and what to write to change it.
#[derive(Default)]
struct Canvas {
    /// All text above the table.
    above: String,
    table: Vec<String>,
    /// The size for which the table was drawn.
    drawn_for: Option<Size>,
}

impl Canvas {
    /// Text that stays; so does the table that stood last.
    fn print<'t>(&mut self, text: &'t str) -> &'t str {
        for line in self.table.drain(..) {
            self.above.push_str(&line);
            self.above.push('\n');
        }
        self.above.push_str(text);
        text
    }

    /// What to write so that this table stands in place of the last one.
    fn draw(&mut self, table: &[String], size: Size) -> Vec<u8> {
        let is_resized = self.drawn_for.is_some_and(|before| before != size);
        if !is_resized && self.table == table {
            return Vec::new();
        }
        let mut out = Vec::new();
        drop(queue!(out, Hide));
        if is_resized {
            drop(queue!(out, Clear(ClearType::All), MoveTo(0, 0)));
            out.extend(self.above.bytes());
        } else if !self.table.is_empty() {
            let lines = u16::try_from(self.table.len()).unwrap_or(u16::MAX);
            drop(queue!(out, MoveToColumn(0), MoveUp(lines), Clear(ClearType::FromCursorDown)));
        }
        for line in table {
            out.extend(line.bytes());
            out.push(b'\n');
        }
        table.clone_into(&mut self.table);
        self.drawn_for = Some(size);
        out
    }
}

fn size() -> Size {
    crossterm::terminal::size().map_or(USUAL, |(width, height)| Size {
        width: usize::from(width).max(NARROWEST),
        height: usize::from(height),
    })
}

/// Writes to standard output; a reader that went away is no reason to fall over.
fn write(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(bytes).and_then(|()| out.flush()));
}

#[cfg(test)]
mod tests;
