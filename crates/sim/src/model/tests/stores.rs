//! Cloud Map and SSM as stores of their own.

use serde_json::{Value, json};

use super::{World, read};
use crate::shapes::cloud_map::OperationStatus;
use crate::shapes::ssm::GetParameterRequest;

fn status(world: &World, id: &str) -> OperationStatus {
    let request = read(json!({"OperationId": id}));
    world.model.get_operation(&request).unwrap().operation.status
}

#[test]
fn a_namespace_is_made_in_time_and_a_repeated_request_is_the_same() {
    let mut world = World::new();
    let request = json!({"Name": "new.local", "Vpc": "vpc-1", "CreatorRequestId": "one"});
    let create = |world: &mut World, request: &Value| {
        world.model.create_private_dns_namespace(read(request.clone()))
    };
    let id = create(&mut world, &request).unwrap().operation_id;
    assert_eq!(status(&world, &id), OperationStatus::Submitted);
    assert_eq!(create(&mut world, &request).unwrap().operation_id, id);
    let other = json!({"Name": "new.local", "Vpc": "vpc-1", "CreatorRequestId": "two"});
    let error = create(&mut world, &other).unwrap_err();
    assert_eq!(
        (error.code, &error.members["DuplicateOperationId"]),
        ("DuplicateRequest", &json!(id))
    );
    world.pass(1);
    assert_eq!(status(&world, &id), OperationStatus::Pending);
    world.pass(2);
    assert_eq!(status(&world, &id), OperationStatus::Success);
    let error = create(&mut world, &other).unwrap_err();
    assert_eq!(
        (error.code, &error.members["CreatorRequestId"]),
        ("NamespaceAlreadyExists", &json!("one"))
    );
}

#[test]
fn a_reused_name_gets_a_hashed_http_name() {
    let mut world = World::new();
    let request = json!({"Name": "mesh", "Vpc": "vpc-1"});
    world.model.create_private_dns_namespace(read(request)).unwrap();
    world.pass(5);
    let filter = json!({"Filters": [{"Name": "NAME", "Values": ["mesh"]}]});
    let namespaces = world.model.list_namespaces(&read(filter)).unwrap().namespaces;
    let names: Vec<&String> =
        namespaces.iter().map(|each| &each.properties.http_properties.http_name).collect();
    assert_eq!(names.iter().filter(|name| name.as_str() == "mesh").count(), 1);
    assert_eq!(names.iter().filter(|name| name.starts_with("mesh-")).count(), 1);
}

#[test]
fn a_namespace_is_deleted_only_when_it_is_empty() {
    let mut world = World::new();
    world.server("web");
    let id = world.model.namespace("mesh").unwrap().id.clone();
    let delete = |world: &mut World| world.model.delete_namespace(read(json!({"Id": id})));
    assert_eq!(delete(&mut world).unwrap_err().code, "ResourceInUse");
    world.connect("web", &json!({"enabled": false})).unwrap();
    world.pass(100);
    delete(&mut world).unwrap();
    assert_eq!(delete(&mut world).unwrap_err().code, "DuplicateRequest");
    world.pass(5);
    let get = read(json!({"Id": id}));
    assert_eq!(world.model.get_namespace(&get).unwrap_err().code, "NamespaceNotFound");
}

#[test]
fn instances_come_and_go_with_running_tasks() {
    let mut world = World::new();
    world.server("web");
    let discover = read(json!({"NamespaceName": "mesh", "ServiceName": "web"}));
    let found = world.model.discover_instances(&discover).unwrap();
    assert_eq!(found.instances.len(), 2);
    assert_eq!(found.instances[0].attributes["AWS_INSTANCE_PORT"], "8080");
    world.update("web", json!({"desiredCount": 0})).unwrap();
    world.pass(10);
    let later = world.model.discover_instances(&discover).unwrap();
    assert!(later.instances.is_empty() && later.instances_revision > found.instances_revision);
}

#[test]
fn a_cloud_map_service_of_ecs_is_tagged_and_of_type_http() {
    let mut world = World::new();
    world.server("web");
    let listed = world.model.list_cloud_map_services(&read(json!({}))).unwrap().services;
    let body = serde_json::to_value(&listed[0]).unwrap();
    assert_eq!((&body["Type"], &body["InstanceCount"]), (&json!("HTTP"), &json!(2)));
    assert!(body.get("NamespaceId").is_none());
    let tags =
        world.model.list_tags_for_cloud_map_resource(&read(json!({"ResourceARN": listed[0].arn})));
    assert_eq!(tags.unwrap().tags[0].key, "AmazonECSManaged");
    let error =
        world.model.delete_cloud_map_service(read(json!({"Id": listed[0].id}))).unwrap_err();
    assert_eq!(error.code, "ResourceInUse");
}

