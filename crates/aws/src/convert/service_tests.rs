//! Services as read: nothing is read more boldly than it was said.

use std::time::Duration;

use aws_smithy_types::DateTime;
use eastwest_core::ecs::name::Arn;

use super::*;

fn key() -> ServiceKey {
    ServiceKey::of_arn(&Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/prod/web"))
        .expect("a key")
}

fn of_deployment(deployment: sdk::builders::DeploymentBuilder) -> Deployment {
    let service = sdk::Service::builder().deployments(deployment.build());
    read(key(), service.build()).deployments.remove(0)
}

#[test]
fn times_are_milliseconds() {
    let at = DateTime::from_millis(1_700_000_000_123);
    let deployment = sdk::Deployment::builder().created_at(at).updated_at(at);
    let service = sdk::Service::builder().created_at(at).deployments(deployment.build()).build();
    let service = read(key(), service);
    assert_eq!(service.created_at, AwsTime(1_700_000_000_123));
    assert_eq!(service.version(), Some(AwsTime(1_700_000_000_123)));
}

#[test]
fn a_fraction_of_a_second_is_rounded_to_its_millisecond() {
    let read = |seconds: f64| time(Some(DateTime::from_secs_f64(seconds)), AwsTime(0)).0;
    assert_eq!(read(1_700_000_193.333), 1_700_000_193_333);
    assert_eq!(read(1_700_000_186.666), 1_700_000_186_666);
    assert_eq!(read(1_700_000_186.999_9), 1_700_000_187_000);
    assert_eq!(time(Some(DateTime::from_secs(i64::MAX)), AwsTime(0)), AwsTime(i64::MAX));
    assert_eq!(time(Some(DateTime::from_secs(i64::MIN)), AwsTime(0)), AwsTime(i64::MIN));
}

#[test]
fn a_service_of_unknown_age_is_the_youngest_and_a_deployment_the_oldest() {
    assert_eq!(read(key(), sdk::Service::builder().build()).created_at, AwsTime(i64::MAX));
    let deployment = of_deployment(sdk::Deployment::builder());
    assert_eq!((deployment.created_at, deployment.updated_at), (AwsTime(0), AwsTime(0)));
}

#[test]
fn a_rollout_in_an_unknown_state_is_under_way() {
    let rollout =
        |state: &str| of_deployment(sdk::Deployment::builder().rollout_state(state.into())).rollout;
    assert_eq!(rollout("COMPLETED"), Rollout::Completed);
    assert_eq!(rollout("FAILED"), Rollout::Failed);
    assert_eq!(rollout("IN_PROGRESS"), Rollout::InProgress);
    assert_eq!(rollout("MEDITATING"), Rollout::InProgress);
}

#[test]
fn a_rollout_without_a_state_is_done_when_one_deployment_runs_all_it_wants() {
    let read = |running: i32, pending: i32, deployments: usize| {
        let deployment = sdk::Deployment::builder().status("PRIMARY").build();
        let service = sdk::Service::builder()
            .desired_count(2)
            .running_count(running)
            .pending_count(pending)
            .set_deployments(Some(vec![deployment; deployments]));
        read(key(), service.build()).is_rolling()
    };
    assert!(!read(2, 0, 1));
    assert!(read(1, 1, 1));
    assert!(read(2, 1, 1));
    assert!(read(2, 0, 2));
}

#[test]
fn an_unknown_status_is_going_away_and_an_unknown_controller_is_not_ecs() {
    let status = |text: &str| read(key(), sdk::Service::builder().status(text).build()).status;
    assert_eq!(status("ACTIVE"), ServiceStatus::Active);
    assert_eq!(status("DRAINING"), ServiceStatus::Draining);
    assert_eq!(status("INACTIVE"), ServiceStatus::Inactive);
    assert_eq!(status("ASLEEP"), ServiceStatus::Draining);
    let controller = |text: &str| {
        let controller = sdk::DeploymentController::builder().r#type(text.into()).build().unwrap();
        read(key(), sdk::Service::builder().deployment_controller(controller).build()).controller
    };
    assert_eq!(controller("ECS"), DeploymentController::Ecs);
    assert_eq!(controller("CODE_DEPLOY"), DeploymentController::CodeDeploy);
    assert_eq!(controller("EXTERNAL"), DeploymentController::External);
    assert_eq!(controller("NEW"), DeploymentController::External);
    assert_eq!(read(key(), sdk::Service::builder().build()).controller, DeploymentController::Ecs);
}

#[test]
fn a_disabled_configuration_is_none() {
    let off = sdk::ServiceConnectConfiguration::builder().enabled(false).build();
    let deployment = sdk::Deployment::builder().service_connect_configuration(off);
    assert_eq!(of_deployment(deployment).connect, None);
    assert_eq!(of_deployment(sdk::Deployment::builder()).connect, None);
}

#[test]
fn the_primary_and_older_deployments_keep_their_own_configurations() {
    let with = |status: &str, namespace: &str| {
        let config = sdk::ServiceConnectConfiguration::builder().enabled(true).namespace(namespace);
        let deployment = sdk::Deployment::builder().status(status);
        deployment.service_connect_configuration(config.build()).build()
    };
    let service = sdk::Service::builder()
        .deployments(with("ACTIVE", "old"))
        .deployments(with("PRIMARY", "new"))
        .build();
    let service = read(key(), service);
    let namespace = service.primary().unwrap().connect.as_ref().unwrap().namespace.as_ref();
    assert_eq!(namespace.unwrap().to_string(), "new");
}

#[test]
fn tags_without_a_value_are_kept_with_an_empty_one() {
    let tag = sdk::Tag::builder().key("eastwest/mode").build();
    let service = read(key(), sdk::Service::builder().tags(tag).build());
    assert_eq!(service.tags["eastwest/mode"], "");
}

#[test]
fn cloud_map_services_are_read_by_discovery_name() {
    let resource = sdk::ServiceConnectServiceResource::builder().discovery_name("web");
    let resource = resource.discovery_arn("arn:web").build();
    let deployment = sdk::Deployment::builder().service_connect_resources(resource);
    let expected = (DiscoveryName::as_read("web"), Arn::as_read("arn:web"));
    assert_eq!(of_deployment(deployment).cloud_map, [expected]);
}

#[test]
fn the_registries_of_classic_discovery_are_read() {
    let registry = sdk::ServiceRegistry::builder().registry_arn("arn:srv");
    let nothing = sdk::ServiceRegistry::builder().build();
    let service = sdk::Service::builder().service_registries(registry.build());
    let service = read(key(), service.service_registries(nothing).build());
    assert_eq!(service.registries, [Arn::as_read("arn:srv")]);
}

fn strategy_of(configuration: sdk::builders::DeploymentConfigurationBuilder) -> Strategy {
    let service = sdk::Service::builder().deployment_configuration(configuration.build());
    read(key(), service.build()).strategy
}

fn named(strategy: &str) -> sdk::builders::DeploymentConfigurationBuilder {
    sdk::DeploymentConfiguration::builder().strategy(strategy.into())
}

#[test]
fn a_strategy_that_is_not_said_is_rolling() {
    let rolling = [
        read(key(), sdk::Service::builder().build()).strategy,
        strategy_of(sdk::DeploymentConfiguration::builder()),
        strategy_of(named("ROLLING")),
    ];
    assert_eq!(rolling, [Strategy::default(); 3]);
    assert!(!rolling[0].shifts);
}

#[test]
fn a_strategy_that_nobody_knows_shifts() {
    assert!(strategy_of(named("SIDEWAYS")).shifts);
}

#[test]
fn blue_green_moves_at_once_and_bakes() {
    let strategy = strategy_of(named("BLUE_GREEN").bake_time_in_minutes(15));
    let expected = Strategy { shifts: true, bake_minutes: 15, ..Strategy::default() };
    assert_eq!((strategy, strategy.bakes()), (expected, Duration::from_mins(15)));
}

#[test]
fn linear_moves_in_steps_of_which_a_broken_percentage_makes_no_fewer() {
    for (given, whole, steps) in [(12.5, 12, 9), (50.0, 50, 2), (0.4, 1, 100), (100.0, 100, 1)] {
        let steps_of = sdk::LinearConfiguration::builder();
        let steps_of = steps_of.step_percent(given).step_bake_time_in_minutes(6).build();
        let linear = named("LINEAR").linear_configuration(steps_of).bake_time_in_minutes(10);
        let strategy = strategy_of(linear);
        let told = (strategy.shifts, strategy.bake_minutes, strategy.step_minutes);
        assert_eq!((told, strategy.step_percent), ((true, 10, 6), whole), "{given}");
        assert_eq!(strategy.bakes(), Duration::from_mins(10 + 6 * steps), "{given}");
    }
}

#[test]
fn canary_moves_a_part_and_then_the_rest() {
    let part = sdk::CanaryConfiguration::builder();
    let part = part.canary_percent(5.0).canary_bake_time_in_minutes(20).build();
    let strategy = strategy_of(named("CANARY").canary_configuration(part).bake_time_in_minutes(10));
    assert_eq!((strategy.shifts, strategy.bakes()), (true, Duration::from_mins(30)));
}

#[test]
fn early_success_is_on_only_where_it_is_said_to_be() {
    let early = |enable| {
        let criteria = sdk::DeploymentEarlySuccessCriteria::builder().enable(enable).build();
        strategy_of(named("ROLLING").early_success_criteria(criteria)).early_success
    };
    assert!(early(true));
    assert!(!early(false));
    assert!(!strategy_of(named("ROLLING")).early_success);
}

#[test]
fn minutes_below_zero_are_none() {
    assert_eq!(strategy_of(named("BLUE_GREEN").bake_time_in_minutes(-1)).bakes(), Duration::ZERO);
}

#[test]
fn the_ten_latest_events_are_read_newest_first_whatever_their_order() {
    let event = |at: i64| {
        let message = format!("unable to {at}");
        let event = sdk::ServiceEvent::builder().id(at.to_string()).message(message);
        event.created_at(DateTime::from_secs(at)).build()
    };
    for seconds in [(1..=15).collect::<Vec<_>>(), (1..=15).rev().collect()] {
        let events = seconds.into_iter().map(event).collect();
        let service = sdk::Service::builder().set_events(Some(events));
        let told = read(key(), service.build()).events;
        let told: Vec<_> = told.iter().map(|each| (each.at.0 / 1000, &*each.message)).collect();
        assert_eq!((told.len(), told[0], told[9]), (10, (15, "unable to 15"), (6, "unable to 6")));
    }
}

#[test]
fn the_cause_of_a_failure_is_not_lost_among_other_events() {
    let event = |at: i64| {
        let message = if at == 1 { "unable to place a task" } else { "has started 1 tasks" };
        let event = sdk::ServiceEvent::builder().id(at.to_string()).message(message);
        event.created_at(DateTime::from_secs(at)).build()
    };
    let service = sdk::Service::builder().set_events(Some((1..=100).rev().map(event).collect()));
    let events = read(key(), service.build()).events;
    let messages: Vec<&str> = events.iter().map(|each| &*each.message).collect();
    assert_eq!(messages, ["has started 1 tasks", "unable to place a task"]);
}
