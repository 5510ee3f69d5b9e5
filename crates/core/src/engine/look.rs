//! One look at everything, for a command that writes nothing: read, ask what the plan lacks, and plan again until it
//! lacks nothing.
//!
//! A look takes in the answers to its effects. Its effects only read, a batch at a time: the clusters, then the
//! documents (so that the services they name are read in full at once), then a sweep of each cluster, then what the plan
//! lacks. The next batch begins when the last one has been answered. Nothing is tried twice: what could not be read is
//! unknown in the plan.
//!
//! A look may be one at a world to come: with an overlay, each reading becomes what it will be, and what is to come answers
//! for itself.
//!
//! A thorough look also reads what this plan does not need, and another one may: it is what a capture is made of.
//!
//! **Invariant:** no effect of a look writes. A look ends: no batch asks what was asked before.
//!
//! **Absent on purpose:** the engine. It reads again and again, follows rollouts and waits after a start. A look does
//! none of this, and makes fewer calls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::declaration::settings::{Policy, Settings};
use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;
use crate::ecs::seen::Seen;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::engine::effect::{Effect, Event};
use crate::guard::guard_shown;
use crate::plan::Plan;
use crate::plan::entry::Verdict;
use crate::plan::hold::{Hold, Unseen};
use crate::planner::plan;
use crate::view::merge::Merger;
use crate::view::overlay::Overlay;
use crate::view::reading::{Answer, Question};
use crate::view::{View, users_of};

/// Reads in flight; each waits for its share of the API quota anyway.
const AT_ONCE: usize = 16;

/// The policy to decide by where nothing is written anyway: `observe` shows what `sync` would do.
pub fn shown_policy(policy: Policy) -> Policy {
    match policy {
        Policy::Observe | Policy::Sync => Policy::Sync,
        Policy::UpsertOnly => Policy::UpsertOnly,
    }
}

/// What one look gave.
#[derive(Debug)]
pub struct Looked {
    /// What was seen.
    pub view: View,
    /// What follows from it.
    pub plan: Plan,
    /// Why the clusters could not be listed, if they could not.
    pub trouble: Option<Fault>,
}

/// The next batch.
#[derive(Debug)]
enum Stage {
    /// Which clusters are there?
    Clusters,
    /// The documents, and then these clusters.
    Documents(BTreeSet<ClusterName>),
    /// These clusters.
    Sweeps(BTreeSet<ClusterName>),
    /// What the plan lacks.
    Lacking,
    /// What plans for other settings and other tags may need.
    Rest,
    /// Nothing: the look is over.
    Over,
}

/// A look under way.
#[derive(Debug)]
pub struct Look {
    settings: Settings,
    now: Now,
    stage: Stage,
    /// What the batch reads, in words.
    batch: &'static str,
    /// What of the batch has not been sent yet.
    waiting: VecDeque<Effect>,
    /// How many effects have not been answered yet.
    running: usize,
    asked: BTreeSet<Question>,
    confirmed: BTreeSet<ServiceKey>,
    refreshed: BTreeSet<ServiceKey>,
    /// Whether what another plan may need is still to be read, too.
    is_thorough: bool,
    /// What a tool is about to do, if this is a look at the world afterwards.
    overlay: Option<Overlay>,
    looked: Looked,
}

impl Look {
    /// A look that has read nothing yet; its first step, with [`Event::Tick`], begins it.
    pub fn new(settings: Settings, now: Now) -> Self {
        let stage = match &settings.clusters {
            Some(clusters) => Stage::Documents(clusters.clone()),
            None => Stage::Clusters,
        };
        Self {
            settings,
            now,
            stage,
            batch: "lists of clusters",
            waiting: VecDeque::new(),
            running: 0,
            asked: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            refreshed: BTreeSet::new(),
            is_thorough: false,
            overlay: None,
            looked: Looked { view: View::default(), plan: Plan::default(), trouble: None },
        }
    }

    /// A look that also reads what plans for other settings and other tags may need.
    pub fn thorough(settings: Settings, now: Now) -> Self {
        Self { is_thorough: true, ..Self::new(settings, now) }
    }

    /// A look at the world as it will be once a tool has done what it is about to do.
    pub fn ahead(settings: Settings, now: Now, overlay: Overlay) -> Self {
        Self { overlay: Some(overlay), ..Self::new(settings, now) }
    }

