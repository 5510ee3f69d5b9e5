//! Sorts every service that opted in by what is known of it and what is to be done.

use std::sync::Arc;

use super::candidate::{Candidate, candidate};
use super::facts::unread_parameter;
use super::input::PlannerInput;
use super::links::client::Client;
use crate::declaration::declared::{Declaration, Mode};
use crate::declaration::intent::Intent;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::plan::entry::Entry;
use crate::plan::hold::{Hold, Unseen};
use crate::view::ServiceView;
use crate::view::reading::Question;

/// Every service that opted in, by what is to be done.
#[derive(Default)]
pub(super) struct Classified<'a> {
    /// The entries that are final but for refreshes: services in order, and those that are held by themselves.
    pub(super) decided: Vec<(ServiceKey, Entry)>,
    /// The services that differ from what is wanted.
    pub(super) candidates: Vec<Candidate<'a>>,
    /// The services that cannot be read now, with what they last wanted.
    pub(super) unseen: Vec<Candidate<'a>>,
    /// The services in order that may call others.
    pub(super) settled: Vec<Client<'a>>,
    /// The services that call others while nobody can tell what they are to be.
    pub(super) stranded: Vec<Client<'a>>,
}

/// Sorts every service that opted in.
pub(super) fn classify<'a>(input: &PlannerInput<'a>) -> Classified<'a> {
    let mut found = Classified::default();
    for (key, service) in input.view.services() {
        let verdict = match &service.intent {
            Intent::NotOptedIn => continue,
            Intent::Ambiguous => Err(Hold::Ambiguous),
            Intent::Unread(name) => Err(unread_parameter(input, name)),
            Intent::Declared(declaration) => found.declared(input, service, declaration),
        };
        found.sort(input, key.clone(), verdict);
    }
    found
}

impl<'a> Classified<'a> {
    /// What is to be done about a service whose declaration is known.
    fn declared(
        &mut self,
        input: &PlannerInput<'a>,
        service: &'a ServiceView,
        declaration: &'a Declaration,
    ) -> Result<Option<Candidate<'a>>, Hold> {
        let verdict = match readable(service) {
            Ok(last) => candidate(input, last, declaration),
            Err(hold) => {
                // It keeps the names it last wanted: a read that fails must not give a name away.
                let last = service.last.as_ref();
                let unseen = last.and_then(|last| candidate(input, last, declaration).ok()?);
                self.unseen.extend(unseen);
                Err(hold)
            }
        };
        if let (Err(_), Some(last)) = (&verdict, &service.last) {
            self.stranded.extend(Client::stranded(input, last, declaration));
        }
        verdict
    }

    fn sort(
        &mut self,
        input: &PlannerInput<'a>,
        key: ServiceKey,
        verdict: Result<Option<Candidate<'a>>, Hold>,
    ) {
        match verdict {
            Ok(Some(candidate)) if candidate.differs() => self.candidates.push(candidate),
            // Most services are in order, so nothing more is kept of them.
            Ok(Some(candidate)) => {
                self.decided.push((key, Entry::in_sync(candidate.namespace())));
                self.settled.extend(Client::in_order(input, &candidate));
            }
            Ok(None) => {}
            Err(hold) => self.decided.push((key, Entry::held(hold))),
        }
    }
}

/// The task definitions of services that opted in and were not read. Whatever holds a service, what is said of it must not
/// depend on whether somebody happened to ask.
pub(super) fn unread_task_definitions(input: &PlannerInput<'_>) -> impl Iterator<Item = Question> {
    let opted_in = input.view.services().filter(|(_, service)| {
        let declared = service.intent.declared();
        declared.is_some_and(|declaration| declaration.mode != Some(Mode::Off))
    });
    let last = opted_in.filter_map(|(_, service)| service.last.as_deref());
    // Only the task definition tells on which port clients call an endpoint without an alias.
    let has_no_alias = |service: &&EcsService| {
        let connect = service.connect();
        connect.is_some_and(|connect| connect.endpoints.iter().any(|each| each.alias.is_none()))
    };
    let servers = input.view.all_services().filter(has_no_alias);
    let unread = last.chain(servers).filter(|last| {
        last.status == ServiceStatus::Active
            && !last.names_no_task_definition()
            && input.task_definition(last).is_none()
    });
    unread.map(|last| Question::TaskDefinition(last.task_definition.clone()))
}

/// The service as it was read last, if that read can be relied on.
fn readable(view: &ServiceView) -> Result<&Arc<EcsService>, Hold> {
    match (&view.last, &view.trouble) {
        (_, Some(fault)) => Err(Hold::NotSeen(Unseen::Service(fault.clone()))),
        (Some(_), None) if view.missing_since.is_some() => Err(Hold::NotSeen(Unseen::Unlisted)),
        (Some(_), None) if view.is_slim => Err(Hold::NotSeen(Unseen::Partly)),
        (Some(service), None) => Ok(service),
        (None, None) => Err(Hold::NotSeen(Unseen::Unlisted)),
    }
}
