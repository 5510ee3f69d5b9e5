//! How readings become part of the view.
//!
//! An answer of AWS may be old, partial, or older than the answer before. So there are three rules. An older reading
//! does not replace a newer one, unless older ones keep coming for longer than AWS can lag. A service that a listing
//! misses is forgotten only when a second complete listing, that much later, misses it too. A failed reading leaves in
//! place what was known, and is noted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::former::{self, Replaced};
use super::history::History;
use super::in_force::Arrival;
use super::kept::{fingerprint, packed, slim};
use super::layers::BesideTags;
use super::reading::{Answer, ClusterReading};
use super::{ClusterView, ServiceView, View, follow};
use crate::declaration::intent::{Intent, declare};
use crate::declaration::issue::Issue;
use crate::declaration::settings::Sources;
use crate::declaration::tag;
use crate::declaration::tag_prefix::TagPrefix;
use crate::declaration::tagged::Tagged;
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::{ClusterName, ParameterName};
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::parameter::Parameter;
use crate::ecs::past::Past;
use crate::ecs::seen::Seen;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::ecs::tool::Tool;

/// Takes readings into the view.
#[derive(Debug, Clone, Copy)]
pub struct Merger<'a> {
    /// The prefix of our tags.
    pub prefix: &'a TagPrefix,
    /// Where declarations are read.
    pub sources: &'a Sources,
    /// How long an answer may lag.
    pub staleness: Duration,
    /// When the readings arrived.
    pub now: Now,
}

/// What a reading of one service changed.
struct Changed {
    /// Whether its past must be read again.
    past_is_old: bool,
    /// Whether it has anything new that a plan depends on.
    is_new: bool,
    /// What was known before, if another reading takes its place.
    replaced: Option<Replaced>,
}

