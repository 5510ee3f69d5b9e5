//! Services that a sweep reads as they are known already, which are nearly all of them.
//!
//! A sweep takes minutes, and its reading is taken in at its end. Without this, every service of a cluster would be in
//! memory twice until then, the second time with all tags. So each service is compared as it is read, and of one without
//! news the reading holds what the view holds: the same allocation. That tells at the end of the sweep whether the view
//! still has what was compared. If another reading has come between, that one is at least as new, and this one has
//! nothing to add.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kept::{fingerprint, slim};
use super::merge::Merger;
use super::reading::ClusterReading;
use super::{ClusterView, ServiceView, View};
use crate::declaration::intent::Intent;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;

impl View {
    /// What is known of a service, if a reading says the same: its tags too, of which the view keeps only a fingerprint.
    pub fn unchanged(&self, reading: &EcsService) -> Option<Arc<EcsService>> {
        let known = self.service(&reading.key)?;
        let last = known.last.as_ref()?;
        if known.fingerprint != Some(fingerprint(&reading.tags)) || !is_kept_as_wanted(known) {
            return None;
        }
        let mut kept = EcsService { tags: BTreeMap::new(), ..reading.clone() };
        kept.fill_task_definition();
        slim(&mut kept, &known.intent);
        // Only the read before a write looks for them.
        kept.unknown_members.clone_from(&last.unknown_members);
        (kept == **last).then(|| Arc::clone(last))
    }
}

impl Merger<'_> {
    /// Takes in that a service was read as it was known. Says whether that is news: it was missed, or could not be read.
    pub(super) fn unchanged(
        &self,
        cluster: &mut ClusterView,
        key: &ServiceKey,
        reading: &Arc<EcsService>,
    ) -> bool {
        let Some(known) = cluster.services.get_mut(key) else { return false };
        let mut is_new = known.missing_since.take().is_some();
        let is_same = known.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, reading));
        if is_same && is_kept_as_wanted(known) {
            is_new |= known.trouble.take().is_some();
            is_new |= known.stale_since.take().is_some();
            known.read_at = self.now;
        }
        is_new
    }
}

impl ClusterReading {
    /// Every service that the sweep listed, in order.
    pub(super) fn listed(&self) -> Vec<ServiceKey> {
        let mut listed: Vec<_> =
            self.services.keys().chain(self.unchanged.keys()).cloned().collect();
        listed.sort_unstable();
        listed
    }
}

/// Whether no more and no less of it is kept than what it asks for needs. A document may have opted it in since.
fn is_kept_as_wanted(known: &ServiceView) -> bool {
    known.is_slim == (known.intent == Intent::NotOptedIn)
}

#[cfg(test)]
mod tests;
