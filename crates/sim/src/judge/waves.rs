//! wave: nothing begins in a namespace beside the first rollout of ours that is to complete, nor soon after one failed.

use super::sent_write::{Broken, SentWrite, ms};
use super::service_history::{Moment, ServiceHistory};
use super::unhindered::is_unhindered;
use crate::shapes::Time;
use crate::shapes::ecs::RolloutState;

/// How much later the controller may see a failure.
const KNOWN_MS: u64 = 60_000;

/// wave: until a rollout of ours has completed since the start, only one runs in a namespace.
pub(super) fn wave(sent: &SentWrite<'_>) -> Broken {
    let namespace = &sent.after?.namespace;
    let is_there = |moment: &Moment| {
        moment.effective.as_ref().is_some_and(|effective| effective.namespace == *namespace)
    };
    let ours = |history: &ServiceHistory, moment: &Moment| {
        history.ours_since_start.contains(&moment.primary)
    };
    let goes_well = sent.histories.values().any(|history| {
        let mut moments = history.moments.iter().rev();
        moments.any(|moment| moment.rollout == RolloutState::Completed && ours(history, moment))
    });
    if goes_well {
        return None;
    }
    let stall = ms(sent.settings.timing.stall);
    let first = sent.others().find(|(_, history)| {
        let rolls =
            |moment: &Moment| moment.is_rolling() && ours(history, moment) && is_there(moment);
        let young = history.rolling_since().is_some_and(|at| sent.now.since_ms(at) < stall);
        young && history.since(sent.from).iter().all(rolls)
    });
    let (first, _) = first?;
    sent.says(true, "wave", &format!("begins beside {first}, which is to complete first"))
}

/// wave: after a rollout of ours failed, other changes of that namespace wait for a while.
pub(super) fn goes_on(sent: &SentWrite<'_>) -> Broken {
    let namespace = &sent.after?.namespace;
    let wait = ms(sent.settings.timing.backoff_max);
    // By then the controller knows that it failed, even if two readings failed.
    let known = sent.others_from();
    let is_recent = |at: &Time| *at <= known && sent.now.since_ms(*at) + KNOWN_MS < wait;
    let mut others = sent.others();
    let (failed, at) = others.find_map(|(key, history)| {
        let failure = history.failures.iter().find(|failure| {
            failure.namespace == *namespace
                && is_recent(&failure.at)
                && history.ours_since_start.contains(&failure.deployment)
        });
        Some((key, failure?.at))
    })?;
    let wanted_since = sent.history.causes.last().copied().max(sent.last_change_for_all)?;
    let was_wanted = wanted_since.plus_ms(3 * ms(sent.settings.timing.interval)) < at;
    let goes_on = was_wanted && is_unhindered(sent, Some(wanted_since));
    sent.says(goes_on, "wave", &format!("begins soon after the rollout of {failed} failed"))
}
