//! The model's shapes to core's types, total and without a decision, as the real adapter reads the SDK's.
//!
//! An answer that lacks a member is read in the way that makes eastwest do least. An empty list is an absent
//! one, as ECS itself treats them.

pub(crate) mod connect;
pub(crate) mod members;
pub(crate) mod other;

use std::sync::Arc;

use eastwest_core::ecs::name::{Arn, DeploymentId, DiscoveryName};
use eastwest_core::ecs::service::{
    Deployment, DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceEvent,
    ServiceStatus, Strategy,
};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::view::rollout::is_telling;
use serde_json::Value;

use crate::shapes::Time;
use crate::shapes::ecs::{self, EcsServiceStatus, RolloutState};

/// Events that are looked at, as the real adapter does.
const EVENTS: usize = 10;

/// An instant as core has it.
pub(crate) fn time(at: Time) -> AwsTime {
    AwsTime(i64::try_from(at.0).unwrap_or(i64::MAX))
}

/// A service as `DescribeServices` answered it for `key`; its raw members are looked through where asked.
pub(crate) fn service(key: ServiceKey, service: ecs::EcsService, closely: bool) -> EcsService {
    let is_steady = service.deployments.len() == 1
        && service.running_count == service.desired_count
        && service.pending_count == 0;
    let unknown_members = if closely { members::unknown(&service) } else { Vec::new() };
    let tags = service.tags.into_iter().flatten();
    let registries = service.service_registries.as_array().into_iter().flatten();
    let registries = registries.filter_map(|each| each.get("registryArn")?.as_str());
    let registries = registries.map(Arn::as_read).collect();
    EcsService {
        arn: Arn::as_read(&service.service_arn),
        key,
        created_at: time(service.created_at),
        status: match service.status {
            EcsServiceStatus::Active => ServiceStatus::Active,
            EcsServiceStatus::Draining => ServiceStatus::Draining,
            EcsServiceStatus::Inactive => ServiceStatus::Inactive,
        },
        tags: tags.map(|tag| (tag.key, tag.value)).collect(),
        controller: match service.deployment_controller.kind.as_str() {
            "" | "ECS" => DeploymentController::Ecs,
            "CODE_DEPLOY" => DeploymentController::CodeDeploy,
            _ => DeploymentController::External,
        },
        strategy: strategy(&service.deployment_configuration),
        events: latest(&service.events),
        launch_type: service.launch_type.unwrap_or_default(),
        platform_family: service.platform_family.unwrap_or_default(),
        platform_version: service.platform_version.unwrap_or_default(),
        desired_count: service.desired_count,
        task_definition: Arn::as_read(&service.task_definition),
        registries,
        deployments: service.deployments.iter().map(|each| deployment(each, is_steady)).collect(),
        unknown_members,
    }
}

/// The newest, and the latest that may explain a failure.
fn latest(events: &[Arc<ecs::ServiceEvent>]) -> Vec<ServiceEvent> {
    let mut events = events.iter().map(|each| event(each));
    let newest = events.next();
    let telling = events.filter(|event| is_telling(&event.message));
    newest.into_iter().chain(telling).take(EVENTS).collect()
}

fn strategy(configuration: &Value) -> Strategy {
    let number = |path: &[&str]| {
        let number = path.iter().try_fold(configuration, |value, member| value.get(member));
        let part = || number.and_then(Value::as_f64)?.floor().to_string().parse().ok();
        let whole = number.and_then(Value::as_u64).or_else(part).unwrap_or_default();
        whole.min(44_640).try_into().unwrap_or_default()
    };
    let canary = configuration.get("canaryConfiguration").is_some();
    let kind = configuration.get("strategy").and_then(Value::as_str).unwrap_or("ROLLING");
    Strategy {
        shifts: kind != "ROLLING",
        bake_minutes: number(&["bakeTimeInMinutes"]),
        step_minutes: number(&["linearConfiguration", "stepBakeTimeInMinutes"])
            .max(number(&["canaryConfiguration", "canaryBakeTimeInMinutes"])),
        step_percent: if canary { 100 } else { number(&["linearConfiguration", "stepPercent"]) },
        early_success: configuration.pointer("/earlySuccessCriteria/enable")
            == Some(&Value::Bool(true)),
    }
}

fn event(event: &ecs::ServiceEvent) -> ServiceEvent {
    ServiceEvent { at: time(event.created_at), message: event.message.clone() }
}

fn deployment(deployment: &ecs::EcsDeployment, is_steady: bool) -> Deployment {
    let resources = deployment.service_connect_resources.iter().flatten();
    Deployment {
        id: DeploymentId::as_read(&deployment.id),
        status: match deployment.status {
            ecs::DeploymentStatus::Primary => DeploymentStatus::Primary,
            ecs::DeploymentStatus::Active => DeploymentStatus::Active,
            ecs::DeploymentStatus::Inactive => DeploymentStatus::Inactive,
        },
        rollout: match deployment.rollout_state {
            Some(RolloutState::Completed) => Rollout::Completed,
            Some(RolloutState::Failed) => Rollout::Failed,
            None if is_steady => Rollout::Completed,
            Some(RolloutState::InProgress) | None => Rollout::InProgress,
        },
        rollout_reason: deployment.rollout_state_reason.clone().unwrap_or_default(),
        running_count: deployment.running_count,
        created_at: time(deployment.created_at),
        updated_at: time(deployment.updated_at),
        task_definition: Arn::as_read(&deployment.task_definition),
        connect: deployment.service_connect_configuration.as_deref().and_then(connect::read),
        cloud_map: resources
            .map(|each| {
                (DiscoveryName::as_read(&each.discovery_name), Arn::as_read(&each.discovery_arn))
            })
            .collect(),
    }
}
