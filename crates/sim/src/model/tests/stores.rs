//! Cloud Map and SSM as stores of their own.

use serde_json::{Value, json};

use super::{World, read};
use crate::shapes::cloud_map::{DiscoverInstancesAnswer, OperationStatus};
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

/// A Cloud Map service made by hand, with what else its request says; its id.
fn by_hand(world: &mut World, more: Value) -> String {
    let namespace = world.model.namespace("mesh").unwrap().id.clone();
    let mut request = json!({"Name": "queue", "NamespaceId": namespace});
    super::merge(&mut request, more);
    world.model.create_cloud_map_service(read(request)).unwrap().service.id
}

fn register(
    world: &mut World,
    id: &str,
    instance: &str,
    attributes: &Value,
) -> Result<String, &'static str> {
    let request = json!({"ServiceId": id, "InstanceId": instance, "Attributes": attributes});
    let answer = world.model.register_instance(read(request));
    answer.map(|answer| answer.operation_id).map_err(|error| error.code)
}

fn deregister(world: &mut World, id: &str, instance: &str) -> Result<String, &'static str> {
    let request = json!({"ServiceId": id, "InstanceId": instance});
    let answer = world.model.deregister_instance(read(request));
    answer.map(|answer| answer.operation_id).map_err(|error| error.code)
}

fn discover(world: &World, more: Value) -> DiscoverInstancesAnswer {
    let mut request = json!({"NamespaceName": "mesh", "ServiceName": "queue"});
    super::merge(&mut request, more);
    world.model.discover_instances(&read(request)).unwrap()
}

fn found(world: &World, more: Value) -> Vec<String> {
    discover(world, more).instances.into_iter().map(|each| each.instance_id).collect()
}

#[test]
fn an_instance_is_there_once_its_registration_has_ended_and_then_the_service_is_in_use() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    let address = json!({"AWS_INSTANCE_IPV4": "10.0.0.1", "team": "a"});
    let first = register(&mut world, &id, "one", &address).unwrap();
    assert_eq!(found(&world, json!({})), [""; 0]);
    assert_eq!(register(&mut world, &id, "one", &address), Err("DuplicateRequest"));
    world.pass(3);
    assert_eq!(status(&world, &first), OperationStatus::Success);
    assert_eq!(found(&world, json!({})), ["one"]);
    let delete = read(json!({"Id": id}));
    assert_eq!(world.model.delete_cloud_map_service(delete).unwrap_err().code, "ResourceInUse");
    deregister(&mut world, &id, "one").unwrap();
    world.pass(3);
    assert_eq!(deregister(&mut world, &id, "one"), Err("InstanceNotFound"));
    world.model.delete_cloud_map_service(read(json!({"Id": id}))).unwrap();
}

#[test]
fn registering_an_id_again_changes_the_instance_and_the_revision() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    register(&mut world, &id, "one", &json!({"version": "1"})).unwrap();
    world.pass(3);
    let before = discover(&world, json!({}));
    register(&mut world, &id, "one", &json!({"version": "2"})).unwrap();
    world.pass(3);
    let after = discover(&world, json!({}));
    assert_eq!(after.instances.len(), 1);
    assert_eq!(after.instances[0].attributes["version"], "2");
    assert!(after.instances_revision > before.instances_revision);
}

#[test]
fn a_registration_whose_service_went_meanwhile_fails() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    let operation = register(&mut world, &id, "one", &json!({})).unwrap();
    world.model.delete_cloud_map_service(read(json!({"Id": id}))).unwrap();
    world.pass(3);
    assert_eq!(status(&world, &operation), OperationStatus::Fail);
}

#[test]
fn what_exceeds_a_limit_of_instances_is_refused() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    let many = |count: usize| {
        let all = (0..count).map(|number| (format!("k{number}"), json!("v")));
        Value::Object(all.collect())
    };
    let bad = [
        ("", json!({})),
        ("white space", json!({})),
        ("one", many(31)),
        ("one", json!({"long": "x".repeat(1025)})),
        (
            "one",
            json!({"a": "x".repeat(1024), "b": "x".repeat(1024), "c": "x".repeat(1024), "d": "x".repeat(1024), "e": "x".repeat(1024)}),
        ),
    ];
    for (instance, attributes) in bad {
        assert_eq!(register(&mut world, &id, instance, &attributes), Err("InvalidInput"));
    }
    assert_eq!(register(&mut world, "srv-none", "one", &json!({})), Err("ServiceNotFound"));
    register(&mut world, &id, "one", &many(30)).unwrap();
}

