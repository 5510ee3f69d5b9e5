//! What of a plan may be done now: steps in, steps and holds out.
//!
//! Dry run is a policy here and nowhere else, so what is shown and what would be executed are one value.

pub mod brake;
pub mod check;
pub mod waves;
mod windows;
pub mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::declaration::declared::Pause;
use crate::declaration::settings::{Budget, Policy, Settings};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::{ClusterName, NamespaceId, ServiceKey};
use crate::ecs::time::Now;
use crate::engine::effect::Question;
use crate::plan::action::Action;
use crate::plan::hold::{Frozen, Hold, Scope, Unseen};
use crate::planner::service::contended::TRUCE;
use crate::planner::{Entry, Plan, Verdict};
use crate::view::rollout::has_stalled;
use crate::view::{Namespace, ServiceView, View, rollout};
use brake::{Acks, Brake};
use waves::Waves;
use writes::Writes;

use windows::Windows;

/// What decides whether a step may be taken now.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// What is known.
    pub view: &'a View,
    /// What became of our own writes.
    pub writes: &'a Writes,
    /// How our rollouts go.
    pub waves: &'a Waves,
    /// What somebody has agreed to.
    pub acks: &'a Acks,
    /// What the operator allows.
    pub settings: &'a Settings,
    /// When.
    pub now: Now,
}

/// Holds every step that must not be taken at this moment.
pub fn guard(mut plan: Plan, circumstances: &Circumstances<'_>) -> Plan {
    let Circumstances { view, writes, settings, now, .. } = *circumstances;
    let everything = stopped(view, settings).or_else(|| {
        let staleness = settings.timing.staleness;
        let just_started = view.awake_for(now) < staleness || is_unseen(view, staleness);
        just_started.then_some(Hold::NotSeen(Unseen::JustStarted))
    });
    let mut windows = Windows::new(view, now);
    for missing in &mut plan.missing {
        missing.hold = everything
            .clone()
            .or_else(|| windows.hold_making(&missing.prerequisite))
            .or_else(|| {
                (settings.policy == Policy::Observe).then_some(Hold::Observe(Policy::Observe))
            })
            .or_else(|| writes.hold_making(&missing.prerequisite));
    }
    let unread = never_read(view, settings, now).map(Hold::NotSeen);
    let brake = Brake::new(&plan, circumstances);
    let mut budget = Ledger::new(&plan, circumstances);
    for key in &plan.order {
        let Some(entry) = plan.entries.get_mut(key) else { continue };
        let Verdict::Step { action } = &entry.verdict else { continue };
        let hold = paused(view, key, now)
            // That too much would change is worth knowing before anybody allows it.
            .or_else(|| observed(settings.policy, action).filter(|_| brake.hold(key).is_none()))
            .or_else(|| everything.clone())
            .or_else(|| windows.hold(key, entry.namespace.as_ref()))
            .or_else(|| unread.clone())
            .or_else(|| brake.hold(key))
            .or_else(|| writes.hold(action, now))
            .or_else(|| awaited(entry, circumstances))
            .or_else(|| contended(view, (key, entry), now))
            .or_else(|| budget.spend(key, entry.namespace.as_ref()));
        if let Some(hold) = hold {
            entry.hold_step(hold);
        }
    }
    plan
}

/// Holds only what somebody asked to hold, whenever one looks: for a plan that is shown and not carried out.
pub fn guard_shown(mut plan: Plan, view: &View, settings: &Settings, now: Now) -> Plan {
    let everything = stopped(view, settings);
    let mut windows = Windows::new(view, now);
    let (writes, waves, acks) = (&Writes::default(), &Waves::default(), &Acks::default());
    let brake = Brake::new(&plan, &Circumstances { view, writes, waves, acks, settings, now });
    for missing in &mut plan.missing {
        let hold = everything.clone();
        missing.hold = hold.or_else(|| windows.hold_making(&missing.prerequisite));
    }
    for (key, entry) in &mut plan.entries {
        let hold = paused(view, key, now)
            .or_else(|| everything.clone())
            .or_else(|| windows.hold(key, entry.namespace.as_ref()))
            .or_else(|| contended(view, (key, entry), now))
            .or_else(|| brake.hold(key));
        if let Some(hold) = hold {
            entry.hold_step(hold);
        }
    }
    plan
}

/// Why nothing at all may be done, if so.
fn stopped(view: &View, settings: &Settings) -> Option<Hold> {
    let is_frozen = view.document.as_ref().is_some_and(|document| document.freeze);
    let frozen = is_frozen.then_some(Hold::Frozen(Frozen::Document));
    frozen.or_else(|| unread_document(view, settings).map(Hold::NotSeen))
}

/// What is in the way of the first good document, while none is in force: what it says may overrule every tag.
pub(crate) fn unread_document(view: &View, settings: &Settings) -> Option<Unseen> {
    if view.document.is_some() {
        return None;
    }
    let source = settings.sources.documents.iter().find(|name| {
        let source = view.in_force.source(name);
        source.is_none_or(|source| source.trouble.is_some() || source.read_at.is_none())
    });
    match source.or(settings.sources.documents.first()) {
        Some(_) if view.in_force.is_bad() => Some(Unseen::BadDocument),
        Some(name) => {
            let fault = view.in_force.source(name).and_then(|source| source.trouble.clone());
            Some(Unseen::Answer(Question::Parameters(name.clone()), fault))
        }
        None => None,
    }
}

