//! What all JSON has in common: keys are camelCase, and no member is null or an empty text.

use std::collections::VecDeque;
use std::sync::Arc;

use eastwest_aws::{Captures, World};
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::engine::look::Looked;
use eastwest_core::report::explain::explain;
use serde::Serialize;
use serde_json::{Value, json};

use super::look::{look, now};
use super::offline::offline;
use crate::api::listing::Listing;
use crate::api::plan::PlanPage;
use crate::daemon::clock::Clock;

/// What is wrong with the keys and members of a value.
fn faults(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::Null => vec![format!("{place} is null")],
        Value::String(text) if text.is_empty() => vec![format!("{place} is empty")],
        Value::Array(items) => {
            items.iter().flat_map(|item| faults(item, &format!("{place}[]"))).collect()
        }
        Value::Object(members) => {
            let of_member = |(key, value): (&String, &Value)| {
                let mut found = faults(value, &format!("{place}.{key}"));
                // The keys below `needs` are services.
                if !is_camel_case(key) && place != ".needs" {
                    found.push(format!("{place}.{key} is not camelCase"));
                }
                found
            };
            members.iter().flat_map(of_member).collect()
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn is_camel_case(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Checks what is published as JSON; returns it.
pub(super) fn published(value: &impl Serialize) -> Value {
    let value = serde_json::to_value(value).expect("it is JSON");
    assert_eq!(faults(&value, ""), [""; 0], "{value:#}");
    value
}

/// A service as the AWS CLI prints it.
fn service(name: &str, tags: &[(&str, &str)], connect: &Value) -> Value {
    let tag =
        |(key, value): &(&str, &str)| json!({"key": format!("eastwest/{key}"), "value": value});
    json!({
        "serviceArn": format!("arn:aws:ecs:r:1:service/prod/{name}"), "serviceName": name,
        "clusterArn": "arn:aws:ecs:r:1:cluster/prod", "status": "ACTIVE", "desiredCount": 2,
        "launchType": "FARGATE", "platformVersion": "1.4.0",
        "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:1",
        "deployments": [{"id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED",
                         "serviceConnectConfiguration": connect}],
        "tags": tags.iter().map(tag).collect::<Vec<_>>(),
    })
}

/// A configuration with every member there is.
fn whole() -> Value {
    json!({
        "enabled": true, "namespace": "internal",
        "services": [{
            "portName": "http", "discoveryName": "web", "ingressPortOverride": 9000,
            "clientAliases": [{
                "port": 80, "dnsName": "web",
                "testTrafficRules": {"header": {"name": "x-test", "value": {"exact": "1"}}},
            }],
            "timeout": {"idleTimeoutSeconds": 300, "perRequestTimeoutSeconds": 15},
            "tls": {"issuerCertificateAuthority": {"awsPcaAuthorityArn": "arn:aws:acm-pca:r:1:ca"},
                    "kmsKey": "key", "roleArn": "arn:aws:iam::1:role/r"},
        }],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"},
                             "secretOptions": [{"name": "s", "valueFrom": "arn:s"}]},
        "accessLogConfiguration": {"format": "JSON", "includeQueryParameters": "ENABLED"},
    })
}

/// A fleet with something of everything.
fn captures() -> Captures {
    let off = json!({"enabled": false});
    let server = [("mode", "client-server"), ("namespace", "internal"), ("discovery-name", "web")];
    let changed =
        [&server[..], &[("alias", "web:81"), ("timeout", "idle=1m"), ("ingress-port", "9001")]];
    let services = [
        service("web", &changed.concat(), &whole()),
        service("thief", &server, &off),
        service("bad", &[("mode", "clinet")], &off),
        service("shop", &[("mode", "client"), ("namespace", "internal"), ("needs", "web")], &off),
        service("lost", &[("mode", "client"), ("needs", "wbe")], &off),
        service("stranger", &[], &whole()),
    ];
    let definition = json!({"taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:r:1:task-definition/web:1", "networkMode": "awsvpc",
        "cpu": "256", "memory": "512", "family": "web", "revision": 1,
        "containerDefinitions": [{"name": "app", "portMappings": [
            {"name": "http", "containerPort": 8080, "appProtocol": "http"}]}],
    }});
    let mut captures = Captures::default();
    for file in [json!({"services": services}), definition] {
        assert_eq!(captures.add("a.json", &file.to_string()), []);
    }
    captures
}

fn settings() -> Settings {
    Settings { policy: Policy::Sync, ..Settings::default() }
}

fn world(settings: &Settings) -> Arc<World> {
    Arc::new(offline(captures(), settings).world)
}

async fn looked(settings: &Settings) -> Looked {
    look(world(settings), settings).await
}

/// An engine that has read everything once.
async fn engine(settings: Settings) -> Engine {
    let (world, now) = (world(&settings), now());
    let mut engine = Engine::new(settings, now);
    let mut waiting: VecDeque<Effect> = engine.step(now, Event::Tick).into();
    while let Some(effect) = waiting.pop_front() {
        let event = world.execute(effect).await;
        waiting.extend(engine.step(now, event));
    }
    engine
}

#[tokio::test]
async fn the_json_of_a_plan_is_camel_case_and_has_no_empty_members() {
    let settings = settings();
    let looked = looked(&settings).await;
    let page = published(&PlanPage::new(&looked.plan, &looked.view, &settings));
    for list in ["missing", "steps", "holds", "issues", "faults"] {
        assert!(page[list].is_array(), "{list} is always there: {page:#}");
    }
    assert!(page["summary"]["inSync"].is_number() && page["needs"].is_object(), "{page:#}");
    let text = page.to_string();
    for key in ["portName", "discoveryName", "ingressPort", "dnsName", "idleSeconds", "accessLogs"]
    {
        assert!(text.contains(&format!("\"{key}\":")), "{key} in {page:#}");
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_camel_case_too() {
    let mut settings = settings();
    settings.sources.documents.insert(ParameterName::as_read("/eastwest/prod"));
    let looked = looked(&settings).await;
    let page = published(&PlanPage::new(&looked.plan, &looked.view, &settings));
    assert_eq!(page["document"]["inForce"], false);
    assert!(page["document"]["trouble"].is_string(), "{page:#}");
}

#[tokio::test]
async fn the_json_of_services_is_camel_case_and_has_no_empty_members() {
    let engine = engine(settings()).await;
    let listing = Listing::new(&engine, Clock::start(std::time::Duration::ZERO));
    let page: Value = serde_json::from_slice(listing.as_ref()).expect("the page is JSON");
    let page = published(&page);
    let rows = page["services"].as_array().expect("services are always there");
    let row = |name: &str| rows.iter().find(|row| row["service"] == name).expect("a service");
    assert_eq!(
        row("prod/web")["deployed"]["endpoints"][0]["alias"]["testHeader"]["name"],
        "x-test"
    );
    assert_eq!(row("prod/web")["declared"]["endpoints"][0]["discoveryName"], "web");
    assert_eq!(row("prod/bad")["issues"][0]["nearest"], "client");
    assert_eq!(row("prod/stranger")["managed"], false);
    assert!(
        row("prod/stranger").get("reason").is_none()
            && row("prod/stranger").get("changes").is_none()
    );
    assert!(page["clusters"][0]["sweptAt"].is_string(), "{page:#}");
}

#[tokio::test]
async fn the_json_of_an_explanation_is_camel_case_and_has_no_empty_members() {
    let settings = settings();
    let looked = looked(&settings).await;
    for name in ["prod/web", "prod/thief", "prod/bad", "prod/shop", "prod/stranger"] {
        let path = ServicePath::parse(name).expect("a path");
        let key = looked.view.at_path(&path).expect("it is there");
        let found = explain(&looked.view, &settings, key, &looked.plan).expect("it is read");
        let page = published(&found);
        assert!(page["fields"].is_array() && page["issues"].is_array(), "{page:#}");
    }
}

#[test]
fn what_is_not_camel_case_or_empty_is_found() {
    let bad = json!({"good": [{"not_good": ""}], "needs": {"prod/web": [{"name": null}]}});
    let expected = [
        ".good[].not_good is empty",
        ".good[].not_good is not camelCase",
        ".needs.prod/web[].name is null",
    ];
    let mut found = faults(&bad, "");
    found.sort_unstable();
    assert_eq!(found, expected);
}
