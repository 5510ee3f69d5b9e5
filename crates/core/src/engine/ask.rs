//! What the engine asks next: answers that the plan lacks, and second looks.
//!
//! **Invariant:** nothing is asked twice at once, and what failed is asked later and later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::effect::Effect;
use super::{Engine, Job, QUESTIONS_AT_ONCE, SLOW};
use crate::declaration::declared::RefreshWhen;
use crate::declaration::intent::Intent;
use crate::ecs::name::{ClusterName, EcsServiceName, NamespaceId, ServiceKey};
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::Rollout;
use crate::ecs::time::Now;
use crate::plan::Missing;
use crate::plan::hold::{Hold, Unseen};
use crate::plan::prerequisite::Prerequisite;
use crate::planner::input::PlannerInput;
use crate::planner::names::capacity;
use crate::view::history::History;
use crate::view::reading::Question;
use crate::view::{ServiceView, who_uses};

/// How often the services of a namespace beyond the clusters that we watch are read, where clients of ours may call them.
const BEYOND: Duration = Duration::from_mins(5);
/// Services looked at in one poll of running rollouts: ten calls.
const POLLED_AT_ONCE: usize = 100;

impl Engine {
    /// Queues what the plan lacks, and the polls that running rollouts need.
    pub(super) fn ask(&mut self, now: Now) {
        let timing = self.settings.timing;
        let mut questions: BTreeSet<Question> = self.plan.questions().cloned().collect();
        questions.extend(self.questions_worth_asking_again(now));
        for question in questions {
            self.queue.ask(&Job::Ask(question), &timing, now);
        }
        for missing in self.plan.missing.iter().filter(|missing| may_be_made(missing)) {
            self.queue.ask(&Job::Make(missing.prerequisite.clone()), &timing, now);
        }
        let poll = timing.rollout_poll.min(timing.interval);
        for cluster in self.to_poll().into_keys() {
            self.queue.push_if_absent(Job::Poll(cluster), now.plus(poll));
        }
    }

    fn is_to_be_made(&self, prerequisite: &Prerequisite) -> bool {
        let mut missing = self.plan.missing.iter();
        missing.any(|missing| missing.prerequisite == *prerequisite && may_be_made(missing))
    }

    /// What others may have mended meanwhile: a missing namespace, a name that was taken.
    fn questions_worth_asking_again(&self, now: Now) -> BTreeSet<Question> {
        let interval = self.settings.timing.interval;
        let mut questions = BTreeSet::new();
        let age = |at: Option<Now>| at.map(|at| now.since(at));
        let missing = self.plan.holds().any(|(_, hold)| matches!(hold, Hold::NoNamespace(_)));
        let patience = if missing { interval } else { SLOW };
        if age(self.view.namespaces_at).is_some_and(|age| age >= patience) {
            questions.insert(Question::Namespaces);
        }
        questions.extend(self.parameters_to_read(now));
        questions.extend(self.full_namespaces(now));
        questions.extend(self.rollouts_to_follow(now));
        questions.extend(self.beyond(now));
        let name_ports = self.view.document.as_ref().is_some_and(|document| document.name_ports);
        for (key, entry) in &self.plan.entries {
            match (entry.hold(), &entry.namespace) {
                (Some(Hold::UnnamedPort(named, _)), _) if name_ports => {
                    // Also where a person must name it: a later revision may be one that we can begin from.
                    let family = named.task_definition.family();
                    let read = self.view.latest_revisions.get(&family).map(|(at, _)| *at);
                    if age(read).is_none_or(|age| age >= interval) {
                        questions.insert(Question::LatestRevision(family));
                    }
                }
                (Some(Hold::Conflict(..)), Some(namespace)) => {
                    let read = self.view.uses.get(&namespace.id).map(|(at, _)| *at);
                    if age(read).is_none_or(|age| age >= interval) {
                        questions.insert(who_uses(&self.view, namespace));
                    }
                }
                (Some(Hold::Rolling), _) => {
                    let told = self.view.histories.get(key);
                    let rolling = |(_, seen): &&(Now, Seen<History>)| {
                        seen.known().is_some_and(|history| history.ongoing.is_some())
                    };
                    // Its deployments say "done", its service deployments said "under way".
                    let read = told.filter(rolling).map(|(at, _)| *at);
                    if age(read).is_some_and(|age| age >= self.settings.timing.rollout_poll) {
                        questions.insert(Question::History(key.clone()));
                    }
                }
                _ => {}
            }
        }
        questions
    }

