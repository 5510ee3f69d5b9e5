//! How a service's rollout goes, and why it does not go on.
//!
//! A stall, a wait for a person and a wait by plan look the same in `deployments[]`: IN_PROGRESS, for hours. This file
//! separates them, because the first needs help, the second an answer, and the third nothing. Our own clock measures
//! how long it has run. The service's past shows its stage, and whether ECS can roll back.

use std::time::Duration;

use super::ServiceView;
use super::history::{History, Ongoing};
use crate::declaration::settings::{Moment, Timing};
use crate::ecs::service::{Deployment, EcsService, Rollout, ServiceEvent};
use crate::ecs::text::printable;
use crate::ecs::time::{AwsTime, Now};

/// The lifecycle stage at which both revisions run and all traffic is on the new one
/// (API:ServiceDeployment.lifecycleStage).
const BAKE: &str = "BAKE_TIME";
/// An event of ECS is cut to so many characters.
const EVENT: usize = 200;

/// How a rollout goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// None is under way, and the last one did not fail.
    Settled,
    /// It is under way.
    Progressing,
    /// The new tasks stand and the old ones are kept for a while, by plan.
    Baking,
    /// A PAUSE lifecycle hook holds it at this stage.
    HookPaused(String),
    /// ECS rolls back one that failed.
    RollingBack,
    /// It runs for longer than it should.
    Stalled,
    /// It failed, and ECS did not roll it back; why, in ECS's words.
    Failed(String),
    /// It failed, and no earlier one completed that ECS could roll back to.
    NothingToGoBackTo,
}

/// How long a rollout may run: the operator's limit, and the time that its strategy waits by plan.
pub fn patience(service: &ServiceView, timing: &Timing) -> Duration {
    let bakes = service.last.as_ref().map(|last| last.strategy.bakes()).unwrap_or_default();
    timing.stall.saturating_add(bakes)
}

/// Whether a rollout has run for longer than that.
pub fn has_stalled(service: &ServiceView, timing: &Timing, now: Now) -> bool {
    service.rolling_since.is_some_and(|since| now.since(since) >= patience(service, timing))
}

/// How a service's rollout goes, as of now.
pub fn course(
    view: &ServiceView,
    history: Option<&History>,
    Moment { timing, now }: Moment<'_>,
) -> Course {
    let Some(service) = &view.last else { return Course::Progressing };
    let ongoing = history.and_then(|history| history.ongoing.as_ref());
    if let Some(stage) = ongoing.and_then(|ongoing| ongoing.paused_at.as_ref()) {
        return Course::HookPaused(printable(stage, 40));
    }
    let failed = service.primary().filter(|primary| primary.rollout == Rollout::Failed);
    let gave_up = history.is_some_and(|history| !history.failed.is_empty());
    // An empty past does not show whether there is a way back.
    let no_way_back = |history: &History| !history.has_completed && !history.lately.is_empty();
    let is_lost = history.is_some_and(no_way_back);
    let is_late = has_stalled(view, timing, now);
    match (failed, ongoing) {
        (Some(_), _) if is_lost => Course::NothingToGoBackTo,
        (Some(primary), _) => Course::Failed(printable(&primary.rollout_reason, EVENT)),
        (None, Some(Ongoing { stage, .. })) if stage == BAKE => Course::Baking,
        (None, _) if is_late && gave_up && is_lost => Course::NothingToGoBackTo,
        (None, _) if is_late => Course::Stalled,
        (None, ongoing) if service.is_rolling() || ongoing.is_some() => {
            let back = |ongoing: &Ongoing| ongoing.status.starts_with("ROLLBACK_");
            if is_rolling_back(service) || ongoing.is_some_and(back) {
                Course::RollingBack
            } else {
                Course::Progressing
            }
        }
        (None, _) => Course::Settled,
    }
}

/// Whether the PRIMARY rolls again and a later one has failed: then ECS rolls that one back.
pub(crate) fn is_rolling_back(service: &EcsService) -> bool {
    let Some(primary) = service.primary() else { return false };
    let failed_later = |deployment: &Deployment| {
        deployment.rollout == Rollout::Failed && deployment.created_at > primary.created_at
    };
    service.is_rolling() && service.deployments.iter().any(failed_later)
}

