//! How well a service does.

use serde::Serialize;

/// Whether a service is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
pub enum Health {
    /// It is.
    Healthy,
    /// A rollout is under way.
    Progressing,
    /// A rollout or a change failed, or a person must act.
    Degraded,
    /// Held by its owner.
    Suspended,
    /// It cannot be told.
    Unknown,
}
