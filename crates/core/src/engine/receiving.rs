//! What follows from messages of the queue.
//!
//! **Invariant:** a message is deleted only once its hint is noted, or if it points at nothing that is watched. One that
//! cannot be read is left where it is: SQS gives it to the dead-letter queue, where a person can look at it.
//!
//! **Invariant:** a queue that cannot be read stops nothing. Sweeps go on, and the trouble is told once.

use std::collections::BTreeMap;

use super::state::Engine;
use super::work::Job;
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::ClusterName;
use crate::ecs::queue::Message;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::report::news::{News, QueueNews};
use crate::view::hint::{self, Hint, MessageKind};

impl Engine {
    /// Takes in messages of the queue, or why none came.
    pub(super) fn received(&mut self, received: Result<Vec<Message>, Fault>, now: Now) {
        let Some(queue) = self.settings.queue.clone() else { return };
        let receive = Job::Receive(queue);
        self.work.ended(&receive, received.is_ok());
        let next = match &received {
            Ok(_) => now,
            Err(_) => self.work.retry_at(&receive, &self.settings.timing, now),
        };
        self.work.push(receive, next);
        let told = self.intake.trouble().is_some();
        match received {
            Ok(messages) => {
                self.intake.not_received = None;
                for message in messages {
                    self.message(message, now);
                }
            }
            Err(fault) => self.intake.not_received = Some(fault),
        }
        self.tell_queue(told);
    }

    /// Notes whether messages could be deleted. One that was not comes again, which is harmless.
    pub(super) fn deleted(&mut self, deleted: Result<(), Fault>) {
        let told = self.intake.trouble().is_some();
        self.intake.not_deleted = deleted.err();
        self.tell_queue(told);
    }

    /// Tells the first failure and the end of the trouble, not every attempt between.
    fn tell_queue(&mut self, told: bool) {
        let trouble = self.intake.trouble().cloned();
        if trouble.is_some() != told {
            self.published.push(News::Queue(QueueNews::Trouble(trouble)));
        }
    }

    fn message(&mut self, message: Message, now: Now) {
        let Ok(hints) = hint::read(&message.body) else {
            self.published.push(News::Queue(QueueNews::Message(MessageKind::Unread)));
            return;
        };
        let watched: Vec<Hint> = hints.into_iter().flat_map(|hint| self.watched(hint)).collect();
        let kind = watched.first().map_or(MessageKind::Other, Hint::kind);
        self.published.push(News::Queue(QueueNews::Message(kind)));
        for hint in watched {
            let is_noted = self.work.nudge(hint, now);
            if !is_noted {
                self.sweep_all(now);
            }
            self.intake.is_flooded = !is_noted;
        }
        self.intake.noted.push(message.receipt);
    }

    /// What a hint means for what is watched; nothing, if it is about something else.
    fn watched(&self, hint: Hint) -> Vec<Hint> {
        match hint {
            Hint::Service(key) => {
                let is_watched = self.is_watched(&key);
                is_watched.then_some(Hint::Service(key)).into_iter().collect()
            }
            Hint::Parameter(changed) => {
                let documents = self.settings.sources.documents.iter();
                let known = documents.chain(self.view.named.keys());
                let known = known.filter(|known| known.covers(&changed));
                known.cloned().map(Hint::Parameter).collect()
            }
            Hint::Clusters if self.settings.clusters.is_some() => Vec::new(),
            Hint::Clusters | Hint::Namespaces => vec![hint],
        }
    }

    /// Whether a service is in a watched cluster of the account and Region that eastwest works in, as far as its other
    /// services tell.
    fn is_watched(&self, key: &ServiceKey) -> bool {
        let Some(cluster) = self.view.clusters.get(&key.cluster) else { return false };
        cluster.services.keys().next().is_none_or(|other| other.scope == key.scope)
    }

    /// More keys wait than can be looked at one by one.
    fn sweep_all(&mut self, now: Now) {
        if !self.intake.is_flooded {
            self.published.push(News::Queue(QueueNews::Flooded));
        }
        self.sweep_clusters(now);
    }

    fn sweep_clusters(&mut self, now: Now) {
        for cluster in self.view.clusters.keys() {
            self.work.push(Job::Sweep(cluster.clone()), now);
        }
    }

    /// Reads a service now, or everything: what a person asks for is a hint like those of the queue.
    pub(super) fn look_now(&mut self, key: Option<ServiceKey>, now: Now) {
        let Some(key) = key else {
            let documents = self.settings.sources.documents.iter().cloned().map(Hint::Parameter);
            let hints: Vec<Hint> = documents.chain(self.watched(Hint::Clusters)).collect();
            for hint in hints.into_iter().chain([Hint::Namespaces]) {
                self.work.nudge(hint, now);
            }
            return self.sweep_clusters(now);
        };
        if self.is_watched(&key) && !self.work.nudge(Hint::Service(key), now) {
            self.sweep_clusters(now);
        }
    }

    /// Sweeps a cluster again if a service that a message pointed at is no longer there: only a listing shows that it is
    /// gone.
    pub(super) fn look_for_missing(
        &mut self,
        cluster: &ClusterName,
        services: &BTreeMap<ServiceKey, Seen<EcsService>>,
        now: Now,
    ) {
        let is_missing = |(key, seen): (&ServiceKey, &Seen<EcsService>)| {
            let is_gone = matches!(seen, Seen::Unknown(fault) if fault.kind == FaultKind::NotFound);
            is_gone && self.view.service(key).is_some() && self.work.nudged_since(key).is_some()
        };
        if services.iter().any(is_missing) {
            self.work.push(Job::Sweep(cluster.clone()), now);
        }
    }
}
