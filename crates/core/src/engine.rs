//! The reconciler: events in, effects out, no I/O.
//!
//! One object for the daemon, the simulation on virtual time and the property tests. It is level-triggered: an
//! event only changes the view or says that time has passed; what follows is always decided from the whole view. Each
//! effect is answered by one event, and nothing is done twice at once.
//!
//! **Invariant:** a write leaves only in the same step in which its target was read again, successfully, and
//! the plan made from that reading still asks for the very same action.

mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::action::Action;
use crate::check::{Breach, check};
use crate::effect::{Accepted, Answer, ClusterReading, Effect, Event, Question};
use crate::fault::{Fault, FaultKind};
use crate::guard::guard;
use crate::hold::{Hold, Unseen};
use crate::merge::Reader;
use crate::name::{ClusterName, EcsServiceName, ServiceKey};
use crate::plan::{Plan, Verdict, plan, who_uses};
use crate::queue::Queue;
use crate::settings::Settings;
use crate::status::{News, Status};
use crate::time::Now;
use crate::view::{History, Seen, View};
use crate::writes::Writes;

/// Questions asked at once; more would only wait for the API quota.
const QUESTIONS_AT_ONCE: usize = 16;
/// Services looked at in one poll of running rollouts: ten calls.
const POLLED_AT_ONCE: usize = 100;
/// How often what rarely changes (the list of namespaces, of clusters) is read again.
const SLOW: Duration = Duration::from_mins(10);

/// Something that comes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    FindClusters,
    Sweep(ClusterName),
    Poll(ClusterName),
    Ask(Question),
}

/// The reconciler.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    view: View,
    /// What is wanted, whatever the moment.
    wanted: Plan,
    /// What of it may be done now.
    plan: Plan,
    writes: Writes,
    queue: Queue<Job>,
    /// Steps whose target is being read again.
    confirming: BTreeMap<ServiceKey, Action>,
    /// The status last told of each service, and since when it is so.
    told: BTreeMap<ServiceKey, (Status, Now)>,
    /// Rollouts seen running, since when.
    rolling: BTreeMap<ServiceKey, Now>,
    /// The rules that the plan breaks, told already.
    breaches: Vec<Breach>,
    news: Vec<News>,
    /// The time of the last step.
    stepped_at: Now,
    passes: u64,
    stopping: bool,
}

impl Engine {
    /// An engine that has seen nothing yet; its first step starts everything.
    pub fn new(settings: Settings, now: Now) -> Self {
        let mut queue = Queue::default();
        let mut view = View::default();
        match &settings.clusters {
            None => queue.push(Job::FindClusters, now),
            Some(clusters) => {
                for cluster in clusters {
                    view.clusters.insert(cluster.clone(), crate::view::ClusterView::default());
                    queue.push(Job::Sweep(cluster.clone()), now);
                }
            }
        }
        Self {
            settings,
            view,
            wanted: Plan::default(),
            plan: Plan::default(),
            writes: Writes::default(),
            queue,
            confirming: BTreeMap::new(),
            told: BTreeMap::new(),
            rolling: BTreeMap::new(),
            breaches: Vec::new(),
            news: Vec::new(),
            stepped_at: now,
            passes: 0,
            stopping: false,
        }
    }

