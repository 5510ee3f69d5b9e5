//! Deployments that shift traffic, wait for somebody, or are done early; and what ECS says of trouble.

use serde_json::{Value, json};

use super::rollouts::{breaker, records};
use super::{World, read, serves};
use crate::model::{AsOf, RolloutOutcome, Switches};
use crate::shapes::ApiError;
use crate::shapes::ecs::DeploymentLifecycleHookStatus::{AwaitingAction, Succeeded, TimedOut};
use crate::shapes::ecs::DeploymentStatus::{Active, Primary};
use crate::shapes::ecs::RolloutState::{Completed, Failed, InProgress};
use crate::shapes::ecs::{
    ServiceDeployment, ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus as Status,
};

/// A world with the service `web`, rolled out, whose deployments then go as `configuration` says.
fn world(configuration: &Value) -> World {
    with(Switches::default(), configuration)
}

fn with(switches: Switches, configuration: &Value) -> World {
    let mut world = World::with(switches);
    world.server("web");
    world.update("web", json!({"deploymentConfiguration": configuration})).unwrap();
    world.script("web", 80, RolloutOutcome::Complete);
    world
}

fn blue_green(bake: u32) -> Value {
    json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": bake})
}

fn paused_at(stages: &[&str], more: &Value) -> Value {
    let mut configuration = json!({"lifecycleHooks": [
        {"targetType": "PAUSE", "lifecycleStages": stages}
    ]});
    super::merge(&mut configuration, more.clone());
    configuration
}

fn newest(world: &World) -> ServiceDeployment {
    records(world, "web").remove(0)
}

/// The stages that the newest service deployment shows, each once, looked at every second until it ends.
fn stages(world: &mut World) -> String {
    let mut seen: Vec<&str> = Vec::new();
    while newest(world).finished_at.is_none() {
        let stage = newest(world).lifecycle_stage.map_or("-", Stage::as_str);
        if seen.last() != Some(&stage) {
            seen.push(stage);
        }
        world.pass(1);
    }
    seen.join(" ")
}

fn answer(world: &mut World, action: &str) -> Result<(), ApiError> {
    let record = newest(world);
    let hooks = record.lifecycle_hook_details.unwrap_or_default();
    let request = json!({
        "serviceDeploymentArn": record.service_deployment_arn,
        "hookId": hooks.last().unwrap().hook_id,
        "action": action,
    });
    world.model.continue_service_deployment(read(request)).map(|_| ())
}

fn events(world: &World) -> Vec<String> {
    world.describe("web").events.iter().map(|event| event.message.clone()).collect()
}

#[test]
fn green_stands_beside_blue_until_the_bake_time_is_over() {
    let mut world = world(&blue_green(5));
    world.force("web");
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 0), (Active, Completed, 2, 0)]);
    world.pass(10);
    assert_eq!(world.deployments("web")[0], (Primary, InProgress, 0, 2));
    world.pass(100);
    assert_eq!(newest(&world).lifecycle_stage, Some(Stage::BakeTime));
    assert_eq!(newest(&world).status, Status::InProgress);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 2, 0), (Active, Completed, 2, 0)]);
    world.pass(269);
    assert_eq!(newest(&world).lifecycle_stage, Some(Stage::CleanUp));
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 2, 0), (Active, Completed, 0, 0)]);
    world.pass(1);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    assert_eq!(newest(&world).status, Status::Successful);
    assert_eq!(world.model.next_event(), None);
}

#[test]
fn the_stages_come_in_order() {
    let mut world = world(&blue_green(1));
    world.force("web");
    assert_eq!(
        stages(&mut world),
        "PRE_SCALE_UP SCALE_UP POST_SCALE_UP TEST_TRAFFIC_SHIFT POST_TEST_TRAFFIC_SHIFT \
         PRODUCTION_TRAFFIC_SHIFT POST_PRODUCTION_TRAFFIC_SHIFT BAKE_TIME CLEAN_UP"
    );
}

