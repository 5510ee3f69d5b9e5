//! The prefix of the tags that eastwest reads.

/// The prefix of our tags, `eastwest/` unless configured otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPrefix(String);

impl Default for TagPrefix {
    fn default() -> Self {
        Self("eastwest/".to_owned())
    }
}

impl TagPrefix {
    /// A prefix as configured: characters a tag key may have (API:Tag.key), at most 64 of them, not `aws:`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && !text.to_ascii_lowercase().starts_with("aws:")
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-=._:/@".contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// The full key of one of our tags.
    pub fn key(&self, tag: &str) -> String {
        format!("{}{tag}", self.0)
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_a_tag_key_may_begin_with() {
        for text in ["eastwest/", "a", "acme.io/mesh:"] {
            assert!(TagPrefix::parse(text).is_some(), "{text}");
        }
        for text in ["", "aws:x", "AWS:", "with space", "ünï", &"x".repeat(65)] {
            assert!(TagPrefix::parse(text).is_none(), "{text}");
        }
    }
}
