//! Which kind of the catalogue each outside event is.

use super::outside::Outside;
use super::{documents, fleet};
use crate::model::RolloutOutcome;

/// The kind of an outside event; a restart has none.
pub(crate) fn kind_of(event: &Outside) -> Option<&'static str> {
    Some(match event {
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
        Outside::Parameter(_, text) if documents::BAD.contains(&text.as_str()) => {
            "document that cannot be read"
        }
        Outside::Parameter(..) => "document written",
        Outside::DropParameter(_) => "document gone",
        Outside::Crash { down_seconds, .. } if *down_seconds > 120 => "long down",
        Outside::Crash { writes_arrive: true, .. } => "crash, writes arrive",
        Outside::Crash { writes_arrive: false, .. } => "crash, writes are lost",
        Outside::Stop { .. } => "stopped for a while",
        Outside::Restart => return None,
    })
}

/// Whether a tag has a value that is not allowed.
fn is_bad((key, value): &(String, String)) -> bool {
    fleet::BAD.contains(&(key.as_str(), value.as_str()))
}