#[test]
fn a_rolling_deployment_shows_no_stage() {
    let mut world = world(&json!({}));
    world.force("web");
    assert_eq!(stages(&mut world), "-");
}

#[test]
fn linear_and_canary_take_the_time_of_their_steps() {
    let shapes = [
        // Four steps of 25 %, three waits of two minutes, three minutes of baking.
        (
            json!({"strategy": "LINEAR", "bakeTimeInMinutes": 3,
            "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}}),
            6 + 3,
        ),
        // Ten steps of 10 % with six minutes between.
        (json!({"strategy": "LINEAR"}), 54),
        (
            json!({"strategy": "CANARY", "bakeTimeInMinutes": 1,
            "canaryConfiguration": {"canaryPercent": 0.5, "canaryBakeTimeInMinutes": 7}}),
            7 + 1,
        ),
        (json!({"strategy": "CANARY"}), 10),
    ];
    for (configuration, minutes) in shapes {
        let mut world = world(&configuration);
        world.force("web");
        world.pass(minutes * 60 + 79);
        assert_eq!(world.deployments("web")[0].1, InProgress, "{configuration}");
        world.pass(1);
        assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)], "{configuration}");
    }
}

#[test]
fn what_the_reference_forbids_is_refused_and_changes_nothing() {
    let bad = [
        json!({"strategy": "PURPLE"}),
        json!({"strategy": "BLUE_GREEN"}),
        json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441}),
        json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}),
        json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.05}}),
        paused_at(&["PRODUCTION_TRAFFIC_SHIFT"], &json!({})),
        paused_at(&[], &json!({})),
        json!({"earlySuccessCriteria": {"enable": true}}),
        json!({"earlySuccessCriteria": {"enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}}),
        json!({"strategy": "CANARY", "earlySuccessCriteria": {"enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"}}),
    ];
    for configuration in bad {
        let mut world = World::new();
        world.server("web");
        let before = world.describe("web").deployment_configuration;
        let change = json!({"deploymentConfiguration": configuration});
        let refused = world.update("web", change).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterException", "{configuration}");
        assert_eq!(world.describe("web").deployment_configuration, before);
    }
}

#[test]
fn the_configuration_comes_back_as_it_was_sent() {
    let sent = paused_at(
        &["POST_SCALE_UP"],
        &json!({
            "strategy": "LINEAR",
            "linearConfiguration": {"stepPercent": 12.5, "stepBakeTimeInMinutes": 1},
        }),
    );
    let shown = world(&sent).describe("web").deployment_configuration;
    for (member, value) in sent.as_object().unwrap() {
        assert_eq!(&shown[member], value);
    }
}

#[test]
fn the_rollout_state_of_a_shift_can_be_left_out() {
    let switches = Switches { non_rolling_state_shown: false, ..Switches::default() };
    let mut world = with(switches, &blue_green(1));
    world.force("web");
    assert_eq!(world.primary("web").rollout_state, None);
    assert_eq!(newest(&world).status, Status::Pending);
    world.pass(600);
    assert_eq!(world.primary("web").rollout_state, None);
    assert_eq!(newest(&world).status, Status::Successful);
}

#[test]
fn green_that_fails_to_start_goes_back_to_blue_without_any_circuit_breaker() {
    let mut world = world(&blue_green(5));
    let blue = world.primary("web").id;
    world.script("web", 80, RolloutOutcome::Fail);
    world.connect("web", &serves("renamed")).unwrap();
    world.pass(60);
    assert_eq!(world.primary("web").id, blue);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0), (Active, Failed, 0, 0)]);
    let record = newest(&world);
    assert_eq!(record.status, Status::RollbackSuccessful);
    assert!(record.rollback.unwrap().service_revision_arn.is_some());
    assert!(record.finished_at > record.started_at);
    let config = world.primary("web").service_connect_configuration.unwrap();
    assert_eq!(config.services.as_ref().unwrap()[0].discovery_name.as_deref(), Some("web"));
}

