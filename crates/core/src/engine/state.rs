//! The engine and its parts, and what others may read of them.
//!
//! Each part keeps its own invariants. How an event changes them is in `apply_event`, what follows from it in `step`.

use super::intake::Intake;
use super::memory::Memory;
use super::planning::Planning;
use super::published::Published;
use super::published_status::PublishedStatus;
use super::work::{Job, Work};
use crate::declaration::settings::Settings;
use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::guard::acks::Acks;
use crate::guard::pauses::Pauses;
use crate::plan::Plan;
use crate::plan::leader::Leader;
use crate::report::news::News;
use crate::view::{ClusterView, View};

/// The reconciler.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) settings: Settings,
    /// What is known.
    pub(super) view: View,
    /// What is wanted.
    pub(super) planning: Planning,
    /// What the engine did itself.
    pub(super) memory: Memory,
    /// What is due and under way.
    pub(super) work: Work,
    /// What came from the queue.
    pub(super) intake: Intake,
    /// What the caller was told.
    pub(super) published: Published,
    /// The time of the last step.
    pub(super) stepped_at: Now,
    /// Whether nothing new may start.
    pub(super) stopping: bool,
}

impl Engine {
    /// An engine that has seen nothing yet; its first step starts everything.
    pub fn new(settings: Settings, now: Now) -> Self {
        let (mut view, mut work) = (View::default(), Work::default());
        let memory = Memory::new(&settings);
        match &settings.clusters {
            None => work.push(Job::FindClusters, now),
            Some(clusters) => {
                for cluster in clusters {
                    view.clusters.insert(cluster.clone(), ClusterView::default());
                    work.push(Job::Sweep(cluster.clone()), now);
                }
            }
        }
        if let Some(queue) = &settings.queue {
            work.push(Job::Receive(queue.clone()), now);
        }
        Self {
            settings,
            view,
            planning: Planning::new(now),
            memory,
            work,
            intake: Intake::default(),
            published: Published::default(),
            stepped_at: now,
            stopping: false,
        }
    }

    /// An engine that takes the place of one that was lost while the process ran. It writes nothing before the pause
    /// after a start is over, because the lost one may have written a moment ago. What people paused stays paused.
    pub fn in_place_of_a_lost_one(settings: Settings, pauses: Pauses, now: Now) -> Self {
        let mut engine = Self::new(settings, now);
        *engine.memory.pauses_mut() = pauses;
        engine.view.awake_since = now.since_start;
        engine
    }

    /// What is known.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What is to be done, and what is held.
    pub fn plan(&self) -> &Plan {
        self.planning.plan()
    }

    /// What people paused while this process runs.
    pub fn pauses(&self) -> &Pauses {
        self.memory.pauses()
    }

    /// What people agreed to.
    pub fn acks(&self) -> &Acks {
        self.memory.acks()
    }

    /// Why messages of the queue cannot be received or deleted, if so.
    pub fn queue_trouble(&self) -> Option<&Fault> {
        self.intake.trouble()
    }

    /// Who leads a cluster; none without a lease table.
    pub fn leader(&self, cluster: &ClusterName, now: Now) -> Option<Leader> {
        self.memory.leases().leader(cluster, now)
    }

    /// Whether a write to a cluster may leave now. A write that had to wait for its turn asks again.
    pub fn may_write(&self, cluster: &ClusterName, now: Now) -> bool {
        self.memory.leases().may_write(cluster, now)
    }

    /// Whether it holds a lease, which a process that ends should have given up.
    pub fn holds_leases(&self) -> bool {
        self.memory.leases().is_any_held()
    }

    /// The settings it runs with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The published status of a service that opted in.
    pub fn status(&self, key: &ServiceKey) -> Option<&PublishedStatus> {
        self.published.status(key)
    }

    /// What has changed since the last call: one log line each.
    pub fn take_news(&mut self) -> Vec<News> {
        self.published.take_news()
    }

    /// How often everything was judged.
    pub fn passes(&self) -> u64 {
        self.planning.passes()
    }

    /// How many jobs wait or run.
    pub fn queue_depth(&self) -> usize {
        self.work.depth()
    }

    /// Whether a write has left whose answer is still to come, to a service or of what services wait for.
    pub fn is_writing(&self) -> bool {
        self.memory.writes().unanswered() || self.work.is_making()
    }

    /// Whether every watched cluster has been swept completely at least once.
    pub fn is_swept(&self) -> bool {
        let clusters = &self.view.clusters;
        !clusters.is_empty() && clusters.values().all(|cluster| cluster.complete_at.is_some())
    }
}
