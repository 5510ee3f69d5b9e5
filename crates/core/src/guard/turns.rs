//! Whose turn is next: since when each service waits, when it had its last turn, and whether that failed.
//!
//! Turns go to the service that has waited longest. A service that had a turn is behind those that waited meanwhile for
//! ten minutes, and one whose rollout failed for an hour. So who asks again and again, or fails again and again, takes
//! turns only from itself.
//!
//! **Invariant:** the place of a service that waits never changes, and each turn puts the service that had it behind
//! everybody who waited by then. So how long a service waits depends on how many others wait, not on what they declare.
//!
//! **Invariant:** there is at most one place for each service of the plan. A restart forgets all places; then everybody
//! has waited equally long.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ecs::service::Rollout;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::turn::Turn;

/// So long after its turn a service goes behind the others. One that has waited so long keeps its place in every budget
/// that it needs.
pub(super) const BETWEEN_TURNS: Duration = Duration::from_mins(10);
/// So long after a failed rollout a service goes behind the others.
const AFTER_FAILURE: Duration = Duration::from_hours(1);

/// Whose turn is next.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    places: BTreeMap<ServiceKey, Place>,
}

/// What decides when the turn of one service comes.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Since when it waits for a turn.
    waits_since: Option<Now>,
    /// When its last turn began.
    turn_at: Option<Now>,
    /// When its last rollout failed.
    failed_at: Option<Now>,
}

impl Place {
    /// The later this is, the later its turn comes. It is never before the moment from which on it waits.
    fn due(&self, now: Now) -> Duration {
        let since = self.waits_since.unwrap_or(now);
        let after = |at: Option<Now>, wait| at.map(|at: Now| at.plus(wait));
        let (turn, failure) =
            (after(self.turn_at, BETWEEN_TURNS), after(self.failed_at, AFTER_FAILURE));
        let all = [Some(since), turn, failure].into_iter().flatten();
        all.map(|at| at.since_start).max().unwrap_or_default()
    }

    /// Whether it still decides something.
    fn matters(&self, now: Now) -> bool {
        let is_recent = |at: Option<Now>, wait| at.is_some_and(|at| now.since(at) < wait);
        self.waits_since.is_some()
            || is_recent(self.turn_at, BETWEEN_TURNS)
            || is_recent(self.failed_at, AFTER_FAILURE)
    }
}

impl Turns {
    /// Nobody waits, and nobody had a turn.
    pub const fn new() -> Self {
        Self { places: BTreeMap::new() }
    }

    /// Sorts the services whose turn it could be: the one that has waited longest first. Those that have waited equally
    /// long keep their order.
    pub(super) fn sort(&self, keys: &mut [ServiceKey], now: Now) {
        let due = |key: &ServiceKey| self.places.get(key).map(|place| place.due(now));
        keys.sort_by_cached_key(|key| due(key).unwrap_or(now.since_start));
    }

    /// Whether a service has waited for so long that its place is kept in every budget that it needs.
    pub(super) fn waits_long(&self, key: &ServiceKey, now: Now) -> bool {
        let since = self.places.get(key).map(|place| place.due(now));
        since.is_some_and(|since| now.since_start.saturating_sub(since) >= BETWEEN_TURNS)
    }

    /// Notes who waits under this plan. A service that is held for another reason keeps its place.
    pub(crate) fn note_waiting(&mut self, plan: &Plan, now: Now) {
        let waiting = plan.entries.iter().filter(|(_, entry)| is_waiting(entry));
        for (key, _) in waiting {
            let place = self.places.entry(key.clone()).or_default();
            place.waits_since = place.waits_since.or(Some(now));
        }
        self.places.retain(|key, place| {
            let entry = plan.entries.get(key);
            if entry.is_some_and(|entry| entry.verdict == Verdict::InSync) {
                place.waits_since = None;
            }
            entry.is_some() && place.matters(now)
        });
    }

    /// Notes that a service has its turn: AWS took its write, or may have.
    pub(crate) fn begins(&mut self, key: &ServiceKey, now: Now) {
        let place = self.places.entry(key.clone()).or_default();
        (place.waits_since, place.turn_at) = (None, Some(now));
    }

    /// Notes how the rollout of a turn ended.
    pub(crate) fn ended(&mut self, key: &ServiceKey, rollout: Rollout, now: Now) {
        let place = self.places.entry(key.clone()).or_default();
        place.failed_at = (rollout == Rollout::Failed).then_some(now);
    }
}

/// Whether only its turn is missing.
fn is_waiting(entry: &Entry) -> bool {
    match &entry.verdict {
        Verdict::Step { .. } => true,
        Verdict::Hold { hold: Hold::Budget(turn), .. } => !matches!(turn, Turn::Refresh { .. }),
        Verdict::Hold { .. } | Verdict::InSync => false,
    }
}

#[cfg(test)]
mod tests;
