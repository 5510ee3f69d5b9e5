//! What we publish about a service: the field's own words for sync and health, and why.

use serde::Serialize;

use crate::declare::Intent;
use crate::fault::Fault;
use crate::hold::Hold;
use crate::issue::{Issue, Weight};
use crate::name::{ClusterName, ServiceKey};
use crate::plan::{Entry, Verdict};
use crate::prerequisite::Prerequisite;
use crate::rollout::{Course, course, explaining};
use crate::settings::Timing;
use crate::time::Now;
use crate::view::{ServiceStatus, ServiceView, View};

/// The state of one service as a person should read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Whether what is in force is what is wanted.
    pub sync: Sync,
    /// Whether it is well.
    pub health: Health,
    /// Why, where something is to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What would end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// What ECS says of a rollout that fails or gets nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What to paste where, so that another tool leaves the service alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
}

/// Reasons that pass by themselves: something is under way, is read, or has its turn later.
const PASSING: [&str; 4] = ["NotSeen", "Rolling", "Budget", "WaitingForServer"];

impl Status {
    /// Whether the service is in sync and healthy.
    pub fn is_in_order(&self) -> bool {
        self.sync == Sync::Synced && self.health == Health::Healthy
    }

    /// Whether its reason passes by itself.
    pub fn passes(&self) -> bool {
        self.reason.is_some_and(|reason| PASSING.contains(&reason))
    }
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

/// The status of a service that opted in, as of now; `None` for one that did not.
pub fn status(
    view: &View,
    key: &ServiceKey,
    entry: Option<&Entry>,
    (timing, now): (&Timing, Now),
) -> Option<Status> {
    let service = view.service(key).filter(|service| service.intent != Intent::NotOptedIn)?;
    let Some(entry) = entry else { return Some(Status::leaving(service)) };
    let history = view.histories.get(key).and_then(|(_, seen)| seen.known());
    let course = course(service, history, (timing, now));
    let hold = entry.hold();
    let mut status = Status::new(sync(entry), health(service, hold, &course));
    match hold {
        // That it rolls says less than how it goes.
        Some(Hold::Rolling) if !matches!(course, Course::Settled | Course::Progressing) => {
            status.go(&course);
        }
        Some(hold) => status.hold(hold, &service.issues),
        None => status.go(&course),
    }
    let fails = course.is_explained() || matches!(hold, Some(Hold::RolledBack { .. }));
    status.event = service.last.as_ref().filter(|_| fails).and_then(|last| explaining(last));
    Some(status)
}

impl Status {
    fn new(sync: Sync, health: Health) -> Self {
        let (reason, message, ends) = (None, None, None);
        Self { sync, health, reason, message, ends, event: None, snippet: None }
    }

    fn leaving(service: &ServiceView) -> Self {
        let mut status = Self::new(Sync::Unknown, Health::Unknown);
        status.reason = Some("Leaving");
        status.message = Some(leaving(service).to_owned());
        status
    }

    fn hold(&mut self, hold: &Hold, issues: &[Issue]) {
        let first = issues.iter().find(|issue| issue.weight == Weight::Blocking);
        let issue = first.filter(|_| *hold == Hold::Ambiguous).map(ToString::to_string);
        self.reason = Some(hold.reason());
        self.message = Some(issue.unwrap_or_else(|| hold.to_string()));
        self.ends = Some(hold.ends());
        self.snippet = hold.snippet();
    }

    fn go(&mut self, course: &Course) {
        self.reason = course.reason();
        self.message = course.message();
        self.ends = course.ends().map(str::to_owned);
    }

    /// Whether it is so for the same reason as before.
    pub(crate) fn has_reason_of(&self, before: &Self) -> bool {
        let Self { sync, health, reason, .. } = self;
        (sync, health, reason) == (&before.sync, &before.health, &before.reason)
    }

    /// Whether it is as before but for what ECS says of it, which is new with every attempt to start a task.
    pub(crate) fn is_as(&self, before: &Self) -> bool {
        let Self { message, ends, snippet, .. } = self;
        self.has_reason_of(before)
            && (message, ends, snippet) == (&before.message, &before.ends, &before.snippet)
    }
}

fn leaving(view: &ServiceView) -> &'static str {
    match view.last.as_ref().map(|service| service.status) {
        Some(ServiceStatus::Draining) => "the service is being deleted",
        Some(ServiceStatus::Inactive) => "the service was deleted",
        Some(ServiceStatus::Active) | None => "the service has not been planned yet",
    }
}

fn sync(entry: &Entry) -> Sync {
    match &entry.verdict {
        Verdict::InSync => Sync::Synced,
        Verdict::Hold { hold: Hold::NotSeen(_) | Hold::Ambiguous, action: None } => Sync::Unknown,
        Verdict::Step { .. } | Verdict::Hold { .. } => Sync::OutOfSync,
    }
}

fn health(service: &ServiceView, hold: Option<&Hold>, course: &Course) -> Health {
    match hold {
        Some(Hold::Paused(_) | Hold::Frozen(_)) => Health::Suspended,
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
            | Hold::Contended(_)
            | Hold::MassChange(_)
            | Hold::Refused(_),
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
        | None => course.health(),
    }
}

/// How the services of a cluster are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Opted in, in sync and healthy.
    pub in_order: usize,
    /// Opted in, and not in sync or not healthy.
    pub not_in_order: usize,
    /// Not opted in.
    pub not_opted_in: usize,
}

/// Something that changed, told once: a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A service's status is another.
    Status(ServiceKey, Option<Status>),
    /// A write was accepted or failed.
    Applied(ServiceKey, &'static str, Result<String, Fault>),
    /// A cluster has been read whole for the first time: how its services are.
    FirstReading(ClusterName, Census),
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
    /// We were stopped, or starved, for that long: everything is read anew before anything is written.
    Stopped(std::time::Duration),
    /// A plan broke a rule of ours: nothing was written.
    Breach(ServiceKey, &'static str),
}

#[cfg(test)]
mod tests;
