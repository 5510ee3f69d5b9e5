//! The version of what `--json` prints, the same for every command.

use serde::Serialize;

/// The version. It changes when a member goes or means something else; new members may appear at any time.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// An object with its version before its members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versioned<T> {
    format_version: u32,
    #[serde(flatten)]
    page: T,
}

impl<T: Serialize> Versioned<T> {
    /// This object in the version of today.
    pub(crate) fn new(page: T) -> Self {
        Self { format_version: FORMAT_VERSION, page }
    }
}