    /// Who serves beyond the clusters that we watch, where no sweep sees it: asked of each namespace in which a service of
    /// ours may call such a one.
    fn beyond(&self, now: Now) -> impl Iterator<Item = Question> {
        let is_due = |id: &NamespaceId| {
            let read = self.view.uses.get(id);
            read.is_none_or(|(at, _)| now.since(*at) >= BEYOND)
        };
        let named =
            self.view.known_namespaces().iter().filter(|_| self.settings.clusters.is_some());
        let due: Vec<&Namespace> = named.filter(|namespace| is_due(&namespace.id)).collect();
        let called = move |namespace: &&Namespace| {
            self.plan.entries.iter().any(|(key, entry)| {
                entry.namespace.as_ref().is_some_and(|other| other.id == namespace.id)
                    && self.may_call(key)
            })
        };
        due.into_iter().filter(called).map(|namespace| who_uses(&self.view, namespace))
    }

    /// Whether a service may call others.
    fn may_call(&self, key: &ServiceKey) -> bool {
        let declared = self.view.service(key).and_then(|service| service.intent.declared());
        declared.is_some_and(|declaration| {
            matches!(declaration.refresh, Some(RefreshWhen::Always | RefreshWhen::Inferred))
                || self.plan.needs.contains_key(key)
        })
    }

    /// The pasts of the services of ours whose rollout needs an explanation: one that runs for a while may wait for a
    /// person or by plan, one that shifts traffic goes on where its deployments say "done", and of one that failed it
    /// matters whether there is a way back.
    fn rollouts_to_follow(&self, now: Now) -> impl Iterator<Item = Question> {
        let soon = self.settings.timing.rollout_poll.saturating_mul(3);
        let is_due = move |key: &ServiceKey, service: &ServiceView| {
            let last = service.last.as_ref()?;
            let told = self.view.histories.get(key);
            let goes_on = told.and_then(|(_, seen)| seen.known()?.ongoing.as_ref()).is_some();
            let failed = last.primary().is_some_and(|p| p.rollout == Rollout::Failed);
            let runs = service.rolling_since.map(|since| now.since(since));
            let follows = goes_on || runs.is_some_and(|runs| runs > soon || last.strategy.shifts);
            match told {
                None => Some(follows || failed),
                Some((at, seen)) => {
                    let asks = follows || (failed && seen.known().is_none());
                    // Where only the past says that it goes on, it may just have ended.
                    let pause = runs.map_or(soon, |_| courtesy(service, now));
                    Some(asks && now.since(*at) >= pause)
                }
            }
        };
        let is_ours = |service: &ServiceView| service.intent != Intent::NotOptedIn;
        let ours = self.view.services().filter(move |(_, service)| is_ours(service));
        let ours = ours.filter(move |(key, service)| is_due(key, service).unwrap_or_default());
        // Others' matter to those of ours who call them.
        let others = self.view.histories.iter().filter(move |(key, (at, seen))| {
            let goes_on = seen.known().is_some_and(|history| history.ongoing.is_some());
            goes_on && now.since(*at) >= soon && !self.view.service(key).is_some_and(is_ours)
        });
        let keys = ours.map(|(key, _)| key).chain(others.map(|(key, _)| key.clone()));
        keys.map(Question::History)
    }

    /// The document's sources and the parameters that tags name, as soon as they were read an interval ago.
    fn parameters_to_read(&self, now: Now) -> impl Iterator<Item = Question> {
        let interval = self.settings.timing.interval;
        let is_old = move |at: Option<Now>| at.is_none_or(|at| now.since(at) >= interval);
        let sources = self.settings.sources.documents.iter();
        let sources = sources
            .map(|name| (name, self.view.in_force.source(name).and_then(|source| source.read_at)));
        let named = self.view.named.iter().map(|(name, named)| (name, named.last().0));
        let old = sources.chain(named).filter(move |(_, at)| is_old(*at));
        old.map(|(name, _)| Question::Parameters(name.clone()))
    }