    /// Takes in one event. Returns what to read next.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        self.now = now;
        self.apply_event(event);
        while self.waiting.is_empty() && self.running == 0 && !self.is_over() {
            let batch = self.next_batch();
            self.waiting = self.without_what_is_to_come(batch);
        }
        let free = AT_ONCE.saturating_sub(self.running).min(self.waiting.len());
        self.running += free;
        self.waiting.drain(..free).collect()
    }

    /// Whether nothing is left to read.
    pub fn is_done(&self) -> bool {
        self.is_over() && self.waiting.is_empty() && self.running == 0
    }

    /// What is being read, and how much of it is still to come, for a person who waits.
    pub fn progress(&self) -> String {
        format!("{}: {} still to be read", self.batch, self.running + self.waiting.len())
    }

    /// What the look has given so far.
    pub fn into_looked(self) -> Looked {
        self.looked
    }

    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// The effects of the next batch; none where there is nothing to do in it.
    fn next_batch(&mut self) -> VecDeque<Effect> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            // Where the answer is a fault, the look is over.
            Stage::Clusters => [Effect::FindClusters].into(),
            Stage::Documents(clusters) => {
                self.stage = Stage::Sweeps(clusters);
                self.batch = "documents";
                let documents = self.settings.sources.documents.iter();
                documents.map(|name| Effect::Ask(Question::Parameters(name.clone()))).collect()
            }
            Stage::Sweeps(clusters) => {
                self.stage = Stage::Lacking;
                self.batch = "clusters";
                let others = self.overlay.as_ref().map(|overlay| overlay.other_clusters(&clusters));
                for reading in others.into_iter().flatten() {
                    self.apply_event(Event::Swept(reading));
                }
                clusters.into_iter().map(Effect::Sweep).collect()
            }
            Stage::Lacking => {
                self.batch = "namespaces, task definitions and deployments";
                self.lacking()
            }
            Stage::Rest => {
                self.stage = Stage::Lacking;
                self.rest()
            }
            Stage::Over => VecDeque::new(),
        }
    }

    /// Takes in the answers to what only the overlay can answer. Returns the other effects.
    fn without_what_is_to_come(&mut self, batch: VecDeque<Effect>) -> VecDeque<Effect> {
        let Some(overlay) = &self.overlay else { return batch };
        let mut rest = VecDeque::new();
        let mut answers = Vec::new();
        for effect in batch {
            match to_come(overlay, &effect) {
                Some(answer) => answers.push(answer),
                None => rest.push_back(effect),
            }
        }
        for answer in answers {
            self.apply_event(answer);
        }
        rest
    }

    /// Plans, and reads what the plan lacks. If it lacks nothing, it is the last plan.
    fn lacking(&mut self) -> VecDeque<Effect> {
        let plan = plan(&self.looked.view, &self.settings);
        let effects = self.effects_for(&plan);
        if effects.is_empty() && std::mem::take(&mut self.is_thorough) {
            self.stage = Stage::Rest;
        } else if effects.is_empty() {
            self.looked.plan = guard_shown(plan, &self.looked.view, &self.settings, self.now);
        } else {
            self.stage = Stage::Lacking;
        }
        effects
    }

    /// What the plan lacks and was not tried yet: services read in part, then answers, then for each step the read
    /// before a write, which alone shows members that we do not know.
    fn effects_for(&mut self, plan: &Plan) -> VecDeque<Effect> {
        let in_part = self.read_in_part(plan);
        if !in_part.is_empty() {
            return in_part
                .into_iter()
                .map(|(cluster, names)| Effect::Refresh(cluster, names))
                .collect();
        }
        let asked = &mut self.asked;
        let questions = plan.questions().filter(|question| asked.insert((*question).clone()));
        let questions: Vec<Question> = questions.cloned().collect();
        if !questions.is_empty() {
            return questions.into_iter().map(|question| self.asking(plan, question)).collect();
        }
        let confirmed = &mut self.confirmed;
        let steps = plan.steps().filter(|(key, _)| confirmed.insert((*key).clone()));
        steps.map(|(key, _)| Effect::Confirm(key.clone())).collect()
    }

    /// What the plan did not ask: who uses each namespace, and the task definitions and the past of every service.
    fn rest(&mut self) -> VecDeque<Effect> {
        let view = &self.looked.view;
        let uses = view.known_namespaces().iter().map(|namespace| users_of(view, namespace));
        let arns = view.all_services().flat_map(|service| {
            let own = [&service.task_definition].into_iter();
            own.chain(service.deployments.iter().map(|deployment| &deployment.task_definition))
        });
        let arns = arns.filter(|arn| !arn.as_str().is_empty());
        let read = view.services().filter(|(_, service)| service.last.is_some());
        let pasts = read.filter(|(key, _)| !self.confirmed.contains(key));
        let questions = [Question::Namespaces]
            .into_iter()
            .chain(uses)
            .chain(arns.map(|arn| Question::TaskDefinition(arn.clone())))
            .chain(pasts.map(|(key, _)| Question::History(key.clone())));
        let asked = &mut self.asked;
        questions.filter(|question| asked.insert(question.clone())).map(Effect::Ask).collect()
    }

    /// The read before a write answers for the past of a service, too: where the service is to change, both are read in
    /// one go.
    fn asking(&mut self, plan: &Plan, question: Question) -> Effect {
        match question {
            Question::History(key) if is_to_change(plan, &key) => {
                self.confirmed.insert(key.clone());
                Effect::Confirm(key)
            }
            other => Effect::Ask(other),
        }
    }

    /// The services that were swept before the document that names them was read.
    fn read_in_part(&mut self, plan: &Plan) -> BTreeMap<ClusterName, BTreeSet<ServiceKey>> {
        let mut in_part: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (key, hold) in plan.holds() {
            if *hold == Hold::NotSeen(Unseen::Partly) && self.refreshed.insert(key.clone()) {
                in_part.entry(key.cluster.clone()).or_default().insert(key.clone());
            }
        }
        in_part
    }

    fn apply_event(&mut self, mut event: Event) {
        if let Some(overlay) = &mut self.overlay {
            lay_over(overlay, &mut event);
        }
        let (prefix, staleness) = (&self.settings.prefix, self.settings.timing.staleness);
        let merger = Merger { prefix, sources: &self.settings.sources, staleness, now: self.now };
        let view = &mut self.looked.view;
        match event {
            Event::ClustersFound(Ok(clusters)) => self.stage = Stage::Documents(clusters),
            Event::ClustersFound(Err(fault)) => self.looked.trouble = Some(fault),
            Event::Swept(reading) => {
                merger.swept(view, reading);
            }
            Event::Confirmed(key, seen, history) => {
                merger.confirmed(view, &key, seen, history);
            }
            Event::Answered(answer) => {
                merger.answered(view, answer);
            }
            Event::Refreshed(cluster, services) => {
                merger.refreshed(view, &cluster, services);
            }
            // None of these answers an effect of a look.
            Event::Tick
            | Event::Stop
            | Event::Acknowledged(_)
            | Event::Retry(_)
            | Event::Pause(..)
            | Event::Resume(_)
            | Event::Look(_)
            | Event::Applied(..)
            | Event::Made(..)
            | Event::Received(_)
            | Event::Deleted(_)
            | Event::LeaseRead(..)
            | Event::LeaseWritten(..) => return,
        }
        self.running = self.running.saturating_sub(1);
    }
}

