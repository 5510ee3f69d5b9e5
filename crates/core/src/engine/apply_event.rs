//! What each event changes in the parts of the engine, and which job falls due after it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::effect::Event;
use super::questions::RARELY;
use super::state::Engine;
use super::work::Job;
use crate::declaration::settings::{Settings, Timing};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::ClusterName;
use crate::ecs::past::Past;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::action::{Accepted, Action};
use crate::plan::prerequisite::Prerequisite;
use crate::report::news::News;
use crate::view::follow;
use crate::view::foreign::OwnRollout;
use crate::view::former::Replaced;
use crate::view::merge::Merger;
use crate::view::reading::{Answer, ClusterReading, Question};

/// As many rollouts of our own are remembered of a service as AWS is asked for.
const BEGUN_KEPT: usize = 20;

impl Engine {
    /// Takes in an event. Returns whether the plan must be made again.
    pub(super) fn apply_event(&mut self, event: Event, now: Now) -> bool {
        match event {
            Event::Tick => false,
            Event::Stop => {
                self.stopping = true;
                self.memory.leases_mut().stop();
                false
            }
            Event::Acknowledged(plan) => {
                self.memory.acknowledge(plan);
                false
            }
            Event::Retry(key) => {
                self.retry(&key);
                true
            }
            Event::Pause(scope, lasting, over) => {
                self.memory.pauses_mut().begin(scope, lasting, over, now);
                false
            }
            Event::Resume(scope) => {
                self.memory.pauses_mut().end(&scope);
                false
            }
            Event::Look(key) => {
                self.look_now(key, now);
                false
            }
            Event::ClustersFound(found) => {
                self.clusters_found(found, now);
                true
            }
            Event::Swept(reading) => self.swept(reading, now),
            Event::Refreshed(cluster, services) => {
                self.refreshed(&cluster, services, now);
                true
            }
            Event::Confirmed(key, service, history) => {
                self.confirmed(&key, service, history, now);
                true
            }
            Event::Answered(answer) => self.answered(answer, now),
            Event::Applied(action, outcome) => {
                self.applied(&action, outcome, now);
                true
            }
            Event::Made(prerequisite, outcome) => {
                self.made(prerequisite, outcome, now);
                true
            }
            Event::Received(received) => {
                self.received(received, now);
                false
            }
            Event::Deleted(deleted) => {
                self.deleted(deleted);
                false
            }
            Event::LeaseRead(key, answer) => {
                self.memory.leases_mut().read(&key, answer, now);
                false
            }
            Event::LeaseWritten(write, answer) => {
                self.memory.leases_mut().written(&write, answer, now);
                false
            }
        }
    }

    fn clusters_found(&mut self, found: Result<BTreeSet<ClusterName>, Fault>, now: Now) {
        let was_failing = self.work.is_failing(&Job::FindClusters);
        self.work.ended(&Job::FindClusters, found.is_ok());
        if was_failing == found.is_ok() {
            // The first failure and the recovery are published, not every attempt between.
            self.published.push(News::Cluster("*".to_owned(), found.as_ref().err().cloned()));
        }
        self.view.clusters_trouble = found.as_ref().err().cloned();
        let next = match &found {
            Ok(_) => now.plus(RARELY),
            Err(_) => self.work.retry_at(&Job::FindClusters, &self.settings.timing, now),
        };
        self.work.push(Job::FindClusters, next);
        for cluster in found.into_iter().flatten() {
            if !self.view.clusters.contains_key(&cluster) {
                self.view.clusters.entry(cluster.clone()).or_default();
                self.work.push(Job::Sweep(cluster), now);
            }
        }
    }

    /// Takes in a sweep. Returns whether the plan must be made again.
    fn swept(&mut self, reading: ClusterReading, now: Now) -> bool {
        let cluster = reading.cluster.clone();
        let fault = reading.listing.as_ref().err().cloned();
        self.work.ended(&Job::Sweep(cluster.clone()), fault.is_none());
        if self.is_deleted(fault.as_ref()) {
            let gone = self.view.clusters.remove(&cluster).unwrap_or_default();
            let forgotten = gone.services.into_iter();
            let forgotten: Vec<Replaced> =
                forgotten.map(|(key, gone)| Replaced { key, before: gone.last }).collect();
            follow(&mut self.view, &forgotten, now);
            return true;
        }
        let began = self.work.take_sweep(&cluster).unwrap_or(now);
        let next = self.next_sweep(&cluster, began, fault.is_some(), now);
        self.work.push(Job::Sweep(cluster.clone()), next);
        let trouble_before = self.trouble_of(&cluster);
        let is_new = merger(&self.settings, now).swept(&mut self.view, reading);
        if let Some(known) = self.view.clusters.get_mut(&cluster).filter(|_| fault.is_none()) {
            known.complete_from = Some(began);
        }
        let trouble = self.trouble_of(&cluster);
        if trouble != trouble_before {
            self.published.push(News::Cluster(cluster.to_string(), trouble));
        }
        self.memory.read_back(&self.view, now);
        if !is_new {
            self.planning.count_idle_sweep();
        }
        is_new
    }

    /// Whether a cluster that was found by listing has been deleted since, as the fault of its sweep says.
    fn is_deleted(&self, fault: Option<&Fault>) -> bool {
        let is_listed = self.settings.clusters.is_none();
        is_listed && fault.is_some_and(|fault| fault.kind == FaultKind::NotFound)
    }

