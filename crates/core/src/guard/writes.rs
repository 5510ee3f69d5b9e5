//! What became of our own writes, as far as we know.
//!
//! `UpdateService` has no idempotency token and no precondition, so a lost answer leaves "unknown". Then
//! the service is left alone until any answer of AWS must show the truth, and read back; nothing is ever sent again blindly.
//! This memory is a convenience: after a restart the start-up pause and the service's own
//! deployments take its place.

use std::collections::BTreeMap;

use crate::declaration::settings::{Moment, Timing, backoff};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::NamespaceId;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::plan::action::{Accepted, Action};
use crate::plan::hold::{Hold, Unseen};
use crate::plan::prerequisite::Prerequisite;

/// The last write to each service.
#[derive(Debug, Clone, Default)]
pub struct Writes {
    last: BTreeMap<ServiceKey, Write>,
    /// The services whose rollout, as far as seen, is one that a write of ours began, and the namespace it is
    /// in: it takes up budget there until it ends, whether the service can be read or is even released.
    begun: BTreeMap<ServiceKey, Option<NamespaceId>>,
    /// What was made, or could not be, and until when the first is believed without being seen.
    making: BTreeMap<Prerequisite, Result<Now, Fault>>,
}

#[derive(Debug, Clone)]
enum Write {
    /// Sent, no answer yet; how often the same had failed before.
    Sent { attempts: u32 },
    /// Accepted; its deployment has not been seen yet. Given up at the time that stands here.
    Accepted(Accepted, Now),
    /// No answer will come; left alone until a reading from then on shows what came of it. If nothing did, it has
    /// failed.
    Lost(Now, Failure),
    /// Refused, or failed without effect.
    Failed(Failure),
}

/// A write that failed: the same action is not tried again before `until`.
#[derive(Debug, Clone)]
struct Failure {
    action: Box<Action>,
    fault: Fault,
    /// How often it has failed in a row.
    attempts: u32,
    until: Now,
}

impl Write {
    fn is_in_flight(&self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Accepted(..) | Self::Lost(..))
    }
}

impl Writes {
    /// Notes that a write leaves.
    pub fn sent(&mut self, action: &Action) {
        let attempts = match self.last.get(action.service()) {
            Some(Write::Failed(failed)) if *failed.action == *action => failed.attempts,
            _ => 0,
        };
        self.last.insert(action.service().clone(), Write::Sent { attempts });
    }

    /// Notes how the making of something ended.
    pub fn made(
        &mut self,
        prerequisite: Prerequisite,
        outcome: Result<(), Fault>,
        Moment { timing, now }: Moment<'_>,
    ) {
        let believed = outcome.map(|()| now.plus(timing.staleness * 6));
        self.making.insert(prerequisite, believed);
    }

    /// Why something is not made now: it was made just now and does not show yet, or it failed and is tried again
    /// when its turn comes.
    pub fn hold_making(&self, prerequisite: &Prerequisite) -> Option<Hold> {
        match self.making.get(prerequisite)? {
            Ok(_) => Some(Hold::NotSeen(Unseen::JustMade)),
            Err(fault) => Some(Hold::Refused(fault.clone())),
        }
    }

    /// Notes where the rollout of a write that leaves will count.
    pub fn begins(&mut self, key: &ServiceKey, namespace: Option<NamespaceId>) {
        self.begun.insert(key.clone(), namespace);
    }

    /// Notes how a write ended.
    pub fn ended(
        &mut self,
        action: &Action,
        outcome: Result<Accepted, Fault>,
        Moment { timing, now }: Moment<'_>,
    ) {
        let attempts = match self.last.get(action.service()) {
            Some(Write::Sent { attempts }) => *attempts,
            _ => 0,
        };
        if outcome.as_ref().is_err_and(|fault| !fault.kind.leaves_effect_unknown()) {
            self.begun.remove(action.service());
        }
        let write = match outcome {
            // Should its deployment never show, believe the readings again.
            Ok(accepted) => Write::Accepted(accepted, now.plus(timing.staleness * 6)),
            Err(fault) => {
                let lost = fault.kind.leaves_effect_unknown();
                // What AWS refuses as it stands it will refuse again: no hurry.
                let refused = fault.kind == FaultKind::Refused;
                let wait = if refused { timing.backoff_max } else { backoff(timing, attempts) };
                let wait = if lost { wait.max(timing.staleness) } else { wait };
                let (action, until) = (Box::new(action.clone()), now.plus(wait));
                let failure = Failure { action, fault, attempts: attempts + 1, until };
                if lost {
                    Write::Lost(now.plus(timing.staleness), failure)
                } else {
                    Write::Failed(failure)
                }
            }
        };
        self.last.insert(action.service().clone(), write);
    }

