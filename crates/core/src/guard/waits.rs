//! Since when each client waits for a server that it only seems to need.
//!
//! A value that looks like a host may be none, and a server may be rolled out again and again. So an inferred need holds
//! a client for a bounded time, however often its server begins anew. A restart forgets it, and the time begins again.

use std::collections::BTreeMap;

use crate::declaration::settings::Moment;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;

/// Since when each client waits for an inferred need.
#[derive(Debug, Clone, Default)]
pub struct Waits(BTreeMap<ServiceKey, Now>);

impl Waits {
    /// Takes note of who waits in a guarded plan.
    pub(crate) fn observe(&mut self, plan: &Plan, now: Now) {
        self.0.retain(|key, _| plan.entries.get(key).is_some_and(is_inferred));
        let held = plan.entries.iter().filter(|(_, entry)| {
            is_inferred(entry) && matches!(entry.hold(), Some(Hold::WaitingForServer(_)))
        });
        for (key, _) in held {
            self.0.entry(key.clone()).or_insert(now);
        }
    }

    /// Whether a client has waited for as long as it may.
    pub(crate) fn is_over(&self, key: &ServiceKey, Moment { timing, now }: Moment<'_>) -> bool {
        self.0.get(key).is_some_and(|since| now.since(*since) >= timing.stall)
    }

    /// When the next wait after `seen` is over.
    pub(crate) fn next_due(&self, Moment { timing, now: seen }: Moment<'_>) -> Option<Now> {
        let ends = self.0.values().map(|since| since.plus(timing.stall));
        ends.filter(|end| end.since_start > seen.since_start).min()
    }
}

fn is_inferred(entry: &Entry) -> bool {
    entry.awaits.as_ref().is_some_and(|awaited| awaited.inferred)
}
