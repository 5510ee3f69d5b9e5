//! An ECS service and its deployments, from the SDK's types to core's.
//!
//! A value that we do not know is read in the way that makes eastwest wait: a deployment in an
//! unknown state is still rolling, a service in an unknown state is going away, an unknown controller is not
//! ECS. Nothing is ever written to any of the three.
//!
//! Answers are large (a hundred events for each service); what we keep of them is moved out or shared, and
//! the rest dies with the answer.

use std::cmp::Reverse;

use aws_sdk_ecs::types as sdk;
use eastwest_core::ecs::name::{Arn, DeploymentId, DiscoveryName};
use eastwest_core::ecs::service::{
    Deployment, DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceEvent,
    ServiceStatus, Strategy,
};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::view::rollout::is_telling;

use super::{connect, time};

/// Events that are looked at: the one that explains a rollout is among the latest.
pub(crate) const EVENTS: usize = 10;

/// A service as `DescribeServices` answered it for `key`.
pub(crate) fn read(key: ServiceKey, service: sdk::Service) -> EcsService {
    let is_steady = service.deployments().len() == 1
        && service.running_count == service.desired_count
        && service.pending_count == 0;
    let task_definition = Arn::as_read(service.task_definition().unwrap_or_default());
    let deployments = service.deployments().iter();
    let registries = service.service_registries().iter();
    EcsService {
        arn: Arn::as_read(service.service_arn().unwrap_or_default()),
        key,
        // The older of two claimants wins, so one whose age we cannot read must look young.
        created_at: time(service.created_at, AwsTime(i64::MAX)),
        status: status(service.status()),
        controller: controller(service.deployment_controller()),
        strategy: strategy(service.deployment_configuration()),
        events: latest(service.events()),
        desired_count: u32::try_from(service.desired_count).unwrap_or_default(),
        deployments: deployments.map(|d| deployment(d, &task_definition, is_steady)).collect(),
        registries: registries.filter_map(|each| each.registry_arn()).map(Arn::as_read).collect(),
        launch_type: service.launch_type.map(|l| l.as_str().to_owned()).unwrap_or_default(),
        platform_family: service.platform_family.unwrap_or_default(),
        platform_version: service.platform_version.unwrap_or_default(),
        task_definition,
        tags: service.tags.into_iter().flatten().filter_map(tag).collect(),
        unknown_members: Vec::new(),
    }
}

fn tag(tag: sdk::Tag) -> Option<(String, String)> {
    Some((tag.key?, tag.value.unwrap_or_default()))
}

fn status(status: Option<&str>) -> ServiceStatus {
    match status {
        Some("ACTIVE") => ServiceStatus::Active,
        Some("INACTIVE") => ServiceStatus::Inactive,
        // DRAINING, and what we do not know: its names count as taken and it is left alone.
        _ => ServiceStatus::Draining,
    }
}

/// Absent means ECS (API:DeploymentController).
fn controller(controller: Option<&sdk::DeploymentController>) -> DeploymentController {
    match controller.map(sdk::DeploymentController::r#type) {
        None | Some(sdk::DeploymentControllerType::Ecs) => DeploymentController::Ecs,
        Some(sdk::DeploymentControllerType::CodeDeploy) => DeploymentController::CodeDeploy,
        Some(_) => DeploymentController::External,
    }
}

fn strategy(configuration: Option<&sdk::DeploymentConfiguration>) -> Strategy {
    let Some(configuration) = configuration else { return Strategy::default() };
    let minutes = |given: Option<i32>| given.and_then(|m| u32::try_from(m).ok()).unwrap_or(0);
    let (linear, canary) =
        (configuration.linear_configuration(), configuration.canary_configuration());
    let steps = linear.and_then(sdk::LinearConfiguration::step_bake_time_in_minutes);
    let canary = canary.and_then(sdk::CanaryConfiguration::canary_bake_time_in_minutes);
    let percent = linear.and_then(sdk::LinearConfiguration::step_percent);
    // A canary moves a part and then the rest, which is one step that lasts.
    let percent = percent.map(whole).or(canary.map(|_| 100));
    Strategy {
        shifts: configuration.strategy().is_some_and(|s| *s != sdk::DeploymentStrategy::Rolling),
        bake_minutes: minutes(configuration.bake_time_in_minutes()),
        step_minutes: minutes(steps.or(canary)),
        step_percent: percent.unwrap_or(0),
        early_success: configuration
            .early_success_criteria()
            .is_some_and(sdk::DeploymentEarlySuccessCriteria::enable),
    }
}

