//! What somebody has agreed to.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::consent::PlanId;
use crate::plan::entry::Verdict;

/// What was acknowledged: each change as it was then, and nothing else. A restart forgets it: what is still more than
/// the limit must be acknowledged again.
#[derive(Debug, Clone, Default)]
pub struct Acks {
    changes: BTreeMap<ServiceKey, Action>,
    /// Given, and not met by any plan so far.
    given: BTreeSet<PlanId>,
}

impl Acks {
    /// Somebody agrees to a plan.
    pub fn give(&mut self, plan: PlanId) {
        self.given.insert(plan);
    }

    /// The ids that no plan has met so far.
    pub fn unmet(&self) -> impl Iterator<Item = &PlanId> {
        self.given.iter()
    }

    pub(super) fn covers(&self, key: &ServiceKey, action: &Action) -> bool {
        self.changes.get(key) == Some(action)
    }

    /// Whether somebody agreed to this plan, or to this part of one, and no plan has met that yet.
    pub(super) fn is_given(&self, plan: &PlanId) -> bool {
        self.given.contains(plan)
    }

    /// Takes an id as met, and remembers the changes that it stands for.
    pub(super) fn redeem(
        &mut self,
        plan: &PlanId,
        changes: impl IntoIterator<Item = (ServiceKey, Action)>,
    ) {
        self.changes.extend(changes);
        self.given.remove(plan);
    }

    /// Forgets what nobody wants any more. What a service wants may be unknown for a while: that forgets nothing.
    pub(crate) fn forget(&mut self, plan: &Plan) {
        self.changes.retain(|key, action| match plan.entries.get(key).map(|e| &e.verdict) {
            Some(Verdict::Step { action: wanted }) => wanted == action,
            Some(Verdict::Hold { action: wanted, .. }) => {
                wanted.as_ref().is_none_or(|wanted| wanted == action)
            }
            Some(Verdict::InSync) | None => false,
        });
    }
}
