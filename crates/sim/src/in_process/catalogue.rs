//! Every kind of thing that befalls a life, in one table: a run prints how often each did and fails if one never did.
//!
//! The groups are those of the catalogue of faults that this simulation answers to. What is not in it: events, because
//! eastwest lives by reading alone; replicas and leases, because there is one controller; writes that take effect later
//! than ten seconds after they were given up; clocks that jump or drift, and a machine that runs out of something.

use super::documents::BAD;
use super::outside::Outside;
use crate::faults::Kind;
use crate::model::RolloutOutcome;

/// Where a kind comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Calls that fail.
    Calls,
    /// Answers that do not show what is so.
    Readings,
    /// Deployments that do not go as hoped.
    Rollouts,
    /// Declarations that change, contradict, or cannot be read.
    Declarations,
    /// People and tools that do something else.
    Others,
    /// The controller's own end, for a while or for good.
    Process,
}

/// All kinds.
pub const CATALOGUE: [(Group, &str); 45] = [
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
    (Group::Others, "made anew under its name"),
    (Group::Others, "agreed to"),
    (Group::Process, "crash, writes arrive"),
    (Group::Process, "crash, writes are lost"),
    (Group::Process, "long down"),
    (Group::Process, "stopped for a while"),
];

/// The kind of a fault of the weather.
pub(super) fn of_fault(kind: Kind) -> &'static str {
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

/// The kind of a deed.
pub(super) fn of_deed(deed: &Outside) -> Option<&'static str> {
    Some(match deed {
        Outside::Tag(_, tags) if tags.iter().any(|(key, _)| key == "eastwest/pause") => {
            "paused until"
        }
        Outside::Tag(_, tags) if tags.len() == 1 && is_bad(&tags[0]) => "tags that cannot be read",
        Outside::Tag(..) => "tags set",
        Outside::Untag(..) => "tags removed",
        Outside::Edit(..) => "edited by hand",
        Outside::Reapply(..) => "second writer",
        Outside::Continue { goes_back: false, .. } => "hook answered: on",
        Outside::Continue { goes_back: true, .. } => "hook answered: back",
        Outside::Acknowledge => "agreed to",
        Outside::Deploy(..) => "new revision deployed",
        Outside::Force(_) => "deployment forced",
        Outside::Scale(..) => "scaled",
        Outside::Create(_) => "service comes",
        Outside::Delete(_) => "service goes",
        Outside::Rollout(_, script) => match script.outcome {
            RolloutOutcome::Complete => "slower or faster",
            RolloutOutcome::Fail => "will fail",
            RolloutOutcome::Stall => "will stall",
        },
        Outside::DefaultNamespace(..) => "default namespace changes",
        Outside::Namespace(_) => "namespace comes",
        Outside::Parameter(_, text) if BAD.contains(&text.as_str()) => {
            "document that cannot be read"
        }
        Outside::Parameter(..) => "document written",
        Outside::DropParameter(_) => "document gone",
        Outside::Crash { down_seconds, .. } if *down_seconds > 120 => "long down",
        Outside::Crash { letters_arrive: true, .. } => "crash, writes arrive",
        Outside::Crash { letters_arrive: false, .. } => "crash, writes are lost",
        Outside::Stop { .. } => "stopped for a while",
        Outside::Restart => return None,
    })
}

fn is_bad((key, value): &(String, String)) -> bool {
    super::fleet::BAD.contains(&(key.as_str(), value.as_str()))
}