#[test]
fn a_name_somebody_made_by_hand_is_taken_too() {
    let mut world = World::new();
    let id = world.model.namespace("mesh").unwrap().id.clone();
    let request = json!({"Name": "web", "NamespaceId": id});
    world.model.create_cloud_map_service(read(request.clone())).unwrap();
    let error = world.model.create_cloud_map_service(read(request)).unwrap_err();
    assert_eq!(error.code, "ServiceAlreadyExists");
    let config = super::serves("web");
    let error = world.create("web", json!({"serviceConnectConfiguration": config})).unwrap_err();
    assert!(error.message.starts_with("SC service is already used by"));
}

fn put(world: &mut World, request: Value) -> Result<u64, &'static str> {
    let answer = world.model.put_parameter(read(request));
    answer.map(|answer| answer.version).map_err(|error| error.code)
}

#[test]
fn parameters_have_versions_and_are_overwritten_only_when_asked() {
    let mut world = World::new();
    let one = json!({"Name": "/a/b", "Value": "1", "Type": "String"});
    assert_eq!(put(&mut world, one.clone()), Ok(1));
    assert_eq!(put(&mut world, one), Err("ParameterAlreadyExists"));
    assert_eq!(put(&mut world, json!({"Name": "/a/b", "Value": "2", "Overwrite": true})), Ok(2));
    let value = |world: &World, name: &str| {
        let request: GetParameterRequest = read(json!({"Name": name}));
        world.model.get_parameter(&request).map(|answer| answer.parameter.value).ok()
    };
    assert_eq!(value(&world, "/a/b").as_deref(), Some("2"));
    assert_eq!(value(&world, "/a/b:1").as_deref(), Some("1"));
    assert_eq!(value(&world, "/a/b:9"), None);
}

#[test]
fn parameters_have_their_sizes_by_tier() {
    let mut world = World::new();
    let sized = |name: &str, size: usize, tier: &str| json!({"Name": name, "Value": "x".repeat(size), "Type": "String", "Tier": tier});
    assert_eq!(put(&mut world, sized("a", 4097, "Standard")), Err("ValidationException"));
    assert_eq!(put(&mut world, sized("b", 8192, "Advanced")), Ok(1));
    assert_eq!(put(&mut world, sized("c", 4097, "Intelligent-Tiering")), Ok(1));
    assert_eq!(put(&mut world, sized("d", 8193, "Advanced")), Err("ValidationException"));
}

#[test]
fn a_secure_string_is_shown_and_logged_only_to_those_who_decrypt() {
    let mut world = World::new();
    put(&mut world, json!({"Name": "s", "Value": "secret", "Type": "SecureString"})).unwrap();
    let get = |clear| {
        let request = GetParameterRequest { name: "s".to_owned(), with_decryption: clear };
        world.model.get_parameter(&request).unwrap().parameter.value
    };
    assert_eq!(get(Some(true)), "secret");
    assert!(!get(None).contains("secret"));
    assert_eq!(world.model.mutations().last().unwrap().body["Value"], "(hidden)");
}

#[test]
fn parameters_below_a_path_come_ten_at_a_time() {
    let mut world = World::new();
    for number in 0..12 {
        let name = format!("/app/p{number:02}");
        put(&mut world, json!({"Name": name, "Value": "v", "Type": "String"})).unwrap();
    }
    put(&mut world, json!({"Name": "/app/deep/p", "Value": "v", "Type": "String"})).unwrap();
    let page = |token: Option<String>, deep: bool| {
        let mut body = json!({"Path": "/app/", "Recursive": deep});
        if let Some(token) = token {
            body["NextToken"] = json!(token);
        }
        let answer = world.model.get_parameters_by_path(&read(body)).unwrap();
        (answer.parameters.len(), answer.next_token)
    };
    let (size, token) = page(None, false);
    assert_eq!(size, 10);
    assert_eq!(page(token, false), (2, None));
    let (_, token) = page(None, true);
    assert_eq!(page(token, true).0, 3);
}
