//! One look at everything, for `eastwest plan`: read, ask what the plan lacks, and plan again until nothing is
//! lacking.
//!
//! **Invariant:** this file names no effect that writes, and never makes one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::World;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::{ClusterName, EcsServiceName, ServiceKey};
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::guard::guard_shown;
use eastwest_core::plan::Plan;
use eastwest_core::plan::hold::{Hold, Unseen};
use eastwest_core::planner::plan;
use eastwest_core::view::View;
use eastwest_core::view::merge::Reader;
use eastwest_core::view::reading::Question;
use tokio::task::JoinSet;

/// Reads in flight; each waits for its share of the API quota anyway.
const AT_ONCE: usize = 16;

/// The policy to decide by where nothing is written anyway: `observe` shows what `sync` would do.
pub(crate) fn deciding_policy(policy: Policy) -> Policy {
    match policy {
        Policy::Observe | Policy::Sync => Policy::Sync,
        Policy::UpsertOnly => Policy::UpsertOnly,
    }
}

/// What one look gave.
pub(crate) struct Look {
    /// What was seen.
    pub(crate) view: View,
    /// What follows from it.
    pub(crate) plan: Plan,
    /// Why the clusters could not be listed, if so.
    pub(crate) trouble: Option<Fault>,
}

/// Looks once at every cluster and everything its plan depends on.
pub(crate) async fn look(world: Arc<World>, settings: &Settings) -> Look {
    let mut looking = Looking {
        world,
        settings,
        view: View::default(),
        asked: BTreeSet::new(),
        confirmed: BTreeSet::new(),
        refreshed: BTreeSet::new(),
    };
    let clusters = match looking.clusters().await {
        Ok(clusters) => clusters,
        Err(fault) => {
            let (view, plan) = (looking.view, Plan::default());
            return Look { view, plan, trouble: Some(fault) };
        }
    };
    let documents = settings.sources.documents.iter();
    let documents = documents.map(|name| Effect::Ask(Question::Parameters(name.clone())));
    // First: what it names is read whole at once.
    looking.read(documents.collect()).await;
    looking.read(clusters.into_iter().map(Effect::Sweep).collect()).await;
    loop {
        let plan = plan(&looking.view, settings);
        let effects = looking.lacking(&plan);
        if effects.is_empty() {
            let plan = guard_shown(plan, &looking.view, settings, now());
            return Look { view: looking.view, plan, trouble: None };
        }
        looking.read(effects).await;
    }
}

struct Looking<'a> {
    world: Arc<World>,
    settings: &'a Settings,
    view: View,
    asked: BTreeSet<Question>,
    confirmed: BTreeSet<ServiceKey>,
    refreshed: BTreeSet<ServiceKey>,
}

impl Looking<'_> {
    async fn clusters(&self) -> Result<BTreeSet<ClusterName>, Fault> {
        if let Some(clusters) = &self.settings.clusters {
            return Ok(clusters.clone());
        }
        match self.world.execute(Effect::FindClusters).await {
            Event::ClustersFound(found) => found,
            _ => Ok(BTreeSet::new()),
        }
    }

    /// What the plan lacks and was not tried yet: answers, and for each step the read before a write, which
    /// alone shows members that we do not know.
    fn lacking(&mut self, plan: &Plan) -> Vec<Effect> {
        let partly: BTreeMap<ClusterName, BTreeSet<EcsServiceName>> = self.read_in_part(plan);
        if !partly.is_empty() {
            return partly
                .into_iter()
                .map(|(cluster, names)| Effect::Refresh(cluster, names))
                .collect();
        }
        let questions: Vec<Question> = plan
            .questions()
            .filter(|question| self.asked.insert((*question).clone()))
            .cloned()
            .collect();
        if !questions.is_empty() {
            return questions.into_iter().map(Effect::Ask).collect();
        }
        let steps = plan.steps().filter(|(key, _)| self.confirmed.insert((*key).clone()));
        steps.map(|(key, _)| Effect::Confirm(key.clone())).collect()
    }

    /// The services that were swept before the document that names them was read.
    fn read_in_part(&mut self, plan: &Plan) -> BTreeMap<ClusterName, BTreeSet<EcsServiceName>> {
        let mut partly: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (key, hold) in plan.holds() {
            if *hold == Hold::NotSeen(Unseen::Partly) && self.refreshed.insert(key.clone()) {
                partly.entry(key.cluster.clone()).or_default().insert(key.name.clone());
            }
        }
        partly
    }

    async fn read(&mut self, effects: Vec<Effect>) {
        let mut waiting = effects.into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(effect) = waiting.next()
            {
                let world = Arc::clone(&self.world);
                running.spawn(async move { world.execute(effect).await });
            }
            match running.join_next().await {
                Some(Ok(event)) => self.take_in(event),
                Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
                None => return,
            }
        }
    }

    fn take_in(&mut self, event: Event) {
        let (prefix, staleness) = (&self.settings.prefix, self.settings.timing.staleness);
        let sources = &self.settings.sources;
        let reader = Reader { prefix, sources, staleness, now: now() };
        match event {
            Event::Swept(reading) => {
                reader.swept(&mut self.view, reading);
            }
            Event::Confirmed(key, seen, history) => {
                reader.confirmed(&mut self.view, &key, (seen, history));
            }
            Event::Answered(answer) => {
                reader.answered(&mut self.view, answer);
            }
            Event::Refreshed(cluster, services) => {
                reader.refreshed(&mut self.view, &cluster, services);
            }
            Event::Tick
            | Event::Stop
            | Event::Acknowledged(_)
            | Event::ClustersFound(_)
            | Event::Applied(..)
            | Event::Made(..) => {}
        }
    }
}

/// One look takes no time of its own: all of it happens at once.
pub(crate) fn now() -> Now {
    Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::now() }
}
