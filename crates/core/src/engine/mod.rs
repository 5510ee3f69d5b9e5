//! The reconciler: events in, effects out, no I/O.
//!
//! One object for the daemon, the simulation on virtual time and the property tests. It is level-triggered: an
//! event only changes the view or says that time has passed; what follows is always decided from the whole view. Each
//! effect is answered by one event, and nothing is done twice at once.
//!
//! **Invariant:** a write leaves only in the same step in which its target was read again, successfully, and
//! the plan made from that reading still asks for the very same action.

pub mod effect;
pub(crate) mod queue;
pub mod look;
mod start;
mod absorb;
mod ask;
mod settled;
mod tell;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::declaration::document::Document;
use crate::declaration::settings::Settings;
use crate::ecs::name::{ClusterName, ServiceKey};
use crate::ecs::time::Now;
use crate::guard::acks::Acks;
use crate::guard::brake::Brake;
use crate::guard::check::{Breach, check};
use crate::guard::guard;
use crate::guard::input::GuardInput;
use crate::guard::truce::truce_until;
use crate::guard::waves::Waves;
use crate::guard::writes::Writes;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::Verdict;
use crate::plan::hold::Hold;
use crate::plan::prerequisite::Prerequisite;
use crate::planner::plan;
use crate::report::news::News;
use crate::report::status::Status;
use crate::view::View;
use crate::view::reading::Question;
use effect::{Effect, Event};
use queue::Queue;

/// Questions asked at once; more would only wait for the API quota.
const QUESTIONS_AT_ONCE: usize = 16;
/// How long an answer may wait for others before the plan is made anew: nobody notices it, and it bounds what
/// thousands of answers cost.
const ANSWERS_TOGETHER: Duration = Duration::from_millis(100);
/// How long the read before a write may take: what it shows may be as old.
const LOOK: Duration = Duration::from_secs(30);
/// How often what rarely changes (the list of namespaces, of clusters) is read again.
const SLOW: Duration = Duration::from_mins(10);

/// Something that comes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    FindClusters,
    Sweep(ClusterName),
    Poll(ClusterName),
    Ask(Question),
    Make(Prerequisite),
}

