//! `CreateService`.
//!
//! Invariants: everything is checked before anything changes. A name is free when its service is gone or
//! INACTIVE; while it is DRAINING it is taken (API:DeleteService). A repeated request with the same
//! `clientToken` is answered with the service it made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::connect::Asked;
use super::kept::Kept;
use super::tags::tag_map;
use super::{
    Breaker, Conduct, DeploySpec, EcsServiceKey, EcsServiceState, Model, RolloutKind, Settings,
};
use crate::shapes::ApiError;
use crate::shapes::ecs::{CreateServiceRequest, EcsServiceStatus, ServiceAnswer};

impl Model {
    /// `CreateService`.
    pub fn create_service(
        &mut self,
        request: CreateServiceRequest,
    ) -> Result<ServiceAnswer, ApiError> {
        self.logged("ecs.CreateService", request, |model, request| model.try_create(&request))
    }

    fn try_create(&mut self, request: &CreateServiceRequest) -> Result<ServiceAnswer, ApiError> {
        let cluster = self.cluster(request.cluster.as_deref())?.name.clone();
        check_service_name(&request.service_name)?;
        let key = EcsServiceKey::new(cluster, request.service_name.clone());
        let old = self.service(&key).filter(|old| old.status != EcsServiceStatus::Inactive);
        if let Some(old) = old {
            let token = request.client_token.as_ref();
            if token.is_some() && old.settings.client_token.as_ref() == token {
                return Ok(self.service_answer(&key));
            }
            let text = "Creation of service was not idempotent.";
            return Err(ApiError::invalid_parameter(text));
        }
        let tags = Arc::new(tag_map(request.tags.clone().unwrap_or_default())?);
        let settings = new_settings(request)?;
        let spec = self.new_spec(&key, request, &settings.controller)?;
        let daemon = settings.scheduling_strategy == "DAEMON";
        let desired = request.desired_count.unwrap_or(u32::from(daemon));
        self.insert_service(&key, desired, Arc::clone(&tags), settings);
        self.announce_first_tags(&self.arns.service(&key), &tags);
        self.start_deployment(&key, spec, RolloutKind::Deploy);
        Ok(self.service_answer(&key))
    }

    pub(super) fn insert_service(
        &mut self,
        key: &EcsServiceKey,
        desired: u32,
        tags: Arc<BTreeMap<String, String>>,
        settings: Settings,
    ) {
        let state = EcsServiceState {
            arn: self.arns.service(key),
            status: EcsServiceStatus::Active,
            desired,
            created_at: self.now,
            tags,
            settings: Arc::new(settings),
            deployments: Vec::new(),
            records: Vec::new(),
            revisions: Vec::new(),
            events: VecDeque::new(),
            old_events: 0,
            stopped: VecDeque::new(),
            owned: BTreeSet::new(),
            rollout: None,
            generation: 0,
        };
        match self.services.get_mut(key) {
            // An INACTIVE one of that name makes room; names it has left behind stay its own.
            Some(kept) => {
                let old = kept.change(self.now);
                let owned = std::mem::take(&mut old.owned);
                let generation = old.generation + 1;
                *old = EcsServiceState { owned, generation, ..state };
            }
            None => {
                self.services.insert(key.clone(), Kept::new(self.now, state));
            }
        }
    }

    fn new_spec(
        &self,
        key: &EcsServiceKey,
        request: &CreateServiceRequest,
        controller: &str,
    ) -> Result<DeploySpec, ApiError> {
        let reference = request.task_definition.as_deref();
        let missing = || ApiError::invalid_parameter("TaskDefinition can not be blank.");
        let task_definition = self.usable_task_definition(reference.ok_or_else(missing)?)?;
        let connect = match &request.service_connect_configuration {
            Some(config) => {
                check_controller(controller, request.launch_type.as_deref(), config.enabled)?;
                let task_definition = task_definition.as_ref();
                let asked = Asked { key, config, task_definition, current: None, unchanged: false };
                self.resolve(&asked)?
            }
            None => None,
        };
        let by_providers = request.capacity_provider_strategy.is_some();
        let launch_type = request.launch_type.clone().or((!by_providers).then(|| "EC2".to_owned()));
        Ok(DeploySpec {
            task_definition,
            connect,
            switched_off: false,
            platform_version: request.platform_version.clone(),
            launch_type,
            network_configuration: request.network_configuration.clone(),
            load_balancers: request.load_balancers.clone(),
            service_registries: request.service_registries.clone(),
            volume_configurations: request.volume_configurations.clone(),
            vpc_lattice_configurations: request.vpc_lattice_configurations.clone(),
            capacity_provider_strategy: request.capacity_provider_strategy.clone(),
        })
    }
}

