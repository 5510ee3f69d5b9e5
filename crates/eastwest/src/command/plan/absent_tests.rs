//! What AWS may leave out of an answer: each member that is read is taken away, one at a time, from a world in which
//! everything is there. The table says what becomes of the plan.
//!
//! Nothing is asked of AWS under an empty name, and nothing is written that was not to be written, but where absence
//! has a meaning: a service without tags declares nothing, a deployment without a configuration has Service Connect off.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use eastwest_aws::Captures;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::engine::effect::Event;
use eastwest_core::engine::look::Look;
use expect_test::expect_file;
use serde_json::{Value, json};

use super::shown::Shown;
use super::text;
use crate::command::look::now;
use crate::command::offline::offline;
use crate::command::paint::plain;

const ARN: &str = "arn:aws:ecs:eu-west-1:1";
const NAMESPACE: &str = "arn:aws:servicediscovery:eu-west-1:1:namespace/ns-abcdefgh12345678";

fn service(name: &str, tags: &Value, services: &Value) -> Value {
    let definition = format!("{ARN}:task-definition/{name}:1");
    json!({
        "serviceArn": format!("{ARN}:service/prod/{name}"), "serviceName": name,
        "clusterArn": format!("{ARN}:cluster/prod"), "status": "ACTIVE",
        "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux",
        "taskDefinition": definition, "createdAt": 1_700_000_000,
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {"strategy": "ROLLING", "bakeTimeInMinutes": 0},
        "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:eu-west-1:1:service/srv-own"}],
        "events": [{"id": "1", "createdAt": 1_700_000_100, "message": "has reached a steady state."}],
        "tags": tags,
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment ecs-svc/1 completed.", "taskDefinition": definition,
            "runningCount": 1, "createdAt": 1_700_000_000, "updatedAt": 1_700_000_060,
            "serviceConnectConfiguration": {"enabled": true, "namespace": NAMESPACE, "services": services},
            "serviceConnectResources": [{
                "discoveryName": name,
                "discoveryArn": format!("arn:aws:servicediscovery:eu-west-1:1:service/srv-{name}"),
            }],
        }],
    })
}

fn definition(name: &str, value: &str) -> Value {
    json!({"taskDefinition": {
        "taskDefinitionArn": format!("{ARN}:task-definition/{name}:1"), "family": name, "revision": 1,
        "networkMode": "awsvpc", "cpu": "256", "memory": "512", "status": "ACTIVE",
        "registeredAt": 1_700_000_000,
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{
            "name": "app", "essential": true, "memory": 256, "command": ["serve"], "entryPoint": ["/app"],
            "environment": [{"name": "API_URL", "value": value}],
            "portMappings": [{"name": "http", "containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "appProtocol": "http"}],
        }],
    }})
}

/// A server in order, a client of it in order, and a server that is to get another name.
fn world() -> Vec<Value> {
    let tag = |key: &str, value: &str| json!({"key": format!("eastwest/{key}"), "value": value});
    let endpoint = |name: &str| {
        json!([{"portName": "http", "discoveryName": name,
            "clientAliases": [{"port": 8080, "dnsName": format!("{name}.internal.myapp")}],
            "timeout": {"idleTimeoutSeconds": 300, "perRequestTimeoutSeconds": 15}}])
    };
    let mut api = service("api", &json!([tag("mode", "client-server")]), &endpoint("api"));
    api["deployments"][0]["createdAt"] = json!(1_600_000_000);
    let web = service("web", &json!([tag("mode", "client")]), &json!([]));
    let renamed = json!([tag("mode", "client-server"), tag("discovery-name", "jobs2")]);
    let jobs = service("jobs", &renamed, &endpoint("jobs"));
    let cloud_map = ["api", "jobs"].map(|name| {
        json!({"Id": format!("srv-{name}"), "Name": name, "Type": "HTTP",
            "Arn": format!("arn:aws:servicediscovery:eu-west-1:1:service/srv-{name}")})
    });
    let deployments = [("api", 1_600_000_000), ("web", 1_700_000_000), ("jobs", 1_700_000_000)];
    let deployments = deployments.map(|(name, created)| {
        json!({"serviceArn": format!("{ARN}:service/prod/{name}"), "status": "SUCCESSFUL",
            "clusterArn": format!("{ARN}:cluster/prod"), "statusReason": "",
            "serviceDeploymentArn": format!("{ARN}:service-deployment/prod/{name}/1"),
            "targetServiceRevisionArn": format!("{ARN}:service-revision/prod/{name}/1"),
            "createdAt": created, "startedAt": created + 1, "finishedAt": created + 60})
    });
    let revisions = [("api", endpoint("api")), ("web", json!([])), ("jobs", endpoint("jobs"))];
    let revisions = revisions.map(|(name, services)| {
        json!({"serviceRevisionArn": format!("{ARN}:service-revision/prod/{name}/1"),
            "serviceArn": format!("{ARN}:service/prod/{name}"),
            "taskDefinition": format!("{ARN}:task-definition/{name}:1"),
            "serviceConnectConfiguration": {"enabled": true, "namespace": NAMESPACE, "services": services}})
    });
    vec![
        json!({"services": [api, web, jobs]}),
        definition("api", ""),
        definition("web", "http://api.internal.myapp:8080"),
        definition("jobs", ""),
        json!({"clusters": [{"clusterArn": format!("{ARN}:cluster/prod"), "clusterName": "prod",
            "status": "ACTIVE", "serviceConnectDefaults": {"namespace": NAMESPACE}}]}),
        json!({"Namespaces": [{"Id": "ns-abcdefgh12345678", "Arn": NAMESPACE, "Name": "internal.myapp",
            "Type": "DNS_PRIVATE", "ResourceOwner": "1",
            "Properties": {"HttpProperties": {"HttpName": "internal.myapp"}}}]}),
        json!({"Services": cloud_map}),
        json!({"serviceDeployments": deployments}),
        json!({"serviceRevisions": revisions}),
    ]
}

/// The place of every member of an answer, as a JSON pointer.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, part) in parts {
        let place = format!("{at}/{name}");
        members(part, &place, found);
        if value.is_object() {
            found.push(place);
        }
    }
}

