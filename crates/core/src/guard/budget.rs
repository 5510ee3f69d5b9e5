//! How many rollouts may run at once, by cluster and by namespace.

use std::collections::{BTreeMap, BTreeSet};

use super::input::GuardInput;
use super::waves::Waves;
use crate::declaration::settings::{Budget, Settings};
use crate::ecs::name::{ClusterName, NamespaceId, ServiceKey};
use crate::ecs::namespace::Namespace;
use crate::plan::Plan;
use crate::plan::hold::{Hold, Scope};
use crate::view::rollout::has_stalled;
use crate::view::{ServiceView, View, deployed, rollout};

/// The budget: the document's limits, else the flags.
pub(crate) fn budget(view: &View, settings: &Settings) -> Budget {
    let limits = view.document.as_ref().map(|document| document.limits.clone()).unwrap_or_default();
    Budget {
        per_cluster: limits.rollouts_per_cluster.unwrap_or(settings.budget.per_cluster),
        per_namespace: limits.rollouts_per_namespace.unwrap_or(settings.budget.per_namespace),
    }
}

/// How many rollouts run, by cluster and by namespace.
pub(super) struct Ledger<'a> {
    budget: Budget,
    waves: &'a Waves,
    /// Who of this pass goes ahead of a wave.
    firsts: BTreeMap<NamespaceId, ServiceKey>,
    clusters: BTreeMap<ClusterName, usize>,
    namespaces: BTreeMap<NamespaceId, usize>,
}

impl<'a> Ledger<'a> {
    /// Counts every rollout of a service that opted in, whoever started it: that survives our restart; and
    /// those of our own making in services that were released meanwhile. One that has stalled, its planned waits
    /// counted in, no longer counts, or it would stop all others.
    pub(super) fn new(plan: &Plan, input: &GuardInput<'a>) -> Self {
        let GuardInput { view, writes, waves, settings, now, .. } = *input;
        let budget = budget(view, settings);
        let (clusters, namespaces) = (BTreeMap::new(), BTreeMap::new());
        let mut ledger = Self { budget, waves, firsts: BTreeMap::new(), clusters, namespaces };
        let begun: BTreeMap<&ServiceKey, Option<&NamespaceId>> = writes.begun().collect();
        let running = |(key, service): (ServiceKey, &ServiceView)| {
            let patience = rollout::patience(service, &settings.timing);
            let stalled = has_stalled(service, &settings.timing, now);
            let running = service.rolling_since.is_some() && !stalled;
            let ours = begun.contains_key(&key);
            // What we began, or may have, and cannot look at.
            let unseen = ours && service.trouble.is_some() && now.since(service.read_at) < patience;
            let counts = running && (plan.entries.contains_key(&key) || ours);
            (counts || unseen).then_some(key)
        };
        let mut keys: BTreeSet<ServiceKey> = view.services().filter_map(running).collect();
        keys.extend(writes.all_in_flight().cloned());
        for key in &keys {
            // Where it rolls and where it is to be may be two namespaces; and while the service cannot be
            // read, only the first is known.
            let entry = plan.entries.get(key).and_then(|entry| entry.namespace.as_ref());
            let wanted = entry.map(|namespace| namespace.id.clone());
            let written = begun.get(key).copied().flatten().cloned();
            ledger.count(key, wanted.into_iter().chain(written).chain(deployed(view, key)));
        }
        ledger
    }

    fn count(&mut self, key: &ServiceKey, namespaces: impl Iterator<Item = NamespaceId>) {
        *self.clusters.entry(key.cluster.clone()).or_default() += 1;
        for id in namespaces.collect::<BTreeSet<_>>() {
            *self.namespaces.entry(id).or_default() += 1;
        }
    }

    /// Takes one rollout out of the budget, or says which budget is spent.
    pub(super) fn spend(
        &mut self,
        key: &ServiceKey,
        namespace: Option<&Namespace>,
    ) -> Option<Hold> {
        if let Some(hold) = namespace.and_then(|namespace| self.waves.stopped(namespace)) {
            return Some(hold);
        }
        let limit = self.budget.per_cluster;
        if self.clusters.get(&key.cluster).is_some_and(|running| *running >= limit) {
            return Some(Hold::Budget(Scope::Cluster(key.cluster.clone(), limit)));
        }
        let limit = self.budget.per_namespace;
        if let Some(namespace) = namespace
            && self.namespaces.get(&namespace.id).is_some_and(|running| *running >= limit)
        {
            return Some(Hold::Budget(Scope::Namespace(namespace.name.clone(), limit)));
        }
        if let Some(namespace) = namespace {
            if let Some(first) = self.first(&namespace.id).filter(|first| *first != key) {
                let (namespace, service) = (namespace.name.clone(), first.clone());
                return Some(Hold::Budget(Scope::First { namespace, service }));
            }
            if self.waves.begins_with_one(&namespace.id) {
                self.firsts.insert(namespace.id.clone(), key.clone());
            }
        }
        self.count(key, namespace.map(|namespace| namespace.id.clone()).into_iter());
        None
    }

    /// Who goes ahead of the others.
    fn first(&self, namespace: &NamespaceId) -> Option<&ServiceKey> {
        self.firsts.get(namespace).or_else(|| self.waves.first(namespace))
    }
}
