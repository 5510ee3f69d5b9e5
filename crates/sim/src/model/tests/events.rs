//! What is announced, and that it reaches the queues that want it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{World, read, serves};
use crate::model::{EventOptions, Model, RolloutOutcome};
use crate::shapes::events::PutEventsRequest;

const QUEUE: &str = "events";

/// Events as AWS documents them.
const FIXTURES: [(&str, &str); 15] = [
    (
        "ecs-deployment-state-change",
        include_str!("../../../../../tests/events/ecs-deployment-state-change.json"),
    ),
    ("ecs-service-action", include_str!("../../../../../tests/events/ecs-service-action.json")),
    (
        "ecs-hook-state-change",
        include_str!("../../../../../tests/events/ecs-hook-state-change.json"),
    ),
    ("tag-change", include_str!("../../../../../tests/events/tag-change.json")),
    (
        "ssm-parameter-store-change",
        include_str!("../../../../../tests/events/ssm-parameter-store-change.json"),
    ),
    ("TagResource", include_str!("../../../../../tests/events/cloudtrail-ecs-tag-resource.json")),
    (
        "UntagResource",
        include_str!("../../../../../tests/events/cloudtrail-ecs-untag-resource.json"),
    ),
    (
        "CreateService",
        include_str!("../../../../../tests/events/cloudtrail-ecs-create-service.json"),
    ),
    (
        "UpdateService",
        include_str!("../../../../../tests/events/cloudtrail-ecs-update-service.json"),
    ),
    (
        "UpdateService, refused",
        include_str!("../../../../../tests/events/cloudtrail-ecs-update-service-refused.json"),
    ),
    (
        "DeleteService",
        include_str!("../../../../../tests/events/cloudtrail-ecs-delete-service.json"),
    ),
    (
        "CreateCluster",
        include_str!("../../../../../tests/events/cloudtrail-ecs-create-cluster.json"),
    ),
    (
        "CreateHttpNamespace",
        include_str!(
            "../../../../../tests/events/cloudtrail-servicediscovery-create-http-namespace.json"
        ),
    ),
    (
        "DeleteNamespace",
        include_str!(
            "../../../../../tests/events/cloudtrail-servicediscovery-delete-namespace.json"
        ),
    ),
    (
        "CreateService of Cloud Map",
        include_str!("../../../../../tests/events/cloudtrail-servicediscovery-create-service.json"),
    ),
];

/// Nothing is lost, late or doubled.
fn plain() -> EventOptions {
    EventOptions {
        lost_per_mille: 0,
        doubled_per_mille: 0,
        delay_ms: [0, 0],
        reordered: false,
        ..EventOptions::default()
    }
}

/// The small world, with a queue that all events reach.
fn listening(events: EventOptions) -> World {
    let mut world = World::new();
    world.model.set_event_options(events);
    world.model.queue_all_events(QUEUE).unwrap();
    world
}

/// Everything that is in the queue, as JSON, in order.
fn heard(model: &mut Model) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let received = model.receive(QUEUE, 10).unwrap();
        if received.is_empty() {
            return all;
        }
        for message in received {
            model.delete_received(QUEUE, &message.receipt).unwrap();
            all.push(serde_json::from_str(&message.body).unwrap());
        }
    }
}

fn of_type<'a>(events: &'a [Value], detail_type: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["detail-type"] == detail_type).collect()
}

/// The names and reasons of the deployment state changes among some events.
fn stages(events: &[Value]) -> Vec<[&str; 2]> {
    of_type(events, "ECS Deployment State Change")
        .into_iter()
        .map(|event| ["eventName", "reason"].map(|name| event["detail"][name].as_str().unwrap()))
        .collect()
}

