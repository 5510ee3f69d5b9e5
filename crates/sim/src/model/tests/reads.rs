//! Reading: pages, failures, the past, tasks, tags, task definitions.

use serde_json::{Value, json};

use super::{World, read, serves};
use crate::model::AsOf;
use crate::shapes::ecs::{
    DescribeServicesRequest, DescribeTasksRequest, ListServicesByNamespaceRequest,
    ListServicesRequest, ListTasksRequest,
};

fn list(world: &World, more: &Value) -> Result<(usize, Option<String>), String> {
    let mut body = json!({"cluster": "prod"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request: ListServicesRequest = read(body);
    let answer =
        world.model.list_services(AsOf::Now, &request).map_err(|error| error.code.to_owned())?;
    Ok((answer.service_arns.len(), answer.next_token))
}

#[test]
fn services_are_listed_ten_at_a_time_unless_asked_otherwise() {
    let mut world = World::new();
    for number in 0..23 {
        world.create(&format!("s{number:02}"), json!({})).unwrap();
    }
    let mut sizes = Vec::new();
    let mut more = json!({});
    loop {
        let (size, token) = list(&world, &more).unwrap();
        sizes.push(size);
        let Some(token) = token else { break };
        more = json!({"nextToken": token});
    }
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(list(&world, &json!({"maxResults": 100})).unwrap(), (23, None));
    for bad in [json!({"maxResults": 101}), json!({"maxResults": 0}), json!({"nextToken": "x"})] {
        assert_eq!(list(&world, &bad).unwrap_err(), "InvalidParameterException");
    }
}

#[test]
fn at_most_ten_services_are_described_and_missing_ones_are_failures() {
    let mut world = World::new();
    world.create("web", json!({})).unwrap();
    let names: Vec<String> = (0..11).map(|number| format!("s{number}")).collect();
    let request: DescribeServicesRequest = read(json!({"cluster": "prod", "services": names}));
    assert_eq!(
        world.model.describe_services(AsOf::Now, &request).unwrap_err().code,
        "InvalidParameterException"
    );
    let arn = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web";
    let request: DescribeServicesRequest =
        read(json!({"cluster": "prod", "services": [arn, "nope"]}));
    let answer = world.model.describe_services(AsOf::Now, &request).unwrap();
    assert_eq!(answer.services[0].service_arn, arn);
    assert_eq!(answer.services[0].tags, None);
    assert_eq!(answer.failures[0].reason.as_deref(), Some("MISSING"));
    let request: DescribeServicesRequest = read(json!({"cluster": "none", "services": ["web"]}));
    assert_eq!(
        world.model.describe_services(AsOf::Now, &request).unwrap_err().code,
        "ClusterNotFoundException"
    );
}

#[test]
fn a_stale_read_shows_the_deployment_of_before() {
    let mut world = World::new();
    world.server("web");
    let before = world.primary("web").id;
    let then = world.model.now();
    world.pass(1);
    world.force("web");
    assert_ne!(world.primary("web").id, before);
    assert_eq!(world.describe_at(AsOf::At(then), "web").deployments[0].id, before);
}

#[test]
fn a_namespace_lists_its_members_of_all_clusters_by_name_and_by_arn() {
    let mut world = World::new();
    world.server("web");
    world.client("cron");
    world.create("plain", json!({})).unwrap();
    world.model.create_cluster(read(json!({"clusterName": "other"}))).unwrap();
    let elsewhere = json!({"cluster": "other", "serviceConnectConfiguration": serves("api")});
    world.create("api", elsewhere).unwrap();
    let arn = world.model.namespace("mesh").unwrap().arn.clone();
    for namespace in ["mesh", arn.as_str()] {
        let mut arns = Vec::new();
        let mut token = None;
        loop {
            let request = ListServicesByNamespaceRequest {
                namespace: namespace.to_owned(),
                max_results: Some(2),
                next_token: token,
            };
            let answer = world.model.list_services_by_namespace(AsOf::Now, &request).unwrap();
            arns.extend(answer.service_arns);
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        let names: Vec<&str> = arns.iter().map(|arn| arn.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["api", "cron", "web"]);
    }
    let unknown =
        ListServicesByNamespaceRequest { namespace: "x".to_owned(), ..Default::default() };
    let error = world.model.list_services_by_namespace(AsOf::Now, &unknown).unwrap_err();
    assert_eq!(error.code, "NamespaceNotFoundException");
}

#[test]
fn a_task_with_service_connect_shows_its_attachment_and_its_proxy() {
    let mut world = World::new();
    world.server("web");
    let request: ListTasksRequest = read(json!({"cluster": "prod", "serviceName": "web"}));
    let arns = world.model.list_tasks(&request).unwrap().task_arns;
    assert_eq!(arns.len(), 2);
    let request: DescribeTasksRequest = read(json!({"cluster": "prod", "tasks": [arns[0], "0"]}));
    let answer = world.model.describe_tasks(&request).unwrap();
    let task = &answer.tasks[0];
    assert_eq!(task.started_by, world.primary("web").id);
    let attachment = task.attachments.iter().find(|each| each.kind == "ServiceConnect").unwrap();
    let proxy = &attachment.details[0].value;
    assert!(proxy.starts_with("ecs-service-connect-"));
    let container = task.containers.iter().find(|each| each.name == *proxy).unwrap();
    assert_eq!((container.image.as_deref(), container.health_status.as_str()), (None, "HEALTHY"));
    assert_eq!(answer.failures.len(), 1);
}

#[test]
fn stopped_tasks_are_listed_for_an_hour() {
    let mut world = World::new();
    world.server("web");
    world.force("web");
    world.pass(60);
    let request: ListTasksRequest =
        read(json!({"cluster": "prod", "serviceName": "web", "desiredStatus": "STOPPED"}));
    assert_eq!(world.model.list_tasks(&request).unwrap().task_arns.len(), 2);
    world.pass(3600);
    assert!(world.model.list_tasks(&request).unwrap().task_arns.is_empty());
}

#[test]
fn events_are_at_most_a_hundred_newest_first() {
    let mut world = World::new();
    world.server("web");
    for _ in 0..40 {
        world.force("web");
        world.pass(60);
    }
    let events = world.describe("web").events;
    assert_eq!(events.len(), 100);
    assert_eq!(events[0].message, "(service web) has reached a steady state.");
    assert!(events[0].created_at > events[99].created_at);
}

#[test]
fn tags_come_when_asked_for_and_never_deploy() {
    let mut world = World::new();
    world.create("web", json!({"tags": [{"key": "a", "value": "1"}]})).unwrap();
    let arn = world.describe("web").service_arn;
    let deployments = world.describe("web").deployments;
    let tag = json!({"resourceArn": arn, "tags": [{"key": "eastwest/mode", "value": "client"}]});
    world.model.tag_resource(read(tag)).unwrap();
    let request: DescribeServicesRequest =
        read(json!({"cluster": "prod", "services": ["web"], "include": ["TAGS"]}));
    let service = world.model.describe_services(AsOf::Now, &request).unwrap().services.remove(0);
    assert_eq!(service.tags.unwrap().len(), 2);
    assert_eq!(service.deployments, deployments);
    let untag = json!({"resourceArn": arn, "tagKeys": ["a", "never-there"]});
    world.model.untag_resource(read(untag)).unwrap();
    let listed = world.model.list_tags_for_resource(&read(json!({"resourceArn": arn}))).unwrap();
    assert_eq!(listed.tags[0].key, "eastwest/mode");
    let (_, state) = world.model.services().next().unwrap();
    assert!(state.has_tag_under("eastwest/") && !state.has_tag_under("other/"));
}

#[test]
fn tags_that_aws_would_not_take_are_refused() {
    let mut world = World::new();
    world.create("web", json!({})).unwrap();
    let arn = world.describe("web").service_arn;
    let mut tag = |key: &str, value: &str| {
        let tag = json!({"resourceArn": arn, "tags": [{"key": key, "value": value}]});
        world.model.tag_resource(read(tag)).map(|_| ()).map_err(|error| error.code)
    };
    for (key, value) in
        [("a", "x,y"), ("a", "{}"), ("", "x"), ("aws:x", "y"), ("a", &"v".repeat(257))]
    {
        assert_eq!(tag(key, value), Err("InvalidParameterException"), "{key} {value}");
    }
    for number in 0..50 {
        tag(&format!("k{number}"), "a b:c/d=e+f-g@h_i.j").unwrap();
    }
    assert!(tag("one-more", "x").is_err());
    let short =
        json!({"resourceArn": "arn:aws:ecs:eu-central-1:123456789012:service/web", "tags": []});
    assert!(world.model.tag_resource(read(short)).is_err());
}

#[test]
fn a_task_definition_comes_back_whole() {
    let mut world = World::new();
    let found =
        world.model.describe_task_definition(&read(json!({"taskDefinition": "app"}))).unwrap();
    let json = found.task_definition.unwrap();
    assert_eq!(json["containerDefinitions"][0]["newerThanUs"]["kept"], true);
    assert_eq!(json["containerDefinitions"][0]["portMappings"][0]["appProtocol"], "http");
    assert_eq!((&json["revision"], &json["status"]), (&json!(1), &json!("ACTIVE")));
    world.register("app", &json!("http"));
    world.model.deregister_task_definition(read(json!({"taskDefinition": "app:2"}))).unwrap();
    let arn = world.create("web", json!({})).unwrap().task_definition;
    assert!(arn.ends_with("app:1"), "a family means its latest active revision");
    assert!(world.create("two", json!({"taskDefinition": "app:2"})).is_err());
    let list = world.model.list_task_definitions(&read(json!({"familyPrefix": "app"}))).unwrap();
    assert_eq!(list.task_definition_arns.len(), 1);
}
