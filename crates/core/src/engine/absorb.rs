//! What each event changes in what we know, and what falls due after it.

use std::collections::BTreeSet;

use super::effect::Event;
use super::{Engine, Job, SLOW};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::{ClusterName, ServiceKey};
use crate::ecs::time::Now;
use crate::plan::action::{Accepted, Action};
use crate::plan::prerequisite::Prerequisite;
use crate::report::news::News;
use crate::view::merge::Reader;
use crate::view::reading::{Answer, ClusterReading, Question};

/// As many rollouts of our own are remembered of a service as AWS is asked for.
const BEGUN_KEPT: usize = 20;

impl Engine {
    /// Takes an event into the view; says whether the plan must be made anew.
    pub(super) fn absorb(&mut self, event: Event, now: Now) -> bool {
        let (prefix, sources) = (self.settings.prefix.clone(), self.settings.sources.clone());
        let staleness = self.settings.timing.staleness;
        let reader = Reader { prefix: &prefix, sources: &sources, staleness, now };
        match event {
            Event::Tick => false,
            Event::Stop => {
                self.stopping = true;
                false
            }
            Event::Acknowledged(plan) => {
                self.acks.give(plan);
                false
            }
            Event::ClustersFound(found) => {
                self.clusters_found(found, now);
                true
            }
            Event::Swept(reading) => {
                let is_new = self.swept(&reader, reading);
                // Judged anew, if only by what time has changed.
                self.passes += u64::from(!is_new);
                is_new
            }
            Event::Refreshed(cluster, services) => {
                let succeeded = services.values().any(|seen| seen.known().is_some());
                self.queue.ended(&Job::Poll(cluster.clone()), succeeded);
                reader.refreshed(&mut self.view, &cluster, services);
                self.observe_writes(now);
                true
            }
            Event::Confirmed(key, seen, history) => {
                reader.confirmed(&mut self.view, &key, (seen, history));
                self.observe_writes(now);
                true
            }
            Event::Answered(answer) => self.answered(&reader, answer),
            Event::Applied(action, outcome) => {
                self.applied(&action, outcome, now);
                true
            }
            Event::Made(prerequisite, outcome) => {
                self.made(prerequisite, outcome, now);
                true
            }
        }
    }

    fn clusters_found(&mut self, found: Result<BTreeSet<ClusterName>, Fault>, now: Now) {
        let failing = self.queue.failures(&Job::FindClusters) > 0;
        self.queue.ended(&Job::FindClusters, found.is_ok());
        if failing == found.is_ok() {
            // The first failure and the recovery, not every attempt between.
            self.news.push(News::Cluster("*".to_owned(), found.as_ref().err().cloned()));
        }
        let again = match &found {
            Ok(_) => now.plus(SLOW),
            Err(_) => self.again(&Job::FindClusters, now),
        };
        self.queue.push(Job::FindClusters, again);
        for cluster in found.into_iter().flatten() {
            if !self.view.clusters.contains_key(&cluster) {
                self.view.clusters.entry(cluster.clone()).or_default();
                self.queue.push(Job::Sweep(cluster), now);
            }
        }
    }

    /// Takes in a sweep; says whether the plan must be made anew.
    fn swept(&mut self, reader: &Reader<'_>, reading: ClusterReading) -> bool {
        let job = Job::Sweep(reading.cluster.clone());
        let before = self.view.clusters.get(&reading.cluster).and_then(|c| c.trouble.clone());
        let trouble = reading.listing.clone().err();
        self.queue.ended(&job, trouble.is_none());
        let gone = self.settings.clusters.is_none()
            && trouble.as_ref().is_some_and(|fault| fault.kind == FaultKind::NotFound);
        if gone {
            // Found by listing, and AWS says it is no more.
            self.view.clusters.remove(&reading.cluster);
            return true;
        }
        let began = self.sweeping.remove(&reading.cluster).unwrap_or(reader.now);
        let again = match &trouble {
            // What began right after we woke may show the world before the last write, or our predecessor's.
            None if self.view.awake_for(began) < reader.staleness => {
                reader.now.plus(reader.staleness.saturating_sub(self.view.awake_for(reader.now)))
            }
            None => reader.now.plus(self.settings.timing.interval),
            Some(_) => self.again(&job, reader.now),
        };
        self.queue.push(job, again);
        let cluster = reading.cluster.clone();
        let is_new = reader.swept(&mut self.view, reading);
        let known = self.view.clusters.get_mut(&cluster);
        let after = known.and_then(|known| {
            if trouble.is_none() {
                known.complete_from = Some(began);
            }
            known.trouble.clone()
        });
        if before != after {
            self.news.push(News::Cluster(cluster.to_string(), after));
        }
        self.observe_writes(reader.now);
        is_new
    }

