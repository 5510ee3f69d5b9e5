//! The bearer token that opens what writes over HTTP. It is shown nowhere.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

/// A bearer token as it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// What a token must be.
    pub const ALLOWED: &str = "16 to 512 letters, digits and punctuation, no spaces";

    /// Whether it is one that can be sent in a header and is not guessed at once.
    pub fn is_fit(&self) -> bool {
        (16..=512).contains(&self.0.len()) && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether this is the token; how long that takes tells only of its length.
    pub fn is(&self, said: &str) -> bool {
        self.0.as_bytes().ct_eq(said.as_bytes()).into()
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
