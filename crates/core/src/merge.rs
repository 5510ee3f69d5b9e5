//! How readings become part of the view.
//!
//! AWS answers may be old, partial, or older than the answer before. So: an older reading does not replace
//! a newer one, unless older ones keep coming for longer than AWS can lag; what a listing misses is
//! forgotten only when a second complete listing misses it too, that much later; what failed leaves what was
//! known in place, with a note.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::effect::{Answer, ClusterReading};
use crate::eligible;
use crate::fault::{Fault, FaultKind};
use crate::name::{ClusterName, EcsServiceName, ServiceKey};
use crate::tag::{self, Intent, TagPrefix};
use crate::time::Now;
use crate::view::{ClusterView, EcsService, History, Rollout, Seen, ServiceView, View};

/// How to take readings in.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The prefix of our tags.
    pub prefix: &'a TagPrefix,
    /// How long an answer may lag.
    pub staleness: Duration,
    /// When the readings arrived.
    pub now: Now,
}

impl Reader<'_> {
    /// Takes in a sweep.
    pub fn swept(&self, view: &mut View, reading: ClusterReading) {
        let cluster = view.clusters.entry(reading.cluster.clone()).or_default();
        let listed: Vec<EcsServiceName> = reading.services.keys().cloned().collect();
        let mut trouble = reading.listing.as_ref().err().cloned();
        match reading.default_namespace {
            Seen::Known(namespace) => cluster.default_namespace = namespace,
            Seen::Absent => {}
            Seen::Unknown(fault) => trouble = trouble.or(Some(fault)),
        }
        let mut forget = Vec::new();
        for (name, seen) in reading.services {
            if self.service(cluster, &name, seen) {
                forget.push(ServiceKey::new(&reading.cluster, &name));
            }
        }
        // Whether a service that was never read is ours is not known, so it has no entry in a plan that could
        // tell of its trouble: the cluster tells of it.
        let never_read = cluster.services.values().filter(|service| service.last.is_none());
        let unread = || {
            never_read
                .filter_map(|service| service.trouble.as_ref())
                .find(|fault| is_serious(fault))
        };
        cluster.trouble = trouble.or_else(|| unread().cloned());
        if reading.listing.is_ok() {
            self.unlisted(cluster, &listed);
            cluster.complete_at = Some(self.now);
        }
        for key in &forget {
            view.histories.remove(key);
        }
    }

    /// Takes in some services of one cluster.
    pub fn refreshed(
        &self,
        view: &mut View,
        cluster: &ClusterName,
        services: BTreeMap<EcsServiceName, Seen<EcsService>>,
    ) {
        let Some(known) = view.clusters.get_mut(cluster) else { return };
        for (name, seen) in services {
            if known.services.contains_key(&name) && self.service(known, &name, seen) {
                view.histories.remove(&ServiceKey::new(cluster, &name));
            }
        }
    }

    /// Takes in the read before a write.
    pub fn confirmed(
        &self,
        view: &mut View,
        key: &ServiceKey,
        (seen, history): (Seen<EcsService>, Seen<History>),
    ) {
        let services = BTreeMap::from([(key.name.clone(), seen)]);
        self.refreshed(view, &key.cluster, services);
        view.histories.insert(key.clone(), (self.now, history));
    }

    /// Takes in an answer. A failed answer does not replace what an earlier one told.
    pub fn answered(&self, view: &mut View, answer: Answer) {
        match answer {
            Answer::Namespaces(seen) => {
                view.namespaces_at = Some(self.now);
                let known = view.namespaces.as_ref().is_some_and(|old| old.known().is_some());
                if seen.known().is_some() || !known {
                    view.namespaces = Some(seen);
                }
            }
            Answer::NamespaceUse(id, seen) => {
                let known = view.uses.get(&id).is_some_and(|(_, old)| old.known().is_some());
                if seen.known().is_some() || !known {
                    view.uses.insert(id, (self.now, seen));
                }
            }
            Answer::TaskDefinition(arn, seen) => {
                view.task_definitions.insert(arn, seen.map(Arc::new));
            }
            Answer::History(key, seen) => drop(view.histories.insert(key, (self.now, seen))),
            Answer::LatestRevision(family, seen) => {
                view.latest_revisions.insert(family, (self.now, seen.map(Arc::new)));
            }
            Answer::Parameters(..) => {}
        }
    }

    /// Takes in one service; says whether what was read of its past no longer counts.
    fn service(
        &self,
        cluster: &mut ClusterView,
        name: &EcsServiceName,
        seen: Seen<EcsService>,
    ) -> bool {
        let entry = cluster.services.entry(name.clone()).or_insert_with(|| self.unseen());
        match seen {
            Seen::Known(mut service) => {
                // The listing's name and the service's own are one text.
                service.key.name = name.clone();
                entry.missing_since = None;
                if self.is_older(entry, &service) {
                    return false;
                }
                return self.replace(entry, service);
            }
            Seen::Absent => entry.trouble = Some(absent()),
            Seen::Unknown(fault) => entry.trouble = Some(fault),
        }
        false
    }

    /// Whether a reading is older than the last one and must be turned away.
    fn is_older(&self, entry: &mut ServiceView, service: &EcsService) -> bool {
        let older = entry
            .last
            .as_ref()
            .is_some_and(|last| last.arn == service.arn && service.version() < last.version());
        if !older {
            entry.stale_since = None;
            return false;
        }
        let since = *entry.stale_since.get_or_insert(self.now);
        // A deployment that goes from the list may take the latest change with it: then this is the truth.
        let believed = self.now.since(since) >= self.staleness;
        if believed {
            entry.stale_since = None;
        }
        !believed
    }

    fn replace(&self, entry: &mut ServiceView, mut service: EcsService) -> bool {
        let (intent, mut issues) = tag::parse(self.prefix, &service.tags);
        if matches!(intent, Intent::Declared(_)) {
            issues.extend(eligible::advice(&service));
        }
        service.tags = BTreeMap::new();
        let same_rollout = entry
            .last
            .as_ref()
            .is_some_and(|last| last.primary().map(|p| &p.id) == service.primary().map(|p| &p.id));
        if let Some(last) = entry.last.as_ref().filter(|_| same_rollout)
            && service.unknown_members.is_empty()
        {
            // Only the read before a write looks for them, and a deployment's configuration never changes.
            service.unknown_members.clone_from(&last.unknown_members);
        }
        let was_rolling = entry.rolling_since.is_some();
        let earlier = entry.rolling_since.filter(|_| same_rollout);
        entry.rolling_since = service.is_rolling().then(|| earlier.unwrap_or(self.now));
        slim(&mut service, &intent);
        entry.intent = intent;
        entry.issues = issues;
        entry.trouble = None;
        entry.read_at = self.now;
        entry.last = Some(Arc::new(service));
        !same_rollout || was_rolling != entry.rolling_since.is_some()
    }

    fn unlisted(&self, cluster: &mut ClusterView, listed: &[EcsServiceName]) {
        cluster.services.retain(|name, service| {
            if listed.binary_search(name).is_ok() {
                return true;
            }
            let since = *service.missing_since.get_or_insert(self.now);
            self.now.since(since) < self.staleness || self.now == since
        });
    }

    fn unseen(&self) -> ServiceView {
        ServiceView {
            last: None,
            read_at: self.now,
            trouble: None,
            intent: Intent::NotOptedIn,
            issues: Vec::new(),
            missing_since: None,
            rolling_since: None,
            stale_since: None,
        }
    }
}

/// A service that is listed but not there is being made or deleted just now.
fn is_serious(fault: &Fault) -> bool {
    fault.kind != FaultKind::NotFound
}

/// Drops what nobody will ask of a service: thousands of them are kept, and most are not ours. Of those only
/// the names that they hold matter.
fn slim(service: &mut EcsService, intent: &Intent) {
    let EcsService { deployments, task_definition, .. } = service;
    for deployment in deployments.iter_mut() {
        if deployment.rollout != Rollout::Failed {
            deployment.rollout_reason = String::new();
        }
        if deployment.task_definition == *task_definition {
            // One text in place of two equal ones.
            deployment.task_definition = task_definition.clone();
        }
    }
    if *intent == Intent::NotOptedIn {
        deployments.retain(|deployment| deployment.connect.is_some());
        deployments.shrink_to_fit();
        service.launch_type = String::new();
        service.platform_family = String::new();
        service.platform_version = String::new();
    }
}

fn absent() -> Fault {
    Fault::new(
        FaultKind::NotFound,
        "ecs.DescribeServices",
        "the service was listed but is not there",
    )
}

#[cfg(test)]
mod tests;
