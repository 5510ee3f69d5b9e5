//! What the texts for people share.

use std::fmt::Write as _;

use eastwest_core::declaration::issue::{Issue, Weight};
use eastwest_core::ecs::text::printable;

/// Adds a line.
pub(crate) fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _: Result<(), std::fmt::Error> = writeln!(text, "{what}");
}

/// `!` for what holds a service, `i` for advice.
pub(crate) fn mark(issue: &Issue) -> char {
    if issue.weight == Weight::Blocking { '!' } else { 'i' }
}

/// A text that somebody sent, in quotes, short and harmless.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", printable(text, 64))
}

/// One of some values by its name, or what is wrong with the text that was sent as `name`.
pub(crate) fn one_of<T: Copy + Into<&'static str>>(
    name: &str,
    text: &str,
    all: &[T],
) -> Result<T, String> {
    let found = all.iter().copied().find(|value| (*value).into() == text);
    found.ok_or_else(|| format!("{name}={}: send one of {}", quoted(text), names(all)))
}

/// The names of some values.
pub(crate) fn names<T: Copy + Into<&'static str>>(all: &[T]) -> String {
    all.iter().map(|value| (*value).into()).collect::<Vec<&str>>().join(", ")
}
