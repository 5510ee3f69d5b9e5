//! What the engine does about its leases: it takes over as after a start.

use super::effect::Effect;
use super::state::Engine;
use crate::ecs::time::Now;
use crate::guard::lease::LeaseCall;
use crate::plan::leader::LeaseChange;
use crate::report::news::News;

impl Engine {
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
