//! What the texts of several commands share.

use crate::api::text::line;

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
