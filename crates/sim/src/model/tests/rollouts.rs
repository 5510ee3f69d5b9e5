//! Deployments over time: what starts one, how tasks move, what fails, what comes back.

use serde_json::{Value, json};

use super::{World, read, serves};
use crate::model::{AsOf, Effect, RolloutOutcome};
use crate::shapes::ecs::DeploymentStatus::{Active, Primary};
use crate::shapes::ecs::RolloutState::{Completed, Failed, InProgress};
use crate::shapes::ecs::{ServiceDeployment, ServiceDeploymentStatus};

pub(super) fn records(world: &World, name: &str) -> Vec<ServiceDeployment> {
    let request = read(json!({"cluster": "prod", "service": name}));
    let listed = world.model.list_service_deployments(AsOf::Now, &request).unwrap();
    let arns: Vec<String> =
        listed.service_deployments.into_iter().map(|each| each.service_deployment_arn).collect();
    let request = read(json!({"serviceDeploymentArns": arns}));
    world.model.describe_service_deployments(AsOf::Now, &request).unwrap().service_deployments
}

pub(super) fn breaker(rollback: bool) -> Value {
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}}})
}

#[test]
fn a_rollout_completes_exactly_when_its_script_says() {
    let mut world = World::new();
    world.script("web", 40, RolloutOutcome::Complete);
    world.create("web", json!({})).unwrap();
    world.pass(39);
    assert_eq!(world.primary("web").rollout_state, Some(InProgress));
    world.pass(1);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    assert_eq!(world.model.next_event(), None);
}

#[test]
fn old_tasks_serve_until_new_ones_run() {
    let mut world = World::new();
    world.server("web");
    world.force("web");
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 2), (Active, Completed, 2, 0)]);
    world.pass(8);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 2, 0), (Active, Completed, 2, 0)]);
    world.pass(22);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    let reason = world.primary("web").rollout_state_reason.unwrap();
    assert_eq!(reason, format!("ECS deployment {} completed.", world.primary("web").id));
}

#[test]
fn what_starts_a_deployment_does_and_nothing_else() {
    let mut world = World::new();
    world.server("web");
    world.register("app", &json!("http"));
    let deploys = [
        json!({"taskDefinition": "app:2"}),
        json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}}}),
        json!({"platformVersion": "1.4.0"}),
        json!({"loadBalancers": [{"containerPort": 1}]}),
        json!({"serviceRegistries": [{"registryArn": "a"}]}),
        json!({"volumeConfigurations": [{"name": "v"}]}),
        json!({"vpcLatticeConfigurations": [{"roleArn": "a"}]}),
        json!({"forceNewDeployment": true}),
        json!({"serviceConnectConfiguration": {"enabled": false}}),
    ];
    for change in deploys {
        let before = world.primary("web").id;
        world.update("web", change.clone()).unwrap();
        assert_ne!(world.primary("web").id, before, "{change}");
        let started = Effect::Started { deployment: world.primary("web").id };
        assert_eq!(world.model.mutations().last().unwrap().effect, started);
        world.pass(60);
    }
    let quiet = [
        json!({"desiredCount": 3}),
        json!({"deploymentConfiguration": {"maximumPercent": 150}}),
        json!({"enableExecuteCommand": true}),
        json!({"propagateTags": "SERVICE"}),
        json!({"enableECSManagedTags": true}),
        json!({"healthCheckGracePeriodSeconds": 5}),
        json!({"placementStrategy": []}),
        json!({"taskDefinition": "app:2"}),
    ];
    for change in quiet {
        let before = world.primary("web").id;
        world.update("web", change.clone()).unwrap();
        assert_eq!(world.primary("web").id, before, "{change}");
        assert_eq!(world.model.mutations().last().unwrap().effect, Effect::Changed);
    }
}

#[test]
fn a_second_update_stops_the_first_ones_service_deployment() {
    let mut world = World::new();
    world.server("web");
    world.force("web");
    world.pass(3);
    world.force("web");
    assert_eq!(records(&world, "web")[1].status, ServiceDeploymentStatus::StopRequested);
    world.pass(2);
    assert_eq!(records(&world, "web")[1].status, ServiceDeploymentStatus::Stopped);
    // The superseded deployment had only pending tasks, so it is gone; the completed one serves on.
    world.pass(10);
    assert_eq!(world.deployments("web").len(), 2);
    world.pass(60);
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::Successful);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn without_the_circuit_breaker_a_failing_deployment_stays_in_progress_for_ever() {
    let mut world = World::new();
    world.server("web");
    world.script("web", 30, RolloutOutcome::Fail);
    world.force("web");
    world.pass(100_000);
    let primary = world.primary("web");
    assert_eq!((primary.rollout_state, primary.failed_tasks), (Some(InProgress), 3));
    assert_eq!(world.describe("web").running_count, 2);
}

#[test]
fn the_circuit_breaker_without_rollback_leaves_a_failed_primary() {
    let mut world = World::new();
    world.server("web");
    world.update("web", breaker(false)).unwrap();
    world.script("web", 30, RolloutOutcome::Fail);
    world.force("web");
    world.pass(60);
    assert_eq!(world.deployments("web"), [(Primary, Failed, 0, 0), (Active, Completed, 2, 0)]);
    assert!(world.primary("web").rollout_state_reason.unwrap().contains("tasks failed to start"));
}

