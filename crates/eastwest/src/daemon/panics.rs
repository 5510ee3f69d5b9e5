//! What may be told of a panic: where it was, and words of the source.
//!
//! **Invariant:** nothing that eastwest has read. A message that is made at run time may quote it: `unwrap` quotes the error,
//! and a slice that is out of bounds quotes the text. The standard library's own hook prints every message, so another one
//! takes its place.

use std::any::Any;
use std::panic::{self, PanicHookInfo};

use tracing::error;

/// What stands in the place of a message that was made at run time.
const HIDDEN: &str = "the message may quote what was read, so it is not shown";

/// From now on a panic is one line of the log that quotes nothing.
pub(crate) fn quote_nothing() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    error!(place, what = panic_text(panic.payload()), "a panic");
}

/// The message of a panic, if it is a text of the source.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &'static str {
    panic.downcast_ref::<&'static str>().copied().unwrap_or(HIDDEN)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::config::LogFormat;
    use crate::daemon::telemetry;

    const CANARY: &str = "canary-of-a-panic";
    /// Whether this process is the one that panics.
    const CHILD: &str = "EASTWEST_TEST_PANIC";

    fn text_of(panics: impl FnOnce() + panic::UnwindSafe) -> &'static str {
        panic_text(panic::catch_unwind(panics).expect_err("it panics").as_ref())
    }

    #[test]
    fn words_of_the_source_are_told_and_nothing_that_a_message_quotes() {
        let secret = std::hint::black_box(format!("é{CANARY}"));
        assert_eq!(text_of(|| panic!("a bug")), "a bug");
        assert_eq!(text_of(|| panic!("{secret}")), HIDDEN);
        let failed = std::hint::black_box(Err::<String, _>(secret.clone()));
        assert_eq!(text_of(|| drop(failed.unwrap())), HIDDEN);
        assert_eq!(text_of(|| drop(secret[1..].to_owned())), HIDDEN);
        assert_eq!(text_of(|| panic::panic_any(secret.clone())), HIDDEN);
    }

    /// The hook is the process's, so a process of its own has it.
    #[test]
    fn a_panic_is_one_line_with_its_place_and_quotes_nothing() {
        if std::env::var_os(CHILD).is_some() {
            drop(telemetry::start(LogFormat::Json));
            quote_nothing();
            text_of(|| panic!("{}", std::hint::black_box(CANARY)));
            return;
        }
        let name = "daemon::panics::tests::a_panic_is_one_line_with_its_place_and_quotes_nothing";
        let child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("this very program starts");
        let told = String::from_utf8_lossy(&child.stderr);
        let lines: Vec<&str> = told.lines().filter(|line| line.contains("a panic")).collect();
        assert_eq!(lines.len(), 1, "{told}");
        assert!(lines[0].contains(HIDDEN) && lines[0].contains("panics.rs:"), "{told}");
        assert!(!told.contains(CANARY), "{told}");
    }
}
