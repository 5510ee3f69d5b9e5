//! A text that no log line, page or message shows: as it was typed, or the file that has it.

use std::fmt;
use std::str::FromStr;

/// What begins the name of a file in a secret's place.
const FILE: &str = "file:";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 8192;

/// A secret text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret itself.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The secret, from its file if it names one: without the white space around it.
    pub(crate) fn read(&self) -> Result<Self, String> {
        let Some(path) = self.0.strip_prefix(FILE) else {
            return Ok(Self(self.0.trim().to_owned()));
        };
        let unread = |why: &dyn fmt::Display| format!("the file {path:?} cannot be read: {why}");
        let length = std::fs::metadata(path).map_err(|why| unread(&why))?.len();
        if length > LONGEST {
            return Err(unread(&"it is longer than a secret"));
        }
        let text = std::fs::read_to_string(path).map_err(|why| unread(&why))?;
        Ok(Self(text.trim().to_owned()))
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