#[test]
fn a_rollout_is_announced_when_it_begins_and_when_it_is_complete() {
    let mut world = listening(plain());
    world.server("web");
    let events = heard(&mut world.model);
    let id = world.primary("web").id;
    assert_eq!(
        stages(&events),
        [
            ["SERVICE_DEPLOYMENT_IN_PROGRESS", &format!("ECS deployment {id} in progress.")],
            ["SERVICE_DEPLOYMENT_COMPLETED", &format!("ECS deployment {id} completed.")],
        ]
    );
    let changes = of_type(&events, "ECS Deployment State Change");
    let service = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web";
    assert!(changes.iter().all(|event| event["resources"] == json!([service])));
    assert!(changes.iter().all(|event| event["detail"].get("clusterArn").is_none()));
    let names: Vec<_> = of_type(&events, "ECS Service Action")
        .into_iter()
        .map(|event| event["detail"]["eventName"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE"]
    );
}

#[test]
fn a_rollback_is_announced_as_a_failure_and_a_new_beginning() {
    let mut world = listening(plain());
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    let more = json!({
        "serviceConnectConfiguration": serves("web"), "deploymentConfiguration": breaker,
    });
    world.create("web", more).unwrap();
    world.pass(60);
    let first = world.primary("web").id;
    heard(&mut world.model);
    world.script("web", 30, RolloutOutcome::Fail);
    world.connect("web", &serves("other")).unwrap();
    world.pass(120);
    let events = heard(&mut world.model);
    let names: Vec<_> = stages(&events).into_iter().map(|[name, _]| name).collect();
    assert_eq!(
        names,
        [
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_FAILED",
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED",
        ]
    );
    let back = format!("ECS deployment circuit breaker: rolling back to deploymentId {first}.");
    assert_eq!(stages(&events)[2][1], back);
}

#[test]
fn without_the_circuit_breaker_no_failure_is_announced() {
    let mut world = listening(plain());
    world.script("web", 30, RolloutOutcome::Fail);
    world.create("web", json!({"serviceConnectConfiguration": serves("web")})).unwrap();
    world.pass(3600);
    let events = heard(&mut world.model);
    let names: Vec<_> = stages(&events).into_iter().map(|[name, _]| name).collect();
    assert_eq!(names, ["SERVICE_DEPLOYMENT_IN_PROGRESS"]);
}

#[test]
fn a_pause_hook_is_announced_when_it_asks_and_when_it_is_answered_or_over() {
    for (action, name) in [
        (Some("CONTINUE"), "HOOK_SUCCEEDED"),
        (Some("ROLLBACK"), "HOOK_FAILED"),
        (None, "HOOK_TIMED_OUT"),
    ] {
        let mut world = listening(plain());
        world.server("web");
        let timeout = json!({"timeoutInMinutes": 10, "action": "CONTINUE"});
        let hooks = json!([{
            "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"],
            "timeoutConfiguration": timeout,
        }]);
        let configuration = json!({"lifecycleHooks": hooks});
        world.update("web", json!({"deploymentConfiguration": configuration})).unwrap();
        world.force("web");
        world.pass(2);
        let heard_first = heard(&mut world.model);
        let asked = &of_type(&heard_first, "ECS Hook State Change")[0]["detail"];
        assert_eq!(asked["eventName"], "HOOK_AWAITING_ACTION");
        assert_eq!(asked["lifecycleStage"], "PRE_SCALE_UP");
        match action {
            Some(action) => {
                let deployment = &asked["serviceDeploymentArn"];
                let body = json!({
                    "serviceDeploymentArn": deployment, "hookId": asked["hookId"], "action": action,
                });
                world.model.continue_service_deployment(read(body)).unwrap();
            }
            None => world.pass(600),
        }
        let events = heard(&mut world.model);
        let hooks = of_type(&events, "ECS Hook State Change");
        let names: Vec<_> = hooks.iter().map(|event| &event["detail"]["eventName"]).collect();
        assert_eq!(names, [name]);
    }
}

fn tag(world: &mut World, key: &str, value: &str) {
    let arn = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web";
    let body = json!({"resourceArn": arn, "tags": [{"key": key, "value": value}]});
    world.model.tag_resource(read(body)).unwrap();
}

#[test]
fn a_changed_tag_is_announced_with_all_tags_and_a_version_that_grows() {
    let mut world = listening(plain());
    world.server("web");
    heard(&mut world.model);
    tag(&mut world, "team", "shop");
    tag(&mut world, "eastwest/mode", "client");
    tag(&mut world, "eastwest/mode", "client");
    let events = heard(&mut world.model);
    let changes = of_type(&events, "Tag Change on Resource");
    let details: Vec<_> = changes.iter().map(|event| &event["detail"]).collect();
    assert_eq!(details.len(), 2, "what stands already is no change: {details:?}");
    assert_eq!(details[1]["changed-tag-keys"], json!(["eastwest/mode"]));
    assert_eq!(details[1]["tags"], json!({"team": "shop", "eastwest/mode": "client"}));
    assert_eq!([&details[0]["version"], &details[1]["version"]], [1, 2]);
    assert_eq!(of_type(&events, "AWS API Call via CloudTrail").len(), 3);
}

