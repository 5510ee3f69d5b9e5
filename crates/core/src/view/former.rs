//! Names that were in use and are not any more: whose they were, and since when.
//!
//! A server that is renamed or recreated lets go of its name for a while. Its clients go on calling that name, so
//! whoever takes it gets their calls. These names are kept for their former owners for a time.
//!
//! **Invariant:** only a reading that shows a service without a name that an earlier reading showed makes an entry here.
//! What disappeared before the start is not known. There are at most [`MOST`] entries, and [`MOST_OF_ONE`] of one
//! service, so that no service can push the names of others out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::View;
use crate::ecs::claim::{Claim, InForce, in_force};
use crate::ecs::name::{Arn, DiscoveryName, NamespaceId};
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;

/// All names that are remembered.
const MOST: usize = 4096;
/// Those of one service.
const MOST_OF_ONE: usize = 64;

/// A name that was in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerName {
    /// The service that had it.
    pub owner: ServiceKey,
    /// That service's ARN.
    pub arn: Arn,
    /// The discovery name of its endpoint.
    pub discovery: DiscoveryName,
    /// When a reading first showed the service without it.
    pub left_at: Now,
    /// Whether it has been free for as long as names are kept.
    pub is_over: bool,
    /// Another service that has it in force since.
    pub taken_by: Option<ServiceKey>,
}

/// The names that were in use and are not any more, by namespace.
#[derive(Debug, Clone, Default)]
pub struct FormerNames {
    names: BTreeMap<(NamespaceId, Claim), FormerName>,
}

/// A service whose reading was replaced, or that was forgotten.
pub(crate) struct Replaced {
    /// The service.
    pub(crate) key: ServiceKey,
    /// What was known of it before.
    pub(crate) before: Option<Arc<EcsService>>,
}

impl FormerNames {
    /// What is known of a name that no service has, or another one than before.
    pub(crate) fn of(&self, namespace: &NamespaceId, claim: &Claim) -> Option<&FormerName> {
        if self.names.is_empty() {
            return None;
        }
        self.names.get(&(namespace.clone(), claim.clone()))
    }

    /// Every name with what is known of it.
    pub fn iter(&self) -> impl Iterator<Item = (&(NamespaceId, Claim), &FormerName)> {
        self.names.iter()
    }

    /// Whether no name is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Notes which names have been free for as long as they are kept. Returns whether that is news.
    pub(crate) fn expire(&mut self, now: Now, kept_for: Duration) -> bool {
        let mut is_new = false;
        if kept_for.is_zero() {
            is_new = !self.names.is_empty();
            self.names.clear();
        }
        for former in self.names.values_mut().filter(|former| !former.is_over) {
            former.is_over = now.since(former.left_at) >= kept_for;
            is_new |= former.is_over;
        }
        self.names.retain(|_, former| !former.is_over || former.taken_by.is_none());
        is_new
    }

    /// When the next name has been free for as long as it is kept.
    pub(crate) fn next_end(&self, kept_for: Duration) -> Option<Now> {
        let kept = self.names.values().filter(|former| !former.is_over);
        kept.map(|former| former.left_at.plus(kept_for)).min()
    }

    /// Notes the names that a service has, and those that it has no longer.
    fn follow(&mut self, change: &NamesChange<'_>, now: Now) {
        let NamesChange { service, before, after } = change;
        for name in *after {
            self.note_taken(service, name);
        }
        for name in before.iter().filter(|name| !after.contains(name)) {
            self.note_left(service, name, now);
        }
    }

    fn note_taken(&mut self, service: &EcsService, name: &InForce) {
        if self.names.is_empty() {
            return;
        }
        let place = (name.namespace.clone(), name.claim.clone());
        match self.names.get_mut(&place) {
            Some(former) if former.owner == service.key || former.is_over => {
                self.names.remove(&place);
            }
            Some(former) => former.taken_by = Some(service.key.clone()),
            None => {}
        }
    }

    fn note_left(&mut self, service: &EcsService, name: &InForce, now: Now) {
        let place = (name.namespace.clone(), name.claim.clone());
        let others = |former: &&mut FormerName| !former.is_over && former.owner != service.key;
        if let Some(former) = self.names.get_mut(&place).filter(others) {
            // Who had it only while it was kept for another leaves no claim behind.
            former.taken_by.take_if(|by| *by == service.key);
            return;
        }
        let of_one = |former: &FormerName| former.owner == service.key;
        if self.names.values().filter(|former| of_one(former)).count() >= MOST_OF_ONE {
            self.forget_oldest(of_one);
        }
        if self.names.len() >= MOST {
            self.forget_oldest(|_| true);
        }
        let former = FormerName {
            owner: service.key.clone(),
            arn: service.arn.clone(),
            discovery: name.discovery.clone(),
            left_at: now,
            is_over: false,
            taken_by: None,
        };
        self.names.insert(place, former);
    }

    fn forget_oldest(&mut self, among: impl Fn(&FormerName) -> bool) {
        let names = self.names.iter().filter(|(_, former)| among(former));
        let oldest = names.min_by_key(|(_, former)| former.left_at).map(|(place, _)| place.clone());
        if let Some(oldest) = oldest {
            self.names.remove(&oldest);
        }
    }
}

/// The names of one service, before a reading and after it.
struct NamesChange<'a> {
    service: &'a EcsService,
    before: &'a [InForce],
    after: &'a [InForce],
}

/// Notes the names that new readings of watched services show, and those that they show no longer.
pub(super) fn follow(view: &mut View, replaced: &[Replaced], now: Now) {
    let mut former = std::mem::take(&mut view.former);
    for Replaced { key, before } in replaced {
        let after = view.service(key).and_then(|known| known.last.as_deref());
        follow_one(&mut former, view, [before.as_deref(), after], now);
    }
    view.former = former;
}

/// Notes what a new reading of a namespace shows of services beyond the watched clusters.
pub(crate) fn follow_elsewhere(
    view: &mut View,
    namespace: &NamespaceId,
    before: &[EcsService],
    now: Now,
) {
    let mut former = std::mem::take(&mut view.former);
    let seen = view.uses.get(namespace).and_then(|(_, seen): &(Now, Seen<_>)| seen.known());
    let after = seen.map_or(&[][..], |names| &names.elsewhere);
    let is_same = |service: &EcsService, all: &[EcsService]| all.iter().any(|each| each == service);
    for old in before.iter().filter(|old| !is_same(old, after)) {
        let new = after.iter().find(|new| new.key == old.key);
        follow_one(&mut former, view, [Some(old), new], now);
    }
    for new in after.iter().filter(|new| before.iter().all(|old| old.key != new.key)) {
        follow_one(&mut former, view, [None, Some(new)], now);
    }
    view.former = former;
}

fn follow_one(former: &mut FormerNames, view: &View, states: [Option<&EcsService>; 2], now: Now) {
    let [before, after] = states;
    let Some(service) = after.or(before) else { return };
    if before.is_none() && former.is_empty() {
        return;
    }
    let names = |service: &EcsService| in_force(service, &view.defaults_with_ports(service));
    let (before, after) = (before.map(names), after.map(names));
    let change = NamesChange {
        service,
        before: before.as_deref().unwrap_or_default(),
        after: after.as_deref().unwrap_or_default(),
    };
    former.follow(&change, now);
}
