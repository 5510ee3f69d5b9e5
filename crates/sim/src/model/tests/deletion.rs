//! What goes when something is deleted, renamed or switched off, and when.

use serde_json::json;

use super::{World, read, serves};
use crate::model::{AsOf, Switches};
use crate::shapes::ecs::EcsServiceStatus;

fn delete(world: &mut World, name: &str, force: bool) -> Result<(), crate::shapes::ApiError> {
    let request = read(json!({"cluster": "prod", "service": name, "force": force}));
    world.model.delete_service(request).map(|_| ())
}

#[test]
fn a_service_that_wants_tasks_is_deleted_only_by_force() {
    let mut world = World::new();
    world.server("web");
    let error = delete(&mut world, "web", false).unwrap_err();
    assert_eq!(error.message, "The service cannot be stopped while it is scaled above 0.");
    delete(&mut world, "web", true).unwrap();
    assert_eq!(world.describe("web").status, EcsServiceStatus::Draining);
}

#[test]
fn a_deleted_service_drains_then_is_inactive_then_forgotten() {
    let mut world = World::new();
    world.server("web");
    delete(&mut world, "web", true).unwrap();
    let list = read(json!({"cluster": "prod"}));
    assert!(world.model.list_services(AsOf::Now, &list).unwrap().service_arns.is_empty());
    let error = world.update("web", json!({"desiredCount": 1})).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        ("ServiceNotActiveException", "Service was not ACTIVE.")
    );
    assert!(world.create("web", json!({})).is_err(), "the name is taken while it drains");
    world.pass(10);
    assert_eq!(world.describe("web").status, EcsServiceStatus::Inactive);
    assert!(world.describe("web").deployments.is_empty());
    world.pass(3600);
    let request = read(json!({"cluster": "prod", "services": ["web"]}));
    let answer = world.model.describe_services(AsOf::Now, &request).unwrap();
    assert_eq!(answer.failures[0].reason.as_deref(), Some("MISSING"));
}

#[test]
fn the_cloud_map_services_go_with_the_ecs_service_and_the_namespace_stays() {
    let mut world = World::new();
    world.server("web");
    delete(&mut world, "web", true).unwrap();
    world.pass(60);
    assert!(world.cloud_map_names().is_empty());
    assert!(world.model.namespace("mesh").is_some());
}

#[test]
fn an_inactive_service_makes_room_for_a_new_one_of_its_name() {
    let mut world = World::new();
    world.server("web");
    delete(&mut world, "web", true).unwrap();
    world.pass(11);
    world.create("web", json!({"serviceConnectConfiguration": serves("web")})).unwrap();
    world.pass(4000);
    assert_eq!(world.describe("web").running_count, 2);
    assert_eq!(world.cloud_map_names(), ["web"]);
}

#[test]
fn a_renamed_endpoints_old_name_is_held_until_the_leftover_goes() {
    let mut world = World::new();
    world.server("web");
    world.connect("web", &serves("shop")).unwrap();
    world.pass(31);
    assert_eq!(world.cloud_map_names(), ["shop", "web"]);
    let taken = json!({"serviceConnectConfiguration": serves("web")});
    assert!(world.create("two", taken.clone()).is_err());
    world.pass(30);
    assert_eq!(world.cloud_map_names(), ["shop"]);
    world.create("two", taken).unwrap();
}

#[test]
fn a_leftover_may_stay_for_ever_and_holds_its_name() {
    let never = Switches { leftover_seconds: None, ..Switches::default() };
    let mut world = World::with(never);
    world.server("web");
    world.connect("web", &json!({"enabled": false})).unwrap();
    world.pass(100_000);
    assert_eq!(world.cloud_map_names(), ["web"]);
    let (id, each) = world.model.cloud_map_services().next().unwrap();
    assert!(each.instances.is_empty());
    let id = id.clone();
    assert!(world.create("two", json!({"serviceConnectConfiguration": serves("web")})).is_err());
    world.model.delete_cloud_map_service(read(json!({"Id": id}))).unwrap();
    world.create("two", json!({"serviceConnectConfiguration": serves("web")})).unwrap();
}

#[test]
fn a_name_taken_back_in_time_keeps_its_cloud_map_service() {
    let mut world = World::new();
    world.server("web");
    let id = world.model.cloud_map_services().next().unwrap().0.clone();
    world.connect("web", &json!({"enabled": false})).unwrap();
    world.pass(35);
    world.connect("web", &serves("web")).unwrap();
    world.pass(200);
    assert_eq!(*world.model.cloud_map_services().next().unwrap().0, id);
}