/// The budget: the document's limits, else the flags.
pub(crate) fn budget(view: &View, settings: &Settings) -> Budget {
    let limits = view.document.as_ref().map(|document| document.limits.clone()).unwrap_or_default();
    Budget {
        per_cluster: limits.rollouts_per_cluster.unwrap_or(settings.budget.per_cluster),
        per_namespace: limits.rollouts_per_namespace.unwrap_or(settings.budget.per_namespace),
    }
}

/// Whether a cluster was not seen whole by a sweep that cannot show the world before our predecessor's last write, so
/// that rollouts and names in it are not known. One that is not there has none, and one that we may not read must not
/// stop all others.
fn is_unseen(view: &View, staleness: Duration) -> bool {
    let is_old = |from: Now| view.awake_for(from) < staleness;
    let clusters = view.clusters.values();
    clusters.filter(|cluster| cluster.complete_from.is_none_or(is_old)).any(|cluster| {
        let hopeless =
            |fault: &Fault| matches!(fault.kind, FaultKind::NotFound | FaultKind::Denied);
        !cluster.trouble.as_ref().is_some_and(hopeless)
    })
}

/// A service that was listed and not read since the start. Our predecessor may have begun a rollout of it, in any
/// namespace, so nothing says how much of any budget is left. It is not waited for for ever, or one that cannot be read
/// would stop all others: a denial or an absence that two sweeps find does not pass, and whatever could roll there
/// counts as stalled after half an hour, as it would if it were seen.
fn never_read(view: &View, settings: &Settings, now: Now) -> Option<Unseen> {
    let timing = &settings.timing;
    let unread = view.services().filter(|(_, service)| service.last.is_none());
    let unread =
        unread.filter_map(|(key, service)| Some((key, service, service.trouble.as_ref()?)));
    let mut awaited = unread.filter(|(_, service, fault)| {
        let patience = match fault.kind {
            FaultKind::NotFound | FaultKind::Denied => 2 * timing.interval,
            _ => timing.stall,
        };
        // Until it is read, that is when it was first listed.
        now.since(service.read_at) < patience
    });
    awaited.next().map(|(key, _, fault)| Unseen::Rollouts(key, fault.clone()))
}

/// Whether the service's pause tag is in force.
pub fn paused(view: &View, key: &ServiceKey, now: Now) -> Option<Hold> {
    let declaration = view.service(key)?.intent.declared()?;
    match declaration.pause? {
        Pause::Open => Some(Hold::Paused(None)),
        Pause::Until(until) => (now.calendar < until).then_some(Hold::Paused(Some(until))),
    }
}

/// The server that a step waits for. What only the environment hints at is not waited for beyond a stall.
fn awaited(
    entry: &Entry,
    Circumstances { view, settings, now, .. }: &Circumstances<'_>,
) -> Option<Hold> {
    let awaited = entry.awaits.as_ref()?;
    let server = view.service(&awaited.server);
    let stalled = server.is_some_and(|server| has_stalled(server, &settings.timing, *now));
    (!(awaited.inferred && stalled)).then(|| Hold::WaitingForServer(awaited.clone()))
}

/// Whether somebody else keeps changing it back, and their last word has not stood for long. After that one more
/// attempt is made.
fn contended(view: &View, (key, entry): (&ServiceKey, &Entry), now: Now) -> Option<Hold> {
    let contention = entry.contention.as_ref()?;
    let stands = |until: Now| now.since_start < until.since_start;
    truce_until(view, key).is_none_or(stands).then(|| Hold::Contended(contention.clone()))
}

/// Until when what somebody else made of a service is left alone.
pub(crate) fn truce_until(view: &View, key: &ServiceKey) -> Option<Now> {
    Some(view.service(key)?.primary_since?.plus(TRUCE))
}

fn observed(policy: Policy, action: &Action) -> Option<Hold> {
    (!policy.allows(action)).then_some(Hold::Observe(policy))
}

/// How many rollouts run, by cluster and by namespace.
struct Ledger<'a> {
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
    fn new(plan: &Plan, circumstances: &Circumstances<'a>) -> Self {
        let Circumstances { view, writes, waves, settings, now, .. } = *circumstances;
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
    fn spend(&mut self, key: &ServiceKey, namespace: Option<&Namespace>) -> Option<Hold> {
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

/// The namespaces that a service's deployments are in, as far as known: the one it comes from counts until the
/// rollout is over, above all where it leaves for none.
pub(crate) fn deployed(view: &View, key: &ServiceKey) -> Vec<NamespaceId> {
    let last = view.service(key).and_then(|service| service.last.as_ref());
    let ground = view.ground(&key.cluster);
    let deployments = last.into_iter().flat_map(|last| &last.deployments);
    let connects = deployments.filter_map(|each| each.connect.as_ref());
    let found = connects.filter_map(|connect| ground.namespace_of(connect));
    found.map(|namespace| namespace.id.clone()).collect()
}

#[cfg(test)]
mod tests;
