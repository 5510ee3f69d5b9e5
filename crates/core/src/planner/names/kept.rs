//! Names that were in use, and who may take them next.
//!
//! Clients go on calling a name that its server has let go of, for a rename or because it is recreated. So the name is
//! kept for its former owner: another service gets it when the quarantine is over and no client that needs it runs any
//! more, or at once if the document claims it for that service. Services that swap names get them at once, too, because
//! each of them gives up what it had; but never a name that a client needs. A service that has what another one wants could
//! otherwise let go of it just when that one's old name falls free, and get the calls of its clients.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::plan::hold::claim::{Had, Holder, arn_beside};
use crate::planner::input::PlannerInput;
use crate::view::former::FormerName;

/// Which service waits for a name that another one has or had, and which took one.
#[derive(Debug, Default)]
pub(crate) struct Handovers(BTreeMap<ServiceKey, BTreeSet<ServiceKey>>);

impl Handovers {
    /// Which services took names that others had.
    pub(crate) fn new(input: &PlannerInput<'_>) -> Self {
        let mut handovers = Self::default();
        for (_, former) in input.view.former.iter() {
            if let Some(by) = &former.taken_by {
                handovers.note(by, std::iter::once(&former.owner));
            }
        }
        handovers
    }

    /// Notes that a service waits for a name that others have or had.
    pub(crate) fn note<'k>(
        &mut self,
        service: &ServiceKey,
        others: impl Iterator<Item = &'k ServiceKey>,
    ) {
        let others = others.filter(|other| *other != service).cloned();
        self.0.entry(service.clone()).or_default().extend(others);
    }

    /// Whether what `giver` gets comes from `taker`, directly or through others.
    fn comes_back(&self, giver: &ServiceKey, taker: &ServiceKey) -> bool {
        let mut reached = BTreeSet::new();
        let mut next = vec![giver];
        while let Some(key) = next.pop() {
            if key == taker {
                return true;
            }
            if reached.insert(key) {
                next.extend(self.0.get(key).into_iter().flatten());
            }
        }
        false
    }

    /// Whether a name is kept from a service for its former owner. A service that was recreated under the same name is
    /// its own former owner. Who swaps names gets one at once only if no client needs it.
    pub(crate) fn is_kept_from(
        &self,
        service: &ServiceKey,
        former: &FormerName,
        claimants: Option<&BTreeSet<ServicePath>>,
        is_needed: bool,
    ) -> bool {
        let path = service.path();
        former.owner.path() != path
            && !claimants.is_some_and(|claimants| claimants.contains(&path))
            && (is_needed || !self.comes_back(&former.owner, service))
    }
}

/// For whom a name is kept from a service, and until when; `None` if the time is over and no client needs it.
pub(crate) fn holder(
    former: &FormerName,
    waiting: &ServiceKey,
    kept_for: Duration,
    needed_by: Option<&ServiceKey>,
) -> Option<Holder> {
    let free_at = (!former.is_over).then(|| former.left_at.plus(kept_for).calendar);
    let had = Had {
        service: former.owner.clone(),
        arn: arn_beside(&former.owner, &former.arn, waiting),
        free_at,
        needed_by: needed_by.cloned(),
    };
    (had.free_at.is_some() || had.needed_by.is_some()).then(|| Holder::Had(Box::new(had)))
}