    /// Takes in one event and says what to do next.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let confirmed = match &event {
            Event::Confirmed(key, ..) => Some(key.clone()),
            _ => None,
        };
        self.stepped_at = now;
        let changed = self.absorb(event, now);
        self.writes.expire(&self.settings.timing, now);
        if changed {
            self.wanted = plan(&self.view, &self.settings);
            self.passes += 1;
        }
        self.plan = guard(self.wanted.clone(), &self.view, &self.writes, &self.settings, now);
        self.drop_breaches();
        let write = confirmed.and_then(|key| self.write(&key, now));
        self.tell(now);
        if self.stopping {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = write.into_iter().collect();
        self.ask(now);
        effects.extend(self.confirm());
        effects.extend(self.due(now));
        effects
    }

    /// When to come back with [`Event::Tick`] if nothing else happens before.
    pub fn next_wake(&self, now: Now) -> Option<Now> {
        let staleness = self.settings.timing.staleness;
        // What fell due between the last step and this call has not been looked at yet.
        let seen = self.stepped_at;
        let start_up =
            (seen.since_start < staleness).then_some(Now { since_start: staleness, ..now });
        let pause = self.plan.holds().filter_map(|(_, hold)| match hold {
            Hold::Paused(Some(until)) => {
                Some(now.plus(until.duration_since(now.calendar).try_into().unwrap_or_default()))
            }
            _ => None,
        });
        if self.stopping {
            return None;
        }
        let asking = self.questions_running() < QUESTIONS_AT_ONCE;
        let job = self.queue.next_due(|job| asking || !matches!(job, Job::Ask(_)));
        pause.chain(start_up).chain(job).chain(self.writes.next_due(seen)).min()
    }

    /// What is known.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What is to be done, and what is held.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The settings it runs with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The status of a service that opted in, and since when it is so.
    pub fn status(&self, key: &ServiceKey) -> Option<&(Status, Now)> {
        self.told.get(key)
    }

    /// What has changed since the last call: one log line each.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// How often a plan was made.
    pub fn passes(&self) -> u64 {
        self.passes
    }

    /// How many keys wait or run.
    pub fn queue_depth(&self) -> usize {
        self.queue.depth()
    }

    /// Whether a write has left whose answer is still to come.
    pub fn is_writing(&self) -> bool {
        self.writes.unanswered()
    }

    /// Whether every watched cluster has been swept completely at least once.
    pub fn is_swept(&self) -> bool {
        let clusters = &self.view.clusters;
        !clusters.is_empty() && clusters.values().all(|cluster| cluster.complete_at.is_some())
    }

    /// Takes an event into the view; says whether the plan must be made anew.
    fn absorb(&mut self, event: Event, now: Now) -> bool {
        let prefix = self.settings.prefix.clone();
        let reader = Reader { prefix: &prefix, staleness: self.settings.timing.staleness, now };
        match event {
            Event::Tick => false,
            Event::Stop => {
                self.stopping = true;
                false
            }
            Event::ClustersFound(found) => {
                self.clusters_found(found, now);
                true
            }
            Event::Swept(reading) => {
                self.swept(&reader, reading);
                true
            }
            Event::Refreshed(cluster, services) => {
                let succeeded = services.values().any(|seen| seen.known().is_some());
                self.queue.ended(&Job::Poll(cluster.clone()), succeeded);
                reader.refreshed(&mut self.view, &cluster, services);
                self.observe_writes();
                true
            }
            Event::Confirmed(key, seen, history) => {
                reader.confirmed(&mut self.view, &key, (seen, history));
                self.observe_writes();
                true
            }
            Event::Answered(answer) => {
                self.answered(&reader, answer);
                true
            }
            Event::Applied(action, outcome) => {
                self.applied(&action, outcome, now);
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

    fn swept(&mut self, reader: &Reader<'_>, reading: ClusterReading) {
        let job = Job::Sweep(reading.cluster.clone());
        let before = self.view.clusters.get(&reading.cluster).and_then(|c| c.trouble.clone());
        let trouble = reading.listing.clone().err();
        self.queue.ended(&job, trouble.is_none());
        let gone = self.settings.clusters.is_none()
            && trouble.as_ref().is_some_and(|fault| fault.kind == FaultKind::NotFound);
        if gone {
            // Found by listing, and AWS says it is no more.
            self.view.clusters.remove(&reading.cluster);
            return;
        }
        let again = match &trouble {
            None => reader.now.plus(self.settings.timing.interval),
            Some(_) => self.again(&job, reader.now),
        };
        self.queue.push(job, again);
        let cluster = reading.cluster.clone();
        reader.swept(&mut self.view, reading);
        let after = self.view.clusters.get(&cluster).and_then(|c| c.trouble.clone());
        if before != after {
            self.news.push(News::Cluster(cluster.to_string(), after));
        }
        self.observe_writes();
    }

    fn answered(&mut self, reader: &Reader<'_>, answer: Answer) {
        let asked = |job: &Job| matches!(job, Job::Ask(question) if answer.answers(question));
        self.queue.ended_where(asked, answer.succeeded());
        reader.answered(&mut self.view, answer);
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
        self.writes.ended(action, outcome, (&self.settings.timing, now));
        self.queue.push(Job::Poll(key.cluster.clone()), now);
    }

    fn observe_writes(&mut self) {
        let pending: BTreeSet<ServiceKey> =
            {
            let begun = self.writes.begun().map(|(key, _)| key);
            self.writes.to_read_back().chain(begun).cloned().collect()
        };
        for key in pending {
            if let Some(service) = self.view.service(&key).and_then(|view| view.last.as_ref()) {
                self.writes.observe(service);
            }
        }
    }

    /// When a failed job comes back: soon, then later and later, but no later than usual.
    fn again(&self, job: &Job, now: Now) -> Now {
        let timing = &self.settings.timing;
        let failures = self.queue.failures(job).saturating_sub(1);
        let longest = timing.interval.max(timing.backoff_min);
        now.plus(crate::writes::backoff(timing, failures).min(longest))
    }

    /// A plan that breaks a rule of ours is our bug: nothing of it is done.
    fn drop_breaches(&mut self) {
        let breaches = check(&self.plan, &self.view, &self.settings);
        let known = std::mem::replace(&mut self.breaches, breaches);
        for breach in self.breaches.iter().filter(|breach| !known.contains(breach)) {
            self.news.push(News::Breach(breach.service.clone(), breach.rule));
        }
        if self.breaches.is_empty() {
            return;
        }
        for entry in self.plan.entries.values_mut() {
            let fault = Fault::new(
                FaultKind::Refused,
                "eastwest.check",
                "a plan broke a rule; nothing is written; please report this",
            );
            entry.hold_step(Hold::Refused(fault));
        }
    }

    /// The write that a confirmed step has earned: same action, on a reading taken just now.
    fn write(&mut self, key: &ServiceKey, now: Now) -> Option<Effect> {
        let proposed = self.confirming.remove(key)?;
        let fresh = self.view.service(key).is_some_and(|service| service.read_at == now);
        let entry = self.plan.entries.get_mut(key)?;
        let same = matches!(&entry.verdict, Verdict::Step { action } if *action == proposed);
        if !fresh || !same || self.stopping {
            return None;
        }
        entry.hold_step(Hold::Rolling);
        let namespace = entry.namespace.as_ref().map(|namespace| namespace.id.clone());
        self.writes.sent(&proposed);
        self.writes.begins(key, namespace);
        Some(Effect::Apply(proposed))
    }

    /// Starts the read before a write for every step that may be taken.
    fn confirm(&mut self) -> Vec<Effect> {
        let fresh: Vec<(ServiceKey, Action)> = self
            .plan
            .steps()
            .filter(|(key, _)| !self.confirming.contains_key(*key))
            .map(|(key, action)| (key.clone(), action.clone()))
            .collect();
        let effects = fresh.iter().map(|(key, _)| Effect::Confirm(key.clone())).collect();
        self.confirming.extend(fresh);
        effects
    }

    /// Queues what the plan lacks, and the polls that running rollouts need.
    fn ask(&mut self, now: Now) {
        let timing = self.settings.timing;
        let mut questions: BTreeSet<Question> = self.plan.questions().cloned().collect();
        questions.extend(self.questions_worth_asking_again(now));
        for question in questions {
            self.queue.ask(&Job::Ask(question), &timing, now);
        }
        let poll = timing.rollout_poll.min(timing.interval);
        for cluster in self.to_poll().into_keys() {
            self.queue.push_if_absent(Job::Poll(cluster), now.plus(poll));
        }
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
        for (key, entry) in &self.plan.entries {
            match (entry.hold(), &entry.namespace) {
                (Some(Hold::Conflict(..)), Some(namespace)) => {
                    let read = self.view.uses.get(&namespace.id).map(|(at, _)| *at);
                    if age(read).is_none_or(|age| age >= interval) {
                        questions.insert(who_uses(&self.view, namespace));
                    }
                }
                (Some(Hold::Rolling), _) => {
                    let told = self.view.histories.get(key);
                    let rolling = |(_, seen): &&(Now, Seen<History>)| {
                        seen.known().is_some_and(|history| history.rolling)
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
        let keys = self.writes.to_read_back().chain(self.lagging()).chain(self.rolling.keys());
        for key in keys {
            let names = polls.entry(key.cluster.clone()).or_default();
            if names.len() < POLLED_AT_ONCE {
                names.insert(key.name.clone());
            }
        }
        polls
    }

    fn questions_running(&self) -> usize {
        self.queue.running(|job| matches!(job, Job::Ask(_)))
    }

    fn due(&mut self, now: Now) -> Vec<Effect> {
        let mut jobs = self.queue.take_due(now, usize::MAX, |job| !matches!(job, Job::Ask(_)));
        let room = QUESTIONS_AT_ONCE.saturating_sub(self.questions_running());
        jobs.extend(self.queue.take_due(now, room, |job| matches!(job, Job::Ask(_))));
        let mut polls = self.to_poll();
        let mut effects = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::FindClusters => effects.push(Effect::FindClusters),
                Job::Sweep(cluster) => effects.push(Effect::Sweep(cluster)),
                Job::Ask(question) => effects.push(Effect::Ask(question)),
                Job::Poll(cluster) => match polls.remove(&cluster) {
                    Some(services) => effects.push(Effect::Refresh(cluster, services)),
                    None => self.queue.ended(&Job::Poll(cluster), true),
                },
            }
        }
        effects
    }
}

#[cfg(test)]
mod tests;