impl Merger<'_> {
    /// Takes in a sweep. Says whether it has anything new that a plan depends on.
    pub fn swept(&self, view: &mut View, reading: ClusterReading) -> bool {
        let View { clusters, document, named, histories, .. } = view;
        let beside = BesideTags { document: document.as_deref(), named };
        let listed = reading.listed();
        let ClusterReading { cluster: name, default_namespace, listing, services, unchanged } =
            reading;
        let cluster = clusters.entry(name).or_default();
        let is_first = cluster.complete_at.is_none() && listing.is_ok();
        let mut is_new = is_first;
        let namespace_fault = match default_namespace {
            Seen::Known(namespace) => {
                is_new |= cluster.default_namespace != namespace;
                cluster.default_namespace = namespace;
                None
            }
            Seen::Absent => None,
            Seen::Unknown(fault) => Some(fault),
        };
        let mut replaced = Vec::new();
        for (key, seen) in services {
            let changed = self.service(cluster, &key, seen, beside);
            is_new |= changed.is_new;
            replaced.extend(changed.replaced);
            if changed.past_is_old {
                histories.remove(&key);
            }
        }
        for (key, service) in unchanged {
            is_new |= self.unchanged(cluster, &key, &service);
        }
        let fault = listing.as_ref().err().cloned().or(namespace_fault);
        let trouble = fault.or_else(|| never_read(cluster));
        is_new |= cluster.trouble != trouble;
        cluster.trouble = trouble;
        if listing.is_ok() {
            is_new |= self.unlisted(cluster, &listed, &mut replaced);
            cluster.complete_at = Some(self.now);
        }
        if is_first {
            cluster.services = packed(std::mem::take(&mut cluster.services));
        }
        forget_unnamed(view);
        if is_new {
            forget_the_past(view);
        }
        follow(view, &replaced, self.now);
        is_new
    }

    /// Takes in some services of one cluster.
    pub fn refreshed(
        &self,
        view: &mut View,
        cluster: &ClusterName,
        services: BTreeMap<ServiceKey, Seen<EcsService>>,
    ) {
        let View { clusters, document, named, histories, .. } = view;
        let beside = BesideTags { document: document.as_deref(), named };
        let Some(known) = clusters.get_mut(cluster) else { return };
        let mut replaced = Vec::new();
        for (key, seen) in services {
            if !known.services.contains_key(&key) && !is_newcomer(known, &key, &seen) {
                continue;
            }
            let changed = self.service(known, &key, seen, beside);
            replaced.extend(changed.replaced);
            if changed.past_is_old {
                histories.remove(&key);
            }
        }
        follow(view, &replaced, self.now);
    }

    /// Takes in the read before a write.
    pub fn confirmed(
        &self,
        view: &mut View,
        key: &ServiceKey,
        seen: Seen<EcsService>,
        past: Seen<Vec<Past>>,
    ) {
        let services = BTreeMap::from([(key.clone(), seen)]);
        self.refreshed(view, &key.cluster, services);
        self.past(view, key.clone(), past);
    }

    /// Takes in an answer. Says whether it may have anything new. A failed answer does not replace an earlier one.
    pub fn answered(&self, view: &mut View, answer: Answer) -> bool {
        match answer {
            Answer::Namespaces(seen) => {
                view.namespaces_at = Some(self.now);
                let old = view.namespaces.as_ref();
                if old == Some(&seen) {
                    return false;
                }
                let known = old.is_some_and(|old| old.known().is_some());
                if seen.known().is_some() || !known {
                    view.namespaces = Some(seen);
                }
            }
            Answer::NamespaceUse(id, seen) => {
                let seen = seen.map(with_task_definitions);
                let old = view.uses.get(&id).map(|(_, old)| old);
                let is_new = old != Some(&seen);
                let known = old.and_then(Seen::known);
                if let Some(seen) = seen.known() {
                    for key in redeployed(known, seen) {
                        view.histories.remove(&key);
                    }
                }
                if seen.known().is_some() || known.is_none() {
                    let before = known.map(|known| known.elsewhere.clone()).unwrap_or_default();
                    view.uses.insert(id.clone(), (self.now, seen));
                    former::follow_elsewhere(view, &id, &before, self.now);
                }
                return is_new;
            }
            Answer::TaskDefinition(arn, seen) => {
                view.task_definitions.insert(arn, seen.map(Arc::new));
            }
            Answer::History(key, seen) => self.past(view, key, seen),
            Answer::LatestRevision(family, seen) => {
                view.latest_revisions.insert(family, (self.now, seen.map(Arc::new)));
            }
            Answer::Parameters(name, seen) => self.parameters(view, &name, seen),
        }
        true
    }

    /// Takes in a service's past.
    fn past(&self, view: &mut View, key: ServiceKey, seen: Seen<Vec<Past>>) {
        let history = seen.map(|pasts| {
            let watched = view.service(&key).and_then(|service| service.last.as_deref());
            let last = watched.or_else(|| view.all_services().find(|service| service.key == key));
            let created_at = last.map_or(AwsTime(i64::MIN), |last| last.created_at);
            History::of(pasts, created_at, &view.defaults(&key.cluster))
        });
        view.histories.insert(key, (self.now, history));
    }

    /// Takes in what Parameter Store holds. A new document may change what services ask for.
    fn parameters(&self, view: &mut View, name: &ParameterName, seen: Seen<Vec<Parameter>>) {
        let arrival = Arrival { now: self.now, staleness: self.staleness };
        // Most readings have nothing new. Then the declarations of thousands of services need not be made again.
        let mut is_new = false;
        if tagged_documents(&view.clusters).any(|named| named == name) {
            let named = view.named.entry(name.clone()).or_default();
            let before = named.rest.clone();
            named.take_in(name, seen.clone(), arrival);
            is_new = named.rest != before;
        }
        let wanted = &self.sources.documents;
        if wanted.contains(name)
            && let Some(new) = view.in_force.take_in(name, seen, wanted, arrival)
            && view.document.as_ref() != Some(&new)
        {
            is_new = true;
            view.document = Some(new);
        }
        if is_new {
            self.declare_all(view);
        }
    }

    /// Makes the intent of every service again.
    fn declare_all(&self, view: &mut View) {
        let View { clusters, document, named, .. } = view;
        let beside = BesideTags { document: document.as_deref(), named };
        for known in clusters.values_mut() {
            for (key, service) in &mut known.services {
                (service.intent, service.issues) =
                    self.declare(key, service.tagged.as_deref(), beside);
            }
        }
    }

    fn declare(
        &self,
        key: &ServiceKey,
        tagged: Option<&Tagged>,
        beside: BesideTags<'_>,
    ) -> (Intent, Vec<Issue>) {
        declare(self.prefix, &beside.layers(key, tagged))
    }

    /// Takes in one service.
    fn service(
        &self,
        cluster: &mut ClusterView,
        key: &ServiceKey,
        seen: Seen<EcsService>,
        beside: BesideTags<'_>,
    ) -> Changed {
        let entry = cluster.services.entry(key.clone()).or_insert_with(|| self.unseen());
        let trouble = match seen {
            Seen::Known(mut service) => {
                let was_odd = entry.missing_since.take().is_some() || entry.stale_since.is_some();
                if self.is_older(entry, &service) {
                    return Changed { past_is_old: false, is_new: true, replaced: None };
                }
                // One shared text for the key and the service's own.
                service.key = key.clone();
                service.fill_task_definition();
                let changed = self.replace(entry, service, beside);
                return Changed { is_new: changed.is_new || was_odd, ..changed };
            }
            Seen::Absent => absent(),
            Seen::Unknown(fault) => fault,
        };
        let is_new = entry.last.is_none() || entry.trouble.as_ref() != Some(&trouble);
        entry.trouble = Some(trouble);
        Changed { past_is_old: false, is_new, replaced: None }
    }

    /// Whether a reading is older than the last one and must be ignored.
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
        // If the deployment with the latest change leaves the list, all later readings look older and are right.
        let believed = self.now.since(since) >= self.staleness;
        if believed {
            entry.stale_since = None;
        }
        !believed
    }

    /// Takes in a reading of one service that is not older than the last one.
    fn replace(
        &self,
        entry: &mut ServiceView,
        mut service: EcsService,
        beside: BesideTags<'_>,
    ) -> Changed {
        let tags = std::mem::take(&mut service.tags);
        let fingerprint = Some(fingerprint(&tags));
        let same_tags = entry.fingerprint == fingerprint;
        let read = || {
            let tagged = tag::read(self.prefix, &tags)?;
            Some(Arc::new(tagged.within(self.sources, self.prefix)))
        };
        // Most readings have nothing new.
        let tagged =
            if same_tags { entry.tagged.clone() } else { self.sources.tags.then(read).flatten() };
        let (intent, issues) = self.declare(&service.key, tagged.as_deref(), beside);
        let past_is_old = self.follow_rollout(entry, &mut service);
        let is_ours = intent != Intent::NotOptedIn;
        let was_ours = !entry.is_slim && entry.last.is_some();
        let tool = match is_ours {
            true if same_tags && was_ours => entry.tool,
            true => Tool::of(&tags),
            false => Tool::Unknown,
        };
        slim(&mut service, &intent);
        let is_same = entry.trouble.is_none()
            && (entry.is_slim, entry.tool) == (!is_ours, tool)
            && entry.tagged == tagged
            && (&entry.intent, &entry.issues) == (&intent, &issues)
            && entry.last.as_deref() == Some(&service);
        entry.read_at = self.now;
        entry.fingerprint = fingerprint;
        let mut replaced = None;
        if !is_same {
            entry.is_to_retry |= entry.is_asked_again(tagged.as_deref());
            (entry.is_slim, entry.tool) = (!is_ours, tool);
            (entry.tagged, entry.intent, entry.issues) = (tagged, intent, issues);
            entry.trouble = None;
            let key = service.key.clone();
            let before = entry.last.replace(Arc::new(service));
            replaced = Some(Replaced { key, before });
        }
        Changed { past_is_old, is_new: !is_same || past_is_old, replaced }
    }

    /// Notes since when the PRIMARY is there and rolls. Says whether the service's past must be read again.
    fn follow_rollout(&self, entry: &mut ServiceView, service: &mut EcsService) -> bool {
        let same_rollout = entry
            .last
            .as_ref()
            .is_some_and(|last| last.primary().map(|p| &p.id) == service.primary().map(|p| &p.id));
        if let Some(last) = entry.last.as_ref().filter(|_| same_rollout)
            && service.unknown_members.is_empty()
        {
            // Only the read before a write looks for them, and the configuration of a deployment never changes.
            service.unknown_members.clone_from(&last.unknown_members);
        }
        let began = |service: &EcsService| service.primary().map(|primary| primary.created_at);
        if entry.last.as_deref().and_then(began) < began(service) {
            // A new deployment is the attempt that a person asked for.
            entry.is_to_retry = false;
        }
        let was_rolling = entry.rolling_since.is_some();
        let earlier = entry.rolling_since.filter(|_| same_rollout);
        entry.rolling_since = service.is_rolling().then(|| earlier.unwrap_or(self.now));
        let seen = entry.primary_since.filter(|_| same_rollout);
        entry.primary_since = service.primary().map(|_| seen.unwrap_or(self.now));
        let is_rolling = entry.rolling_since.is_some();
        // With a traffic shift, the service deployment may still run when the deployments are done.
        let goes_on = was_rolling && service.strategy.shifts;
        // A rollout that began and was rolled back between two readings leaves the same PRIMARY.
        let version = entry.last.as_ref().and_then(|last| last.version());
        let is_overlooked = !was_rolling && !is_rolling && version != service.version();
        !same_rollout || (was_rolling != is_rolling && !goes_on) || is_overlooked
    }

    /// Notes the services that a complete listing misses. Says whether it misses any.
    fn unlisted(
        &self,
        cluster: &mut ClusterView,
        listed: &[ServiceKey],
        forgotten: &mut Vec<Replaced>,
    ) -> bool {
        let mut misses = false;
        cluster.services.retain(|key, service| {
            if listed.binary_search(key).is_ok() {
                return true;
            }
            misses = true;
            let since = *service.missing_since.get_or_insert(self.now);
            let stays = self.now.since(since) < self.staleness || self.now == since;
            if !stays {
                forgotten.push(Replaced { key: key.clone(), before: service.last.clone() });
            }
            stays
        });
        misses
    }

    fn unseen(&self) -> ServiceView {
        ServiceView {
            last: None,
            read_at: self.now,
            trouble: None,
            tagged: None,
            fingerprint: None,
            intent: Intent::NotOptedIn,
            issues: Vec::new(),
            is_slim: false,
            missing_since: None,
            rolling_since: None,
            primary_since: None,
            tool: Tool::Unknown,
            stale_since: None,
            is_to_retry: false,
        }
    }
}

