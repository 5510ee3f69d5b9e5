//! What needs a person, of all that the engine knows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::published_status::PublishedStatus;
use super::state::Engine;
use crate::declaration::intent::Intent;
use crate::ecs::fault::Fault;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::leader::Leader;
use crate::plan::reason::Reason;
use crate::report::concern::{Concern, ConcernKind, Concerns, Role, Sighting, Subject, kind};
use crate::report::standing::{Standing, standing};
use crate::view::{ClusterView, View};

/// What time may mend is a concern only when it has lasted for so long.
const WEATHER: Duration = Duration::from_mins(10);

impl Engine {
    /// What needs a person now. A service that is out of sync for as long as `drift_after` does.
    pub fn concerns(&self, drift_after: Duration, now: Now) -> Concerns {
        let mut seen = BTreeMap::new();
        let mut hides_brakes = false;
        for (key, service) in self.view.services() {
            if service.intent == Intent::NotOptedIn {
                continue;
            }
            let Some(published) = self.status(key) else {
                seen.insert(Subject::Service(key.clone()), Sighting::Unclear);
                continue;
            };
            hides_brakes |= matches!(
                published.status.reason,
                Some(Reason::NotSeen | Reason::NotLeader | Reason::Frozen | Reason::Paused)
            );
            for (subject, sighting) in self.sightings(key, published, drift_after, now) {
                // All services that the brake of one namespace holds say the same.
                seen.entry(subject).or_insert(sighting);
            }
        }
        self.see_clusters(now, &mut seen);
        if let Some(trouble) = self.view.in_force.trouble() {
            let concern = of_the_whole(ConcernKind::Document, trouble, now);
            seen.insert(Subject::Document, Sighting::Concern(concern));
        }
        let clusters = &self.view.clusters;
        let read = clusters.iter().filter(|(_, cluster)| cluster.complete_at.is_some());
        let is_known =
            |cluster: &ClusterView| cluster.complete_at.is_some() || cluster.trouble.is_some();
        Concerns {
            role: self.role(now),
            seen,
            read: read.map(|(name, _)| name.clone()).collect(),
            all_read: !clusters.is_empty() && clusters.values().all(is_known),
            hides_brakes,
        }
    }

    /// Whose business it is to tell people. The copy that leads tells; without leases, each.
    fn role(&self, now: Now) -> Role {
        let leases = self.memory.leases();
        if leases.may_receive() {
            return Role::Leads;
        }
        let mut leaders = self.view.clusters.keys().map(|cluster| leases.leader(cluster, now));
        let is_another = |leader| matches!(leader, Some(Leader::Other { .. }));
        if leaders.any(is_another) { Role::Follows } else { Role::Unknown }
    }

    /// What is seen of one service; nothing where it is in order.
    fn sightings(
        &self,
        key: &ServiceKey,
        published: &PublishedStatus,
        drift_after: Duration,
        now: Now,
    ) -> Vec<(Subject, Sighting)> {
        let entry = self.plan().entries.get(key);
        let standing = standing(Some(&published.status), entry);
        if standing == Standing::InOrder {
            return Vec::new();
        }
        let service = Subject::Service(key.clone());
        let is_late = published.drift_age(now).is_some_and(|age| age >= drift_after);
        let Some(kind) = kind(&published.status, standing, is_late) else {
            return vec![(service, Sighting::Unclear)];
        };
        let concern = Sighting::Concern(of_status(kind, published, now));
        match entry.and_then(Entry::hold) {
            // The brake is of the namespace; that one service needs nobody for itself.
            Some(Hold::MassChange(why)) => {
                let namespace = Subject::Namespace(why.namespace.clone(), why.cluster.clone());
                vec![(service, Sighting::Unclear), (namespace, concern)]
            }
            _ => vec![(service, concern)],
        }
    }

    fn see_clusters(&self, now: Now, seen: &mut BTreeMap<Subject, Sighting>) {
        let View { clusters, clusters_trouble, .. } = &self.view;
        for (name, cluster) in clusters {
            let Some(fault) = &cluster.trouble else { continue };
            let sighting = of_cluster(fault, cluster.complete_at, now);
            seen.insert(Subject::Cluster(name.clone()), sighting);
        }
        if let Some(fault) = clusters_trouble.as_ref().filter(|fault| !fault.kind.is_transient()) {
            let why = format!("the clusters cannot be listed: {fault}");
            let concern = of_the_whole(ConcernKind::Unreadable, why, now);
            seen.insert(Subject::Clusters, Sighting::Concern(concern));
        }
    }
}

/// A cluster whose last reading failed.
fn of_cluster(fault: &Fault, complete_at: Option<Now>, now: Now) -> Sighting {
    let without = complete_at.map_or(now.since_start, |at| now.since(at));
    if fault.kind.is_transient() && without < WEATHER {
        return Sighting::Unclear;
    }
    let why = format!("the cluster cannot be read: {fault}");
    let since = before(now, without);
    Sighting::Concern(Concern { since, ..of_the_whole(ConcernKind::Unreadable, why, now) })
}

fn of_the_whole(kind: ConcernKind, why: String, now: Now) -> Concern {
    Concern { kind, reason: None, why, ends: None, since: now.calendar }
}

fn of_status(kind: ConcernKind, published: &PublishedStatus, now: Now) -> Concern {
    let PublishedStatus { status, since, .. } = published;
    let drift = published.drift_age(now).filter(|_| kind == ConcernKind::Drift);
    let began = status.began.and_then(AwsTime::calendar);
    let seen_since = || before(now, drift.unwrap_or_else(|| now.since(*since)));
    Concern {
        kind,
        reason: status.reason,
        why: status.message.clone().unwrap_or_else(|| "it is not as declared".to_owned()),
        ends: status.ends.clone(),
        since: began.filter(|_| drift.is_none()).unwrap_or_else(seen_since),
    }
}

/// The calendar so long ago.
fn before(now: Now, ago: Duration) -> jiff::Timestamp {
    let ago = jiff::SignedDuration::try_from(ago).unwrap_or_default();
    now.calendar.checked_sub(ago).unwrap_or(now.calendar)
}