#[test]
fn whether_tags_of_ecs_are_announced_is_a_switch() {
    let mut world = listening(EventOptions { tag_change: false, ..plain() });
    world.server("web");
    tag(&mut world, "team", "shop");
    let events = heard(&mut world.model);
    assert!(of_type(&events, "Tag Change on Resource").is_empty());
    assert!(!of_type(&events, "AWS API Call via CloudTrail").is_empty());
}

#[test]
fn a_parameter_is_announced_without_its_value() {
    let mut world = listening(plain());
    let secret = "s3cr3t";
    for overwrite in [false, true] {
        let body = json!({
            "Name": "/a/b", "Value": secret, "Type": "SecureString", "Overwrite": overwrite,
        });
        world.model.put_parameter(read(body)).unwrap();
    }
    world.model.delete_parameter(read(json!({"Name": "/a/b"}))).unwrap();
    assert!(world.model.delete_parameter(read(json!({"Name": "/a/b"}))).is_err());
    let events = heard(&mut world.model);
    let details: Vec<_> = events.iter().map(|event| &event["detail"]).collect();
    let told =
        |operation: &str| json!({"operation": operation, "name": "/a/b", "type": "SecureString"});
    assert_eq!(details, [&told("Create"), &told("Update"), &told("Delete")]);
    assert_eq!(
        events[0]["resources"],
        json!(["arn:aws:ssm:eu-central-1:123456789012:parameter/a/b"])
    );
    assert!(!json!(events).to_string().contains(secret));
}

#[test]
fn a_call_is_recorded_with_its_caller_and_without_secrets() {
    let mut world = listening(plain());
    let secret = "s3cr3t";
    let logs = json!({"logDriver": "splunk", "options": {"splunk-token": secret}});
    let body = json!({
        "family": "app", "cpu": "256", "memory": "512", "networkMode": "awsvpc",
        "containerDefinitions": [{
            "name": "app", "image": "nginx", "environment": [{"name": "TOKEN", "value": secret}],
            "logConfiguration": logs, "portMappings": [{"name": "web", "containerPort": 8080}],
        }],
    });
    world.model.set_caller("ci/1");
    world.model.register_task_definition(read(body)).unwrap();
    let mut connect = serves("web");
    connect["logConfiguration"] = logs;
    world.create("web", json!({"serviceConnectConfiguration": connect})).unwrap();
    let refused = world.update("nothing", json!({"desiredCount": 1})).unwrap_err();
    let events = heard(&mut world.model);
    assert!(!json!(events).to_string().contains(secret), "{events:?}");
    let calls = of_type(&events, "AWS API Call via CloudTrail");
    let calls = calls.into_iter().filter(|event| event["source"] == "aws.ecs");
    let details: Vec<_> = calls.map(|event| &event["detail"]).collect();
    let names: Vec<_> = details.iter().map(|detail| detail["eventName"].as_str()).collect();
    assert_eq!(names, ["RegisterTaskDefinition", "CreateService", "UpdateService"].map(Some));
    assert!(details.iter().all(|detail| detail["userAgent"] == "ci/1"));
    assert_eq!(details[2]["errorCode"], refused.code);
    assert_eq!(details[2]["responseElements"], Value::Null);
    assert!(details[1].get("errorCode").is_none());
}

#[test]
fn what_ecs_does_in_cloud_map_is_recorded_as_its_own_doing() {
    let mut world = listening(plain());
    world.server("web");
    world.connect("web", &json!({"enabled": false})).unwrap();
    world.pass(120);
    let defaults = json!({"namespace": "fresh"});
    let body = json!({"clusterName": "new", "serviceConnectDefaults": defaults});
    world.model.create_cluster(read(body)).unwrap();
    let events = heard(&mut world.model);
    let own = events.iter().filter(|event| event["source"] == "aws.servicediscovery");
    let own: Vec<_> = own.map(|event| &event["detail"]).collect();
    let names: Vec<_> = own.iter().map(|detail| detail["eventName"].as_str().unwrap()).collect();
    assert_eq!(names, ["CreateService", "DeleteService", "CreateHttpNamespace"]);
    assert!(own.iter().all(|each| each["userIdentity"]["invokedBy"] == "ecs.amazonaws.com"));
    assert_eq!(own[0]["requestParameters"]["name"], "web");
}