/// Whether a service that no listing has shown yet is really there: AWS answers for it, under the very key that was asked
/// for. Before the first listing of its cluster it need not be taken in.
fn is_newcomer(cluster: &ClusterView, key: &ServiceKey, seen: &Seen<EcsService>) -> bool {
    let is_there = seen.known().is_some_and(|service| {
        service.status == ServiceStatus::Active
            && ServiceKey::of_arn(&service.arn).as_ref() == Some(key)
    });
    is_there && cluster.complete_at.is_some()
}

/// Why a service of the cluster was never read, if one was not. It is not known whether such a service opted in. So no
/// entry of a plan can show its trouble: the cluster shows it.
fn never_read(cluster: &ClusterView) -> Option<Fault> {
    let services = cluster.services.values().filter(|service| service.last.is_none());
    let mut faults = services.filter_map(|service| service.trouble.as_ref());
    faults.find(|fault| is_serious(fault)).cloned()
}

/// A parameter that no tag names any more is not read again.
fn forget_unnamed(view: &mut View) {
    if view.named.is_empty() {
        return;
    }
    let used: BTreeSet<&ParameterName> = tagged_documents(&view.clusters).collect();
    view.named.retain(|name, _| used.contains(name));
}

/// Task definitions that no deployment runs any more are not kept, nor is the past of services that are gone: teams deploy
/// new revisions every day, and some make a service for each pull request.
fn forget_the_past(view: &mut View) {
    let mut definitions = std::mem::take(&mut view.task_definitions);
    let mut histories = std::mem::take(&mut view.histories);
    let (mut run, mut there) = (BTreeSet::new(), BTreeSet::new());
    for service in view.all_services() {
        there.insert(&service.key);
        run.insert(&service.task_definition);
        run.extend(service.deployments.iter().map(|each| &each.task_definition));
    }
    definitions.retain(|arn, _| run.contains(arn));
    histories.retain(|key, _| there.contains(key) || view.service(key).is_some());
    (view.task_definitions, view.histories) = (definitions, histories);
}

