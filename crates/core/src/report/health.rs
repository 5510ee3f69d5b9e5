//! How well a service does.

use crate::plan::hold::Hold;
use crate::view::ServiceView;
use crate::view::rollout::Course;
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

/// How a service is, as far as what holds it and how its rollout goes tell.
pub(super) fn health(service: &ServiceView, hold: Option<&Hold>, course: &Course) -> Health {
    match hold {
        Some(Hold::Paused(_) | Hold::Frozen(_)) => Health::Suspended,
        Some(
            Hold::Ambiguous
            | Hold::AmbiguousPort(_)
            | Hold::NoNamespace(_)
            | Hold::Ineligible(_)
            | Hold::UnnamedPort(..)
            | Hold::Immutable(_)
            | Hold::Conflict(..)
            | Hold::Claimed { .. }
            | Hold::UnknownField(_)
            | Hold::RolledBack { .. }
            | Hold::Contended(_)
            | Hold::MassChange(_)
            | Hold::Refused(_)
            | Hold::Breach(_),
        ) => Health::Degraded,
        Some(Hold::NotSeen(_)) if service.trouble.is_some() => Health::Unknown,
        Some(
            Hold::NotSeen(_)
            | Hold::WaitingForServer(_)
            | Hold::WaitingForClient(_)
            | Hold::Rolling
            | Hold::Budget(_)
            | Hold::Observe(_),
        )
        | None => of_course(course),
    }
}

fn of_course(course: &Course) -> Health {
    match course {
        Course::Settled => Health::Healthy,
        Course::Progressing | Course::Baking => Health::Progressing,
        Course::HookPaused(_) => Health::Suspended,
        Course::RollingBack | Course::Stalled | Course::Failed(_) | Course::NothingToGoBackTo => {
            Health::Degraded
        }
    }
}
