//! `UpdateService`: what changes, and whether that takes a deployment.
//!
//! Invariants: an omitted member stays as it is (API:UpdateServiceRequest); a given
//! `serviceConnectConfiguration` replaces the whole object. A deployment is started by the Service Connect
//! configuration, the task definition, the network, the platform version, load balancers, registries,
//! volumes, Lattice, and force (DG:service-deployment); by nothing else. A refused update leaves the old
//! configuration running: everything is checked before anything changes.

use std::sync::Arc;

use super::connect::Asked;
use super::create::{check_controller, set_deployment_configuration};
use super::refusals::service_not_found;
use super::{Connect, DeploySpec, EcsServiceKey, EcsServiceState, Model, RolloutKind, Settings};
use crate::shapes::ApiError;
use crate::shapes::ecs::{EcsServiceStatus, ServiceAnswer, UpdateServiceRequest};

impl Model {
    /// `UpdateService`.
    pub fn update_service(
        &mut self,
        request: UpdateServiceRequest,
    ) -> Result<ServiceAnswer, ApiError> {
        self.logged("ecs.UpdateService", request, |model, request| model.try_update(&request))
    }

    fn try_update(&mut self, request: &UpdateServiceRequest) -> Result<ServiceAnswer, ApiError> {
        let key = self.key(request.cluster.as_deref(), &request.service)?;
        let service = self.service(&key).ok_or_else(service_not_found)?;
        if service.status != EcsServiceStatus::Active {
            return Err(ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let settings = changed_settings(&service.settings, request)?;
        let current = current_spec(service)?;
        let spec = self.changed_spec(&key, request, current, &settings)?;
        let forced = request.force_new_deployment == Some(true);
        let resent = request.service_connect_configuration.is_some()
            && self.switches.identical_config_deploys;
        let deploys = forced || spec != *current || resent;
        let desired = request.desired_count.unwrap_or(service.desired);
        let scaled = desired != service.desired;
        let state = self.change(&key);
        state.settings = Arc::new(settings);
        state.desired = desired;
        if deploys {
            self.start_deployment(&key, spec, RolloutKind::Deploy);
        } else if scaled {
            self.scale(&key);
        }
        Ok(self.service_answer(&key))
    }

    fn changed_spec(
        &self,
        key: &EcsServiceKey,
        request: &UpdateServiceRequest,
        current: &DeploySpec,
        settings: &Settings,
    ) -> Result<DeploySpec, ApiError> {
        let mut spec = current.clone();
        if let Some(reference) = &request.task_definition {
            spec.task_definition = self.usable_task_definition(reference)?;
        }
        check_controller_allows(request, settings)?;
        spec.connect = self.changed_connect(key, request, &spec, settings)?;
        spec.switched_off =
            spec.connect.is_none() && (current.connect.is_some() || current.switched_off);
        let or = |given: &Option<serde_json::Value>, old: Option<serde_json::Value>| {
            given.clone().or(old)
        };
        spec.network_configuration = or(&request.network_configuration, spec.network_configuration);
        spec.load_balancers = or(&request.load_balancers, spec.load_balancers);
        spec.service_registries = or(&request.service_registries, spec.service_registries);
        spec.volume_configurations = or(&request.volume_configurations, spec.volume_configurations);
        spec.vpc_lattice_configurations =
            or(&request.vpc_lattice_configurations, spec.vpc_lattice_configurations);
        if let Some(version) = &request.platform_version {
            spec.platform_version = Some(version.clone());
        }
        Ok(spec)
    }

    fn changed_connect(
        &self,
        key: &EcsServiceKey,
        request: &UpdateServiceRequest,
        spec: &DeploySpec,
        settings: &Settings,
    ) -> Result<Option<Arc<Connect>>, ApiError> {
        let task_definition = spec.task_definition.as_ref();
        let current = spec.connect.as_ref();
        if let Some(config) = &request.service_connect_configuration {
            check_controller(&settings.controller, spec.launch_type.as_deref(), config.enabled)?;
            let asked = Asked { key, config, task_definition, current, unchanged: false };
            return self.resolve(&asked);
        }
        // A new task definition must still have the ports the configuration names.
        match (current, &request.task_definition) {
            (Some(connect), Some(_)) => {
                let config = &connect.sent;
                let asked = Asked { key, config, task_definition, current, unchanged: true };
                self.resolve(&asked)
            }
            _ => Ok(current.cloned()),
        }
    }
}

fn current_spec(service: &EcsServiceState) -> Result<&DeploySpec, ApiError> {
    let primary = service.primary().map(|primary| &primary.revision.spec);
    primary.ok_or_else(|| ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."))
}

/// Services that others roll out take no deployments from here.
fn check_controller_allows(
    request: &UpdateServiceRequest,
    settings: &Settings,
) -> Result<(), ApiError> {
    if settings.controller == "ECS" {
        return Ok(());
    }
    let refused = |what: &str| {
        let controller = &settings.controller;
        let text = format!(
            "Unable to update {what} on services with a {controller} deployment controller."
        );
        Err(ApiError::invalid_parameter(text))
    };
    if request.task_definition.is_some() {
        return refused("task definition");
    }
    if request.network_configuration.is_some() {
        return refused("network parameters");
    }
    if request.force_new_deployment == Some(true) {
        return refused("force new deployment");
    }
    Ok(())
}

fn changed_settings(
    current: &Arc<Settings>,
    request: &UpdateServiceRequest,
) -> Result<Settings, ApiError> {
    let mut settings = current.as_ref().clone();
    if let Some(controller) = &request.deployment_controller {
        // API:UpdateServiceRequest: a service that uses Service Connect stays with the ECS controller;
        // here no service moves at all.
        if controller.kind != settings.controller {
            return Err(ApiError::invalid_parameter("Unable to change the deployment controller."));
        }
    }
    set_deployment_configuration(&mut settings, request.deployment_configuration.as_ref())?;
    let or = |given: &Option<serde_json::Value>, old| given.clone().or(old);
    settings.placement_constraints =
        or(&request.placement_constraints, settings.placement_constraints);
    settings.placement_strategy = or(&request.placement_strategy, settings.placement_strategy);
    settings.grace_seconds = request.health_check_grace_period_seconds.or(settings.grace_seconds);
    settings.managed_tags = request.enable_ecs_managed_tags.unwrap_or(settings.managed_tags);
    settings.execute_command = request.enable_execute_command.unwrap_or(settings.execute_command);
    settings.propagate_tags = request.propagate_tags.clone().or(settings.propagate_tags);
    settings.rebalancing = request.availability_zone_rebalancing.clone().or(settings.rebalancing);
    Ok(settings)
}