/// The events of one of everything, by the name of the fixture that each should look like.
fn one_of_each() -> BTreeMap<&'static str, Value> {
    let mut world = listening(plain());
    let tags = json!([{"key": "a", "value": "b"}]);
    let described = json!({"Name": "/p", "Value": "v", "Type": "String", "Description": "d"});
    world.model.put_parameter(read(described)).unwrap();
    world
        .create("web", json!({"serviceConnectConfiguration": serves("web"), "tags": tags}))
        .unwrap();
    world.pass(60);
    let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    world.update("web", json!({"deploymentConfiguration": {"lifecycleHooks": hooks}})).unwrap();
    world.connect("web", &serves("other")).unwrap();
    drop(world.update("nothing", json!({"desiredCount": 1})));
    tag(&mut world, "a", "c");
    let arn = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web";
    world.model.untag_resource(read(json!({"resourceArn": arn, "tagKeys": ["a"]}))).unwrap();
    let body = json!({"cluster": "prod", "service": "web", "force": true});
    world.model.delete_service(read(body)).unwrap();
    world.model.create_cluster(read(json!({"clusterName": "new"}))).unwrap();
    let body = json!({"Name": "other", "CreatorRequestId": "c"});
    world.model.create_http_namespace(read(body)).unwrap();
    world.pass(10);
    let namespaces = world.model.list_namespaces(&read(json!({}))).unwrap().namespaces;
    let id = &namespaces.iter().find(|each| each.name == "other").unwrap().id;
    let body = json!({"Name": "by-hand", "NamespaceId": id, "CreatorRequestId": "d"});
    let made = world.model.create_cloud_map_service(read(body)).unwrap().service.id;
    world.model.delete_cloud_map_service(read(json!({"Id": made}))).unwrap();
    world.model.delete_namespace(read(json!({"Id": id}))).unwrap();
    let named = |event: Value| {
        let detail = &event["detail"];
        let name = match (event["detail-type"].as_str()?, detail["eventName"].as_str()) {
            ("ECS Deployment State Change", _) => "ecs-deployment-state-change",
            ("ECS Service Action", Some("SERVICE_STEADY_STATE")) => "ecs-service-action",
            ("ECS Hook State Change", _) => "ecs-hook-state-change",
            ("Tag Change on Resource", _) => "tag-change",
            ("Parameter Store Change", _) => "ssm-parameter-store-change",
            (_, Some("UpdateService")) if detail.get("errorCode").is_some() => {
                "UpdateService, refused"
            }
            (_, Some("CreateService")) if event["source"] == "aws.servicediscovery" => {
                "CreateService of Cloud Map"
            }
            (_, Some("DeleteService")) if event["source"] == "aws.servicediscovery" => return None,
            (_, Some(name)) => FIXTURES.iter().map(|(known, _)| *known).find(|it| *it == name)?,
            _ => return None,
        };
        Some((name, event))
    };
    heard(&mut world.model).into_iter().filter_map(named).collect()
}

/// Where two values differ in members or JSON types. Below an answer the model may say more, as AWS does.
fn differences(wanted: &Value, sent: &Value, place: &str, found: &mut Vec<String>) {
    match (wanted, sent) {
        (Value::Object(wanted), Value::Object(sent)) => {
            // Tags, requests and answers depend on the call; of those only what both have is compared.
            let open = ["requestParameters", "responseElements", "tags"];
            let open = open.iter().any(|name| place.contains(name));
            let names: BTreeSet<_> = wanted.keys().chain(sent.keys().filter(|_| !open)).collect();
            for name in names {
                let here = format!("{place}.{name}");
                match (wanted.get(name), sent.get(name)) {
                    (Some(wanted), Some(sent)) => differences(wanted, sent, &here, found),
                    (Some(_), None) if !open || place.ends_with("responseElements") => {
                        found.push(format!("{here} is not sent"));
                    }
                    (None, _) => found.push(format!("{here} is not in the example")),
                    (Some(_), None) => {}
                }
            }
        }
        (Value::Array(wanted), Value::Array(sent)) => {
            if let (Some(wanted), Some(sent)) = (wanted.first(), sent.first()) {
                differences(wanted, sent, &format!("{place}[0]"), found);
            }
        }
        (wanted, sent) => {
            if std::mem::discriminant(wanted) != std::mem::discriminant(sent) {
                found.push(format!("{place}: {sent} where {wanted} stands"));
            }
        }
    }
}

#[test]
fn every_example_of_an_event_is_compared() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events");
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let examples = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    assert_eq!(examples.count(), FIXTURES.len());
}