impl Course {
    /// What happens, in words.
    pub fn message(&self) -> Option<String> {
        let said = match self {
            Self::Settled => return None,
            Self::Progressing => "a rollout is under way",
            Self::Baking => {
                "the new tasks have all the traffic, and the old ones are kept for the planned time"
            }
            Self::HookPaused(stage) => {
                return Some(format!("a PAUSE lifecycle hook holds its rollout at {stage}"));
            }
            Self::RollingBack => "its rollout failed and ECS is rolling it back",
            Self::Stalled => "its rollout takes longer than it should",
            Self::Failed(reason) if reason.is_empty() => "its last rollout failed",
            Self::Failed(reason) => return Some(format!("its last rollout failed: {reason}")),
            Self::NothingToGoBackTo => {
                "its rollout failed, and no earlier deployment that AWS remembers completed: ECS cannot roll back, and starts no task"
            }
        };
        Some(said.to_owned())
    }

    /// What would end it.
    pub fn ends(&self) -> Option<&'static str> {
        match self {
            Self::Settled => None,
            Self::Progressing | Self::RollingBack => Some("once it has completed or failed"),
            Self::Baking => Some("once that time is over"),
            Self::HookPaused(_) => {
                Some("once a person calls ContinueServiceDeployment with CONTINUE or ROLLBACK")
            }
            Self::Stalled => Some(
                "once its tasks can start: read the event, fix the cause and deploy again, or stop the deployment",
            ),
            Self::Failed(_) | Self::NothingToGoBackTo => Some(
                "once a new deployment completes; eastwest does not send the same configuration again",
            ),
        }
    }

    /// Whether an event of ECS may explain it.
    pub(crate) fn is_explained(&self) -> bool {
        matches!(
            self,
            Self::RollingBack | Self::Stalled | Self::Failed(_) | Self::NothingToGoBackTo
        )
    }
}

/// The time of a rollout, by AWS's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutSpan {
    /// When its deployment was created.
    pub began: AwsTime,
    /// When it ended, the rollback included; none while it runs.
    pub ended: Option<AwsTime>,
}

impl RolloutSpan {
    /// From the newest deployment of a service on.
    pub(crate) fn of_newest(service: &EcsService) -> Self {
        let newest = service.deployments.iter().map(|deployment| deployment.created_at).max();
        Self { began: newest.unwrap_or(AwsTime(0)), ended: None }
    }

    fn has(self, event: &ServiceEvent) -> bool {
        event.at >= self.began && self.ended.is_none_or(|ended| event.at <= ended)
    }
}

/// The event of ECS that best explains why a rollout failed or stands still, cut to a line. Events of other rollouts
/// explain nothing.
pub fn explaining(service: &EcsService, span: RolloutSpan) -> Option<String> {
    let events = service.events.iter().filter(|event| span.has(event));
    // The cause is the most useful event, then the failure, then what ECS does about it. Of equal ones the newest is
    // taken.
    let weighed = events.filter_map(|event| Some((weight(&event.message)?, event)));
    let best = weighed.min_by_key(|found| found.0);
    best.map(|(_, event)| printable(&event.message, EVENT))
}

/// Whether an event may explain why a rollout fails. Most say only that tasks start, stop and register.
pub fn is_telling(message: &str) -> bool {
    weight(message).is_some()
}

/// How useful an event is, the least is best; none for good news.
fn weight(message: &str) -> Option<usize> {
    // That tasks do not start, and that a deployment failed, says less than why.
    const GENERAL: [&str; 3] =
        ["unable to consistently start", "deployment failed", "rolling back"];
    const CAUSES: [&str; 2] = ["unable to", "failed"];
    if message.contains("has reached a steady state") {
        return None;
    }
    let among = |words: &[&str]| words.iter().position(|words| message.contains(words));
    match among(&GENERAL) {
        Some(general) => Some(CAUSES.len() + general),
        None => among(&CAUSES),
    }
}

#[cfg(test)]
mod tests;
