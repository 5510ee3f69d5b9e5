//! What a run of all tests tells at its end: each part with its time, the tests that took longest, the summaries.
//!
//! The summaries are the test runners' own lines, word for word and last, since people and tools look for them there.

use std::fmt::Write as _;
use std::time::Duration;

use super::step::Step;
use crate::run::clock;

/// Which test program runs now: `Running tests/tidy/main.rs (target/debug/deps/tidy-0123456789abcdef)`, and
/// `Doc-tests eastwest_core`.
const RUNNING: [&str; 2] = ["Running ", "Doc-tests "];
const RESULT: &str = "test result:";
/// A binary without tests says so too; that is noise.
const EMPTY: &str = " 0 passed; 0 failed";
/// A test program is told by name in the table if it took so long.
const LONG: Duration = Duration::from_secs(5);

/// Whether a line of `cargo test` is needed for the table.
pub(super) fn is_told(line: &str) -> bool {
    running(line).is_some() || line.starts_with(RESULT)
}

fn running(line: &str) -> Option<&str> {
    RUNNING.iter().find_map(|word| line.trim_start().strip_prefix(word))
}

/// The end of a run that took so long in all.
pub(super) fn text(steps: &[Step], took: Duration) -> String {
    let mut text = String::new();
    for step in steps {
        row(&mut text, step.name, step.took, if step.ok { "passed" } else { "FAILED" });
        for (program, took) in longest(&step.kept) {
            row(&mut text, &format!("  {program}"), took, "");
        }
    }
    row(&mut text, "all", took, "");
    let failed: Vec<&str> = steps.iter().filter(|step| !step.ok).map(|step| step.name).collect();
    let verdict = match failed[..] {
        [] => "all parts passed".to_owned(),
        _ => format!("failed: {}", failed.join(", ")),
    };
    text.push_str(&verdict);
    text.push('\n');
    let summaries = steps.iter().flat_map(|step| &step.kept).filter(|line| is_summary(line));
    for line in summaries {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn row(text: &mut String, name: &str, took: Duration, word: &str) {
    let row = format!("{name:<18} {:>6}  {word}", clock(took));
    let _ = writeln!(text, "{}", row.trim_end());
}

fn is_summary(line: &str) -> bool {
    running(line).is_none() && !line.contains(EMPTY)
}

/// The test programs that took long, longest first.
fn longest(kept: &[String]) -> Vec<(String, Duration)> {
    let mut program = "";
    let mut all = Vec::new();
    for line in kept {
        if let Some(name) = running(line) {
            program = name;
        } else if let Some(took) = finished_in(line).filter(|took| *took >= LONG) {
            all.push((short(program), took));
        }
    }
    all.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    all
}

/// The time at the end of `test result: ok. 3 passed; …; finished in 1.23s`.
fn finished_in(line: &str) -> Option<Duration> {
    let (_, seconds) = line.strip_prefix(RESULT)?.split_once("finished in ")?;
    let seconds: f64 = seconds.trim_end_matches('s').parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A test program's name, without its folder and the hash that cargo gives it.
fn short(name: &str) -> String {
    let path = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(')');
    path.rsplit_once('-').map_or(path, |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, ok: bool, kept: &[&str]) -> Step {
        let kept = kept.iter().map(|line| (*line).to_owned()).collect();
        Step { name, ok, took: Duration::from_secs(127), kept }
    }

    #[test]
    fn the_end_names_each_part_the_long_tests_and_the_runners_own_summaries() {
        let cargo = [
            "     Running unittests src/lib.rs (target/debug/deps/eastwest_core-81e8f3bb)",
            "test result: ok. 712 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 4.20s",
            "     Running unittests src/main.rs (target/debug/deps/eastwest-77e8f3bb)",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "     Running tests/matrix/main.rs (target/debug/deps/matrix-0a1b2c3d)",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 93.51s",
        ];
        let steps = [
            step("cargo test", true, &cargo),
            step("wire", false, &["===== 1 failed, 142 passed in 127.00s ====="]),
        ];
        let expected = [
            "cargo test           2:07  passed",
            "  matrix             1:34",
            "wire                 2:07  FAILED",
            "all                  4:14",
            "failed: wire",
            cargo[1],
            cargo[5],
            "===== 1 failed, 142 passed in 127.00s =====",
        ];
        let told = text(&steps, Duration::from_secs(254));
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_lines_that_the_table_needs_are_kept_of_what_cargo_test_says() {
        let lines =
            ["   Compiling xtask v0.1.0", "     Running tests/a.rs (deps/a-1)", "test a ... ok"];
        assert_eq!(lines.map(is_told), [false, true, false]);
    }
}
