//! What the texts for people share.

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