#[test]
fn every_event_has_the_members_and_types_that_aws_documents() {
    let sent = one_of_each();
    let mut found = Vec::new();
    for (name, text) in FIXTURES {
        let wanted: Value = serde_json::from_str(text).unwrap();
        match sent.get(name) {
            None => found.push(format!("{name} was not sent")),
            Some(sent) => differences(&wanted, sent, name, &mut found),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_events_of_best_effort_are_lost() {
    let mut world = listening(EventOptions { lost_per_mille: 1000, ..plain() });
    world.server("web");
    tag(&mut world, "team", "shop");
    let events = heard(&mut world.model);
    let sources: Vec<_> =
        events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(sources.len(), 5, "{sources:?}");
    let durable = ["ECS Deployment State Change", "ECS Service Action"];
    assert!(sources.iter().all(|name| durable.contains(name)), "{sources:?}");
}

#[test]
fn a_doubled_event_comes_twice_with_one_id() {
    let mut world = listening(EventOptions { doubled_per_mille: 1000, ..plain() });
    world.model.create_cluster(read(json!({"clusterName": "new"}))).unwrap();
    let events = heard(&mut world.model);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
}

#[test]
fn events_come_late_and_overtake_one_another_unless_that_is_switched_off() {
    for reordered in [true, false] {
        let delays = EventOptions { delay_ms: [200, 30_000], reordered, ..plain() };
        let mut world = listening(delays);
        for number in 0..100 {
            let body = json!({"clusterName": format!("c{number:03}")});
            world.model.create_cluster(read(body)).unwrap();
        }
        assert_eq!(world.model.receive(QUEUE, 100).unwrap(), []);
        let first = world.model.next_visible(QUEUE).unwrap().unwrap();
        assert!(first.since_ms(world.model.now()) >= 200);
        world.pass(30);
        let events = heard(&mut world.model);
        assert_eq!(events.len(), 100);
        let name = |event: &Value| {
            event["detail"]["requestParameters"]["clusterName"].as_str().unwrap().to_owned()
        };
        let names: Vec<_> = events.iter().map(name).collect();
        assert_eq!(names.is_sorted(), !reordered, "{names:?}");
    }
}

#[test]
fn the_seed_decides_what_happens_to_events() {
    let bodies = || {
        let mut world = listening(EventOptions::default());
        for number in 0..50 {
            let body = json!({"clusterName": format!("c{number}")});
            world.model.create_cluster(read(body)).unwrap();
        }
        world.pass(60);
        heard(&mut world.model)
    };
    assert_eq!(bodies(), bodies());
}

#[test]
fn who_listens_changes_nothing_else_of_the_world() {
    let mut quiet = World::new();
    let mut listened = listening(EventOptions::default());
    for world in [&mut quiet, &mut listened] {
        world.server("web");
        tag(world, "team", "shop");
    }
    assert_eq!(quiet.describe("web"), listened.describe("web"));
    assert_eq!(quiet.model.next_event(), listened.model.next_event());
}

#[test]
fn events_that_are_too_large_or_too_many_are_refused_whole() {
    let mut world = listening(plain());
    let mut put = |entries: Vec<Value>| {
        let request: PutEventsRequest = read(json!({ "Entries": entries }));
        world.model.put_events(request).map(|answer| answer.entries.len()).map_err(|e| e.code)
    };
    let entry = |size: usize| {
        let detail = json!({"text": "x".repeat(size)}).to_string();
        json!({"Source": "shop", "DetailType": "order", "Detail": detail})
    };
    assert_eq!(put(vec![entry(100_000), entry(100_000)]), Ok(2));
    assert_eq!(put(vec![entry(100_000); 3]), Err("ValidationException"));
    assert_eq!(put(vec![entry(1); 10]), Ok(10));
    for entries in [Vec::new(), vec![entry(1); 11]] {
        assert_eq!(put(entries), Err("ValidationException"));
    }
}

#[test]
fn nobody_but_aws_sends_events_of_aws() {
    let mut world = listening(plain());
    let entry = |source: &str| json!({"Source": source, "DetailType": "ECS Service Action", "Detail": "{}"});
    let entries = json!([entry("aws.ecs"), entry("shop")]);
    let request: PutEventsRequest = read(json!({ "Entries": entries }));
    let answer = world.model.put_events(request).unwrap();
    assert_eq!(answer.failed_entry_count, 1);
    let refused = answer.entries[0].error_code.as_deref();
    assert_eq!(refused, Some("NotAuthorizedForSourceException"));
    assert!(answer.entries[1].event_id.is_some());
    assert_eq!(heard(&mut world.model), [] as [Value; 0]);
}
