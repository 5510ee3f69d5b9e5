//! How well a service does.

use crate::plan::doubt::CallDoubt;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::view::ServiceView;
use crate::view::rollout::Course;
use serde::Serialize;

/// Whether a service is well.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
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

/// How a service is, as far as its entry and how its rollout goes tell. A client that cannot call what it needs is not
/// healthy, and of one of which nothing is known nobody can tell.
pub(super) fn health(service: &ServiceView, entry: &Entry, course: &Course) -> Health {
    match of_hold(service, entry.hold(), course) {
        Health::Healthy if entry.doubts.iter().any(CallDoubt::is_certain) => Health::Degraded,
        Health::Healthy if !entry.doubts.is_empty() => Health::Unknown,
        health => health,
    }
}

fn of_hold(service: &ServiceView, hold: Option<&Hold>, course: &Course) -> Health {
    match hold {
        Some(Hold::Paused(_) | Hold::PausedByPerson(_) | Hold::Frozen(_)) => Health::Suspended,
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
            | Hold::WaitingForClient(..)
            | Hold::Rolling
            | Hold::Budget(_)
            | Hold::Observe(_)
            | Hold::OwnService
            | Hold::NotLeader(_),
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
