//! Texts of users: made fit to print, and the nearest known word.

/// Whether it may be taken for a letter, digit or sign of ASCII that it is not: nobody finds a Cyrillic `о` by looking.
/// The two signs that [`printable`] puts in are none of the user's.
pub(crate) fn is_foreign(c: char) -> bool {
    !c.is_ascii() && c != '\u{fffd}' && c != '…'
}

/// The known spelling within a third of its length of edits, nearest first, alphabetical among equals.
pub fn nearest<'a>(read: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = read.chars().count();
    let within = |candidate: &str| candidate.len().div_ceil(3);
    known
        .into_iter()
        // The difference in length is the least distance. To count edits takes memory by the product of the lengths.
        .filter(|candidate| length.abs_diff(candidate.chars().count()) <= within(candidate))
        .map(|candidate| (strsim::damerau_levenshtein(read, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= within(candidate))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// The first `longest` characters with those made visible that move the cursor, break the line or turn the
/// direction of writing: tag text is untrusted and ends up in logs and terminals.
pub(crate) fn printable(text: &str, longest: usize) -> String {
    let shown = |c: char| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(longest).map(shown).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// Separators of lines, marks of direction and characters of no width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
