//! Clusters and their default namespace.

use serde_json::json;

use super::{World, read};

fn shown(world: &World, name: &str) -> serde_json::Value {
    let request = read(json!({"clusters": [name], "include": ["ATTACHMENTS", "TAGS"]}));
    let answer = world.model.describe_clusters(&request).unwrap();
    serde_json::to_value(&answer.clusters[0]).unwrap()
}

#[test]
fn a_cluster_makes_the_namespace_it_names() {
    let mut world = World::new();
    let request = json!({"clusterName": "new", "serviceConnectDefaults": {"namespace": "fresh"}});
    world.model.create_cluster(read(request)).unwrap();
    let cluster = shown(&world, "new");
    assert_eq!(
        (&cluster["status"], &cluster["attachmentsStatus"]),
        (&json!("PROVISIONING"), &json!("UPDATE_IN_PROGRESS"))
    );
    assert!(world.model.namespace("fresh").is_none());
    world.pass(5);
    let cluster = shown(&world, "new");
    assert_eq!(cluster["status"], "ACTIVE");
    let arn = world.model.namespace("fresh").unwrap().arn.clone();
    assert_eq!(cluster["serviceConnectDefaults"]["namespace"], arn);
}

#[test]
fn a_default_is_cleared_by_the_empty_string_and_moves_nobody() {
    let mut world = World::new();
    let set = |world: &mut World, name: &str| {
        let request = json!({"cluster": "prod", "serviceConnectDefaults": {"namespace": name}});
        world.model.update_cluster(read(request))
    };
    set(&mut world, "mesh").unwrap();
    let on = json!({"serviceConnectConfiguration": {"enabled": true}});
    world.create("web", on.clone()).unwrap();
    set(&mut world, "").unwrap();
    assert!(shown(&world, "prod").get("serviceConnectDefaults").is_none());
    assert!(world.create("two", on).is_err());
    assert!(world.primary("web").service_connect_configuration.is_some());
    let arn = "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-none";
    assert_eq!(set(&mut world, arn).unwrap_err().code, "NamespaceNotFoundException");
}

#[test]
fn a_cluster_with_services_is_not_deleted() {
    let mut world = World::new();
    world.create("web", json!({})).unwrap();
    let delete = |world: &mut World| world.model.delete_cluster(read(json!({"cluster": "prod"})));
    assert_eq!(delete(&mut world).unwrap_err().code, "ClusterContainsServicesException");
    let force = json!({"cluster": "prod", "service": "web", "force": true});
    world.model.delete_service(read(force)).unwrap();
    world.pass(60);
    assert_eq!(delete(&mut world).unwrap().cluster.status, "INACTIVE");
    let listed = world.model.list_clusters(&read(json!({}))).unwrap();
    assert!(listed.cluster_arns.is_empty());
}
