//! What is wrong in a text that a user wrote, so that they can fix it.

use std::fmt;

use serde::Serialize;

use crate::ecs::name::Refused;
use crate::ecs::text::{is_foreign, nearest, printable};

/// Something wrong in a user's text: where it stands, what was read, what is allowed, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Issue {
    /// Where it stands: a tag's key, or `<parameter>#<JSON pointer>`.
    pub place: String,
    /// What was read there, shortened and without control characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read: String,
    /// What is allowed there, and what to do.
    pub allowed: String,
    /// The nearest spelling that would be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// Whether it holds the service.
    pub weight: Weight,
}

/// Whether an issue holds the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The declaration is not understood: every change of the service is held.
    Blocking,
    /// Worth knowing. The declaration counts.
    Advice,
}

impl Issue {
    /// A blocking issue at `place` about the text `read` there.
    pub fn new(place: &str, read: &str, allowed: impl Into<String>) -> Self {
        Self {
            place: printable(place, 128),
            read: printable(read, 80),
            allowed: allowed.into(),
            nearest: None,
            weight: Weight::Blocking,
        }
    }

    /// The issue for a value whose type refused it.
    pub fn refused(place: &str, read: &str, refused: Refused) -> Self {
        Self { nearest: refused.nearest, ..Self::new(place, read, refused.allowed) }
    }

    /// The same issue with the spelling among `known` that is nearest to what was read, if any is near.
    pub fn nearest_of<'a>(mut self, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(&self.read, known);
        self
    }

    /// The same issue without the text that was read, for a text that its readers may not know.
    pub fn hidden(mut self) -> Self {
        (self.read, self.nearest) = ("(not shown)".to_owned(), None);
        self
    }

    /// The same issue as mere advice.
    pub fn advice(mut self) -> Self {
        self.weight = Weight::Advice;
        self
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.place, self.read)?;
        if let Some(character) =
            self.place.chars().chain(self.read.chars()).find(|c| is_foreign(*c))
        {
            write!(f, " (with U+{:04X})", u32::from(character))?;
        }
        write!(f, ": {}", self.allowed)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest:?}?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_alike_character_is_named() {
        let issue = Issue::new("eastwest/mоde", "client", "no such tag");
        assert_eq!(issue.to_string(), r#"eastwest/mоde="client" (with U+043E): no such tag"#);
    }

    #[test]
    fn control_characters_and_length_never_reach_the_reader() {
        let issue = Issue::new("eastwest/mode", &format!("a\u{1b}[31m{}", "x".repeat(500)), "…");
        assert!(!issue.read.contains('\u{1b}'));
        assert!(issue.read.chars().count() <= 81);
    }
}
