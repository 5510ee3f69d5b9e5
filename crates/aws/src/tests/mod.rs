//! The adapter against a played AWS: requests as the SDK writes them, answers as AWS writes them.
//!
//! Nothing here knows the simulator. [`played`] puts a function in place of the network; `transport` uses
//! real sockets, for what only they can do.

mod apply;
mod ask;
mod bus;
mod confirm;
mod denied;
mod faults;
mod lease;
mod named_ports;
mod network;
mod new_namespace;
mod parameters;
mod queue;
mod signature;
mod sweep;
mod tasks;
mod transport;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::body::SdkBody;
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::effect::{Effect, Event};
use serde_json::{Value, json};

use crate::{Call, Settings, Share, World};

/// A request as it was sent.
#[derive(Debug, Clone)]
struct Asked {
    /// `ecs.ListServices`.
    operation: String,
    body: Value,
}

/// An answer to give.
struct Told {
    status: u16,
    body: Vec<u8>,
}

impl Told {
    fn error(status: u16, code: &str, message: &str) -> Self {
        Self { status, body: json!({"__type": code, "message": message}).to_string().into() }
    }

    fn text(status: u16, body: &str) -> Self {
        Self::bytes(status, body.as_bytes())
    }

    fn bytes(status: u16, body: &[u8]) -> Self {
        Self { status, body: body.to_owned() }
    }
}

impl From<Value> for Told {
    fn from(body: Value) -> Self {
        Self { status: 200, body: body.to_string().into() }
    }
}

/// A world over a played AWS, with all that was asked and counted.
struct Stage {
    world: World,
    asked: Arc<Mutex<Vec<Asked>>>,
    counted: Arc<Mutex<Vec<Call>>>,
}

impl Stage {
    async fn execute(&self, effect: Effect) -> Event {
        Box::pin(self.world.execute(effect)).await
    }

    /// The bodies of all requests of one operation.
    fn asked(&self, operation: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|a| a.operation == operation).map(|a| a.body.clone()).collect()
    }

    fn all_asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|a| a.operation.clone()).collect()
    }

    /// What was counted, as `operation result`.
    fn counted(&self) -> Vec<String> {
        let counted = self.counted.lock().unwrap();
        counted.iter().map(|c| format!("{}.{} {}", c.api, c.operation, c.result)).collect()
    }
}

/// A world whose AWS is `answer`.
fn played<T: Into<Told>>(answer: impl Fn(&Asked) -> T + Send + Sync + 'static) -> Stage {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let client = network::client(move |request: http::Request<SdkBody>| {
        let asked = read(&request);
        log.lock().unwrap().push(asked.clone());
        let told = answer(&asked).into();
        http::Response::builder().status(told.status).body(told.body).unwrap()
    });
    staged(&config().http_client(client).build(), asked)
}

/// A world over any configuration.
fn staged(config: &SdkConfig, asked: Arc<Mutex<Vec<Asked>>>) -> Stage {
    let counted = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::clone(&counted);
    let settings = Settings {
        share: Share { of_bucket: 1.0, kept_for_changes: 0.0 },
        attempt_timeout: Duration::from_millis(200),
        backoff: Duration::from_millis(1),
        on_call: Arc::new(move |call| count.lock().unwrap().push(call)),
        lease_table: Some(lease::table()),
        bus: Some(bus::name()),
        ..Settings::default()
    };
    Stage { world: World::over(config, &settings).unwrap(), asked, counted }
}

fn credentials() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test")
}

fn config() -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
}

fn read(request: &http::Request<SdkBody>) -> Asked {
    let target = request.headers()["x-amz-target"].to_str().unwrap();
    let (api, name) = target.split_once('.').unwrap();
    let api = match api {
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "Route53AutoNaming_v20170314" => "servicediscovery",
        "AmazonSSM" => "ssm",
        "AmazonSQS" => "sqs",
        "DynamoDB_20120810" => "dynamodb",
        "AWSEvents" => "events",
        other => panic!("{other}"),
    };
    let body = request.body().bytes().unwrap();
    assert_eq!(request.headers()["content-length"].to_str().unwrap(), body.len().to_string());
    signature::check(request, api);
    let body = serde_json::from_slice(body).unwrap();
    Asked { operation: format!("{api}.{name}"), body }
}

fn prod() -> ClusterName {
    ClusterName::as_read("prod")
}

/// A service of the cluster prod.
fn key(name: &str) -> ServiceKey {
    ServiceKey::of_arn(&Arn::as_read(&arn(name))).expect("a cluster and a service")
}

fn web() -> ServiceKey {
    key("web")
}

fn keys(names: &[&str]) -> BTreeSet<ServiceKey> {
    names.iter().map(|name| key(name)).collect()
}

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:123456789012:service/prod/{name}")
}

fn namespace_arn() -> Arn {
    Arn::as_read("arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh12345678")
}

/// A service as DescribeServices answers it, events and all.
fn described(name: &str) -> Value {
    json!({
        "serviceArn": arn(name),
        "serviceName": name,
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        "status": "ACTIVE",
        "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
        "launchType": "FARGATE", "platformFamily": "Linux", "platformVersion": "LATEST",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
        "createdAt": 1_700_000_000.5,
        "tags": [{"key": "eastwest/mode", "value": "client"}],
        "events": [{"id": "1", "createdAt": 1_700_000_001, "message": "has reached a steady state."}],
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED",
            "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
            "desiredCount": 2, "runningCount": 2,
            "createdAt": 1_700_000_000.25, "updatedAt": 1_700_000_002.75,
            "serviceConnectConfiguration": {
                "enabled": true, "namespace": "internal",
                "services": [{"portName": "http", "clientAliases": [{"port": 80}]}],
            },
        }],
    })
}

/// Describes whatever services are asked for.
fn describe_asked(asked: &Asked) -> Value {
    let names = asked.body["services"].as_array().unwrap();
    let services: Vec<_> = names.iter().map(|name| described(name.as_str().unwrap())).collect();
    json!({"services": services, "failures": []})
}