/// A share of traffic in whole percent, at least one.
fn whole(percent: f64) -> u32 {
    (1..=100).rev().find(|each| f64::from(*each) <= percent).unwrap_or(1)
}

/// The newest, and the latest that may explain a failure: a rollout that fails writes many others. The answer's order is
/// not promised; that it holds the latest hundred is (API:Service.events).
fn latest(events: &[sdk::ServiceEvent]) -> Vec<ServiceEvent> {
    let mut events: Vec<&sdk::ServiceEvent> = events.iter().collect();
    events.sort_by_key(|event| Reverse(event.created_at));
    let mut events = events.into_iter().map(event);
    let newest = events.next();
    let telling = events.filter(|event| is_telling(&event.message));
    newest.into_iter().chain(telling).take(EVENTS).collect()
}

fn event(event: &sdk::ServiceEvent) -> ServiceEvent {
    let at = time(event.created_at, AwsTime(0));
    ServiceEvent { at, message: event.message().unwrap_or_default().to_owned() }
}

fn deployment(deployment: &sdk::Deployment, current: &Arn, is_steady: bool) -> Deployment {
    // A moment we cannot read is the oldest: it hides no newer reading.
    let created_at = time(deployment.created_at, AwsTime(0));
    let resources = deployment.service_connect_resources().iter();
    Deployment {
        id: DeploymentId::as_read(deployment.id().unwrap_or_default()),
        status: deployment_status(deployment.status()),
        rollout: rollout(deployment.rollout_state(), is_steady),
        rollout_reason: deployment.rollout_state_reason().unwrap_or_default().to_owned(),
        running_count: u32::try_from(deployment.running_count()).unwrap_or_default(),
        created_at,
        updated_at: time(deployment.updated_at, created_at),
        task_definition: shared(deployment.task_definition(), current),
        connect: deployment.service_connect_configuration().and_then(connect::read),
        cloud_map: resources.filter_map(cloud_map).collect(),
    }
}

/// Most deployments run the service's own task definition: one allocation for both.
fn shared(arn: Option<&str>, current: &Arn) -> Arn {
    match arn.unwrap_or_default() {
        arn if arn == current.as_str() => current.clone(),
        arn => Arn::as_read(arn),
    }
}

fn deployment_status(status: Option<&str>) -> DeploymentStatus {
    match status {
        Some("PRIMARY") => DeploymentStatus::Primary,
        Some("INACTIVE") => DeploymentStatus::Inactive,
        _ => DeploymentStatus::Active,
    }
}

/// ECS gives no state to a service behind a Classic Load Balancer (API:Deployment.rolloutState). For it we
/// take what `aws ecs wait services-stable` takes: one deployment, with every task it wants. A state we do
/// not know counts as rolling, because a rolling service is never touched.
fn rollout(state: Option<&sdk::DeploymentRolloutState>, is_steady: bool) -> Rollout {
    match state {
        Some(sdk::DeploymentRolloutState::Completed) => Rollout::Completed,
        Some(sdk::DeploymentRolloutState::Failed) => Rollout::Failed,
        None if is_steady => Rollout::Completed,
        _ => Rollout::InProgress,
    }
}

fn cloud_map(resource: &sdk::ServiceConnectServiceResource) -> Option<(DiscoveryName, Arn)> {
    let name = DiscoveryName::as_read(resource.discovery_name()?);
    Some((name, Arn::as_read(resource.discovery_arn()?)))
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
