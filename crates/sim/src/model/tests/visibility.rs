//! Who knows which name: the endpoint list of a deployment, and what reaching a name depends on.

use serde_json::json;

use super::{World, serves};
use crate::model::{EndpointExists, Switches};

#[test]
fn a_client_deployed_after_the_server_reaches_it() {
    let mut world = World::new();
    world.server("web");
    world.client("cron");
    let reach = world.reach("cron", "web");
    assert!(reach.ok, "{}", reach.why);
}

#[test]
fn a_client_deployed_before_the_server_needs_a_new_deployment() {
    let mut world = World::new();
    world.client("cron");
    world.server("web");
    let reach = world.reach("cron", "web");
    assert!(!reach.ok && reach.why.ends_with("redeploy prod/cron."), "{}", reach.why);
    world.force("cron");
    world.pass(60);
    assert!(world.reach("cron", "web").ok);
}

#[test]
fn a_replacement_or_an_added_task_has_the_old_list() {
    let mut world = World::new();
    world.client("cron");
    world.server("web");
    world.update("cron", json!({"desiredCount": 4})).unwrap();
    world.pass(60);
    assert!(!world.reach("cron", "web").ok);
    let fresh = Switches { scale_out_uses_old_snapshot: false, ..Switches::default() };
    let mut world = World::with(fresh);
    world.client("cron");
    world.server("web");
    world.update("cron", json!({"desiredCount": 0})).unwrap();
    world.pass(10);
    world.update("cron", json!({"desiredCount": 2})).unwrap();
    world.pass(10);
    assert!(world.reach("cron", "web").ok);
}

#[test]
fn a_client_deployed_while_the_server_rolls_misses_it_in_the_strict_reading() {
    let reaches = |endpoint_exists| {
        let mut world = World::with(Switches { endpoint_exists, ..Switches::default() });
        world.create("web", json!({"serviceConnectConfiguration": serves("web")})).unwrap();
        world.pass(5);
        world.client("cron");
        world.reach("cron", "web")
    };
    assert!(!reaches(EndpointExists::AtCompletion).ok);
    assert!(reaches(EndpointExists::AtCreation).ok);
}

#[test]
fn two_that_call_each_other_need_two_passes() {
    let mut world = World::new();
    world.server("a");
    world.server("b");
    assert!(world.reach("b", "a").ok);
    assert!(!world.reach("a", "b").ok);
    world.force("a");
    world.pass(60);
    assert!(world.reach("a", "b").ok);
}

#[test]
fn ones_own_name_is_unknown_in_the_deployment_that_introduces_it_unless_the_switch_says_so() {
    let mut world = World::new();
    world.server("web");
    assert!(!world.reach("web", "web").ok);
    world.force("web");
    world.pass(60);
    assert!(world.reach("web", "web").ok);
    let own = Switches { own_endpoint_in_first_snapshot: true, ..Switches::default() };
    let mut world = World::with(own);
    world.server("web");
    let reach = world.reach("web", "web");
    assert!(reach.ok, "{}", reach.why);
}

#[test]
fn a_renamed_alias_is_gone_for_clients_that_were_not_redeployed() {
    let mut world = World::new();
    world.server("web");
    world.client("cron");
    let mut config = serves("web");
    config["services"][0]["clientAliases"][0]["dnsName"] = json!("shop");
    world.connect("web", &config).unwrap();
    world.pass(5);
    assert!(world.reach("cron", "web").ok, "the old deployment still serves");
    world.pass(60);
    assert!(!world.reach("cron", "web").ok);
    assert!(!world.reach("cron", "shop").ok);
    world.force("cron");
    world.pass(60);
    assert!(world.reach("cron", "shop").ok);
}

#[test]
fn a_second_endpoint_on_one_port_makes_a_rename_without_an_outage() {
    let mut world = World::new();
    world.server("web");
    world.client("cron");
    let mut config = serves("web");
    let second = serves("shop")["services"][0].clone();
    config["services"].as_array_mut().unwrap().push(second);
    world.connect("web", &config).unwrap();
    world.pass(60);
    world.force("cron");
    world.pass(60);
    assert!(world.reach("cron", "web").ok && world.reach("cron", "shop").ok);
    world.connect("web", &serves("shop")).unwrap();
    world.pass(60);
    assert!(world.reach("cron", "shop").ok);
}

#[test]
fn a_server_with_no_tasks_or_switched_off_is_not_reached() {
    let mut world = World::new();
    world.server("web");
    world.client("cron");
    world.update("web", json!({"desiredCount": 0})).unwrap();
    world.pass(60);
    assert!(!world.reach("cron", "web").ok);
    world.update("web", json!({"desiredCount": 2})).unwrap();
    world.pass(60);
    assert!(world.reach("cron", "web").ok);
    world.connect("web", &json!({"enabled": false})).unwrap();
    world.pass(60);
    assert!(!world.reach("cron", "web").ok);
}

#[test]
fn a_client_without_service_connect_or_tasks_reaches_nothing() {
    let mut world = World::new();
    world.server("web");
    world.create("plain", json!({})).unwrap();
    assert!(world.reach("plain", "web").why.contains("no running tasks"));
    world.pass(60);
    assert!(world.reach("plain", "web").why.contains("Service Connect is off"));
    assert!(world.reach("none", "web").why.contains("does not exist"));
}

#[test]
fn while_a_client_rolls_every_running_task_must_know_the_name() {
    let mut world = World::new();
    world.client("cron");
    world.server("web");
    world.force("cron");
    world.pass(10);
    assert!(!world.reach("cron", "web").ok, "old tasks still run");
    world.pass(60);
    assert!(world.reach("cron", "web").ok);
}
