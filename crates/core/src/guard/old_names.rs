//! Whether an old name may go that a client still names: when somebody agreed to exactly that, or when the document's
//! `limits.dropOldNames` is over.
//!
//! The time counts from when the server's present deployment was first seen, by our own clock: a restart begins it anew,
//! which keeps the name for longer and never for less.

use super::acks::Acks;
use super::input::GuardInput;
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::consent::PlanId;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::kept_name::KeptName;

/// Why an old name stays, if it does.
pub(super) fn kept(
    key: &ServiceKey,
    entry: &Entry,
    action: &Action,
    input: &GuardInput<'_>,
) -> Option<Hold> {
    let kept = entry.keeps.as_ref()?;
    if input.acks.covers(key, action) {
        return None;
    }
    let limit = input.view.document.as_ref().and_then(|document| document.limits.drop_old_names);
    let since = input.view.service(key).and_then(|service| service.primary_since);
    let left = limit.zip(since).map(|(limit, since)| limit.saturating_sub(input.now.since(since)));
    if left.is_some_and(|left| left.is_zero()) {
        return None;
    }
    let until = left.and_then(|left| input.now.calendar.checked_add(left).ok());
    let consent = Some(PlanId::of(std::iter::once((key, action))));
    let kept = KeptName { consent, until, ..(**kept).clone() };
    Some(Hold::WaitingForClient(Box::new(kept)))
}

/// Lets the old names go whose removal somebody has agreed to, alone or with the whole plan.
pub(crate) fn redeem(plan: &Plan, acks: &mut Acks) {
    let whole = plan.id();
    let is_whole = acks.is_given(&whole);
    for (key, action) in plan.steps() {
        if plan.entries.get(key).is_none_or(|entry| entry.keeps.is_none()) {
            continue;
        }
        let id = PlanId::of(std::iter::once((key, action)));
        if is_whole || acks.is_given(&id) {
            acks.redeem(&id, [(key.clone(), action.clone())]);
        }
    }
}