    /// Forgets what a reading settles that was taken then: an accepted write whose deployment, or a later one, is
    /// seen, one whose answer was lost, and a rollout that is over.
    pub fn observe(&mut self, service: &EcsService, read_at: Now) {
        if let Some(Write::Accepted(accepted, _)) = self.last.get(&service.key)
            && shows(service, accepted.created_at, accepted)
        {
            self.last.remove(&service.key);
        }
        self.find_lost(&service.key, read_at);
        if !self.in_flight(&service.key) && !service.is_rolling() {
            self.begun.remove(&service.key);
        }
    }

    /// Forgets what settles itself where the service is no more.
    pub fn is_gone(&mut self, key: &ServiceKey, now: Now) {
        self.find_lost(key, now);
        if !self.in_flight(key) {
            self.begun.remove(key);
        }
    }

    /// A write whose answer was lost counts as failed once the truth must show.
    fn find_lost(&mut self, key: &ServiceKey, read_at: Now) {
        if let Some(write) = self.last.get_mut(key)
            && let Write::Lost(until, failure) = write
            && read_at >= *until
        {
            *write = Write::Failed(failure.clone());
        }
    }

    /// Forgets what time settles. A service that cannot be read is not waited for for longer than for a rollout that
    /// stalls. How often a change failed is forgotten too once nobody has tried it again for as long as the longest
    /// wait: the service is as wanted.
    pub fn expire(&mut self, timing: &Timing, now: Now) {
        for write in self.last.values_mut() {
            if let Write::Lost(until, failure) = write
                && now >= until.plus(timing.stall)
            {
                *write = Write::Failed(failure.clone());
            }
        }
        self.last.retain(|_, write| match write {
            Write::Sent { .. } | Write::Lost(..) => true,
            Write::Failed(failed) => now.since(failed.until) <= timing.backoff_max,
            Write::Accepted(_, until) => now < *until,
        });
        self.making
            .retain(|_, made| made.as_ref().is_ok_and(|until| now < *until) || made.is_err());
    }

    /// Why this action must wait for an earlier write, if so.
    pub fn hold(&self, action: &Action, now: Now) -> Option<Hold> {
        match self.last.get(action.service())? {
            Write::Sent { .. } | Write::Accepted(..) => Some(Hold::Rolling),
            Write::Lost(..) => Some(Hold::NotSeen(Unseen::LastWrite)),
            Write::Failed(failed) => (*failed.action == *action && now < failed.until)
                .then(|| Hold::Refused(failed.fault.clone())),
        }
    }

    /// Whether this action failed before and is tried, or to be tried, once more.
    pub fn is_retry(&self, action: &Action) -> bool {
        match self.last.get(action.service()) {
            Some(Write::Failed(failed)) => *failed.action == *action,
            Some(Write::Sent { attempts }) => *attempts > 0,
            Some(Write::Accepted(..) | Write::Lost(..)) | None => false,
        }
    }

    /// Whether a write may be starting a rollout that no reading shows yet.
    pub fn in_flight(&self, key: &ServiceKey) -> bool {
        self.last.get(key).is_some_and(Write::is_in_flight)
    }

    /// The services whose write may be starting a rollout that no reading shows yet.
    pub fn all_in_flight(&self) -> impl Iterator<Item = &ServiceKey> {
        self.last.iter().filter_map(|(key, write)| write.is_in_flight().then_some(key))
    }

    /// The services in which a write of ours may have a rollout under way, and in which namespace.
    pub fn begun(&self) -> impl Iterator<Item = (&ServiceKey, Option<&NamespaceId>)> {
        self.begun.iter().map(|(key, namespace)| (key, namespace.as_ref()))
    }

    /// Whether any write has no answer yet.
    pub fn unanswered(&self) -> bool {
        self.last.values().any(|write| matches!(write, Write::Sent { .. }))
    }

    /// The services whose last write must be read back.
    pub fn to_read_back(&self) -> impl Iterator<Item = &ServiceKey> {
        self.last.iter().filter_map(|(key, write)| {
            matches!(write, Write::Accepted(..) | Write::Lost(..)).then_some(key)
        })
    }

    /// The next moment after `seen` at which time settles something.
    pub fn next_due(&self, seen: Now) -> Option<Now> {
        self.last
            .values()
            .filter_map(|write| match write {
                Write::Sent { .. } => None,
                Write::Accepted(_, at) | Write::Lost(at, _) => Some(*at),
                Write::Failed(failed) => Some(failed.until),
            })
            .chain(self.making.values().filter_map(|made| made.as_ref().ok().copied()))
            .filter(|at| *at > seen)
            .min()
    }
}

/// Whether a reading is at least as new as the write: its deployment is there, or a newer PRIMARY.
fn shows(service: &EcsService, created_at: AwsTime, accepted: &Accepted) -> bool {
    service.deployments.iter().any(|deployment| deployment.id == accepted.deployment)
        || service.primary().is_some_and(|primary| primary.created_at > created_at)
}

#[cfg(test)]
mod tests;
