//! How many rollouts may run at once, by cluster and by namespace.
//!
//! A service needs a place in both. One that has waited for long for the first keeps its place in the second, at most
//! one in each; the order in which services are asked gives it to the one that has waited longest.

use std::collections::{BTreeMap, BTreeSet};

use super::input::GuardInput;
use super::turns::Turns;
use super::waves::Waves;
use crate::declaration::settings::{Budget, Settings};
use crate::ecs::name::{ClusterName, NamespaceId};
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::hold::Hold;
use crate::plan::turn::{InUse, Turn};
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
    turns: &'a Turns,
    now: Now,
    /// Who of this pass goes ahead of a wave.
    firsts: BTreeMap<NamespaceId, ServiceKey>,
    clusters: BTreeMap<ClusterName, Rollouts>,
    namespaces: BTreeMap<NamespaceId, Rollouts>,
}

/// Rollouts that take up a budget.
struct Rollouts {
    count: usize,
    first: ServiceKey,
    /// Whether one of them is a place that is kept for a service that waits elsewhere.
    keeps_place: bool,
}

impl Rollouts {
    /// Those at a place; of a new one, `key` is the first.
    fn at<'r, P: Ord>(all: &'r mut BTreeMap<P, Self>, place: P, key: &ServiceKey) -> &'r mut Self {
        all.entry(place).or_insert_with(|| Self {
            count: 0,
            first: key.clone(),
            keeps_place: false,
        })
    }

    /// Takes up one place, if there is one and none is kept yet, for a service that waits elsewhere.
    fn keep_place(&mut self, limit: usize) {
        if self.count < limit && !self.keeps_place {
            (self.keeps_place, self.count) = (true, self.count + 1);
        }
    }

    /// What is in use, where that is all there is.
    fn used_up(&self, limit: usize) -> Option<InUse> {
        let Self { count, first, .. } = self;
        (*count >= limit).then(|| InUse { limit, count: *count, by: first.clone() })
    }
}

impl<'a> Ledger<'a> {
    /// Counts every rollout of a service that opted in, whoever started it: that survives our restart; and
    /// those of our own making in services that were released meanwhile. One that has stalled, its planned waits
    /// counted in, no longer counts, or it would stop all others.
    pub(super) fn new(plan: &Plan, input: &GuardInput<'a>) -> Self {
        let GuardInput { view, writes, waves, turns, settings, now, .. } = *input;
        let budget = budget(view, settings);
        let (clusters, namespaces) = (BTreeMap::new(), BTreeMap::new());
        let firsts = BTreeMap::new();
        let mut ledger = Self { budget, waves, turns, now, firsts, clusters, namespaces };
        let begun: BTreeMap<&ServiceKey, Option<&NamespaceId>> = writes.begun().collect();
        let running = |(key, service): (&ServiceKey, &ServiceView)| {
            let patience = rollout::patience(service, &settings.timing);
            let stalled = has_stalled(service, &settings.timing, now);
            let running = service.rolling_since.is_some() && !stalled;
            let ours = begun.contains_key(key);
            // What we began, or may have, and cannot look at.
            let unseen = ours && service.trouble.is_some() && now.since(service.read_at) < patience;
            let counts = running && (plan.entries.contains_key(key) || ours);
            (counts || unseen).then(|| key.clone())
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
        Rollouts::at(&mut self.clusters, key.cluster.clone(), key).count += 1;
        for id in namespaces.collect::<BTreeSet<_>>() {
            Rollouts::at(&mut self.namespaces, id, key).count += 1;
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
        let Budget { per_cluster, per_namespace } = self.budget;
        let in_cluster = self.clusters.get(&key.cluster);
        if let Some(in_use) = in_cluster.and_then(|rollouts| rollouts.used_up(per_cluster)) {
            self.keep_place_in_namespace(key, namespace);
            return Some(Hold::Budget(Turn::Cluster(key.cluster.clone(), in_use)));
        }
        if let Some(namespace) = namespace {
            let in_namespace = self.namespaces.get(&namespace.id);
            if let Some(in_use) = in_namespace.and_then(|all| all.used_up(per_namespace)) {
                self.keep_place_in_cluster(key);
                return Some(Hold::Budget(Turn::Namespace(namespace.name.clone(), in_use)));
            }
            if let Some(first) = self.first(&namespace.id).filter(|first| *first != key) {
                let (namespace, service) = (namespace.name.clone(), first.clone());
                self.keep_place_in_cluster(key);
                return Some(Hold::Budget(Turn::First { namespace, service }));
            }
            if self.waves.begins_with_one(&namespace.id) {
                self.firsts.insert(namespace.id.clone(), key.clone());
            }
        }
        self.count(key, namespace.map(|namespace| namespace.id.clone()).into_iter());
        None
    }

    /// A service that has waited for long and waits for its cluster keeps its place in the namespace. If it did not, a
    /// stream of others could always leave one of the two full.
    fn keep_place_in_namespace(&mut self, key: &ServiceKey, namespace: Option<&Namespace>) {
        if let Some(namespace) = namespace.filter(|_| self.turns.waits_long(key, self.now)) {
            let rollouts = Rollouts::at(&mut self.namespaces, namespace.id.clone(), key);
            rollouts.keep_place(self.budget.per_namespace);
        }
    }

    /// The same, where it waits for its namespace.
    fn keep_place_in_cluster(&mut self, key: &ServiceKey) {
        if self.turns.waits_long(key, self.now) {
            let rollouts = Rollouts::at(&mut self.clusters, key.cluster.clone(), key);
            rollouts.keep_place(self.budget.per_cluster);
        }
    }

    /// Who goes ahead of the others.
    fn first(&self, namespace: &NamespaceId) -> Option<&ServiceKey> {
        self.firsts.get(namespace).or_else(|| self.waves.first(namespace))
    }
}