#[test]
fn green_that_finds_no_place_stays_pending_beside_blue() {
    let mut world = world(&blue_green(5));
    world.script("web", 80, RolloutOutcome::Stall);
    world.force("web");
    world.pass(100_000);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 2), (Active, Completed, 2, 0)]);
    assert_eq!(newest(&world).lifecycle_stage, Some(Stage::ScaleUp));
    assert!(events(&world)[0].contains("was unable to place a task. Reason: Capacity"));
}

#[test]
fn a_shift_that_is_superseded_reconciles_first() {
    let mut world = world(&blue_green(5));
    world.force("web");
    world.pass(100);
    assert_eq!(world.deployments("web").len(), 2);
    world.force("web");
    assert_eq!(newest(&world).lifecycle_stage, Some(Stage::ReconcileService));
    assert_eq!(records(&world, "web")[1].status, Status::StopRequested);
    assert_eq!(newest(&world).source_service_revisions.len(), 2);
    world.pass(10);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 0), (Active, Completed, 2, 0)]);
    world.pass(400);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn a_desired_count_changed_during_a_shift_is_reached_after_it() {
    let mut world = world(&blue_green(1));
    world.force("web");
    world.pass(60);
    world.update("web", json!({"desiredCount": 5})).unwrap();
    world.pass(300);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 5, 0)]);
}

#[test]
fn a_pause_lasts_until_somebody_continues() {
    let more = blue_green(1);
    let mut world = world(&paused_at(&["POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT"], &more));
    world.force("web");
    world.pass(3600);
    let record = newest(&world);
    assert_eq!(
        (record.status, record.lifecycle_stage),
        (Status::InProgress, Some(Stage::PostScaleUp))
    );
    let hook = record.lifecycle_hook_details.unwrap().remove(0);
    assert_eq!(hook.status, AwaitingAction);
    assert!(hook.hook_id.starts_with("ecs-pause-"), "{}", hook.hook_id);
    assert!(world.model.service(&read_key()).unwrap().is_paused());
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 2, 0), (Active, Completed, 2, 0)]);
    answer(&mut world, "CONTINUE").unwrap();
    assert_eq!(answer(&mut world, "CONTINUE").unwrap_err().code, "ClientException");
    world.pass(3600);
    // It waits again at the next place, which no stage of the deployment is named after.
    let record = newest(&world);
    assert_eq!(record.lifecycle_stage, Some(Stage::PostTestTrafficShift));
    let hooks = record.lifecycle_hook_details.unwrap();
    assert_eq!([hooks[0].status, hooks[1].status], [Succeeded, AwaitingAction]);
    answer(&mut world, "CONTINUE").unwrap();
    world.pass(200);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    assert_eq!(newest(&world).status, Status::Successful);
}

fn read_key() -> crate::model::EcsServiceKey {
    crate::model::EcsServiceKey::parse("prod/web")
}

