//! The words of a fault: one short line, safe to log and to show.

use std::error::Error;

use eastwest_core::ecs::text::printable;

/// The longest message; AWS's own texts are shorter but for quoted policies.
const LONGEST: usize = 300;
/// How much of a strange answer is worth showing.
const LONGEST_EXCERPT: usize = 60;

/// The text as one line of at most [`LONGEST`] characters, access keys hidden, without characters that change how the
/// rest of it reads.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words
        .filter(|word| !word.is_empty())
        .map(|word| if holds_access_key(word) { "(access key)" } else { word })
        .collect();
    cut(&printable(&words.join(" "), usize::MAX), LONGEST)
}

/// An error and its sources, outermost first, none repeated by the one before.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = error.source();
    }
    text
}

/// A status of an answer, in words.
pub(crate) fn status(status: u16) -> String {
    match status {
        100..=599 => format!("HTTP {status}"),
        // RFC 9110, 15.
        _ => format!("HTTP {status}, which is no status of HTTP"),
    }
}

/// What an answer that is no JSON looks like; `status` in words.
pub(crate) fn excerpt(status: &str, body: Option<&[u8]>) -> String {
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    let body = body.trim();
    if body.is_empty() {
        return format!("{status} with an empty body");
    }
    if body.starts_with('{') {
        return format!("{status} with JSON that names no error code");
    }
    if body.starts_with('<') {
        let title = title(body).unwrap_or("no title");
        return format!("{status}: the answer is HTML, not JSON: {}", cut(title, LONGEST_EXCERPT));
    }
    format!("{status}: the answer is not JSON: {}", cut(body, LONGEST_EXCERPT))
}

fn title(html: &str) -> Option<&str> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let length = lower[start..].find('<')?;
    Some(html[start..start + length].trim())
}

/// AWS access key ids are 20 letters and digits that start so.
fn holds_access_key(word: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|prefix| {
        word.split(prefix).skip(1).any(|rest| {
            rest.len() >= 16 && rest.bytes().take(16).all(|b| b.is_ascii_alphanumeric())
        })
    })
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest - 1) {
        Some((end, _)) if text[end..].chars().count() > 1 => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_at_most_300_characters() {
        assert_eq!(one_line(" a\n\tb\u{7} c "), "a b c");
        assert_eq!(one_line("a\u{202e}b\u{2066}c\u{200b}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(one_line(&"ä".repeat(300)).chars().count(), 300);
        let long = one_line(&"ä".repeat(301));
        assert_eq!(long.chars().count(), 300);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn an_access_key_is_hidden() {
        assert_eq!(one_line("key AKIAIOSFODNN7EXAMPLE is bad"), "key (access key) is bad");
        assert_eq!(one_line("ASIA is a continent"), "ASIA is a continent");
    }

    #[test]
    fn of_html_only_the_title_is_shown() {
        let page = b"<!doctype html><HTML><head><Title> 404 Not Found </Title></head>secret</HTML>";
        let shown = excerpt(&status(404), Some(page));
        assert_eq!(shown, "HTTP 404: the answer is HTML, not JSON: 404 Not Found");
    }

    #[test]
    fn of_json_nothing_is_shown() {
        assert!(!excerpt("HTTP 400", Some(br#"{"password":"x"}"#)).contains("password"));
    }
}
