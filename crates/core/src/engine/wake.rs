//! When the engine wants its next step, and what it does when that step comes far too late.

use std::time::Duration;

use super::state::Engine;
use crate::ecs::time::Now;
use crate::report::news::News;

impl Engine {
    /// When to come back with [`Event::Tick`](super::effect::Event::Tick) if nothing else happens before.
    pub fn next_wake(&self) -> Option<Now> {
        let leases = self.memory.leases().next_due(self.is_writing(), self.stepped_at);
        if self.stopping {
            return leases;
        }
        leases.into_iter().chain(self.next_wake_beside_leases()).min()
    }

    /// The same without the leases.
    pub(super) fn next_wake_beside_leases(&self) -> Option<Now> {
        // What fell due between the last step and this call has not been handled yet.
        let seen = self.stepped_at;
        let due = [
            self.startup_pause_end(seen),
            self.planning.next_end(seen),
            self.planning.next_truce_end(&self.view),
            self.planning.answers_due(),
            self.work.next_due(),
            self.work.next_hint(),
            self.memory.next_due(&self.settings.timing, seen),
            self.view.former.next_end(self.view.name_quarantine(&self.settings.timing)),
        ];
        due.into_iter().flatten().min()
    }

    /// When the pause after a start ends, if it still lasts.
    fn startup_pause_end(&self, seen: Now) -> Option<Now> {
        let staleness = self.settings.timing.staleness;
        let awake = self.view.awake_for(seen);
        (awake < staleness).then(|| seen.plus(staleness.saturating_sub(awake)))
    }

    /// How much later this step comes than the engine asked for, if it is so much that no earlier reading can be relied
    /// on: the process was stopped, or starved.
    pub(super) fn overslept(&self, now: Now) -> Option<Duration> {
        let staleness = self.settings.timing.staleness;
        if now.since(self.stepped_at) < staleness {
            return None;
        }
        let late = now.since(self.next_wake()?);
        (late >= staleness).then_some(late)
    }

    /// Goes on as after a start, but remembers its own writes. Answers that are on their way may be as old as the sleep
    /// was long.
    pub(super) fn wake_up(&mut self, slept: Duration, now: Now) {
        self.start_again(now);
        self.published.push(News::Stopped(slept));
    }

    /// Reads everything again before it writes: what was read may be older than the last write, ours or another leader's.
    pub(super) fn start_again(&mut self, now: Now) {
        self.view.awake_since = now.since_start;
        self.work.start_again(self.view.clusters.keys(), now);
    }
}
