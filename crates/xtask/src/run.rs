//! Starts a command with live output, and keeps the lines a person wants to see again at the end.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

/// How a command ended, and the lines of its output that were asked for.
pub(crate) struct Ended {
    /// Whether it exited with 0.
    pub(crate) ok: bool,
    /// The kept lines, in order, without colour codes.
    pub(crate) kept: Vec<String>,
}

/// Runs `command` with no input and live output; `keep` chooses lines of standard output to keep.
pub(crate) fn live(command: &mut Command, keep: impl Fn(&str) -> bool) -> Result<Ended> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let kept = child.stdout.take().map(|output| copy(output, "", keep));
    end(command, child, kept)
}

/// The same with standard error in the same stream, in the order in which it was written. Each line is shown after
/// `mark`, so that two commands can run side by side.
pub(crate) fn marked(
    command: &mut Command,
    mark: &str,
    keep: impl Fn(&str) -> bool,
) -> Result<Ended> {
    let (output, input) = std::io::pipe().context("a pipe cannot be made")?;
    let errors = input.try_clone().context("a pipe cannot be shared")?;
    let child = start(command.stdout(input).stderr(errors))?;
    // The command would hold the pipe open, and the end of the output would never come.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let kept = copy(output, mark, keep);
    end(command, child, Some(kept))
}

fn start(command: &mut Command) -> Result<Child> {
    say(&shown(command));
    command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("{} does not start", shown(command)))
}

fn end(command: &Command, mut child: Child, kept: Option<Result<Vec<String>>>) -> Result<Ended> {
    let kept = kept.transpose()?.unwrap_or_default();
    let status = child.wait().with_context(|| format!("{} was lost", shown(command)))?;
    Ok(Ended { ok: status.success(), kept })
}

/// Passes lines on as they come, each after `mark`, and answers those to keep.
fn copy(output: impl Read, mark: &str, keep: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    let mut lines = BufReader::new(output);
    let mut raw = mark.as_bytes().to_vec();
    while lines.read_until(b'\n', &mut raw).context("reading the output")? > 0 {
        // A reader that went away must not end the tests.
        let _ = std::io::stdout().write_all(&raw);
        let line = plain(String::from_utf8_lossy(&raw[mark.len()..]).trim_end());
        if keep(&line) {
            kept.push(line);
        }
        raw.truncate(mark.len());
    }
    Ok(kept)
}

/// Runs `command` silently and answers whether it exited with 0.
pub(crate) fn quiet(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether a person is looking, so that the tools below may use colours through our pipe.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// One line about what happens now, on standard error like cargo's own.
pub(crate) fn say(line: &str) {
    eprintln!("\n==> {line}");
}

/// A length of time for people: `4:07`, in minutes and seconds.
pub(crate) fn clock(took: Duration) -> String {
    let seconds = (took.as_millis() + 500) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// The line without terminal escapes (`ESC [ … letter`).
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{clock, live, marked, plain};
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn colour_codes_are_not_kept() {
        assert_eq!(
            plain("test result: \u{1b}[32mok\u{1b}[0m. 3 passed"),
            "test result: ok. 3 passed"
        );
    }

    #[test]
    fn a_failing_command_is_reported_with_its_lines() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; exit 3"]);
        let ended = live(&mut command, |line| line == "two").unwrap();
        assert!(!ended.ok);
        assert_eq!(ended.kept, ["two"]);
    }

    #[test]
    fn both_outputs_are_one_stream_and_the_mark_is_not_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        let ended = marked(&mut command, "sh | ", |line| line != "one").unwrap();
        assert!(ended.ok);
        assert_eq!(ended.kept, ["two", "three"]);
    }

    #[test]
    fn a_time_is_told_in_minutes_and_seconds() {
        let told = [400, 59_600, 247_000].map(|ms| clock(Duration::from_millis(ms)));
        assert_eq!(told, ["0:00", "1:00", "4:07"]);
    }
}
