//! Which actions AWS denies us, of all calls: also of those whose failure holds nothing, or only one service of many.
//!
//! An action is denied from the call that AWS refuses until a call of the same operation is answered. One operation may
//! need several actions: `UpdateService` also needs `iam:PassRole` where an endpoint has a role.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ecs::fault::Fault;
use crate::ecs::time::Now;

/// As many are remembered. eastwest makes fewer than thirty calls, and nearly all need one action.
const MOST: usize = 64;
/// How long an action that was said is not said again though it was allowed meanwhile: where it is allowed for one cluster
/// and denied for another, that goes to and fro.
const QUIET: Duration = Duration::from_hours(1);

/// The denied actions.
#[derive(Debug, Default)]
pub struct Denials {
    /// By operation, as `ecs.UpdateService`, and by action, as `iam:PassRole`.
    denials: BTreeMap<(Arc<str>, String), Denial>,
}

/// One denied action.
#[derive(Debug)]
struct Denial {
    /// What AWS said the last time.
    fault: Fault,
    said_at: Now,
    /// Whether it is denied now; else it is only remembered as said.
    is_denied: bool,
}

impl Denials {
    /// Takes in a call that AWS refused because this action is not allowed. Says whether people should be told.
    pub fn denied(&mut self, action: &str, fault: &Fault, now: Now) -> bool {
        let key = (Arc::clone(&fault.operation), action.to_owned());
        if let Some(known) = self.denials.get_mut(&key) {
            let is_told = known.is_denied || now.since(known.said_at) < QUIET;
            (known.fault, known.is_denied) = (fault.clone(), true);
            if !is_told {
                known.said_at = now;
            }
            return !is_told;
        }
        if self.denials.len() >= MOST {
            self.denials.retain(|_, known| known.is_denied);
        }
        let has_room = self.denials.len() < MOST;
        if has_room {
            let denial = Denial { fault: fault.clone(), said_at: now, is_denied: true };
            self.denials.insert(key, denial);
        }
        has_room
    }

    /// Takes in that AWS answered a call of this operation.
    pub fn answered(&mut self, operation: &str) {
        let of_it = self.denials.iter_mut().filter(|((of, _), _)| **of == *operation);
        of_it.for_each(|(_, known)| known.is_denied = false);
    }

    /// What is denied now: each action with what AWS said.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Fault)> {
        let denied = self.denials.iter().filter(|(_, known)| known.is_denied);
        denied.map(|((_, action), known)| (action.as_str(), &known.fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::fault::FaultKind;
    use crate::testing::at;

    const UPDATE: &str = "ecs.UpdateService";

    fn refusal(operation: &str) -> Fault {
        Fault::new(FaultKind::Denied, operation, "AccessDeniedException: no")
    }

    fn actions(denials: &Denials) -> Vec<&str> {
        denials.all().map(|(action, _)| action).collect()
    }

    #[test]
    fn each_action_is_said_once_and_all_are_there_at_once() {
        let mut denials = Denials::default();
        assert!(denials.denied("ecs:UpdateService", &refusal(UPDATE), at(0)));
        assert!(denials.denied("iam:PassRole", &refusal(UPDATE), at(0)));
        assert!(denials.denied("sqs:DeleteMessage", &refusal("sqs.DeleteMessageBatch"), at(1)));
        assert!(!denials.denied("iam:PassRole", &refusal(UPDATE), at(2)));
        assert!(!denials.denied("iam:PassRole", &refusal(UPDATE), at(7200)), "denied all along");
        assert_eq!(actions(&denials), ["ecs:UpdateService", "iam:PassRole", "sqs:DeleteMessage"]);
    }

    #[test]
    fn an_answer_ends_what_its_own_operation_was_denied() {
        let mut denials = Denials::default();
        for action in ["ecs:UpdateService", "iam:PassRole"] {
            denials.denied(action, &refusal(UPDATE), at(0));
        }
        denials.denied("ecs:ListServices", &refusal("ecs.ListServices"), at(0));
        denials.answered(UPDATE);
        assert_eq!(actions(&denials), ["ecs:ListServices"]);
        denials.answered("ecs.DescribeServices");
        assert_eq!(actions(&denials), ["ecs:ListServices"]);
    }

    #[test]
    fn what_is_allowed_and_denied_in_turn_is_said_once_an_hour() {
        let mut denials = Denials::default();
        let denied = |denials: &mut Denials, second| {
            denials.answered(UPDATE);
            denials.denied("ecs:UpdateService", &refusal(UPDATE), at(second))
        };
        let said = [0, 60, 3599, 3600, 3660, 7200].map(|second| denied(&mut denials, second));
        assert_eq!(said, [true, false, false, true, false, true]);
        assert_eq!(actions(&denials), ["ecs:UpdateService"], "and shown all the same");
    }

    #[test]
    fn the_latest_words_of_aws_are_shown() {
        let mut denials = Denials::default();
        denials.denied("ecs:UpdateService", &refusal(UPDATE), at(0));
        let other = Fault::new(FaultKind::Denied, UPDATE, "explicit deny");
        assert!(!denials.denied("ecs:UpdateService", &other, at(1)));
        assert_eq!(denials.all().collect::<Vec<_>>(), [("ecs:UpdateService", &other)]);
    }

    #[test]
    fn names_without_end_are_not_kept_and_what_is_over_makes_room() {
        let mut denials = Denials::default();
        let said = |denials: &mut Denials, prefix: &str| {
            let named = (0..1000).map(|number| format!("{prefix}:{number}"));
            named.filter(|action| denials.denied(action, &refusal(UPDATE), at(0))).count()
        };
        assert_eq!(said(&mut denials, "a"), MOST);
        assert_eq!(denials.all().count(), MOST);
        denials.answered(UPDATE);
        assert_eq!(said(&mut denials, "b"), MOST);
        assert!(actions(&denials).iter().all(|action| action.starts_with("b:")));
    }
}
