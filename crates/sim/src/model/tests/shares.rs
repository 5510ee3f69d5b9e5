//! Namespaces of another account.

use serde_json::json;

use super::super::*;
use super::{World, read};

const OTHER: &str = "210987654321";

fn serves(namespace: &str) -> serde_json::Value {
    json!({"enabled": true, "namespace": namespace, "services": [{"portName": "web", "clientAliases": [{"port": 80}]}]})
}

fn listed(world: &World) -> Vec<(String, Option<String>)> {
    let answer = world.model.list_namespaces(&read(json!({}))).unwrap();
    answer.namespaces.into_iter().map(|each| (each.arn, each.resource_owner)).collect()
}

#[test]
fn a_shared_namespace_is_listed_with_its_owner_and_the_owners_arn() {
    let mut world = World::new();
    let arn = world.model.share_namespace("partner", OTHER, Share::Full);
    assert!(arn.starts_with("arn:aws:servicediscovery:eu-central-1:210987654321:namespace/ns-"));
    assert!(listed(&world).contains(&(arn, Some(OTHER.to_owned()))));
}

#[test]
fn a_service_uses_it_by_arn_and_never_by_name() {
    let mut world = World::new();
    let arn = world.model.share_namespace("partner", OTHER, Share::Full);
    let refused =
        world.create("api", json!({"serviceConnectConfiguration": serves("partner")})).unwrap_err();
    assert_eq!(refused.code, "NamespaceNotFoundException");
    world.create("api", json!({"serviceConnectConfiguration": serves(&arn)})).unwrap();
    world.pass(60);
    let request = read(json!({"namespace": arn}));
    let members = world.model.list_services_by_namespace(AsOf::Now, &request).unwrap();
    assert_eq!(members.service_arns.len(), 1);
    let filter = json!({"Filters": [{"Name": "NAMESPACE_ID", "Values": [arn]}]});
    let names = world.model.list_cloud_map_services(&read(filter)).unwrap().services;
    assert_eq!(names.iter().map(|each| each.name.as_str()).collect::<Vec<_>>(), ["web"]);
}

#[test]
fn a_name_that_another_account_uses_too_stays_free_for_ones_own() {
    let mut world = World::new();
    world.model.share_namespace("partner", OTHER, Share::Full);
    world.model.create_http_namespace(read(json!({"Name": "partner"}))).unwrap();
    world.pass(10);
    world.create("api", json!({"serviceConnectConfiguration": serves("partner")})).unwrap();
    assert_eq!(listed(&world).len(), 3);
}

#[test]
fn a_share_without_permission_is_refused_in_ecss_words() {
    let mut world = World::new();
    let arn = world.model.share_namespace("partner", OTHER, Share::WithoutPermission);
    let refused =
        world.create("api", json!({"serviceConnectConfiguration": serves(&arn)})).unwrap_err();
    assert_eq!(refused.code, "ClientException");
    assert!(refused.message.contains("no resource-based policy allows"), "{refused}");
    world.model.share_namespace("partner", OTHER, Share::Full);
    world.create("api", json!({"serviceConnectConfiguration": serves(&arn)})).unwrap();
}

#[test]
fn a_share_that_was_withdrawn_is_not_there_any_more() {
    let mut world = World::new();
    let arn = world.model.share_namespace("partner", OTHER, Share::Full);
    world.create("api", json!({"serviceConnectConfiguration": serves(&arn)})).unwrap();
    world.pass(60);
    world.model.share_namespace("partner", OTHER, Share::Withdrawn);
    let request = read(json!({"namespace": arn}));
    let refused = [
        world.model.list_services_by_namespace(AsOf::Now, &request).unwrap_err(),
        world.connect("api", &serves(&arn)).unwrap_err(),
    ];
    assert!(refused.iter().all(|each| each.code == "NamespaceNotFoundException"), "{refused:?}");
    assert_eq!(listed(&world).len(), 1);
}

#[test]
fn a_namespace_of_another_account_cannot_be_deleted() {
    let mut world = World::new();
    let arn = world.model.share_namespace("partner", OTHER, Share::Full);
    let refused = world.model.delete_namespace(read(json!({"Id": arn}))).unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
}