    /// When a cluster is swept again.
    fn next_sweep(&self, cluster: &ClusterName, began: Now, failed: bool, now: Now) -> Now {
        let timing = &self.settings.timing;
        if failed {
            return self.work.retry_at(&Job::Sweep(cluster.clone()), timing, now);
        }
        if self.view.awake_for(began) < timing.staleness {
            // A sweep right after the start may show the world before the last write, ours or our predecessor's.
            return now.plus(timing.staleness.saturating_sub(self.view.awake_for(now)));
        }
        now.plus(with_jitter(timing, cluster, now))
    }

    fn trouble_of(&self, cluster: &ClusterName) -> Option<Fault> {
        self.view.clusters.get(cluster)?.trouble.clone()
    }

    fn refreshed(
        &mut self,
        cluster: &ClusterName,
        services: BTreeMap<ServiceKey, Seen<EcsService>>,
        now: Now,
    ) {
        let succeeded = services.values().any(|seen| seen.known().is_some());
        self.look_for_missing(cluster, &services, now);
        self.work.ended(&Job::Poll(cluster.clone()), succeeded);
        merger(&self.settings, now).refreshed(&mut self.view, cluster, services);
        self.memory.read_back(&self.view, now);
    }

    fn confirmed(
        &mut self,
        key: &ServiceKey,
        service: Seen<EcsService>,
        history: Seen<Vec<Past>>,
        now: Now,
    ) {
        merger(&self.settings, now).confirmed(&mut self.view, key, service, history);
        self.memory.read_back(&self.view, now);
    }

    /// Takes in an answer. Returns whether the plan must be made again.
    fn answered(&mut self, answer: Answer, now: Now) -> bool {
        self.work.answered(&answer);
        let parameter = match &answer {
            Answer::Parameters(name, _) if answer.succeeded() => Some(name.clone()),
            _ => None,
        };
        let is_new = merger(&self.settings, now).answered(&mut self.view, answer);
        if let Some(name) = parameter.filter(|name| self.view.in_force.is_troubled(name)) {
            // An answer that did not become the latest document counts as a failure: it is asked for again, but later.
            self.work.ended(&Job::Ask(Question::Parameters(name)), false);
        }
        is_new
    }

    fn applied(&mut self, action: &Action, outcome: Result<Accepted, Fault>, now: Now) {
        let key = action.service();
        self.published.push(applied_news(action, &outcome));
        match &outcome {
            Ok(accepted) => self.remember_begun(key, accepted),
            Err(fault) if fault.kind == FaultKind::Refused => self.forget_uses(key),
            Err(_) => {}
        }
        self.memory.answered(action, outcome, &self.settings.timing, now);
        self.work.push(Job::Poll(key.cluster.clone()), now);
    }

    /// Notes that a person asks for one more attempt at a service.
    fn retry(&mut self, key: &ServiceKey) {
        let cluster = self.view.clusters.get_mut(&key.cluster);
        if let Some(service) = cluster.and_then(|cluster| cluster.services.get_mut(key)) {
            service.is_to_retry = true;
        }
    }

    /// Remembers the deployment of an accepted write.
    fn remember_begun(&mut self, key: &ServiceKey, accepted: &Accepted) {
        let Accepted { deployment, created_at } = accepted.clone();
        let own_rollouts = self.view.own_rollouts.entry(key.clone()).or_default();
        own_rollouts.drain(..own_rollouts.len().saturating_sub(BEGUN_KEPT - 1));
        own_rollouts.push(OwnRollout { deployment, created_at });
    }

    /// Forgets who uses the namespace of a service. AWS refused a write, and what we believed of the names may be why.
    fn forget_uses(&mut self, key: &ServiceKey) {
        let entry = self.planning.plan().entries.get(key);
        if let Some(namespace) = entry.and_then(|entry| entry.namespace.as_ref()) {
            self.view.uses.remove(&namespace.id);
        }
    }

    fn made(&mut self, prerequisite: Prerequisite, outcome: Result<String, Fault>, now: Now) {
        self.work.ended(&Job::Make(prerequisite.clone()), outcome.is_ok());
        self.published.push(News::Made(prerequisite.clone(), outcome.clone()));
        if outcome.is_ok() {
            match &prerequisite {
                Prerequisite::Namespace(_) => self.work.push(Job::Ask(Question::Namespaces), now),
                Prerequisite::NamedPorts(named) => {
                    self.view.latest_revisions.remove(&named.task_definition.family());
                }
            }
        }
        self.memory.made(prerequisite, outcome.map(drop), &self.settings.timing, now);
    }
}

/// The interval, or a little less.
fn with_jitter(timing: &Timing, cluster: &ClusterName, now: Now) -> Duration {
    let mut hasher = DefaultHasher::new();
    (cluster, now.since_start).hash(&mut hasher);
    let draw = u32::try_from(hasher.finish() % 1000).unwrap_or_default();
    let earlier = timing.interval * (timing.jitter_percent * draw) / 100_000;
    timing.interval.saturating_sub(earlier)
}

/// How readings that arrive now are taken in.
fn merger(settings: &Settings, now: Now) -> Merger<'_> {
    let Settings { prefix, sources, timing, .. } = settings;
    Merger { prefix, sources, staleness: timing.staleness, now }
}

/// The line about an answer to a write.
fn applied_news(action: &Action, outcome: &Result<Accepted, Fault>) -> News {
    let result = match outcome {
        Ok(accepted) => Ok(accepted.deployment.to_string()),
        Err(fault) => Err(fault.clone()),
    };
    News::Applied(action.service().clone(), action.kind(), result)
}
