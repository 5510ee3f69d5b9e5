//! Which questions are worth asking now: what the plan lacks, and what may have changed since it was last read.
//!
//! **Invariant:** nothing that was read is asked again before its interval is over. How often a failing question is
//! asked is up to the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::declaration::declared::RefreshWhen;
use crate::declaration::intent::Intent;
use crate::declaration::settings::Settings;
use crate::ecs::name::NamespaceId;
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::Rollout;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::prerequisite::NamedPorts;
use crate::planner::input::PlannerInput;
use crate::planner::names::capacity;
use crate::view::history::History;
use crate::view::reading::Question;
use crate::view::{ServiceView, View, users_of};

/// How often what rarely changes is read again: the list of namespaces, and the list of clusters.
pub(super) const RARELY: Duration = Duration::from_mins(10);
/// How often the services of a namespace beyond the watched clusters are read, if services that we watch may call them.
const BEYOND: Duration = Duration::from_mins(5);

/// What decides which questions are worth asking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Questions<'a> {
    /// What is known.
    pub(super) view: &'a View,
    /// The guarded plan.
    pub(super) plan: &'a Plan,
    /// How patient we are, and what we watch.
    pub(super) settings: &'a Settings,
    /// When.
    pub(super) now: Now,
}

impl Questions<'_> {
    /// Every question worth asking now.
    pub(super) fn all(self) -> BTreeSet<Question> {
        let mut questions: BTreeSet<Question> = self.plan.questions().cloned().collect();
        questions.extend(self.namespaces());
        questions.extend(self.parameters());
        questions.extend(self.full_namespaces());
        questions.extend(self.histories());
        questions.extend(self.namespaces_beyond());
        let entries = self.plan.entries.iter();
        questions.extend(entries.filter_map(|(key, entry)| self.of_entry(key, entry)));
        questions
    }

    /// Whether something was read, and so long ago.
    fn is_older(&self, read_at: Option<Now>, age: Duration) -> bool {
        read_at.is_some_and(|at| self.now.since(at) >= age)
    }

    /// Whether something was never read, or so long ago.
    fn is_due(&self, read_at: Option<Now>, age: Duration) -> bool {
        read_at.is_none() || self.is_older(read_at, age)
    }

    /// The list of namespaces, sooner if a service waits for one.
    fn namespaces(&self) -> Option<Question> {
        let is_missing = self.plan.holds().any(|(_, hold)| matches!(hold, Hold::NoNamespace(_)));
        let age = if is_missing { self.settings.timing.interval } else { RARELY };
        self.is_older(self.view.namespaces_at, age).then_some(Question::Namespaces)
    }

    /// The document's sources and the parameters that tags name.
    fn parameters(&self) -> impl Iterator<Item = Question> {
        let interval = self.settings.timing.interval;
        let sources =
            self.settings.sources.documents.iter().map(|name| {
                (name, self.view.in_force.source(name).and_then(|source| source.read_at))
            });
        let named = self.view.named.iter().map(|(name, named)| (name, named.last().0));
        sources
            .chain(named)
            .filter(move |(_, read_at)| self.is_due(*read_at, interval))
            .map(|(name, _)| Question::Parameters(name.clone()))
    }

    /// Who uses the namespaces that are full. One service may leave, and then another may join.
    fn full_namespaces(&self) -> Vec<Question> {
        let interval = self.settings.timing.interval;
        let refused = self.plan.entries.values().filter_map(|entry| match entry.hold() {
            Some(Hold::Ineligible(_)) => entry.namespace.as_ref(),
            _ => None,
        });
        let namespaces: BTreeMap<&NamespaceId, &Namespace> =
            refused.map(|namespace| (&namespace.id, namespace)).collect();
        let input = PlannerInput::new(self.view, self.settings);
        namespaces
            .into_iter()
            .filter(|(id, _)| self.is_older(self.uses_read_at(id), interval))
            .filter(|(id, _)| capacity::is_full(&input, id))
            .map(|(_, namespace)| users_of(self.view, namespace))
            .collect()
    }

    fn uses_read_at(&self, namespace: &NamespaceId) -> Option<Now> {
        self.view.uses.get(namespace).map(|(at, _)| *at)
    }

    /// Who serves beyond the watched clusters, where no sweep sees it: asked about each namespace in which a service
    /// that we watch may call such a service.
    fn namespaces_beyond(&self) -> impl Iterator<Item = Question> {
        let namespaces = self.view.known_namespaces().iter();
        namespaces
            .filter(|_| self.settings.clusters.is_some())
            .filter(|namespace| self.is_due(self.uses_read_at(&namespace.id), BEYOND))
            .filter(|namespace| self.has_caller(namespace))
            .map(|namespace| users_of(self.view, namespace))
    }

    /// Whether a service that is in the namespace, or is to be, may call others. One whose change is refused is where it
    /// is, although its plan may name no namespace. A doubt about what a service calls may end when another service goes.
    fn has_caller(&self, namespace: &Namespace) -> bool {
        self.plan.entries.iter().any(|(key, entry)| {
            let joins = entry.namespace.as_ref().is_some_and(|other| other.id == namespace.id);
            let calls = !entry.doubts.is_empty() || self.may_call(key);
            calls && (joins || self.is_in(key, namespace))
        })
    }

    fn is_in(&self, key: &ServiceKey, namespace: &Namespace) -> bool {
        let service = self.view.service(key).and_then(|service| service.last.as_ref());
        let defaults = self.view.defaults(&key.cluster);
        let connect = service.and_then(|service| service.connect());
        connect.is_some_and(|connect| defaults.is_in(connect, &namespace.id))
    }

    fn may_call(&self, key: &ServiceKey) -> bool {
        let declared = self.view.service(key).and_then(|service| service.intent.declared());
        declared.is_some_and(|declaration| {
            matches!(declaration.refresh, Some(RefreshWhen::Always | RefreshWhen::Inferred))
                || self.plan.needs.contains_key(key)
        })
    }

    /// The histories of rollouts that need an explanation. A rollout that runs for a while may wait for a person or on
    /// purpose; one that shifts traffic goes on although its deployments say "done"; after one that failed it matters
    /// whether there is a way back.
    fn histories(&self) -> impl Iterator<Item = Question> {
        let ours = self.view.services().filter(|(_, service)| is_ours(service));
        let ours = ours.filter(|(key, service)| self.is_history_due(key, service));
        // Services that opted in may wait for the rollouts of others that they call.
        let others = self.view.histories.iter().filter(|(key, (read_at, seen))| {
            is_ongoing(seen)
                && self.is_older(Some(*read_at), self.soon())
                && !self.view.service(key).is_some_and(is_ours)
        });
        let keys = ours.map(|(key, _)| key).chain(others.map(|(key, _)| key));
        keys.map(|key| Question::History(key.clone()))
    }

    /// How long a rollout runs before it needs an explanation.
    fn soon(&self) -> Duration {
        self.settings.timing.rollout_poll.saturating_mul(3)
    }

    fn is_history_due(&self, key: &ServiceKey, service: &ServiceView) -> bool {
        let Some(last) = &service.last else { return false };
        let history = self.view.histories.get(key);
        let runs = service.rolling_since.map(|since| self.now.since(since));
        let runs_long = runs.is_some_and(|runs| runs > self.soon() || last.strategy.shifts);
        let follows = runs_long || history.is_some_and(|(_, seen)| is_ongoing(seen));
        let failed = last.primary().is_some_and(|primary| primary.rollout == Rollout::Failed);
        let Some((read_at, seen)) = history else { return follows || failed };
        // If only the history says that the rollout goes on, the rollout may just have ended.
        let age = match runs {
            Some(_) => history_poll_interval(service, self.now),
            None => self.soon(),
        };
        let asks = follows || (failed && seen.known().is_none());
        asks && self.is_older(Some(*read_at), age)
    }

    /// What may have ended the hold of one service without any event.
    fn of_entry(&self, key: &ServiceKey, entry: &Entry) -> Option<Question> {
        match (entry.hold()?, &entry.namespace) {
            (Hold::UnnamedPort(named, _), _) => self.latest_revision(named),
            (Hold::Conflict(..), Some(namespace)) => {
                let age = self.settings.timing.interval;
                let is_due = self.is_due(self.uses_read_at(&namespace.id), age);
                is_due.then(|| users_of(self.view, namespace))
            }
            (Hold::Rolling, _) => self.end_of_rollout(key),
            _ => None,
        }
    }

    /// Whether the family has a later revision, from which we may begin. Asked also where a person must name the port.
    fn latest_revision(&self, named: &NamedPorts) -> Option<Question> {
        let document = self.view.document.as_ref();
        if !document.is_some_and(|document| document.name_ports) {
            return None;
        }
        let family = named.task_definition.family();
        let read_at = self.view.latest_revisions.get(&family).map(|(at, _)| *at);
        let is_due = self.is_due(read_at, self.settings.timing.interval);
        is_due.then_some(Question::LatestRevision(family))
    }

    /// Whether a rollout has ended whose deployments say "done", and whose service deployment said "under way".
    fn end_of_rollout(&self, key: &ServiceKey) -> Option<Question> {
        let (read_at, seen) = self.view.histories.get(key)?;
        let is_old = self.is_older(Some(*read_at), self.settings.timing.rollout_poll);
        (is_ongoing(seen) && is_old).then(|| Question::History(key.clone()))
    }
}

fn is_ours(service: &ServiceView) -> bool {
    service.intent != Intent::NotOptedIn
}

fn is_ongoing(history: &Seen<History>) -> bool {
    history.known().is_some_and(|history| history.ongoing.is_some())
}

/// How often the history of a running rollout is read. Each read costs three calls, so a rollout that runs for hours is
/// not read every minute.
fn history_poll_interval(service: &ServiceView, now: Now) -> Duration {
    let runs = service.primary_since.map(|since| now.since(since)).unwrap_or_default();
    (runs / 10).clamp(Duration::from_mins(1), RARELY)
}

#[cfg(test)]
mod tests;
