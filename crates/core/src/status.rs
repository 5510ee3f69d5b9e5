//! What we publish about a service: the field's own words for sync and health, and why.

use serde::Serialize;

use crate::declare::Intent;
use crate::fault::Fault;
use crate::hold::Hold;
use crate::issue::Issue;
use crate::name::ServiceKey;
use crate::plan::{Entry, Verdict};
use crate::prerequisite::Prerequisite;
use crate::view::{Rollout, ServiceStatus, ServiceView};

/// The state of one service as a person should read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Whether what is in force is what is wanted.
    pub sync: Sync,
    /// Whether it is well.
    pub health: Health,
    /// Why, where something is to be said.
    pub reason: Option<&'static str>,
    /// The reason in words.
    pub message: Option<String>,
}

/// Whether what is in force is what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
pub enum Sync {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// It cannot be told.
    Unknown,
}

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

/// The status of a service that opted in; `None` for one that did not.
pub fn status(view: &ServiceView, entry: Option<&Entry>) -> Option<Status> {
    if view.intent == Intent::NotOptedIn {
        return None;
    }
    let Some(entry) = entry else {
        let sync = Sync::Unknown;
        let message = Some(leaving(view).to_owned());
        return Some(Status { sync, health: Health::Unknown, reason: Some("Leaving"), message });
    };
    let hold = entry.hold();
    let (reason, message) = match hold {
        Some(Hold::Ambiguous) => (Some(Hold::Ambiguous.reason()), first_issue(&view.issues)),
        Some(hold) => (Some(hold.reason()), Some(hold.to_string())),
        None => failed_rollout(view).map_or((None, None), |why| (Some("RolloutFailed"), Some(why))),
    };
    Some(Status { sync: sync(entry), health: health(view, hold), reason, message })
}

/// What ECS says of a rollout that it gave up, where the configuration in force is its very own.
fn failed_rollout(view: &ServiceView) -> Option<String> {
    let primary = view.last.as_ref()?.primary()?;
    (primary.rollout == Rollout::Failed).then(|| match primary.rollout_reason.as_str() {
        "" => "its last rollout failed".to_owned(),
        reason => format!("its last rollout failed: {reason}"),
    })
}

fn leaving(view: &ServiceView) -> &'static str {
    match view.last.as_ref().map(|service| service.status) {
        Some(ServiceStatus::Draining) => "the service is being deleted",
        Some(ServiceStatus::Inactive) => "the service was deleted",
        Some(ServiceStatus::Active) | None => "the service has not been planned yet",
    }
}

fn first_issue(issues: &[Issue]) -> Option<String> {
    issues.first().map(ToString::to_string)
}

fn sync(entry: &Entry) -> Sync {
    match &entry.verdict {
        Verdict::InSync => Sync::Synced,
        Verdict::Hold { hold: Hold::NotSeen(_) | Hold::Ambiguous, action: None } => Sync::Unknown,
        Verdict::Step { .. } | Verdict::Hold { .. } => Sync::OutOfSync,
    }
}

fn health(view: &ServiceView, hold: Option<&Hold>) -> Health {
    match hold {
        Some(Hold::Paused(_) | Hold::Frozen) => Health::Suspended,
        Some(
            Hold::Ambiguous
            | Hold::NoNamespace(_)
            | Hold::Ineligible(_)
            | Hold::UnnamedPort(..)
            | Hold::Immutable(_)
            | Hold::Conflict(..)
            | Hold::Claimed { .. }
            | Hold::UnknownField(_)
            | Hold::RolledBack { .. }
            | Hold::MassChange(_)
            | Hold::Refused(_),
        ) => Health::Degraded,
        Some(Hold::NotSeen(_)) if view.trouble.is_some() => Health::Unknown,
        Some(Hold::NotSeen(_) | Hold::Rolling | Hold::Budget(_) | Hold::Observe(_)) | None => {
            rollout_health(view)
        }
    }
}

fn rollout_health(view: &ServiceView) -> Health {
    match view.last.as_ref().and_then(|service| service.primary()).map(|primary| primary.rollout) {
        Some(Rollout::Completed) => Health::Healthy,
        Some(Rollout::InProgress) | None => Health::Progressing,
        Some(Rollout::Failed) => Health::Degraded,
    }
}

/// Something that changed, told once: a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A service's status is another.
    Status(ServiceKey, Option<Status>),
    /// A write was accepted or failed.
    Applied(ServiceKey, &'static str, Result<String, Fault>),
    /// A cluster could not be swept, or can be again.
    Cluster(String, Option<Fault>),
    /// Something that services wait for was made, or could not be.
    Made(Prerequisite, Result<String, Fault>),
    /// Another document is in force.
    InForce,
    /// Something is wrong with the latest document, or nothing any more; the last good one is in force meanwhile.
    Document(Option<String>),
    /// A rollout ended: how long we saw it run, and whether it completed.
    RolledOut(ServiceKey, std::time::Duration, bool),
    /// A plan broke a rule of ours: nothing was written.
    Breach(ServiceKey, &'static str),
}

#[cfg(test)]
mod tests;
