//! Makes a hold for want of an answer exact: which question is open, and whether the last attempt to ask it failed.

use super::input::PlannerInput;
use super::prerequisites;
use crate::ecs::fault::Fault;
use crate::ecs::name::ParameterName;
use crate::ecs::seen::Seen;
use crate::plan::hold::{Hold, Unseen};
use crate::view::View;
use crate::view::reading::Question;

/// The hold of a service whose tags name a parameter that was not read.
pub(crate) fn unread_parameter(input: &PlannerInput<'_>, name: &ParameterName) -> Hold {
    let fault = input.view.named.get(name).and_then(|named| named.last().1.cloned());
    Hold::NotSeen(Unseen::Answer(Question::Parameters(name.clone()), fault))
}

/// The same hold with the question that is open and the fault of the last attempt. A missing namespace may only mean
/// that the namespaces were not read.
pub(crate) fn with_facts(input: &PlannerInput<'_>, hold: Hold) -> Hold {
    let hold = prerequisites::naming(input.view, hold);
    let question = match (&hold, &input.view.namespaces) {
        (Hold::NoNamespace(_), None | Some(Seen::Absent | Seen::Unknown(_))) => {
            Question::Namespaces
        }
        (Hold::NotSeen(Unseen::Answer(question, None)), _) => question.clone(),
        _ => return hold,
    };
    let fault = last_fault(input.view, &question);
    Hold::NotSeen(Unseen::Answer(question, fault))
}

/// Why the last attempt to answer a question failed, if it failed.
fn last_fault(view: &View, question: &Question) -> Option<Fault> {
    match question {
        Question::Namespaces => fault(view.namespaces.as_ref()),
        Question::TaskDefinition(arn) => fault(view.task_definitions.get(arn)),
        Question::NamespaceUse(id, ..) => fault(view.uses.get(id).map(|(_, seen)| seen)),
        Question::History(key) => fault(view.histories.get(key).map(|(_, seen)| seen)),
        Question::LatestRevision(family) => {
            fault(view.latest_revisions.get(family).map(|(_, seen)| seen))
        }
        Question::Parameters(_) => None,
    }
}

fn fault<T>(seen: Option<&Seen<T>>) -> Option<Fault> {
    match seen {
        Some(Seen::Unknown(fault)) => Some(fault.clone()),
        Some(Seen::Known(_) | Seen::Absent) | None => None,
    }
}
