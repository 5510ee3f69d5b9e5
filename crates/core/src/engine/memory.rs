//! What the engine remembers of its own actions: its leases, its writes, the waves of their rollouts, whose turn is next,
//! and what people agreed to.
//!
//! The guard borrows all of it as one value.
//!
//! **Invariant:** [`Writes`] and [`Waves`] learn of each write that leaves, and of each answer to one, together. A
//! restart forgets everything here; the pause after a start and the services' own deployments take its place.

use std::collections::BTreeSet;

use crate::declaration::settings::{Moment, Settings, Timing};
use crate::ecs::fault::Fault;
use crate::ecs::name::NamespaceId;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::guard::acks::Acks;
use crate::guard::brake::Brake;
use crate::guard::client_waits::{ClientWaits, longest_wait};
use crate::guard::input::GuardInput;
use crate::guard::leases::Leases;
use crate::guard::old_names;
use crate::guard::pauses::Pauses;
use crate::guard::refreshes::Refreshes;
use crate::guard::turns::Turns;
use crate::guard::waits::Waits;
use crate::guard::waves::Waves;
use crate::guard::writes::Writes;
use crate::plan::Plan;
use crate::plan::action::{Accepted, Action};
use crate::plan::consent::PlanId;
use crate::plan::prerequisite::Prerequisite;
use crate::view::View;

/// What the engine remembers of its own actions.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    leases: Leases,
    writes: Writes,
    waves: Waves,
    turns: Turns,
    refreshes: Refreshes,
    client_waits: ClientWaits,
    waits: Waits,
    pauses: Pauses,
    acks: Acks,
}

impl Memory {
    /// Nothing but the leases to look at.
    pub(super) fn new(settings: &Settings) -> Self {
        Self { leases: Leases::new(settings), ..Self::default() }
    }

    /// Which clusters this process leads.
    pub(super) fn leases(&self) -> &Leases {
        &self.leases
    }

    /// The same, to take in what happens to them.
    pub(super) fn leases_mut(&mut self) -> &mut Leases {
        &mut self.leases
    }

    /// What became of our writes.
    pub(super) fn writes(&self) -> &Writes {
        &self.writes
    }

    /// What people agreed to.
    pub(super) fn acks(&self) -> &Acks {
        &self.acks
    }

    /// What the guard decides from.
    pub(super) fn guard_input<'a>(
        &'a self,
        view: &'a View,
        settings: &'a Settings,
        now: Now,
    ) -> GuardInput<'a> {
        let Self { leases, writes, waves, turns, refreshes, waits, pauses, acks, client_waits: _ } =
            self;
        GuardInput {
            view,
            leases,
            writes,
            waves,
            turns,
            refreshes,
            waits,
            pauses,
            acks,
            settings,
            now,
        }
    }

    /// What people paused while we run.
    pub(super) fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// The same, to begin and to end one.
    pub(super) fn pauses_mut(&mut self) -> &mut Pauses {
        &mut self.pauses
    }

    /// A person agrees to a plan.
    pub(super) fn acknowledge(&mut self, plan: PlanId) {
        self.acks.give(plan);
    }

    /// Ends the waits of renames that lasted for too long. Returns the services that have a step for that.
    pub(super) fn drop_old_names(
        &mut self,
        wanted: &mut Plan,
        view: &View,
        settings: &Settings,
        now: Now,
    ) -> Vec<ServiceKey> {
        self.client_waits.bound(wanted, longest_wait(view, settings), now)
    }

    /// Notes what clients lack, forgets consent to what no plan wants any more, and releases the changes of this plan that a person agreed to.
    pub(super) fn take_in_wanted(
        &mut self,
        wanted: &Plan,
        view: &View,
        settings: &Settings,
        now: Now,
    ) {
        self.refreshes.observe(wanted, now);
        self.acks.forget(wanted);
        if self.acks.unmet().next().is_none() {
            return;
        }
        old_names::redeem(wanted, &mut self.acks);
        let brake = Brake::new(wanted, &self.guard_input(view, settings, now));
        brake.redeem(wanted, &mut self.acks);
    }

    /// Notes that a write leaves, and in which namespace its rollout counts.
    pub(super) fn sent(&mut self, action: &Action, namespace: Option<NamespaceId>, now: Now) {
        let key = action.service();
        self.writes.sent(action);
        self.waves.begins(key, namespace.as_ref(), now);
        self.writes.begins(key, namespace);
    }

    /// Notes the answer to a write. Where the answer was lost, the wave waits for a reading.
    pub(super) fn answered(
        &mut self,
        action: &Action,
        outcome: Result<Accepted, Fault>,
        timing: &Timing,
        now: Now,
    ) {
        let key = action.service();
        match &outcome {
            Ok(accepted) => {
                self.waves.accepted(key, accepted);
                self.turns.begins(key, now);
            }
            Err(fault) if fault.kind.leaves_effect_unknown() => self.turns.begins(key, now),
            Err(_) => self.waves.refused(key),
        }
        self.writes.ended(action, outcome, Moment { timing, now });
    }

    /// Notes how the making of a prerequisite ended.
    pub(super) fn made(
        &mut self,
        prerequisite: Prerequisite,
        outcome: Result<(), Fault>,
        timing: &Timing,
        now: Now,
    ) {
        self.writes.made(prerequisite, outcome, Moment { timing, now });
    }

    /// Forgets the writes that the latest readings settle.
    pub(super) fn read_back(&mut self, view: &View, now: Now) {
        let begun = self.writes.begun().map(|(key, _)| key);
        let pending: BTreeSet<ServiceKey> =
            self.writes.to_read_back().chain(begun).cloned().collect();
        for key in pending {
            let Some(service) = view.service(&key) else {
                self.writes.is_gone(&key, now);
                continue;
            };
            // The last reading of a service that cannot be read now may be older than the write.
            if let Some(last) = service.last.as_ref().filter(|_| service.trouble.is_none()) {
                self.writes.observe(last, service.read_at);
            }
        }
    }

    /// Forgets the writes that time settles, and notes how the rollouts of the waves go.
    pub(super) fn observe(&mut self, view: &View, timing: &Timing, now: Now) {
        self.writes.expire(timing, now);
        self.pauses.expire(now);
        for (key, rollout) in self.waves.observe(view, &self.writes, Moment { timing, now }) {
            self.turns.ended(&key, rollout, now);
        }
    }

    /// Forgets the waves that are over under this guarded plan, and notes who waits for what.
    pub(super) fn take_in_guarded(&mut self, plan: &Plan, now: Now) {
        self.waves.end(plan);
        self.turns.note_waiting(plan, now);
        self.waits.observe(plan, now);
    }

    /// The next moment after `seen` at which time settles something.
    pub(super) fn next_due(&self, timing: &Timing, seen: Now) -> Option<Now> {
        let waits = self.waits.next_due(Moment { timing, now: seen });
        let pauses = self.pauses.next_end(seen);
        let due = [self.writes.next_due(seen), self.waves.next_due(seen), waits, pauses];
        due.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
