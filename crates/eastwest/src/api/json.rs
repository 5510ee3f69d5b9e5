//! What is served or printed as JSON, in one way.
//!
//! **Invariant:** nothing in it moves the cursor or changes the direction of writing where it is looked at: such
//! characters are escaped, so that the values stay as they are.

use std::fmt::Write as _;

use eastwest_core::ecs::text::changes_reading;
use serde::Serialize;

/// In one line.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(escaped)
}

/// Over several lines, for people.
pub(crate) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(escaped)
}

/// Outside of strings JSON has no such characters but the breaks of lines, and in strings serde escapes those.
fn escaped(json: String) -> String {
    let is_harmful = |c: char| c != '\n' && changes_reading(c);
    if !json.contains(is_harmful) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_harmful(c) {
            write!(text, "\\u{:04x}", u32::from(c)).expect("a String takes all text");
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn characters_that_change_how_a_text_reads_are_escaped_and_the_value_stays() {
        let value = json!({"a\u{202e}": ["b\u{7f}\u{9b}c", "d\u{200b}\n", "ä"]});
        for text in [line(&value).unwrap(), pretty(&value).unwrap()] {
            assert!(!text.contains(|c: char| c != '\n' && changes_reading(c)), "{text}");
            assert!(text.contains("\\u202e") && text.contains('ä'), "{text}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
