//! The bearer token for the HTTP pages that write. No log line, page or message shows it.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

/// A bearer token as it was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// What a token must be.
    pub(crate) const ALLOWED: &str = "16 to 512 letters, digits and punctuation, no spaces";

    /// Whether it can be sent in a header and is long enough.
    pub(crate) fn is_fit(&self) -> bool {
        (16..=512).contains(&self.0.len()) && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// The token itself, to be sent to another eastwest.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `sent` is the token. The time that this takes depends on the length alone.
    pub(crate) fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl FromStr for Token {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}