#[test]
fn a_pause_can_be_answered_by_going_back() {
    let mut world = world(&paused_at(&["POST_SCALE_UP"], &blue_green(1)));
    let blue = world.primary("web").id;
    world.force("web");
    world.pass(600);
    answer(&mut world, "ROLLBACK").unwrap();
    assert_eq!(newest(&world).status, Status::RollbackInProgress);
    world.pass(100);
    assert_eq!(world.primary("web").id, blue);
    assert_eq!(newest(&world).status, Status::RollbackSuccessful);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn a_pause_nobody_answers_ends_after_a_day_or_as_it_says() {
    let mut world = world(&paused_at(&["PRE_SCALE_UP"], &blue_green(1)));
    world.force("web");
    world.pass(86_399);
    assert_eq!(newest(&world).status, Status::InProgress);
    world.pass(60);
    assert_eq!(newest(&world).status, Status::RollbackSuccessful);
    assert_eq!(newest(&world).lifecycle_hook_details.unwrap()[0].status, TimedOut);
    let mut configuration = paused_at(&["PRE_SCALE_UP"], &blue_green(1));
    configuration["lifecycleHooks"][0]["timeoutConfiguration"] =
        json!({"timeoutInMinutes": 10, "action": "CONTINUE"});
    world.update("web", json!({"deploymentConfiguration": configuration})).unwrap();
    world.force("web");
    world.pass(10 * 60 + 80 + 60);
    assert_eq!(newest(&world).status, Status::Successful);
}

#[test]
fn a_rolling_deployment_pauses_too() {
    let mut world = world(&paused_at(&["PRE_SCALE_UP", "POST_SCALE_UP"], &json!({})));
    world.force("web");
    world.pass(3600);
    assert_eq!(world.deployments("web"), [(Primary, InProgress, 0, 0), (Active, Completed, 2, 0)]);
    answer(&mut world, "CONTINUE").unwrap();
    world.pass(3600);
    assert_eq!(world.deployments("web")[0], (Primary, InProgress, 2, 0));
    answer(&mut world, "CONTINUE").unwrap();
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn a_newer_deployment_ends_a_pause() {
    let mut world = world(&paused_at(&["POST_SCALE_UP"], &blue_green(1)));
    world.force("web");
    world.pass(600);
    world.update("web", json!({"deploymentConfiguration": {"lifecycleHooks": []}})).unwrap();
    world.force("web");
    world.pass(600);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
    let stopped = records(&world, "web").remove(1);
    assert_eq!((stopped.status, stopped.lifecycle_hook_details), (Status::Stopped, None));
    world.pass(100_000);
    assert_eq!(newest(&world).status, Status::Successful);
}

fn early(percent: u32, cleanup: &str) -> Value {
    json!({"minimumHealthyPercent": 50, "maximumPercent": 100, "earlySuccessCriteria": {
        "enable": true, "healthyPercent": percent, "sourceServiceRevisionCleanup": cleanup}})
}

#[test]
fn with_deferred_cleanup_a_deployment_is_done_while_old_tasks_linger() {
    let mut world = world(&early(50, "DEFERRED"));
    world.update("web", json!({"desiredCount": 4})).unwrap();
    world.pass(60);
    world.force("web");
    while newest(&world).finished_at.is_none() {
        world.pass(1);
    }
    assert_eq!(newest(&world).status, Status::Successful);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0), (Active, Completed, 2, 0)]);
    world.pass(3500);
    assert_eq!(world.deployments("web").len(), 2);
    world.pass(200);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 4, 0)]);
    assert_eq!(world.model.next_event(), None);
}

#[test]
fn with_deferred_cleanup_a_new_deployment_takes_the_lingering_tasks_away() {
    let mut world = world(&early(100, "DEFERRED"));
    world.update("web", json!({"deploymentConfiguration": {"maximumPercent": 200}})).unwrap();
    world.force("web");
    world.pass(80);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0), (Active, Completed, 2, 0)]);
    world
        .update("web", json!({"deploymentConfiguration": {"earlySuccessCriteria": null}}))
        .unwrap();
    world.force("web");
    world.pass(80);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 0)]);
}

#[test]
fn with_blocking_cleanup_the_old_tasks_are_gone_when_a_deployment_is_done() {
    let mut world = world(&early(50, "BLOCKING"));
    world.update("web", json!({"desiredCount": 4})).unwrap();
    world.pass(60);
    world.force("web");
    while newest(&world).finished_at.is_none() {
        world.pass(1);
    }
    assert_eq!(world.deployments("web"), [(Primary, Completed, 2, 2)]);
    world.pass(60);
    assert_eq!(world.deployments("web"), [(Primary, Completed, 4, 0)]);
}

