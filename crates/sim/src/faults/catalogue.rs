//! Everything that can happen in a life, in one table. A run prints how often each kind happened, and fails if one
//! never did.
//!
//! Absent: writes to services that take effect more than ten seconds after
//! their time-out; clocks that never step back and yet jump; a machine that runs out of something.

use super::rules::Kind;

/// Where a kind comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Calls that fail.
    Calls,
    /// Answers that do not show the truth.
    Readings,
    /// Deployments that fail, stall or change course.
    Rollouts,
    /// Declarations that change, contradict, or cannot be read.
    Declarations,
    /// People and tools that do something else.
    Others,
    /// The controller stops or crashes.
    Process,
    /// Two processes, and the table that says which one leads.
    Leases,
    /// Messages of the queue.
    Events,
}

/// All kinds.
pub const CATALOGUE: [(Group, &str); 55] = [
    (Group::Calls, "throttled"),
    (Group::Calls, "error before"),
    (Group::Calls, "error after"),
    (Group::Calls, "time-out before"),
    (Group::Calls, "time-out after"),
    (Group::Calls, "denied"),
    (Group::Calls, "a proxy's page"),
    (Group::Calls, "outage"),
    (Group::Readings, "stale"),
    (Group::Readings, "partial"),
    (Group::Readings, "write shown late"),
    (Group::Rollouts, "rolled back by ECS"),
    (Group::Rollouts, "failed for good"),
    (Group::Rollouts, "superseded"),
    (Group::Rollouts, "will fail"),
    (Group::Rollouts, "will stall"),
    (Group::Rollouts, "slower or faster"),
    (Group::Rollouts, "hook answered: on"),
    (Group::Rollouts, "hook answered: back"),
    (Group::Rollouts, "draining"),
    (Group::Declarations, "tags set"),
    (Group::Declarations, "tags removed"),
    (Group::Declarations, "tags that cannot be read"),
    (Group::Declarations, "paused until"),
    (Group::Declarations, "tags flap"),
    (Group::Declarations, "mass edit"),
    (Group::Declarations, "names swapped"),
    (Group::Declarations, "document written"),
    (Group::Declarations, "document that cannot be read"),
    (Group::Declarations, "document gone"),
    (Group::Declarations, "namespace comes"),
    (Group::Declarations, "default namespace changes"),
    (Group::Others, "edited by hand"),
    (Group::Others, "second writer"),
    (Group::Others, "new revision deployed"),
    (Group::Others, "deployment forced"),
    (Group::Others, "scaled"),
    (Group::Others, "service comes"),
    (Group::Others, "service goes"),
    (Group::Others, "made again under its name"),
    (Group::Others, "agreed to"),
    (Group::Process, "crash, writes arrive"),
    (Group::Process, "crash, writes are lost"),
    (Group::Process, "long down"),
    (Group::Process, "stopped for a while"),
    (Group::Process, "calendar set"),
    (Group::Leases, "another process took over"),
    (Group::Leases, "lease handed over"),
    (Group::Leases, "hand-over lost"),
    (Group::Leases, "lease item deleted"),
    (Group::Leases, "lease item spoilt"),
    (Group::Leases, "lease table set back"),
    (Group::Events, "events are lost, doubled and late"),
    (Group::Events, "no event comes"),
    (Group::Events, "forged message"),
];

/// Which kind a fault of the weather is.
pub(crate) fn of_fault(kind: Kind) -> &'static str {
    match kind {
        Kind::Throttle => "throttled",
        Kind::ErrorBefore => "error before",
        Kind::ErrorAfter => "error after",
        Kind::TimeoutBefore => "time-out before",
        Kind::TimeoutAfter => "time-out after",
        Kind::Stale => "stale",
        Kind::Partial => "partial",
        Kind::Denied => "denied",
        Kind::Html => "a proxy's page",
    }
}
