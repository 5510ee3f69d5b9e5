//! Why a wanted change is not made: first what lies in the service, then names, then what goes on.

use super::candidate::Candidate;
use super::names::capacity;
use super::names::register::Register;
use super::service::failed_configurations::{failing, given_up};
use super::world::World;
use crate::ecs::canonical::Canonical;
use crate::ecs::ground::Ground;
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::plan::hold::{Hold, Unseen};
use crate::view::reading::Question;
use crate::view::who_uses;

impl World<'_> {
    /// The first reason against a wanted change, those a person must mend before those that pass.
    pub(super) fn obstacle(&self, candidate: &Candidate<'_>, register: &Register) -> Option<Hold> {
        self.lasting(candidate)
            .or_else(|| self.name_obstacle(candidate, register))
            .or_else(|| self.passing(candidate))
    }

    /// A reason that lies in the service alone, and stays until somebody mends it or more is read.
    pub(crate) fn lasting(&self, candidate: &Candidate<'_>) -> Option<Hold> {
        let service = candidate.service;
        if candidate.ground.task_definition.is_none() && candidate.to.is_some() {
            // Without it two equal configurations may look different, and eligibility is not known.
            return Some(Hold::until_answered(Question::TaskDefinition(
                service.task_definition.clone(),
            )));
        }
        if candidate.namespace().is_none() && is_unread(self.view.namespaces.as_ref()) {
            // Switching off needs no namespace, but counts in the budget of the one it leaves.
            return Some(Hold::until_answered(Question::Namespaces));
        }
        if !service.unknown_members.is_empty() {
            return Some(Hold::UnknownField(service.unknown_members.clone()));
        }
        candidate.refusal(self.view)
    }

    /// A reason that lies in what goes on with the service, or went on lately.
    pub(crate) fn passing(&self, candidate: &Candidate<'_>) -> Option<Hold> {
        let service = candidate.service;
        if service.is_rolling() {
            return Some(Hold::Rolling);
        }
        self.recent(service, candidate.to.as_ref(), &candidate.ground)
    }

    /// The same of a configuration that is to be rolled out, where nothing rolls as far as the deployments tell: that
    /// ECS gave up exactly this, or that more must be read.
    pub(crate) fn recent(
        &self,
        service: &EcsService,
        wanted: Option<&Canonical>,
        ground: &Ground<'_>,
    ) -> Option<Hold> {
        if self.view.service(&service.key).is_some_and(|view| view.stale_since.is_some()) {
            return Some(Hold::NotSeen(Unseen::Lagging));
        }
        match self.view.histories.get(&service.key) {
            Some((_, Seen::Known(history))) => {
                given_up(wanted, &service.task_definition, history, ground)
                    .or_else(|| failing(wanted, service, ground))
                    .or(history.ongoing.is_some().then_some(Hold::Rolling))
            }
            Some((_, Seen::Absent | Seen::Unknown(_))) | None => {
                Some(Hold::until_answered(Question::History(service.key.clone())))
            }
        }
    }

    /// A name that somebody else has, or may have: before a new one is claimed we look at the whole
    /// namespace, beyond the clusters we watch.
    fn name_obstacle(&self, candidate: &Candidate<'_>, register: &Register) -> Option<Hold> {
        let (namespace, to) = candidate.wanted()?;
        if let Some(hold) = register.obstacles(candidate.service, namespace, to).into_iter().next()
        {
            return Some(hold);
        }
        // Who joins counts among the namespace's services, even as a client.
        let joins = !capacity::is_in(candidate.service, namespace, &candidate.ground);
        if !joins && !register.claims_new_name(candidate.service, namespace, to) {
            return None;
        }
        let read = self.view.uses.get(namespace);
        if matches!(read, Some((_, Seen::Known(NamespaceUse { .. })))) {
            return None;
        }
        Some(Hold::until_answered(who_uses(self.view, candidate.namespace()?)))
    }
}

fn is_unread<T>(seen: Option<&Seen<T>>) -> bool {
    seen.and_then(Seen::known).is_none()
}