#[test]
fn a_deployment_that_fails_during_the_way_back_has_nothing_to_go_back_to_and_stalls() {
    let mut world = World::new();
    world.server("web");
    world.update("web", breaker(true)).unwrap();
    world.script("web", 30, RolloutOutcome::Fail);
    world.force("web");
    world.pass(35);
    assert_eq!(newest(&world).status, Status::RollbackInProgress);
    world.force("web");
    world.pass(10_000);
    // The one it was going back to had not completed anew, so it is not eligible.
    assert_eq!(world.deployments("web")[0], (Primary, Failed, 0, 0));
    assert_eq!(world.describe("web").running_count, 2);
    let record = newest(&world);
    assert_eq!((record.status, record.rollback), (Status::Stopped, None));
    assert!(record.status_reason.unwrap().contains("tasks failed to start"));
    assert!(record.stopped_at.is_some());
    let said = events(&world);
    assert!(said[0].contains("deployment failed: tasks failed to start."), "{}", said[0]);
    assert!(said[1].contains("is unable to consistently start tasks successfully"), "{}", said[1]);
    // A changed count starts nothing either.
    world.update("web", json!({"desiredCount": 4})).unwrap();
    world.pass(600);
    assert_eq!(world.describe("web").running_count, 2);
}

#[test]
fn a_way_back_is_told_in_the_events() {
    let mut world = World::new();
    world.server("web");
    let good = world.primary("web").id;
    world.update("web", breaker(true)).unwrap();
    world.script("web", 30, RolloutOutcome::Fail);
    world.force("web");
    let bad = world.primary("web").id;
    world.pass(30);
    let said = events(&world);
    assert_eq!(said[0], format!("(service web) rolling back to deployment {good}."));
    let failed =
        format!("(service web) (deployment {bad}) deployment failed: tasks failed to start.");
    assert_eq!(said[1], failed);
}

#[test]
fn a_rollout_that_finds_no_place_says_so_for_its_launch_type() {
    let mut world = World::new();
    world.create("web", json!({"launchType": "EC2"})).unwrap();
    world.pass(60);
    world.script("web", 30, RolloutOutcome::Stall);
    world.force("web");
    world.pass(60);
    let text =
        "was unable to place a task because no container instance met all of its requirements.";
    assert!(events(&world)[0].contains(text));
}

#[test]
fn a_hundred_events_are_kept_and_the_newest_comes_first() {
    let mut world = World::new();
    world.server("web");
    for _ in 0..40 {
        world.force("web");
        world.pass(60);
    }
    let events = world.describe("web").events;
    assert_eq!(events.len(), 100);
    assert!(events.windows(2).all(|pair| pair[0].created_at >= pair[1].created_at));
}

#[test]
fn images_and_environment_come_back_as_they_were_registered() {
    let mut world = World::new();
    let containers = json!([{
        "name": "app", "image": "registry.example/app:v1@sha256:00",
        "environment": [{"name": "CATALOG_URL", "value": "http://catalog:8080/x?y=z"}],
        "secrets": [{"name": "PASSWORD", "valueFrom": "arn:aws:ssm:::parameter/p"}],
    }]);
    let body = json!({"family": "shop", "containerDefinitions": containers});
    world.model.register_task_definition(read(body)).unwrap();
    world.create("shop", json!({"taskDefinition": "shop"})).unwrap();
    let described = world.model.describe_task_definition(&read(json!({"taskDefinition": "shop"})));
    let described = described.unwrap().task_definition.unwrap();
    let service = world.model.service(&crate::model::EcsServiceKey::parse("prod/shop")).unwrap();
    let kept = &service.primary().unwrap().revision.spec.task_definition.json;
    for json in [&described, kept] {
        for member in ["image", "environment", "secrets"] {
            assert_eq!(json["containerDefinitions"][0][member], containers[0][member]);
        }
    }
    let revisions = world.describe("shop").current_service_revisions.unwrap();
    let request = read(json!({"serviceRevisionArns": [revisions[0].arn]}));
    let answer = world.model.describe_service_revisions(AsOf::Now, &request).unwrap();
    let image = answer.service_revisions[0].container_images[0].image.clone();
    assert_eq!(image.as_deref(), containers[0]["image"].as_str());
}