#[test]
fn a_rollback_takes_the_configuration_back_and_tells_nobody() {
    let mut world = World::new();
    world.server("web");
    world.update("web", breaker(true)).unwrap();
    let good = world.primary("web").id;
    world.script("web", 30, RolloutOutcome::Fail);
    world.connect("web", &serves("renamed")).unwrap();
    let bad = world.primary("web").id;
    world.pass(30);
    let primary = world.primary("web");
    assert_eq!((primary.id.as_str(), primary.rollout_state), (good.as_str(), Some(InProgress)));
    let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {good}.");
    assert_eq!(primary.rollout_state_reason.unwrap(), reason);
    let failed = &world.describe("web").deployments[1];
    assert_eq!(
        (failed.id.as_str(), failed.status, failed.rollout_state),
        (bad.as_str(), Active, Some(Failed))
    );
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::RollbackInProgress);
    world.pass(20);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0), (Active, Failed, 0, 0)]);
    world.pass(60);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    let config = world.primary("web").service_connect_configuration.unwrap();
    assert_eq!(config.services.as_ref().unwrap()[0].discovery_name.as_deref(), Some("web"));
    let record = records(&world, "web").remove(0);
    assert_eq!(record.status, ServiceDeploymentStatus::RollbackSuccessful);
    assert_eq!(record.deployment_circuit_breaker.failure_count, 3);
    // The revision that failed can be read, and says what was asked for.
    let request = read(json!({"serviceRevisionArns": [record.target_service_revision.arn]}));
    let revision = world.model.describe_service_revisions(AsOf::Now, &request).unwrap();
    let config = revision.service_revisions[0].service_connect_configuration.clone().unwrap();
    assert_eq!(config.services.as_ref().unwrap()[0].discovery_name.as_deref(), Some("renamed"));
}

#[test]
fn with_no_completed_deployment_to_go_back_to_the_service_stalls() {
    let mut world = World::new();
    world.script("web", 30, RolloutOutcome::Fail);
    world.create("web", breaker(true)).unwrap();
    world.pass(10_000);
    assert_eq!(world.deployments("web"), [(Primary, Failed, 0, 0)]);
}

#[test]
fn a_stalled_rollout_stays_pending_and_a_new_one_gets_it_going() {
    let mut world = World::new();
    world.server("web");
    world.script("web", 30, RolloutOutcome::Stall);
    world.force("web");
    world.pass(10_000);
    assert_eq!(world.deployments("web")[0], (Primary, InProgress, 0, 2));
    world.script("web", 30, RolloutOutcome::Complete);
    world.force("web");
    world.pass(30);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn percentages_without_room_wedge_a_rollout_and_say_so() {
    let mut world = World::new();
    let tight = json!({"desiredCount": 1, "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}});
    world.create("web", tight).unwrap();
    world.pass(60);
    world.force("web");
    world.pass(600);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 0), (Active, Completed, 1, 0)]);
    assert!(world.describe("web").events[0].message.contains("was unable to stop or start tasks"));
}

#[test]
fn a_service_of_zero_tasks_completes_with_none() {
    let mut world = World::new();
    let more = json!({"desiredCount": 0, "serviceConnectConfiguration": serves("web")});
    world.create("web", more).unwrap();
    world.pass(60);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 0, 0)]);
    assert_eq!(world.cloud_map_names(), ["web"]);
}

#[test]
fn a_changed_desired_count_moves_tasks_and_no_state() {
    let mut world = World::new();
    world.server("web");
    world.update("web", json!({"desiredCount": 5})).unwrap();
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 3)]);
    world.pass(5);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 5, 0)]);
    world.update("web", json!({"desiredCount": 1})).unwrap();
    world.pass(5);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 1, 0)]);
}

#[test]
fn a_desired_count_changed_in_the_middle_of_a_rollout_is_reached_with_it() {
    let mut world = World::new();
    world.server("web");
    world.force("web");
    world.pass(5);
    world.update("web", json!({"desiredCount": 6})).unwrap();
    world.pass(300);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 6, 0)]);
}

#[test]
fn a_service_deployment_runs_from_pending_to_successful() {
    let mut world = World::new();
    let service = world.create("web", json!({})).unwrap();
    let arn = service.current_service_deployment.unwrap();
    let pattern = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/";
    assert!(arn.starts_with(pattern), "{arn}");
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::Pending);
    world.pass(1);
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::InProgress);
    world.pass(60);
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::Successful);
    assert_eq!(world.describe("web").current_service_deployment, None);
}

#[test]
fn a_service_deployment_can_be_stopped_and_goes_back() {
    let mut world = World::new();
    world.server("web");
    let good = world.primary("web").id;
    let updated = world.update("web", json!({"forceNewDeployment": true})).unwrap();
    let arn = updated.current_service_deployment.unwrap();
    world.pass(12);
    let request = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    world.model.stop_service_deployment(read(request.clone())).unwrap();
    let again = world.model.stop_service_deployment(read(request)).unwrap_err();
    assert_eq!(again.code, "ConflictException");
    world.pass(20);
    assert_eq!(world.primary("web").id, good);
    assert_eq!(records(&world, "web")[0].status, ServiceDeploymentStatus::RollbackSuccessful);
}

#[test]
fn the_same_calls_give_the_same_world() {
    let run = || {
        let mut world = World::new();
        world.server("web");
        world.force("web");
        world.pass(17);
        world.model.state()
    };
    assert_eq!(run(), run());
}
