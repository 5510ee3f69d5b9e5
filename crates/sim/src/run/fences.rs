//! Who may write by the truth of the lease table, for the rule I7, and what people do to the table.

use std::collections::BTreeMap;

use eastwest_core::ecs::lease::{LeaseItem, LeaseKey, LeaseMember};
use eastwest_core::ecs::time::Now;

use crate::judge::Checker;
use crate::model::{EcsServiceKey, LeaseTable};
use crate::shapes::Time;

/// For so long after a person has changed an item its holder need not know, by a slow clock.
pub(super) const UNAWARE_MS: u64 = 20_000;

/// A process of a run with leases.
pub(crate) struct Replica<C> {
    /// Makes its controller.
    pub(super) make: Box<dyn Fn(Now) -> C>,
    /// Its judge.
    pub(super) checker: Checker,
    /// How fast its clock runs, in hundredths.
    pub(super) rate: u64,
}

/// What a person does to the lease table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// Deletes an item.
    Delete,
    /// Makes a member of an item senseless.
    Spoil,
    /// Makes the duration shorter.
    Shorten,
    /// Restores the whole table as it was.
    SetBack,
}

/// The number of a taking of a lease, counted from 1, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reign {
    pub(super) number: u64,
    pub(super) process: usize,
}

/// A write that was decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided {
    pub(super) at: Time,
    pub(super) reign: Option<Reign>,
    /// Whether its process was stopped before it sent the write.
    pub(super) is_frozen: bool,
}

/// Who may write, by the lease table. Without leases nothing is in here.
#[derive(Debug, Clone, Default)]
pub(super) struct Fences {
    pub(super) are_judged: bool,
    pub(super) reigns: BTreeMap<LeaseKey, Reign>,
    pub(super) decided: BTreeMap<(usize, EcsServiceKey), Decided>,
    /// The latest taking under which a write to a cluster took effect, and when the first one was sent.
    pub(super) wrote: BTreeMap<String, (Reign, Time)>,
    /// When a person last changed the table.
    pub(super) meddled_at: Option<Time>,
    /// The table at some earlier moment.
    pub(super) backup: Option<LeaseTable>,
}

/// The session of a process: the text by which the table tells whose an item is.
pub(crate) fn session(process: usize) -> String {
    format!("process-{process}")
}

pub(super) fn process_of(item: &LeaseItem) -> Option<usize> {
    let LeaseMember::Text(session) = &item.session else { return None };
    session.strip_prefix("process-")?.split('/').next()?.parse().ok()
}

impl Fences {
    /// Whether the process was stopped between the check of its last write to a service and the sending.
    pub(super) fn is_frozen(&self, who: usize, key: &EcsServiceKey) -> bool {
        self.decided.get(&(who, key.clone())).is_some_and(|decided| decided.is_frozen)
    }

    pub(super) fn key_of(&self, cluster: &str) -> Option<&LeaseKey> {
        self.reigns.keys().find(|key| key.as_str().rsplit('/').next() == Some(cluster))
    }
}