    /// Takes in an answer; says whether the plan must be made anew.
    fn answered(&mut self, reader: &Reader<'_>, answer: Answer) -> bool {
        let asked = |job: &Job| matches!(job, Job::Ask(question) if answer.answers(question));
        let succeeded = answer.succeeded();
        self.queue.ended_where(asked, succeeded);
        let parameter = match &answer {
            Answer::Parameters(name, _) if succeeded => Some(name.clone()),
            _ => None,
        };
        let is_new = reader.answered(&mut self.view, answer);
        if let Some(name) = parameter.filter(|name| self.view.in_force.is_troubled(name)) {
            // An answer that could not be taken for the latest is as good as none: it is asked for again, not at once.
            self.queue.ended(&Job::Ask(Question::Parameters(name)), false);
        }
        is_new
    }

    fn applied(&mut self, action: &Action, outcome: Result<Accepted, Fault>, now: Now) {
        let key = action.service();
        let told = outcome.as_ref().map(|accepted| accepted.deployment.to_string());
        let told = told.map_err(Clone::clone);
        self.news.push(News::Applied(key.clone(), action.name(), told));
        let refused = outcome.as_ref().is_err_and(|fault| fault.kind == FaultKind::Refused);
        let namespace = self.plan.entries.get(key).and_then(|entry| entry.namespace.as_ref());
        if let Some(namespace) = namespace.filter(|_| refused) {
            // What we believed of its names may be why: read them again.
            self.view.uses.remove(&namespace.id);
        }
        match &outcome {
            Ok(accepted) => self.waves.accepted(key, accepted),
            Err(fault) if fault.kind.leaves_effect_unknown() => {}
            Err(_) => self.waves.refused(key),
        }
        if let Ok(accepted) = &outcome {
            let begun = self.view.begun.entry(key.clone()).or_default();
            begun.drain(..begun.len().saturating_sub(BEGUN_KEPT - 1));
            begun.push(accepted.created_at);
        }
        self.writes.ended(action, outcome, (&self.settings.timing, now));
        self.queue.push(Job::Poll(key.cluster.clone()), now);
    }

    fn made(&mut self, prerequisite: Prerequisite, outcome: Result<String, Fault>, now: Now) {
        self.queue.ended(&Job::Make(prerequisite.clone()), outcome.is_ok());
        self.news.push(News::Made(prerequisite.clone(), outcome.clone()));
        if outcome.is_ok() {
            match &prerequisite {
                Prerequisite::Namespace(_) => self.queue.push(Job::Ask(Question::Namespaces), now),
                Prerequisite::NamedPorts(named) => {
                    self.view.latest_revisions.remove(&named.task_definition.family());
                }
            }
        }
        self.writes.made(prerequisite, outcome.map(drop), (&self.settings.timing, now));
    }

    fn observe_writes(&mut self, now: Now) {
        let pending: BTreeSet<ServiceKey> = {
            let begun = self.writes.begun().map(|(key, _)| key);
            self.writes.to_read_back().chain(begun).cloned().collect()
        };
        for key in pending {
            let Some(view) = self.view.service(&key) else {
                self.writes.is_gone(&key, now);
                continue;
            };
            // What was read before the write settles nothing.
            if let Some(service) = view.last.as_ref().filter(|_| view.trouble.is_none()) {
                self.writes.observe(service, view.read_at);
            }
        }
    }

    /// When a failed job comes back: soon, then later and later, but no later than usual.
    fn again(&self, job: &Job, now: Now) -> Now {
        let timing = &self.settings.timing;
        let failures = self.queue.failures(job).saturating_sub(1);
        let longest = timing.interval.max(timing.backoff_min);
        now.plus(crate::declaration::settings::backoff(timing, failures).min(longest))
    }
}
