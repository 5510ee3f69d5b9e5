//! What the texts of several commands share.

use std::fmt::Write as _;

use eastwest_core::declaration::issue::{Issue, Weight};

/// Adds a line.
pub(crate) fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: Result<(), std::fmt::Error> = writeln!(text, "{what}");
}

/// `!` for what holds a service, `i` for advice.
pub(crate) fn mark(issue: &Issue) -> char {
    if issue.weight == Weight::Blocking { '!' } else { 'i' }
}

/// The remarks on where a plan comes from.
pub(crate) fn notes(notes: &[String]) -> String {
    let mut text = String::new();
    for note in notes {
        line(&mut text, format_args!("i {note}"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