/// The reconciler.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    view: View,
    /// What is to be done, guarded as of the last step.
    plan: Plan,
    /// What of it would be steps if the guard held nothing.
    steps: Vec<ServiceKey>,
    /// Whether something was taken in that the plan does not know of yet.
    unplanned: bool,
    /// When the plan was made.
    planned_at: Now,
    writes: Writes,
    waves: Waves,
    acks: Acks,
    queue: Queue<Job>,
    /// Steps whose target is being read again, and since when.
    confirming: BTreeMap<ServiceKey, (Action, Now)>,
    /// The status last told of each service, and since when it is so.
    told: BTreeMap<ServiceKey, (Status, Now)>,
    /// What was published of clusters as they were first read.
    first_readings: start::FirstReadings,
    /// Since when sweeps have been under way.
    sweeping: BTreeMap<ClusterName, Now>,
    /// Rollouts seen running.
    rolling: BTreeMap<ServiceKey, tell::Rolling>,
    /// The rules that the plan breaks, told already.
    breaches: Vec<Breach>,
    /// The document last told of, and what was wrong with the latest reading.
    document_told: (Option<Arc<Document>>, Option<String>),
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
            plan: Plan::default(),
            steps: Vec::new(),
            unplanned: false,
            planned_at: now,
            writes: Writes::default(),
            waves: Waves::default(),
            acks: Acks::default(),
            queue,
            confirming: BTreeMap::new(),
            told: BTreeMap::new(),
            first_readings: start::FirstReadings::default(),
            sweeping: BTreeMap::new(),
            rolling: BTreeMap::new(),
            breaches: Vec::new(),
            document_told: (None, None),
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
        let answered = matches!(event, Event::Answered(_));
        if let Some(slept) = self.overslept(now) {
            self.wake_up(slept, now);
        }
        self.stepped_at = now;
        self.unplanned |= self.absorb(event, now);
        if answered && self.more_answers_come(now) {
            return if self.stopping { Vec::new() } else { self.due(now) };
        }
        self.writes.expire(&self.settings.timing, now);
        self.waves.observe(&self.view, &self.writes, (&self.settings.timing, now));
        self.replan(now);
        let write = confirmed.and_then(|key| self.write(&key, now));
        self.tell(now);
        if self.stopping {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = write.into_iter().collect();
        self.ask(now);
        effects.extend(self.confirm(now));
        effects.extend(self.due(now));
        effects
    }

    /// How much later than it asked to be woken this step comes, if it is so much that nothing read before can be
    /// relied on: the process was stopped, or starved.
    fn overslept(&self, now: Now) -> Option<Duration> {
        let staleness = self.settings.timing.staleness;
        if now.since(self.stepped_at) < staleness {
            return None;
        }
        let late = now.since(self.next_wake(self.stepped_at)?);
        (late >= staleness).then_some(late)
    }

    /// Goes on as if just started, but for what is remembered of our own doings: what is on its way is as old as the
    /// sleep was long.
    fn wake_up(&mut self, slept: Duration, now: Now) {
        self.view.awake_since = now.since_start;
        self.confirming.clear();
        for cluster in self.view.clusters.keys() {
            self.queue.push(Job::Sweep(cluster.clone()), now);
        }
        self.news.push(News::Stopped(slept));
    }

    /// Whether the plan may wait for more answers. Thousands of questions may be open when a fleet is opted in,
    /// and a plan over all of it for each answer would keep a core busy for minutes.
    fn more_answers_come(&self, now: Now) -> bool {
        self.questions_running() > 0 && now.since(self.planned_at) < ANSWERS_TOGETHER
    }

    /// Makes the plan anew if anything is new, and guards it as of now.
    fn replan(&mut self, now: Now) {
        let mut wanted = std::mem::take(&mut self.plan);
        if std::mem::take(&mut self.unplanned) {
            // The old one goes first: two plans over thousands of services need not stand side by side.
            drop(wanted);
            wanted = plan(&self.view, &self.settings);
            self.steps = wanted.steps().map(|(key, _)| key.clone()).collect();
            self.planned_at = now;
            self.passes += 1;
        } else {
            wanted.unhold(&self.steps);
        }
        self.acks.forget(&wanted);
        if self.acks.unmet().next().is_some() {
            let brake = Brake::new(&wanted, &self.circumstances(now));
            brake.redeem(&wanted, &mut self.acks);
        }
        self.plan = guard(wanted, &self.circumstances(now));
        self.waves.end(&self.plan);
        self.drop_breaches();
    }

    fn circumstances(&self, now: Now) -> GuardInput<'_> {
        let Self { view, writes, waves, acks, settings, .. } = self;
        GuardInput { view, writes, waves, acks, settings, now }
    }

    /// When to come back with [`Event::Tick`] if nothing else happens before.
    pub fn next_wake(&self, now: Now) -> Option<Now> {
        let staleness = self.settings.timing.staleness;
        // What fell due between the last step and this call has not been looked at yet.
        let seen = self.stepped_at;
        let awake = self.view.awake_for(seen);
        let start_up = (awake < staleness).then(|| seen.plus(staleness.saturating_sub(awake)));
        // A pause ends, a maintenance window opens, a truce is over.
        let ends = self.plan.holds().filter_map(|(_, hold)| hold.ends_at()).chain(self.made_from());
        let ends = ends
            .map(|end| now.plus(end.duration_since(now.calendar).try_into().unwrap_or_default()));
        let contended = self.plan.holds().filter(|(_, hold)| matches!(hold, Hold::Contended(_)));
        let ends = ends.chain(contended.filter_map(|(key, _)| truce_until(&self.view, key)));
        if self.stopping {
            return None;
        }
        let answers = self.unplanned.then(|| self.planned_at.plus(ANSWERS_TOGETHER));
        let asking = self.questions_running() < QUESTIONS_AT_ONCE;
        let job = self.queue.next_due(|job| asking || !matches!(job, Job::Ask(_)));
        let wave = self.waves.next_due(seen);
        let others = ends.chain(start_up).chain(answers).chain(job).chain(wave);
        others.chain(self.writes.next_due(seen)).min()
    }

    /// When what services wait for may be made.
    fn made_from(&self) -> impl Iterator<Item = jiff::Timestamp> {
        self.plan.missing.iter().filter_map(|missing| missing.hold.as_ref()?.ends_at())
    }

    /// What is known.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What is to be done, and what is held.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What somebody has agreed to.
    pub fn acks(&self) -> &Acks {
        &self.acks
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

    /// Whether a write has left whose answer is still to come, to a service or of what services wait for.
    pub fn is_writing(&self) -> bool {
        self.writes.unanswered() || self.queue.running(|job| matches!(job, Job::Make(_))) > 0
    }

    /// Whether every watched cluster has been swept completely at least once.
    pub fn is_swept(&self) -> bool {
        let clusters = &self.view.clusters;
        !clusters.is_empty() && clusters.values().all(|cluster| cluster.complete_at.is_some())
    }

    /// A plan that breaks a rule of ours is our bug: nothing of it is done.
    fn drop_breaches(&mut self) {
        let breaches = check(&self.plan, &self.view, &self.settings);
        let known = std::mem::replace(&mut self.breaches, breaches);
        for breach in self.breaches.iter().filter(|breach| !known.contains(breach)) {
            self.news.push(News::Breach(breach.service.clone(), breach.rule));
        }
        let Some(first) = self.breaches.first() else { return };
        for entry in self.plan.entries.values_mut() {
            entry.hold_step(Hold::Breach(first.rule));
        }
    }

    /// The write that a confirmed step has earned: same action, on a reading taken just now.
    fn write(&mut self, key: &ServiceKey, now: Now) -> Option<Effect> {
        let (proposed, asked) = self.confirming.remove(key)?;
        let was_read = self.view.service(key).is_some_and(|service| service.read_at == now);
        let fresh = was_read && now.since(asked) <= LOOK;
        let entry = self.plan.entries.get_mut(key)?;
        let same = matches!(&entry.verdict, Verdict::Step { action } if *action == proposed);
        if !fresh || !same || self.stopping {
            return None;
        }
        entry.hold_step(Hold::Rolling);
        let namespace = entry.namespace.as_ref().map(|namespace| namespace.id.clone());
        self.writes.sent(&proposed);
        self.waves.begins(key, namespace.as_ref(), now);
        self.writes.begins(key, namespace);
        Some(Effect::Apply(proposed))
    }

    /// Starts the read before a write for every step that may be taken.
    fn confirm(&mut self, now: Now) -> Vec<Effect> {
        let fresh: Vec<(ServiceKey, (Action, Now))> = self
            .plan
            .steps()
            .filter(|(key, _)| !self.confirming.contains_key(*key))
            .map(|(key, action)| (key.clone(), (action.clone(), now)))
            .collect();
        let effects = fresh.iter().map(|(key, _)| Effect::Confirm(key.clone())).collect();
        self.confirming.extend(fresh);
        effects
    }
}

#[cfg(test)]
mod tests;
