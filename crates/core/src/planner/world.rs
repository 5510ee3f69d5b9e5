//! What a plan is made from, and what it says of one service at a time.

use std::sync::Arc;

use super::candidate::{Candidate, difference};
use super::names::claims::Claims;
use super::names::register::Register;
use super::prerequisites;
use super::service::contended::contention;
use super::service::settle::{Terms, settle};
use crate::declaration::declared::Declaration;
use crate::declaration::settings::Settings;
use crate::ecs::fault::Fault;
use crate::ecs::ground::Ground;
use crate::ecs::name::ParameterName;
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::ecs::task_definition::TaskDefinition;
use crate::plan::contention::Contention;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::{Hold, Unseen};
use crate::view::View;
use crate::view::reading::Question;

/// What a plan is made from.
pub(crate) struct World<'a> {
    pub(crate) view: &'a View,
    pub(crate) settings: &'a Settings,
    pub(crate) namespaces: &'a [Namespace],
}

impl<'a> World<'a> {
    pub(crate) fn new(view: &'a View, settings: &'a Settings) -> Self {
        Self { view, settings, namespaces: view.known_namespaces() }
    }

    /// What a service's defaults depend on.
    pub(crate) fn ground_of(&self, service: &EcsService) -> Ground<'a> {
        let task_definition = self.task_definition(service);
        Ground { task_definition, ..self.view.ground(&service.key.cluster) }
    }

    /// What a service runs, where that was read.
    pub(crate) fn task_definition(&self, service: &EcsService) -> Option<&'a TaskDefinition> {
        let seen = self.view.task_definitions.get(&service.task_definition);
        seen.and_then(Seen::known).map(|found| &**found)
    }

    /// What a service is settled against.
    pub(crate) fn terms(&self, service: &EcsService) -> Terms<'a> {
        Terms {
            ground: self.ground_of(service),
            document: self.view.document.as_deref(),
            namespace: self.settings.namespace.as_ref(),
            policy: self.settings.policy,
        }
    }

    /// What the service shall be against what it is; `None` for one that is being deleted.
    pub(super) fn candidate(
        &self,
        service: &'a Arc<EcsService>,
        declaration: &'a Declaration,
    ) -> Result<Option<Candidate<'a>>, Hold> {
        if service.status != ServiceStatus::Active {
            return Ok(None);
        }
        let terms = self.terms(service);
        let ground = terms.ground;
        let desired = settle(service, declaration, &terms).map_err(|hold| self.with_facts(hold))?;
        let (to, changes) = difference(service.connect(), &desired, &ground);
        Ok(Some(Candidate { service, declaration, desired, to, changes, ground }))
    }

    /// A hold for want of the parameter that a service's tags name.
    pub(super) fn unread(&self, name: &ParameterName) -> Hold {
        let fault = self.view.named.get(name).and_then(|named| named.last().1.cloned());
        Hold::NotSeen(Unseen::Answer(Question::Parameters(name.clone()), fault))
    }

    /// A hold for want of an answer, made exact: is it the namespaces that are missing, did the question fail?
    pub(crate) fn with_facts(&self, hold: Hold) -> Hold {
        let hold = prerequisites::naming(self.view, hold);
        let question = match (&hold, &self.view.namespaces) {
            (Hold::NoNamespace(_), None | Some(Seen::Absent | Seen::Unknown(_))) => {
                Question::Namespaces
            }
            (Hold::NotSeen(Unseen::Answer(question, None)), _) => question.clone(),
            _ => return hold,
        };
        let failed = match &question {
            Question::Namespaces => fault(self.view.namespaces.as_ref()),
            Question::TaskDefinition(arn) => fault(self.view.task_definitions.get(arn)),
            Question::NamespaceUse(id, ..) => fault(self.view.uses.get(id).map(|(_, seen)| seen)),
            Question::History(key) => fault(self.view.histories.get(key).map(|(_, seen)| seen)),
            Question::LatestRevision(family) => {
                fault(self.view.latest_revisions.get(family).map(|(_, seen)| seen))
            }
            Question::Parameters(_) => None,
        };
        Hold::NotSeen(Unseen::Answer(question, failed))
    }

    /// Who has and who wants which name; `wanting` are all whose wishes are known.
    pub(super) fn register<'c>(&self, wanting: impl Iterator<Item = &'c Candidate<'a>>) -> Register
    where
        'a: 'c,
    {
        let mut register = Register::default();
        let document = self.view.document.as_deref();
        let claims = Claims { document, namespaces: self.namespaces };
        for candidate in wanting {
            // What is only not read yet keeps its place.
            let refused = |hold: Hold| !matches!(hold, Hold::NotSeen(_));
            if let Some((namespace, to)) = candidate.wanted()
                && !candidate.refusal(self.view).is_some_and(refused)
            {
                register.note_wanted(candidate.service, (namespace, to), &claims);
            }
        }
        if register.is_empty() {
            return register;
        }
        for (namespace, (_, seen)) in &self.view.uses {
            if let Some(names) = seen.known() {
                register.note_cloud_map(namespace, names);
            }
        }
        for service in self.view.everybody() {
            register.note_held(service, &self.ground_of(service));
        }
        register.note_strangers();
        register
    }

    /// Whether somebody else keeps changing it back.
    fn contention(&self, candidate: &Candidate<'_>) -> Option<Box<Contention>> {
        let Candidate { service, to, changes, ground, .. } = candidate;
        let (_, history) = self.view.histories.get(&service.key)?;
        let tool = self.view.service(&service.key)?.tool;
        let lately = &history.known()?.lately;
        let wanted = (to.as_ref(), changes.as_slice());
        let ours = self.view.begun.get(&service.key).map_or(&[][..], Vec::as_slice);
        contention((&service.key, tool), wanted, (lately, ours, ground)).map(Box::new)
    }

    pub(super) fn entry(&self, candidate: &Candidate<'_>, register: &Register) -> Entry {
        let action = candidate.desired.action(candidate.service);
        let verdict = match self.obstacle(candidate, register) {
            None => Verdict::Step { action },
            Some(hold) => Verdict::Hold { hold: self.with_facts(hold), action: Some(action) },
        };
        let changes = candidate.changes.clone();
        let contention = self.contention(candidate);
        Entry { verdict, changes, contention, ..Entry::in_sync(candidate.namespace()) }
    }
}

fn fault<T>(seen: Option<&Seen<T>>) -> Option<Fault> {
    match seen {
        Some(Seen::Unknown(fault)) => Some(fault.clone()),
        Some(Seen::Known(_) | Seen::Absent) | None => None,
    }
}

/// What a service is settled against.
pub(crate) fn terms<'a>(view: &'a View, settings: &'a Settings, service: &EcsService) -> Terms<'a> {
    World::new(view, settings).terms(service)
}
