//! What stands on the terminal after each drawing, by a terminal that knows the few commands that are used.

use super::{Canvas, Size};

/// A terminal without memory of what scrolled away. A narrower window breaks its lines anew, as most terminals do.
struct Terminal {
    size: Size,
    /// Its lines; the cursor stands on the last one or above it.
    lines: Vec<String>,
    row: usize,
    column: usize,
}

impl Terminal {
    fn new(size: Size) -> Self {
        Self { size, lines: vec![String::new()], row: 0, column: 0 }
    }

    fn resize(&mut self, size: Size) {
        let letters: Vec<Vec<char>> =
            self.lines.iter().map(|line| line.chars().collect()).collect();
        let broken = letters.iter().flat_map(|line| {
            let parts = line.chunks(size.width).map(|part| part.iter().collect::<String>());
            parts.chain(line.is_empty().then(String::new)).collect::<Vec<_>>()
        });
        self.lines = broken.collect();
        self.size = size;
        self.row = self.lines.len() - 1;
        self.scroll();
    }

    fn write(&mut self, bytes: &[u8]) {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        let mut rest = text.as_str();
        while let Some(letter) = rest.chars().next() {
            if let Some(command) = rest.strip_prefix("\x1b[") {
                let end = command.find(|c: char| c.is_ascii_alphabetic()).expect("an end");
                self.obey(&command[..end], &command[end..=end]);
                rest = &command[end + 1..];
                continue;
            }
            rest = &rest[letter.len_utf8()..];
            if letter == '\n' {
                self.next_line();
            } else {
                self.put(letter);
            }
        }
    }

    fn obey(&mut self, number: &str, command: &str) {
        match (number, command) {
            ("?25", "l" | "h") => {}
            (number, "A") => self.row -= number.parse::<usize>().expect("a number").min(self.row),
            ("1", "G") => self.column = 0,
            ("1;1", "H") => (self.row, self.column) = (0, 0),
            ("", "J") => {
                self.lines.truncate(self.row + 1);
                let kept = self.lines[self.row].chars().take(self.column).collect();
                self.lines[self.row] = kept;
            }
            ("2", "J") => self.lines = vec![String::new(); self.row + 1],
            other => panic!("no such command: {other:?}"),
        }
    }

    fn put(&mut self, letter: char) {
        if self.column == self.size.width {
            self.next_line();
        }
        let mut line: Vec<char> = self.lines[self.row].chars().take(self.column).collect();
        line.push(letter);
        self.lines[self.row] = line.into_iter().collect();
        self.column += 1;
    }

    fn next_line(&mut self) {
        (self.row, self.column) = (self.row + 1, 0);
        if self.row == self.lines.len() {
            self.lines.push(String::new());
        }
        self.scroll();
    }

    fn scroll(&mut self) {
        let gone = self.lines.len().saturating_sub(self.size.height);
        self.lines.drain(..gone);
        self.row = self.row.saturating_sub(gone);
    }

    fn shows(&self) -> Vec<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines.filter(|line| !line.is_empty()).collect()
    }
}

const WIDE: Size = Size { width: 30, height: 12 };
const NARROW: Size = Size { width: 12, height: 12 };

fn table(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// A terminal with a text, and below it a table of three lines.
fn drawn() -> (Terminal, Canvas) {
    let (mut terminal, mut canvas) = (Terminal::new(WIDE), Canvas::default());
    terminal.write(canvas.print("welcome\n").as_bytes());
    let first = table(&["service  sync       health", "api      OutOfSync  Degraded", "  why"]);
    terminal.write(&canvas.draw(&first, WIDE));
    (terminal, canvas)
}

#[test]
fn a_table_is_written_over_by_the_next_one_however_many_lines_either_has() {
    let (mut terminal, mut canvas) = drawn();
    assert_eq!(terminal.shows().len(), 4);
    terminal.write(&canvas.draw(&table(&["service  sync", "api      Synced"]), WIDE));
    assert_eq!(terminal.shows(), ["welcome", "service  sync", "api      Synced"]);
}

#[test]
fn a_table_that_is_as_it_was_is_not_written_again() {
    let (_, mut canvas) = drawn();
    let same = canvas.table.clone();
    assert_eq!(canvas.draw(&same, WIDE), [0_u8; 0]);
}

#[test]
fn after_a_resize_the_text_and_the_new_table_stand_there_and_nothing_of_the_old_one() {
    for (size, lines) in [(NARROW, ["api", "  why"]), (WIDE, ["api  Synced", "  why"])] {
        let (mut terminal, mut canvas) = drawn();
        terminal.resize(NARROW);
        terminal.write(&canvas.draw(&table(&["api", "  why"]), NARROW));
        assert_eq!(terminal.shows(), ["welcome", "api", "  why"]);
        terminal.resize(size);
        terminal.write(&canvas.draw(&table(&lines), size));
        assert_eq!(terminal.shows(), ["welcome", lines[0], lines[1]]);
    }
}

#[test]
fn text_that_is_printed_later_leaves_the_table_above_it_also_after_a_resize() {
    let (mut terminal, mut canvas) = drawn();
    terminal.write(canvas.print("converged\n").as_bytes());
    terminal.write(&canvas.draw(&table(&["api"]), WIDE));
    let shown = terminal.shows();
    assert_eq!((shown[0], shown[4], shown[5]), ("welcome", "converged", "api"));
    terminal.resize(NARROW);
    terminal.write(&canvas.draw(&table(&["api"]), NARROW));
    assert_eq!(terminal.shows().iter().filter(|line| **line == "api").count(), 1);
    assert_eq!(terminal.shows().last(), Some(&"api"));
}
