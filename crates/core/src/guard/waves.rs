//! Rollouts of a namespace go in waves: one first, and the rest by the budget once that has completed.
//!
//! What fails for one service often fails for all that are changed alike. So one goes ahead, and a rollout that fails
//! stops its wave: nothing more begins in the namespace for a while, after which a new wave begins with one again, so
//! that a service that always fails stops nobody for ever. A rollout that stalls, or that somebody else's takes the
//! place of, counts as neither.
//!
//! **Invariant:** only what was read of a deployment of ours says how its rollout ended. A restart forgets the waves:
//! the next rollout is the first of one.

use std::collections::BTreeMap;

use super::writes::Writes;
use crate::declaration::settings::Moment;
use crate::ecs::name::NamespaceId;
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{EcsService, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::action::Accepted;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::turn::Turn;
use crate::view::View;

/// The waves under way, one for each namespace.
#[derive(Debug, Clone, Default)]
pub struct Waves {
    of: BTreeMap<NamespaceId, Wave>,
}

#[derive(Debug, Clone, Default)]
struct Wave {
    /// Rollouts of ours under way.
    rollouts: BTreeMap<ServiceKey, Begun>,
    /// Whether one has completed.
    goes_well: bool,
    /// Which one failed, and when a new wave may begin.
    stopped: Option<(ServiceKey, Now)>,
}

#[derive(Debug, Clone)]
struct Begun {
    at: Now,
    /// What AWS answered; none while it has not, or where the answer was lost.
    accepted: Option<Accepted>,
    /// Whether its deployment was seen.
    seen: bool,
}

/// What a reading tells of a rollout of ours.
enum Told {
    GoesOn,
    Ended(Rollout),
    /// Neither well nor badly.
    NoMore,
}

impl Waves {
    /// Notes that a write leaves that begins a rollout.
    pub(crate) fn begins(&mut self, key: &ServiceKey, namespace: Option<&NamespaceId>, at: Now) {
        if let Some(namespace) = namespace {
            let wave = self.of.entry(namespace.clone()).or_default();
            wave.rollouts.insert(key.clone(), Begun { at, accepted: None, seen: false });
        }
    }

    /// Notes that AWS has taken the write.
    pub(crate) fn accepted(&mut self, key: &ServiceKey, accepted: &Accepted) {
        for begun in self.of.values_mut().filter_map(|wave| wave.rollouts.get_mut(key)) {
            begun.accepted = Some(accepted.clone());
        }
    }

    /// Notes that AWS has not taken the write: nothing begins.
    pub(crate) fn refused(&mut self, key: &ServiceKey) {
        for wave in self.of.values_mut() {
            wave.rollouts.remove(key);
        }
    }

    /// Takes in what the latest readings tell of our rollouts, and what time settles. Returns the rollouts that ended.
    pub(crate) fn observe(
        &mut self,
        view: &View,
        writes: &Writes,
        Moment { timing, now }: Moment<'_>,
    ) -> Vec<(ServiceKey, Rollout)> {
        let mut all = Vec::new();
        for wave in self.of.values_mut() {
            if wave.stopped.as_ref().is_some_and(|(_, until)| now >= *until) {
                (wave.stopped, wave.goes_well) = (None, false);
            }
            let mut ended = Vec::new();
            wave.rollouts.retain(|key, begun| {
                if writes.in_flight(key) {
                    return true;
                }
                let service = view.service(key);
                // What cannot be read now may still roll.
                let is_unread = service.is_some_and(|service| {
                    service.trouble.is_some()
                        || service.missing_since.is_some()
                        || service.stale_since.is_some()
                        // Of a write whose answer was lost, no answer from before it may be the last word.
                        || (begun.accepted.is_none()
                            && service.read_at.since(begun.at) < timing.staleness)
                });
                let last = service.and_then(|service| service.last.as_deref());
                let told = match last {
                    Some(_) if is_unread => Told::GoesOn,
                    Some(last) => begun.read(last),
                    None => Told::NoMore,
                };
                if let Told::Ended(rollout) = told {
                    ended.push((key.clone(), rollout));
                }
                matches!(told, Told::GoesOn) && now.since(begun.at) < timing.stall
            });
            for (key, rollout) in ended {
                all.push((key.clone(), rollout));
                match rollout {
                    Rollout::Failed => wave.stopped = Some((key, now.plus(timing.backoff_max))),
                    Rollout::Completed | Rollout::InProgress => wave.goes_well = true,
                }
            }
        }
        all
    }

    /// Forgets the waves that are over: nothing of them runs, and nothing waits for its turn. After a failure each other
    /// service that is to change counts as waiting, whatever holds it. So does one that cannot be read just now.
    pub(crate) fn end(&mut self, plan: &Plan) {
        let is_unread = |entry: &Entry| matches!(entry.hold(), Some(Hold::NotSeen(_)));
        self.of.retain(|id, wave| {
            let is_here = |entry: &Entry| entry.namespace.as_ref().is_some_and(|ns| ns.id == *id);
            let failed = wave.stopped.as_ref().map(|(failed, _)| failed);
            let may_wait = |(key, entry): (&ServiceKey, &Entry)| {
                let is_other = failed.is_some_and(|failed| failed != key);
                let waits = entry.pending().is_some() || (is_other && entry.is_to_change());
                (waits && is_here(entry)) || (failed.is_some() && is_unread(entry))
            };
            !wave.rollouts.is_empty() || plan.entries.iter().any(may_wait)
        });
    }

    /// Why nothing more may begin in a namespace, if a rollout failed there.
    pub(crate) fn stopped(&self, namespace: &Namespace) -> Option<Hold> {
        let (failed, until) = self.of.get(&namespace.id)?.stopped.as_ref()?;
        let (namespace, service) = (namespace.name.clone(), failed.clone());
        Some(Hold::Budget(Turn::Stopped { namespace, service, until: until.calendar }))
    }

    /// The one whose end the others wait for.
    pub(crate) fn first(&self, namespace: &NamespaceId) -> Option<&ServiceKey> {
        let wave = self.of.get(namespace).filter(|wave| !wave.goes_well)?;
        wave.rollouts.keys().next()
    }

    /// Whether the next to begin goes ahead of the others.
    pub(crate) fn begins_with_one(&self, namespace: &NamespaceId) -> bool {
        self.of.get(namespace).is_none_or(|wave| !wave.goes_well)
    }

    /// The next moment after `seen` at which a new wave may begin.
    pub(crate) fn next_due(&self, seen: Now) -> Option<Now> {
        let ends = self.of.values().filter_map(|wave| Some(wave.stopped.as_ref()?.1));
        ends.filter(|end| *end > seen).min()
    }
}

impl Begun {
    /// What a reading tells that is at least as new as the write.
    fn read(&mut self, service: &EcsService) -> Told {
        let Some(primary) = service.primary() else {
            // Of a service that opted out meanwhile, a PRIMARY without Service Connect is not kept: ours was taken back.
            // One that a person deleted has none either, and that says nothing of the rollout.
            let is_taken_back = self.seen && !service.is_gone();
            return if is_taken_back { Told::Ended(Rollout::Failed) } else { Told::NoMore };
        };
        let Some(accepted) = &self.accepted else {
            // The answer was lost. What rolls now is ours, as far as anybody can tell.
            if primary.rollout == Rollout::InProgress {
                let (deployment, created_at) = (primary.id.clone(), primary.created_at);
                self.accepted = Some(Accepted { deployment, created_at });
                self.seen = true;
                return Told::GoesOn;
            }
            return Told::NoMore;
        };
        self.seen |= service.deployments.iter().any(|each| each.id == accepted.deployment);
        if primary.id == accepted.deployment {
            return match primary.rollout {
                Rollout::InProgress => Told::GoesOn,
                ended => Told::Ended(ended),
            };
        }
        // An older PRIMARY after ours was there: it was taken back. A newer one took its place.
        if self.seen && primary.created_at < accepted.created_at {
            Told::Ended(Rollout::Failed)
        } else {
            Told::NoMore
        }
    }
}

#[cfg(test)]
mod tests;
