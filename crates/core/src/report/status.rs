//! What we publish about a service: the field's own words for sync and health, and why.

use serde::Serialize;

use super::health::{Health, health};
use crate::declaration::intent::Intent;
use crate::declaration::issue::{Issue, Weight};
use crate::declaration::settings::Moment;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;
use crate::plan::doubt::CallDoubt;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::reason::{Ending, Reason};
use crate::view::rollout::{Course, RolloutSpan, course, explaining};
use crate::view::{ServiceView, View};

/// The state of one service as a person should read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Status {
    /// Whether what is in force is what is wanted.
    pub sync: Sync,
    /// Whether it is well.
    pub health: Health,
    /// Why, where something is to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
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
    /// Who began the rollout that it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<BegunBy>,
    /// When that rollout began, by AWS's clock; of one that was rolled back or failed, when that was.
    #[serde(skip)]
    #[schemars(skip)]
    pub began: Option<AwsTime>,
    /// Who ends it, where there is a reason.
    #[serde(skip)]
    #[schemars(skip)]
    pub ending: Option<Ending>,
}

impl Status {
    /// Whether the service is in sync and healthy.
    pub fn is_in_order(&self) -> bool {
        self.sync == Sync::Synced && self.health == Health::Healthy
    }

    /// Whether it has a reason for which nobody has to act on this service.
    pub fn is_waiting(&self) -> bool {
        self.ending.is_some_and(|ending| ending != Ending::ByPerson)
    }
}

/// Who began a rollout.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum BegunBy {
    /// This process.
    Eastwest,
    /// A person, a pipeline, ECS itself, or eastwest before its last start. AWS does not tell who.
    Others,
}

/// Whether what is in force is what is wanted.
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
pub enum Sync {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// It cannot be told.
    Unknown,
}

/// The status of a service that opted in, as of now; `None` for one that did not.
pub fn status(
    view: &View,
    key: &ServiceKey,
    entry: Option<&Entry>,
    moment: Moment<'_>,
) -> Option<Status> {
    let service = view.service(key).filter(|service| service.intent != Intent::NotOptedIn)?;
    let Some(entry) = entry else { return Some(Status::leaving(service)) };
    let history = view.histories.get(key).and_then(|(_, seen)| seen.known());
    let course = course(service, history, moment);
    let hold = entry.hold();
    let mut status = Status::new(sync(entry), health(service, entry, &course));
    match hold {
        // That it rolls says less than how it goes.
        Some(Hold::Rolling) if !matches!(course, Course::Settled | Course::Progressing) => {
            status.go(&course);
        }
        Some(hold) => status.hold(hold, &service.issues),
        None => {
            status.go(&course);
            status.doubt(&entry.doubts);
        }
    }
    status.event = service.last.as_ref().and_then(|last| {
        let span = match hold {
            Some(Hold::RolledBack { span, .. }) => *span,
            _ if course.is_explained() => RolloutSpan::of_newest(last),
            _ => return None,
        };
        explaining(last, span)
    });
    if let Some(last) = &service.last {
        status.begin(view, last, hold);
    }
    Some(status)
}

impl Status {
    /// One of which nothing more is to be said.
    pub fn new(sync: Sync, health: Health) -> Self {
        let (reason, message, ends) = (None, None, None);
        let (event, snippet, ending) = (None, None, None);
        let (begun_by, began) = (None, None);
        Self { sync, health, reason, message, ends, event, snippet, begun_by, began, ending }
    }

    fn leaving(service: &ServiceView) -> Self {
        let mut status = Self::new(Sync::Unknown, Health::Unknown);
        status.reason = Some(Reason::Leaving);
        status.ending = Some(Ending::ByItself);
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
        self.ending = Some(hold.ending());
    }

    fn go(&mut self, course: &Course) {
        let told = of_course(course);
        self.reason = told.map(|(reason, _)| reason);
        self.ending = told.map(|(_, ending)| ending);
        self.message = course.message();
        self.ends = course.ends().map(str::to_owned);
    }

    /// Says whose the rollout is that it speaks of, and since when.
    fn begin(&mut self, view: &View, service: &EcsService, hold: Option<&Hold>) {
        if let Some(Hold::RolledBack { span, .. }) = hold {
            self.began = Some(span.ended.unwrap_or(span.began));
            return;
        }
        let Some(primary) = service.primary() else { return };
        match self.reason {
            Some(Reason::RolloutFailed | Reason::NothingToGoBackTo) => {
                self.began = Some(primary.updated_at);
            }
            Some(reason) if reason.is_of_rollout() && service.is_rolling() => {
                self.began = Some(primary.created_at);
                let is_own = view.is_own(&service.key, &primary.id);
                self.begun_by = Some(if is_own { BegunBy::Eastwest } else { BegunBy::Others });
            }
            _ => {}
        }
    }

    /// Says why its calls may fail, unless its rollout has more to say.
    fn doubt(&mut self, doubts: &[CallDoubt]) {
        let certain = doubts.iter().find(|doubt| doubt.is_certain());
        let Some(first) = certain.or(doubts.first()).filter(|_| self.reason.is_none()) else {
            return;
        };
        self.reason = Some(first.reason());
        self.message = Some(first.to_string());
        self.ends = Some(first.ends());
        self.ending = Some(first.ending());
    }

    /// Whether it is so for the same reason as before.
    pub(crate) fn has_reason_of(&self, before: &Self) -> bool {
        let Self { sync, health, reason, .. } = self;
        (sync, health, reason) == (&before.sync, &before.health, &before.reason)
    }

    /// Whether it is as before, but for what changes all the time: what ECS says, with every attempt to start a task;
    /// and who runs now, for the thousands that may wait for their turn.
    pub(crate) fn is_as(&self, before: &Self) -> bool {
        let Self { message, ends, snippet, .. } = self;
        self.has_reason_of(before)
            && (ends, snippet) == (&before.ends, &before.snippet)
            && (*message == before.message || self.reason == Some(Reason::Budget))
    }
}

/// What is to be said of a rollout, and who ends that; none where all is well.
fn of_course(course: &Course) -> Option<(Reason, Ending)> {
    Some(match course {
        Course::Settled => return None,
        Course::Progressing => (Reason::Progressing, Ending::ByItself),
        Course::Baking => (Reason::Baking, Ending::ByItself),
        Course::RollingBack => (Reason::RollingBack, Ending::ByItself),
        Course::HookPaused(_) => (Reason::HookPaused, Ending::ByPerson),
        Course::Stalled => (Reason::Stalled, Ending::ByPerson),
        Course::Failed(_) => (Reason::RolloutFailed, Ending::ByPerson),
        Course::NothingToGoBackTo => (Reason::NothingToGoBackTo, Ending::ByPerson),
    })
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
        Verdict::Hold {
            hold: Hold::NotSeen(_) | Hold::Ambiguous | Hold::AmbiguousPort(_),
            action: None,
        } => Sync::Unknown,
        Verdict::Step { .. } | Verdict::Hold { .. } => Sync::OutOfSync,
    }
}

#[cfg(test)]
mod tests;
