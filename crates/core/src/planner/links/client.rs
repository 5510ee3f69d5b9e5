//! The services that may call others.

use crate::declaration::declared::{Declaration, Mode, RefreshWhen};
use crate::ecs::environment::Mention;
use crate::ecs::name::NamespaceId;
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{Deployment, DeploymentStatus, EcsService, ServiceStatus};
use crate::planner::candidate::Candidate;
use crate::planner::input::PlannerInput;
use crate::planner::service::settle::Desired;

/// A service that may call others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'c> {
    pub(crate) service: &'c EcsService,
    pub(crate) declaration: &'c Declaration,
    /// The namespace it is to be in.
    pub(crate) namespace: &'c Namespace,
}

impl<'c> Client<'c> {
    /// A service that is in order, if it may call others.
    pub(crate) fn in_order(input: &PlannerInput<'c>, candidate: &Candidate<'c>) -> Option<Self> {
        let (namespace, _) = candidate.offers()?;
        let namespace = input.namespaces.iter().find(|each| each.id == *namespace)?;
        let Candidate { service, declaration, .. } = *candidate;
        Self { service, declaration, namespace }.if_calling(input)
    }

    /// A service that is to change, if it may call others.
    pub(crate) fn changing(input: &PlannerInput<'_>, candidate: &'c Candidate<'_>) -> Option<Self> {
        let Desired::On(_, namespace) = &candidate.desired else { return None };
        let Candidate { service, declaration, .. } = candidate;
        Self { service, declaration, namespace }.if_calling(input)
    }

    /// A service that is in a namespace, while nobody can tell what it is to be. Its tasks call others all the same.
    pub(crate) fn stranded(
        input: &PlannerInput<'c>,
        service: &'c EcsService,
        declaration: &'c Declaration,
    ) -> Option<Self> {
        let namespace = input.defaults_of(service).namespace_of(service.connect()?)?;
        if service.status != ServiceStatus::Active || declaration.mode == Some(Mode::Off) {
            return None;
        }
        Self { service, declaration, namespace }.if_calling(input)
    }

    /// Whether it is in a namespace already, and so may call others there.
    pub(crate) fn is_in(&self, input: &PlannerInput<'_>, namespace: &NamespaceId) -> bool {
        let defaults = input.view.defaults(&self.service.key.cluster);
        self.service.connect().is_some_and(|connect| defaults.is_in(connect, namespace))
    }

    /// Whether its environment decides on a refresh and was not read.
    pub(crate) fn has_unread_environment(&self, input: &PlannerInput<'_>) -> bool {
        let Declaration { needs, refresh, .. } = self.declaration;
        *refresh == Some(RefreshWhen::Inferred) && needs.is_none() && self.is_unread(input)
    }

    /// Whether what its environment names is still to be read. Nothing is, where AWS names no task definition.
    pub(crate) fn is_unread(&self, input: &PlannerInput<'_>) -> bool {
        !self.service.names_no_task_definition() && input.task_definition(self.service).is_none()
    }

    /// The hosts that its environment and its command name.
    pub(crate) fn mentions(
        &self,
        input: &PlannerInput<'c>,
    ) -> impl Iterator<Item = &'c Mention> + use<'c> {
        let found = input.task_definition(self.service);
        found.into_iter().flat_map(|found| found.environment_hosts.iter())
    }

    /// The deployments whose tasks run beside those of PRIMARY: for two weeks, it may be (DG:early-success-criteria).
    pub(crate) fn older(&self) -> impl Iterator<Item = &'c Deployment> + use<'c> {
        let running = self.service.running();
        running.filter(|each| each.status != DeploymentStatus::Primary && each.running_count > 0)
    }

    /// Whether it offers nothing, so that it is there only to call others.
    pub(crate) fn is_pure(&self) -> bool {
        self.declaration.mode == Some(Mode::Client)
    }

    /// Itself, if it may call any other service.
    fn if_calling(self, input: &PlannerInput<'_>) -> Option<Self> {
        let Declaration { needs, refresh, .. } = self.declaration;
        let has_hosts = || {
            let found = input.task_definition(self.service);
            found.is_some_and(|found| !found.environment_hosts.is_empty())
        };
        let may_call = *refresh == Some(RefreshWhen::Always)
            || needs.as_ref().map_or(self.is_pure(), |needs| !needs.is_empty())
            || self.is_unread(input)
            || has_hosts()
            || self.older().any(|each| each.task_definition != self.service.task_definition);
        may_call.then_some(self)
    }
}