#[test]
fn discovery_asks_by_attributes_and_by_health_where_the_service_has_a_check() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({"HealthCheckCustomConfig": {"FailureThreshold": 1}}));
    let ill = json!({"AWS_INIT_HEALTH_STATUS": "UNHEALTHY", "version": "1"});
    register(&mut world, &id, "ill", &ill).unwrap();
    register(&mut world, &id, "well", &json!({"version": "1", "zone": "a"})).unwrap();
    register(&mut world, &id, "next", &json!({"version": "2"})).unwrap();
    world.pass(3);
    let first = json!({"version": "1"});
    let cases = [
        (json!({}), vec!["ill", "next", "well"]),
        (json!({"HealthStatus": "HEALTHY"}), vec!["next", "well"]),
        (json!({"HealthStatus": "UNHEALTHY"}), vec!["ill"]),
        (json!({"HealthStatus": "HEALTHY_OR_ELSE_ALL"}), vec!["next", "well"]),
        (json!({"QueryParameters": first}), vec!["ill", "well"]),
        (json!({"QueryParameters": first, "OptionalParameters": {"zone": "a"}}), vec!["well"]),
        (
            json!({"QueryParameters": first, "OptionalParameters": {"zone": "z"}}),
            vec!["ill", "well"],
        ),
        (json!({"MaxResults": 1}), vec!["ill"]),
    ];
    for (more, expected) in cases {
        assert_eq!(found(&world, more.clone()), expected, "{more}");
    }
    deregister(&mut world, &id, "well").unwrap();
    deregister(&mut world, &id, "next").unwrap();
    world.pass(3);
    assert_eq!(found(&world, json!({"HealthStatus": "HEALTHY_OR_ELSE_ALL"})), ["ill"]);
}

#[test]
fn without_a_check_health_is_unknown_and_is_not_asked_for() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    register(&mut world, &id, "one", &json!({})).unwrap();
    world.pass(3);
    assert_eq!(found(&world, json!({"HealthStatus": "UNHEALTHY"})), ["one"]);
    assert_eq!(discover(&world, json!({})).instances[0].health_status, "UNKNOWN");
}

#[test]
fn a_cloud_map_service_has_attributes_of_its_own() {
    let mut world = World::new();
    let id = by_hand(&mut world, json!({}));
    let mut update = |attributes: Value| {
        let request = json!({"ServiceId": id, "Attributes": attributes});
        world.model.update_service_attributes(read(request)).map_err(|error| error.code)
    };
    update(json!({"port": "80", "team": "a"})).unwrap();
    update(json!({"team": "b"})).unwrap();
    assert_eq!(update(json!({})).unwrap_err(), "InvalidInput");
    let many = (0..29).map(|number| (format!("k{number}"), json!("v"))).collect();
    assert_eq!(update(Value::Object(many)).unwrap_err(), "ServiceAttributesLimitExceededException");
    let get = |world: &World| {
        let request = read(json!({"ServiceId": id}));
        json!(world.model.get_service_attributes(&request).unwrap().service_attributes.attributes)
    };
    assert_eq!(get(&world), json!({"port": "80", "team": "b"}));
    let remove = json!({"ServiceId": id, "Attributes": ["port", "none"]});
    world.model.delete_service_attributes(read(remove)).unwrap();
    assert_eq!(get(&world), json!({"team": "b"}));
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
fn the_history_of_a_parameter_has_every_version_with_what_it_was_put_with() {
    let mut world = World::new();
    for number in 1..=52 {
        let request = json!({"Name": "/a/b", "Value": format!("v{number}"), "Type": "String",
            "Description": format!("d{number}"), "Overwrite": true});
        put(&mut world, request).unwrap();
    }
    let page = |body: Value| world.model.get_parameter_history(&read(body)).unwrap();
    let first = page(json!({"Name": "/a/b"}));
    assert_eq!((first.parameters.len(), first.parameters[0].version), (50, 1));
    let rest = page(json!({"Name": "/a/b", "NextToken": first.next_token}));
    let last = rest.parameters.last().unwrap();
    assert_eq!((rest.parameters.len(), last.version, last.value.as_str()), (2, 52, "v52"));
    assert_eq!((last.description.as_deref(), &rest.next_token), (Some("d52"), &None));
    let none = world.model.get_parameter_history(&read(json!({"Name": "/none"})));
    assert_eq!(none.unwrap_err().code, "ParameterNotFound");
}

#[test]
fn the_history_of_a_secure_string_is_shown_only_to_those_who_decrypt() {
    let mut world = World::new();
    put(&mut world, json!({"Name": "s", "Value": "secret", "Type": "SecureString"})).unwrap();
    let value = |clear: bool| {
        let request = read(json!({"Name": "s", "WithDecryption": clear}));
        world.model.get_parameter_history(&request).unwrap().parameters[0].value.clone()
    };
    assert_eq!(value(true), "secret");
    assert!(!value(false).contains("secret"));
}

#[test]
fn a_page_of_parameters_that_is_too_long_is_a_validation_exception() {
    let mut world = World::new();
    put(&mut world, json!({"Name": "/a/b", "Value": "v", "Type": "String"})).unwrap();
    for (size, bound) in [(11, "less than or equal to 10"), (0, "greater than or equal to 1")] {
        let request = read(json!({"Path": "/a", "MaxResults": size}));
        let error = world.model.get_parameters_by_path(&request).unwrap_err();
        assert_eq!(error.code, "ValidationException");
        let constraint = format!(
            "Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
        );
        assert!(error.message.contains(&constraint), "{}", error.message);
    }
    let request = read(json!({"Name": "/a/b", "MaxResults": 51}));
    let error = world.model.get_parameter_history(&request).unwrap_err();
    assert_eq!(error.code, "ValidationException");
    let request = read(json!({"Path": "/a", "NextToken": "nonsense"}));
    let error = world.model.get_parameters_by_path(&request).unwrap_err();
    assert_eq!(error.code, "InvalidNextToken");
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