/// What a reading will be.
fn lay_over(overlay: &mut Overlay, event: &mut Event) {
    match event {
        Event::Swept(reading) => overlay.on_sweep(reading),
        Event::Confirmed(_, Seen::Known(service), _) => overlay.on_service(service),
        Event::Refreshed(_, services) => {
            for seen in services.values_mut() {
                if let Seen::Known(service) = seen {
                    overlay.on_service(service);
                }
            }
        }
        Event::Answered(Answer::NamespaceUse(_, Seen::Known(names))) => overlay.on_use(names),
        _ => {}
    }
}

/// The answer about something that is not there yet; none about what can be read.
fn to_come(overlay: &Overlay, effect: &Effect) -> Option<Event> {
    Some(match effect {
        Effect::Ask(Question::TaskDefinition(arn)) => {
            let definition = overlay.task_definition(arn)?;
            Event::Answered(Answer::TaskDefinition(arn.clone(), Seen::Known(definition)))
        }
        Effect::Ask(Question::History(key)) => {
            Event::Answered(Answer::History(key.clone(), Seen::Known(overlay.past(key)?)))
        }
        Effect::Confirm(key) => {
            let past = Seen::Known(overlay.past(key)?);
            Event::Confirmed(key.clone(), Seen::Known(overlay.service(key)?), past)
        }
        _ => return None,
    })
}

fn is_to_change(plan: &Plan, key: &ServiceKey) -> bool {
    let verdict = plan.entries.get(key).map(|entry| &entry.verdict);
    matches!(verdict, Some(Verdict::Step { .. } | Verdict::Hold { action: Some(_), .. }))
}

#[cfg(test)]
mod tests;