/// Service Connect works with the ECS controller and not with external instances
/// (DG:service-connect-concepts-deploy).
pub(super) fn check_controller(
    controller: &str,
    launch_type: Option<&str>,
    enabled: bool,
) -> Result<(), ApiError> {
    if !enabled {
        return Ok(());
    }
    if controller != "ECS" {
        let text = format!(
            "Unable to update service connect configuration on services with a {controller} deployment controller."
        );
        return Err(ApiError::invalid_parameter(text));
    }
    if launch_type == Some("EXTERNAL") {
        let text = "Service Connect is not supported with launch type EXTERNAL.";
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(())
}

/// API:CreateServiceRequest: up to 255 letters, digits, hyphens and underscores.
fn check_service_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 255 || !name.chars().all(allowed) {
        return Err(ApiError::invalid_parameter("Invalid service name."));
    }
    Ok(())
}

fn new_settings(request: &CreateServiceRequest) -> Result<Settings, ApiError> {
    let controller =
        request.deployment_controller.as_ref().map_or("ECS", |each| each.kind.as_str());
    if !["ECS", "CODE_DEPLOY", "EXTERNAL"].contains(&controller) {
        return Err(ApiError::invalid_parameter("Invalid deployment controller type."));
    }
    let strategy = request.scheduling_strategy.as_deref().unwrap_or("REPLICA");
    if request.desired_count.is_none() && strategy == "REPLICA" {
        return Err(ApiError::invalid_parameter("Desired count can not be blank."));
    }
    let mut settings = Settings {
        controller: controller.to_owned(),
        scheduling_strategy: strategy.to_owned(),
        role: request.role.clone(),
        placement_constraints: request.placement_constraints.clone(),
        placement_strategy: request.placement_strategy.clone(),
        grace_seconds: request.health_check_grace_period_seconds,
        managed_tags: request.enable_ecs_managed_tags.unwrap_or_default(),
        propagate_tags: request.propagate_tags.clone(),
        execute_command: request.enable_execute_command.unwrap_or_default(),
        rebalancing: request.availability_zone_rebalancing.clone(),
        client_token: request.client_token.clone(),
        ..Settings::default()
    };
    set_deployment_configuration(&mut settings, request.deployment_configuration.as_ref())?;
    Ok(settings)
}

/// Reads `deploymentConfiguration` over what is there, with AWS's defaults for what nobody set.
pub(super) fn set_deployment_configuration(
    settings: &mut Settings,
    given: Option<&Value>,
) -> Result<(), ApiError> {
    if given.is_none() && settings.deployment_configuration.is_object() {
        return Ok(());
    }
    let daemon = settings.scheduling_strategy == "DAEMON";
    let mut whole = settings.deployment_configuration.as_object().cloned().unwrap_or_default();
    if let Some(given) = given {
        let bad = || ApiError::invalid_parameter("deploymentConfiguration must be an object.");
        whole.extend(given.as_object().ok_or_else(bad)?.clone());
    }
    // API:DeploymentConfiguration: 100 and 200 percent for REPLICA, 0 and 100 for DAEMON.
    whole.entry("maximumPercent").or_insert_with(|| json!(if daemon { 100 } else { 200 }));
    whole.entry("minimumHealthyPercent").or_insert_with(|| json!(if daemon { 0 } else { 100 }));
    whole
        .entry("deploymentCircuitBreaker")
        .or_insert_with(|| json!({"enable": false, "rollback": false}));
    whole.entry("strategy").or_insert_with(|| json!("ROLLING"));
    let number = |member: &str| whole.get(member).and_then(Value::as_u64);
    let percent = |member: &str| number(member).and_then(|value| u32::try_from(value).ok());
    let bad = || ApiError::invalid_parameter("Invalid deploymentConfiguration.");
    settings.minimum_percent = percent("minimumHealthyPercent").ok_or_else(bad)?;
    settings.maximum_percent = percent("maximumPercent").ok_or_else(bad)?;
    if settings.maximum_percent < settings.minimum_percent {
        let text = "maximumPercent must not be less than minimumHealthyPercent.";
        return Err(ApiError::invalid_parameter(text));
    }
    let breaker = whole.get("deploymentCircuitBreaker");
    let flag = |member: &str| {
        breaker.and_then(|each| each.get(member)).and_then(Value::as_bool).unwrap_or_default()
    };
    settings.conduct = Conduct::read(&whole, settings.minimum_percent)?;
    settings.breaker = Breaker { enable: flag("enable"), rollback: flag("rollback") };
    settings.deployment_configuration = Arc::new(Value::Object(whole));
    Ok(())
}