/// The services outside the watched clusters whose past must be read again, because their deployments changed.
fn redeployed(before: Option<&NamespaceUse>, after: &NamespaceUse) -> Vec<ServiceKey> {
    let elsewhere = before.map_or(&[][..], |before| &before.elsewhere);
    let is_as_before = |service: &&EcsService| {
        let mut before = elsewhere.iter().filter(|old| old.key == service.key);
        before.any(|old| old.deployments == service.deployments)
    };
    let changed = after.elsewhere.iter().filter(|service| !is_as_before(service));
    changed.map(|service| service.key.clone()).collect()
}

fn with_task_definitions(mut names: NamespaceUse) -> NamespaceUse {
    names.elsewhere.iter_mut().for_each(EcsService::fill_task_definition);
    names
}

/// The parameters that some service names in a tag.
fn tagged_documents(
    clusters: &BTreeMap<ClusterName, ClusterView>,
) -> impl Iterator<Item = &ParameterName> {
    let services = clusters.values().flat_map(|cluster| cluster.services.values());
    let tagged = services.filter_map(|service| service.tagged.as_ref());
    tagged.filter_map(|tagged| tagged.declaration.as_ref()?.document.as_ref())
}

/// A service that is listed and not found is being created or deleted at this moment.
fn is_serious(fault: &Fault) -> bool {
    fault.kind != FaultKind::NotFound
}

fn absent() -> Fault {
    Fault::new(
        FaultKind::NotFound,
        "ecs.DescribeServices",
        "ECS listed the service and then did not find it",
    )
}

#[cfg(test)]
mod tests;