    /// The services that were read before the document named them, and too little of which was kept.
    fn partly_read(&self) -> impl Iterator<Item = &ServiceKey> {
        let partly = |hold: &Hold| matches!(hold, Hold::NotSeen(Unseen::Partly));
        self.plan.holds().filter_map(move |(key, hold)| partly(hold).then_some(key))
    }

    /// Who uses the namespaces that are full: somebody may leave, and then another may join.
    fn full_namespaces(&self, now: Now) -> Vec<Question> {
        let interval = self.settings.timing.interval;
        let refused = self.plan.entries.values().filter_map(|entry| match entry.hold() {
            Some(Hold::Ineligible(_)) => entry.namespace.as_ref(),
            _ => None,
        });
        let namespaces: BTreeMap<&NamespaceId, &Namespace> =
            refused.map(|namespace| (&namespace.id, namespace)).collect();
        let input = PlannerInput::new(&self.view, &self.settings);
        let is_old = |id: &NamespaceId| {
            self.view.uses.get(id).is_some_and(|(at, _)| now.since(*at) >= interval)
        };
        let old =
            namespaces.into_iter().filter(|(id, _)| is_old(id) && capacity::is_full(&input, id));
        old.map(|(_, namespace)| who_uses(&self.view, namespace)).collect()
    }

    /// The services whose step waits because AWS answers with the past.
    fn lagging(&self) -> impl Iterator<Item = &ServiceKey> {
        let lags = |hold: &Hold| matches!(hold, Hold::NotSeen(Unseen::Lagging));
        self.plan.holds().filter_map(move |(key, hold)| lags(hold).then_some(key))
    }

    /// The services to look at between sweeps: those we have just written to, those rolling, and those
    /// whose answers lag.
    fn to_poll(&self) -> BTreeMap<ClusterName, BTreeSet<EcsServiceName>> {
        let mut polls: BTreeMap<ClusterName, BTreeSet<EcsServiceName>> = BTreeMap::new();
        // Our own writes first: a hundred rollouts that never end must not keep us from reading one back.
        let urgent = self.writes.to_read_back().chain(self.lagging()).chain(self.partly_read());
        let keys = urgent.chain(self.rolling.keys());
        for key in keys {
            let names = polls.entry(key.cluster.clone()).or_default();
            if names.len() < POLLED_AT_ONCE {
                names.insert(key.name.clone());
            }
        }
        polls
    }

    pub(super) fn questions_running(&self) -> usize {
        self.queue.running(|job| matches!(job, Job::Ask(_)))
    }

    pub(super) fn due(&mut self, now: Now) -> Vec<Effect> {
        let mut jobs = self.queue.take_due(now, usize::MAX, |job| !matches!(job, Job::Ask(_)));
        let room = QUESTIONS_AT_ONCE.saturating_sub(self.questions_running());
        jobs.extend(self.queue.take_due(now, room, |job| matches!(job, Job::Ask(_))));
        let mut polls = self.to_poll();
        let mut effects = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::FindClusters => effects.push(Effect::FindClusters),
                Job::Sweep(cluster) => {
                    self.sweeping.insert(cluster.clone(), now);
                    effects.push(Effect::Sweep(cluster));
                }
                Job::Ask(question) => effects.push(Effect::Ask(question)),
                // What was to be made when it fell due may be frozen or needless by now.
                Job::Make(prerequisite) if !self.is_to_be_made(&prerequisite) => {
                    self.queue.ended(&Job::Make(prerequisite), true);
                }
                Job::Make(prerequisite) => effects.push(Effect::Make(prerequisite)),
                Job::Poll(cluster) => match polls.remove(&cluster) {
                    Some(services) => effects.push(Effect::Refresh(cluster, services)),
                    None => self.queue.ended(&Job::Poll(cluster), true),
                },
            }
        }
        effects
    }
}

/// How long the past of a rolling service is believed: each look costs three calls, and a rollout that runs for hours
/// need not be looked into each minute.
fn courtesy(service: &ServiceView, now: Now) -> Duration {
    let runs = service.primary_since.map(|since| now.since(since)).unwrap_or_default();
    (runs / 10).clamp(Duration::from_mins(1), SLOW)
}

/// Whether nothing speaks against it now. What failed is tried again as late as its failures in a row have earned it.
fn may_be_made(missing: &Missing) -> bool {
    matches!(missing.hold, None | Some(Hold::Refused(_)))
}
