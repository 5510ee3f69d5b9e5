//! A parameter of Parameter Store.

use super::name::ParameterName;
use super::time::AwsTime;

/// A parameter of Parameter Store.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: ParameterName,
    /// Its version. It starts again at 1 when a deleted parameter is created again.
    pub version: i64,
    /// When it was last written.
    pub modified_at: AwsTime,
    /// Whether it is a `SecureString`: then nothing of its text is shown anywhere.
    pub is_secret: bool,
    /// Its text, decrypted.
    pub text: String,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({} bytes)", self.name, self.version, self.text.len())
    }
}
