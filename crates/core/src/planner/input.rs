//! What a plan is made from: the view and the settings, with the look-ups that every stage needs. It decides nothing.

use crate::declaration::settings::Settings;
use crate::ecs::defaults::Defaults;
use crate::ecs::name::Arn;
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::task_definition::TaskDefinition;
use crate::planner::service::settle::Terms;
use crate::view::View;

/// What a plan is made from.
pub(crate) struct PlannerInput<'a> {
    pub(crate) view: &'a View,
    pub(crate) settings: &'a Settings,
    pub(crate) namespaces: &'a [Namespace],
}

impl<'a> PlannerInput<'a> {
    pub(crate) fn new(view: &'a View, settings: &'a Settings) -> Self {
        Self { view, settings, namespaces: view.known_namespaces() }
    }

    /// What a service's defaults depend on.
    pub(crate) fn defaults_of(&self, service: &EcsService) -> Defaults<'a> {
        self.view.defaults_with_ports(service)
    }

    /// The task definition of a service, if it was read.
    pub(crate) fn task_definition(&self, service: &EcsService) -> Option<&'a TaskDefinition> {
        self.definition(&service.task_definition)
    }

    /// A task definition, if it was read.
    pub(crate) fn definition(&self, arn: &Arn) -> Option<&'a TaskDefinition> {
        let seen = self.view.task_definitions.get(arn);
        seen.and_then(Seen::known).map(|found| &**found)
    }

    /// Everything beside the declaration that decides what a service is to be.
    pub(crate) fn terms(&self, service: &EcsService) -> Terms<'a> {
        Terms {
            defaults: self.defaults_of(service),
            document: self.view.document.as_deref(),
            namespace: self.settings.namespace.as_ref(),
            policy: self.settings.policy,
            stood: self
                .view
                .foreign_changes
                .get(&service.key)
                .and_then(|change| change.before.as_ref()),
        }
    }
}

/// Everything beside the declaration that decides what a service is to be.
pub(crate) fn terms<'a>(view: &'a View, settings: &'a Settings, service: &EcsService) -> Terms<'a> {
    PlannerInput::new(view, settings).terms(service)
}