/// The answer without a member.
fn without(answer: &Value, place: &str) -> Value {
    let mut answer = answer.clone();
    let (parent, name) = place.rsplit_once('/').expect("a pointer begins with a slash");
    let parent = answer.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.expect("a member stands in an object").remove(name);
    answer
}

/// The plan for these answers as text, or why they cannot be read.
async fn planned(answers: &[Value]) -> String {
    let mut captures = Captures::default();
    let mut mistakes = Vec::new();
    for answer in answers {
        mistakes.extend(captures.add("file", &answer.to_string()));
    }
    if !mistakes.is_empty() {
        return "no answer of AWS: every one has it".to_owned();
    }
    let settings = Settings { policy: Policy::Sync, ..Settings::default() };
    let world = offline(captures, &settings).world;
    let mut look = Look::new(settings.clone(), now());
    let mut events = vec![Event::Tick];
    while let Some(event) = events.pop() {
        for effect in look.step(now(), event) {
            assert!(!format!("{effect:?}").contains("\"\""), "it asks without a name: {effect:?}");
            events.push(world.execute(effect).await);
        }
    }
    let looked = look.into_looked();
    plain(&text::plan(&Shown::new(&looked, &settings)))
}

/// What a plan says that the other does not, and the steps that it lacks. Sums and what ends a hold are left out.
fn difference(before: &str, after: &str) -> String {
    let sums = ["Plan:", "Cost:", "Id:", "    ends", "To "];
    let is_new = |line: &&str| !before.lines().any(|each| each == *line);
    let is_said = |line: &&str| !line.is_empty() && !sums.iter().any(|sum| line.starts_with(sum));
    let is_gone = |line: &&str| line.starts_with('~') && !after.lines().any(|each| each == *line);
    let gone = before.lines().filter(is_gone).map(|line| format!("    - {line}\n"));
    let new = after.lines().filter(is_new).filter(is_said).map(|line| format!("    + {line}\n"));
    gone.chain(new).collect()
}

#[tokio::test]
async fn whatever_aws_leaves_out_is_held_in_words_and_asks_for_nothing_without_a_name() {
    let answers = world();
    let whole = planned(&answers).await;
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, answer) in answers.iter().enumerate() {
        let mut places = Vec::new();
        members(answer, "", &mut places);
        for place in places.iter().filter(|place| place.matches('/').count() > 1) {
            let mut rest = answers.clone();
            rest[at] = without(answer, place);
            let plan = planned(&rest).await;
            outcomes.entry(difference(&whole, &plan)).or_default().push(place.clone());
        }
    }
    let unchanged = outcomes.remove("").map_or(0, |places| places.len());
    let mut table = format!("{whole}\nof no consequence: {unchanged}\n");
    for (outcome, places) in &outcomes {
        write!(table, "{}\n{outcome}", places.join(" ")).expect("a text takes all");
    }
    expect_file!["absent_members.txt"].assert_eq(&table);
}
