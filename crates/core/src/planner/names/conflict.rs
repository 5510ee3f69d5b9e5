//! Why a service cannot have the names it wants now.

use super::capacity;
use super::register::Register;
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::seen::Seen;
use crate::plan::hold::Hold;
use crate::planner::candidate::Candidate;
use crate::planner::input::PlannerInput;
use crate::view::users_of;

/// A name that another service has or may have. Before a service takes a new name, the whole namespace is read, also
/// beyond the clusters that are watched.
pub(crate) fn name_obstacle(
    input: &PlannerInput<'_>,
    candidate: &Candidate<'_>,
    register: &Register,
) -> Option<Hold> {
    let (namespace, to) = candidate.wanted()?;
    if let Some(hold) = register.obstacles(candidate.service, namespace, to).into_iter().next() {
        return Some(hold);
    }
    // A service that joins counts among the namespace's services, even as a client.
    let joins = !capacity::is_in(candidate.service, namespace, &candidate.defaults);
    if !joins && !register.claims_new_name(candidate.service, namespace, to) {
        return None;
    }
    let read = input.view.uses.get(namespace);
    if matches!(read, Some((_, Seen::Known(NamespaceUse { .. })))) {
        return None;
    }
    Some(Hold::until_answered(users_of(input.view, candidate.namespace()?)))
}
