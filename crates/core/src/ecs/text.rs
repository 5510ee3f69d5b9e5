//! Texts that users wrote: how they are shown, and which known word is nearest to one.
//!
//! Tag text is untrusted, and what AWS answers may quote it; both end up in logs and terminals. So a text is shown only
//! as [`printable`] makes it.

use std::fmt;

/// The first `longest` characters. Characters that move the cursor, break the line or change the direction of writing
/// are replaced by a visible sign.
pub fn printable(text: &str, longest: usize) -> String {
    if text.len() <= longest && is_plain(text) {
        return text.to_owned();
    }
    let shown = |c: char| if changes_reading(c) { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(longest).map(shown).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character moves the cursor, breaks the line, changes the direction of writing or has no width: what stands
/// beside it then reads as something else.
pub fn changes_reading(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Whether all of it is ASCII that can be seen, as nearly every text is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A whole text, with such characters replaced.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            return f.write_str(self.0);
        }
        f.write_str(&printable(self.0, usize::MAX))
    }
}

/// So many of a list that grows with the fleet are shown.
pub(crate) const SHOWN: usize = 20;

/// The first of these in one line, and how many more there are. A text that grew with the fleet, for each service of the
/// fleet, would be most of our memory.
pub fn first_of(names: impl IntoIterator<Item = impl ToString>, between: &str) -> String {
    let mut names = names.into_iter();
    let first: Vec<String> = names.by_ref().take(SHOWN).map(|name| name.to_string()).collect();
    let first = first.join(between);
    match names.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Whether it separates lines, changes the direction of writing, or has no width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a reader may take it for a letter, digit or sign of ASCII, which it is not: nobody sees that an `о` is
/// Cyrillic. The two signs that [`printable`] puts in do not count.
pub(crate) fn is_foreign(c: char) -> bool {
    !c.is_ascii() && c != '\u{fffd}' && c != '…'
}

/// The known word that differs from `read` in at most a third of its characters: the one with the fewest edits, and
/// of several the first in the alphabet.
pub fn nearest<'a>(read: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = read.chars().count();
    let within = |candidate: &str| candidate.len().div_ceil(3);
    known
        .into_iter()
        // Counting edits takes memory by the product of the lengths, and the difference in length is the least count.
        .filter(|candidate| length.abs_diff(candidate.chars().count()) <= within(candidate))
        .map(|candidate| (strsim::damerau_levenshtein(read, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= within(candidate))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// What is added to a sentence about a word that is not known: the nearest one that is, or nothing.
pub fn did_you_mean<'a>(read: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(read, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_spelling_is_offered_only_when_it_is_near() {
        let known = ["client", "client-server", "off"];
        assert_eq!(nearest("clinet", known).as_deref(), Some("client"));
        assert_eq!(nearest("banana", known), None);
    }

    #[test]
    fn a_long_list_is_cut_and_says_how_many_more_there_are() {
        assert_eq!(first_of(["a", "b"], ", "), "a, b");
        assert_eq!(first_of(Vec::<String>::new(), ", "), "");
        let all = first_of(0..900, ", ");
        assert!(all.starts_with("0, 1, 2") && all.ends_with("18, 19 and 880 more"), "{all}");
    }

    #[test]
    fn control_characters_are_replaced_and_a_long_text_is_cut() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b", 80), "a\u{fffd}[31m\u{fffd}b");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }
}
