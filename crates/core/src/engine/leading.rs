//! What the engine does about its leases: it takes over as after a start, and looks at nothing else while they stay as
//! they are.

use super::effect::{Effect, Event};
use super::state::Engine;
use crate::ecs::time::Now;
use crate::guard::lease::LeaseCall;
use crate::plan::leader::LeaseChange;
use crate::report::news::News;

impl Engine {
    /// Whether an event changes nothing but leases, and nothing else is due. Leases are read every two seconds, and a
    /// pass over thousands of services each time would keep a core busy.
    pub(super) fn concerns_leases_alone(&self, event: &Event, now: Now) -> bool {
        if !self.memory.leases().are_used() {
            return false;
        }
        let is_of_leases =
            matches!(event, Event::LeaseRead(..) | Event::LeaseWritten(..) | Event::Tick);
        is_of_leases && self.has_nothing_else_to_do(now)
    }

    /// Whether the plan is of this state, and nothing is due beside the leases: what fell due must not be passed over.
    pub(super) fn has_nothing_else_to_do(&self, now: Now) -> bool {
        let rest_is_due = || self.next_wake_beside_leases().is_some_and(|due| due <= now);
        !self.planning.is_outdated() && !rest_is_due()
    }

    /// Takes up the clusters in view, and decides what is to be given up. A lease that was taken is like a start: what
    /// was read may be older than the last write of the process that led before.
    pub(super) fn decide_leases(&mut self, now: Now) {
        let leases = self.memory.leases_mut();
        if !leases.are_used() {
            return;
        }
        leases.watch(&self.view, now);
        leases.decide(now);
        self.work.receive_messages(leases.may_receive());
        let changes = leases.take_changes();
        if changes.iter().any(|(_, change)| matches!(change, LeaseChange::Taken { .. })) {
            self.start_again(now);
        }
        // What another process does there from now on is nobody's second write, and what we did before is as old as
        // before a restart.
        let leases = self.memory.leases();
        self.view.own_rollouts.retain(|key, _| leases.holds(&key.cluster));
        self.view.foreign_changes.retain(|key, _| leases.holds(&key.cluster));
        for (cluster, change) in changes {
            self.published.push(News::Lease(cluster, change));
        }
    }

    /// Starts the calls to the lease table that are due.
    pub(super) fn start_lease_calls(&mut self, now: Now) -> Vec<Effect> {
        let is_writing = self.is_writing();
        let calls = self.memory.leases_mut().start_calls(is_writing, now);
        let effect = |call| match call {
            LeaseCall::Read(key) => Effect::ReadLease(key),
            LeaseCall::Write(write) => Effect::WriteLease(write),
        };
        calls.into_iter().map(effect).collect()
    }
}
