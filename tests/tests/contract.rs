//! The two faces of the simulator tell the engine the same: one effect, carried out through the real AWS SDK over
//! the wire and in process, is answered by the very same event.
//!
//! So the seeded simulation proves something about the daemon: what it runs against cannot drift from the adapter.

#![expect(clippy::unwrap_used, reason = "every function here is a test or part of one")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::{Settings as AwsSettings, Share as OfQuota, World as Aws};
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::{
    Arn, ClusterName, Family, NamespaceName, ParameterName, Port, PortName,
};
use eastwest_core::ecs::namespace::{Namespace, NewNamespace};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::action::Action;
use eastwest_core::plan::prerequisite::{NamedPort, NamedPorts, Prerequisite};
use eastwest_core::report::news::News;
use eastwest_core::view::reading::{Answer, Question};
use eastwest_sim::faults::Weather;
use eastwest_sim::judge::Checker;
use eastwest_sim::model::{Model, ModelOptions, RolloutOutcome, RolloutScript, Share};
use eastwest_sim::run::{Controller, World as InProcess};
use eastwest_sim::shapes::Time;
use eastwest_sim::wire;
use serde_json::{Value, json};

/// A controller that wants one thing and remembers the answer.
struct Asker {
    wanted: Option<Effect>,
    answer: Option<Event>,
    engine: Engine,
}

impl Controller for Asker {
    fn step(&mut self, _: Now, event: Event) -> Vec<Effect> {
        if !matches!(event, Event::Tick) {
            self.answer = Some(event);
        }
        self.wanted.take().into_iter().collect()
    }

    fn next_wake(&self, _: Now) -> Option<Now> {
        None
    }

    fn take_news(&mut self) -> Vec<News> {
        Vec::new()
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn ask<T: serde::de::DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).expect("a request of that shape")
}

fn options() -> ModelOptions {
    ModelOptions {
        start: Time(1_700_000_000_000),
        region: "eu-west-1".to_owned(),
        ..ModelOptions::default()
    }
}

/// A fleet with one of everything that an answer can carry.
fn build(model: &mut Model) {
    let vpc = json!({ "Name": "internal.myapp", "Vpc": "vpc-0a1b2c3d4e5f60718" });
    model.create_private_dns_namespace(ask(vpc)).unwrap();
    model.create_http_namespace(ask(json!({ "Name": "other" }))).unwrap();
    model.share_namespace("partner", "210987654321", Share::Full);
    model.advance_to(model.now().plus_seconds(60));
    for (cluster, namespace) in [("prod", Some("internal.myapp")), ("edge", None)] {
        let defaults = namespace.map(|name| json!({ "namespace": name }));
        let request = json!({ "clusterName": cluster, "serviceConnectDefaults": defaults });
        model.create_cluster(ask(request)).unwrap();
    }
    define(
        model,
        "web",
        "awsvpc",
        &json!([{ "name": "http", "containerPort": 8080, "protocol": "tcp", "appProtocol": "http" }]),
    );
    define(
        model,
        "raw",
        "bridge",
        &json!([{ "containerPort": 5432, "protocol": "tcp" }, { "name": "dns", "containerPort": 53, "protocol": "udp" }]),
    );
    let log = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/sc", "awslogs-region": "eu-west-1" } });
    let all = json!({ "enabled": true, "namespace": "internal.myapp", "logConfiguration": log,
        "accessLogConfiguration": { "format": "JSON", "includeQueryParameters": "ENABLED" },
        "services": [{ "portName": "http", "discoveryName": "web", "ingressPortOverride": 15000,
            "timeout": { "idleTimeoutSeconds": 60, "perRequestTimeoutSeconds": 0 },
            "clientAliases": [{ "port": 80, "dnsName": "web", "testTrafficRules": { "header": { "name": "x-test", "value": { "exact": "1" } } } }] }] });
    let bare = json!({ "enabled": true, "services": [{ "portName": "http", "clientAliases": [{ "port": 8080 }] }] });
    serve(
        model,
        "prod/web",
        "web",
        &json!({ "serviceConnectConfiguration": all, "tags": [{ "key": "eastwest/mode", "value": "client-server" }] }),
    );
    serve(model, "prod/bare", "web", &json!({ "serviceConnectConfiguration": bare }));
    serve(model, "prod/plain", "raw", &json!({ "launchType": "EC2", "desiredCount": 0 }));
    serve(
        model,
        "edge/client",
        "web",
        &json!({ "serviceConnectConfiguration": { "enabled": true, "namespace": "internal.myapp" } }),
    );
    model.advance_to(model.now().plus_seconds(120));
    fail_once(model);
    store(model);
    extend(model);
}

/// Parameters of every kind, more of them below one path than stand on a page.
fn store(model: &mut Model) {
    let mut put = |name: &str, kind: &str| {
        let request = json!({ "Name": name, "Type": kind, "Value": format!("text of {name}") });
        model.put_parameter(ask(request)).unwrap();
    };
    put("/eastwest/one", "String");
    put("plain", "StringList");
    put("/secret/one", "SecureString");
    for number in 0..23 {
        put(&format!("/many/of/them/p{number}"), "String");
    }
}

/// Two revisions of one family with members that no SDK knows and with tags, and a third that is no longer active.
fn extend(model: &mut Model) {
    for image in ["app:1", "app:2", "app:3"] {
        let container = json!({ "name": "app", "image": image, "newThing": { "of": [1, "2"] },
            "environment": [{ "name": "PASSWORD", "value": "hunter2" }],
            "portMappings": [{ "containerPort": 80, "newThing": true }, { "containerPort": 80, "protocol": "udp" }] });
        let request = json!({ "family": "rich", "networkMode": "awsvpc", "memory": "512", "newThing": 1.5,
            "containerDefinitions": [container], "tags": [{ "key": "team", "value": "shop" }] });
        model.register_task_definition(ask(request)).unwrap();
    }
    model.deregister_task_definition(ask(json!({ "taskDefinition": "rich:3" }))).unwrap();
}

fn define(model: &mut Model, family: &str, network: &str, ports: &Value) {
    let container =
        json!({ "name": "app", "image": "app:1", "essential": true, "portMappings": ports });
    let request = json!({ "family": family, "networkMode": network, "cpu": "256", "memory": "512",
        "requiresCompatibilities": [], "containerDefinitions": [container] });
    model.register_task_definition(ask(request)).unwrap();
}

fn serve(model: &mut Model, key: &str, family: &str, more: &Value) {
    let (cluster, name) = key.split_once('/').expect("cluster/name");
    let mut request = json!({ "cluster": cluster, "serviceName": name, "taskDefinition": family,
        "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true }, "minimumHealthyPercent": 100, "maximumPercent": 200 } });
    for (member, value) in more.as_object().expect("members") {
        request[member] = value.clone();
    }
    model.create_service(ask(request)).unwrap();
}

/// One rollout that the circuit breaker takes back, so that there is a history.
fn fail_once(model: &mut Model) {
    let outcome = RolloutOutcome::Fail;
    model.set_rollout("prod/bare", RolloutScript { seconds: 20, outcome });
    let off = json!({ "cluster": "prod", "service": "bare", "serviceConnectConfiguration": { "enabled": false } });
    model.update_service(ask(off)).unwrap();
    model.advance_to(model.now().plus_seconds(300));
    let outcome = RolloutOutcome::Complete;
    model.set_rollout("prod/bare", RolloutScript { seconds: 20, outcome });
}

fn in_process(effect: &Effect) -> Event {
    in_process_and(effect, |_| ()).0
}

/// The answer, and what was seen of the model afterwards.
fn in_process_and<T>(effect: &Effect, look: impl FnOnce(&mut Model) -> T) -> (Event, T) {
    let mut model = Model::new(options());
    build(&mut model);
    let mut calm = Weather::new(1);
    calm.fix_latency(0);
    let wanted = effect.clone();
    let make = move |now| Asker {
        wanted: Some(wanted.clone()),
        answer: None,
        engine: Engine::new(Settings::default(), now),
    };
    let mut world = InProcess::new(model, calm, Checker::new(Settings::default()), Box::new(make));
    world.start();
    world.run_for(60);
    let answer = world.controller().and_then(|asker| asker.answer.clone());
    (answer.expect("every effect is answered"), world.with_model(look))
}

async fn on_the_wire(effect: Effect) -> Event {
    on_the_wire_and(effect, 0.0, |_| ()).await.0
}

/// The same where time goes that much faster than ours.
async fn on_the_wire_and<T>(
    effect: Effect,
    speed: f64,
    look: impl FnOnce(&mut Model) -> T,
) -> (Event, T) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let frozen = wire::Options { model: options(), speed: 0.0, ..wire::Options::default() };
    let server = wire::serve(frozen, listener, std::future::pending()).unwrap();
    let ahead = {
        let mut twin = Model::new(options());
        build(&mut twin);
        twin.now().since_ms(options().start)
    };
    {
        let mut world = wire::lock(&server.world);
        build(world.model());
        #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds fit a double")]
        world.pace(None, Some(ahead as f64 / 1000.0)).unwrap();
        world.pace(Some(speed), None).unwrap();
    }
    let settings = AwsSettings {
        region: Some("eu-west-1".to_owned()),
        share: OfQuota { of_bucket: 1.0, kept_for_changes: 0.0 },
        attempt_timeout: Duration::from_secs(30),
        backoff: Duration::from_millis(1),
        simulator: Some(server.url()),
        ..AwsSettings::default()
    };
    let answer = Aws::connect(settings).await.unwrap().execute(effect).await;
    let seen = look(wire::lock(&server.world).model());
    (answer, seen)
}

async fn agree(effect: Effect) -> Event {
    let (here, there) = (in_process(&effect), on_the_wire(effect.clone()).await);
    assert_eq!(here, there, "left: in process, right: over the wire; the effect: {effect:?}");
    here
}

fn key(cluster: &str, name: &str) -> ServiceKey {
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/{cluster}/{name}");
    ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a cluster and a service")
}

fn keys(names: &[&str]) -> BTreeSet<ServiceKey> {
    names.iter().map(|name| key("prod", name)).collect()
}

#[tokio::test]
async fn clusters_are_found_alike() {
    let Event::ClustersFound(Ok(found)) = agree(Effect::FindClusters).await else { panic!() };
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_sweep_sees_the_same_services() {
    let Event::Swept(reading) = agree(Effect::Sweep(ClusterName::as_read("prod"))).await else {
        panic!()
    };
    assert_eq!(reading.services.len(), 3, "and the comparison was about something");
    agree(Effect::Sweep(ClusterName::as_read("edge"))).await;
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_missed_alike() {
    let effect = Effect::Sweep(ClusterName::as_read("nowhere"));
    let (here, there) = (in_process(&effect), on_the_wire(effect).await);
    let kind = |event| match event {
        Event::Swept(reading) => reading.listing.map_err(|fault| fault.kind),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(here), kind(there), "the words may differ, what follows may not");
}

#[tokio::test]
async fn a_refresh_sees_the_same_and_misses_the_same() {
    let effect = Effect::Refresh(ClusterName::as_read("prod"), keys(&["web", "bare"]));
    agree(effect).await;
}

#[tokio::test]
async fn the_read_before_a_write_tells_the_same_past() {
    for name in ["web", "bare", "plain"] {
        let event = agree(Effect::Confirm(key("prod", name))).await;
        let Event::Confirmed(_, Seen::Known(_), Seen::Known(history)) = event else {
            panic!("{event:?}")
        };
        let failed = history.iter().filter(|past| past.status.starts_with("ROLLBACK_")).count();
        assert_eq!(failed, usize::from(name == "bare"), "one was rolled back");
    }
}

#[tokio::test]
async fn questions_are_answered_alike() {
    let namespaces = namespaces().await;
    let owners: BTreeSet<_> = namespaces.iter().map(|each| each.owner.as_deref()).collect();
    assert_eq!((namespaces.len(), owners.len()), (3, 2), "one is another account's");
    let watched = BTreeSet::from([ClusterName::as_read("prod")]);
    for Namespace { id, arn, .. } in namespaces {
        agree(Effect::Ask(Question::NamespaceUse(id, arn, watched.clone()))).await;
    }
    for service in ["web", "plain"] {
        let arn = service_of(service).await.task_definition;
        agree(Effect::Ask(Question::TaskDefinition(arn))).await;
    }
    let gone = Arn::as_read("arn:aws:ecs:eu-west-1:123456789012:task-definition/gone:9");
    let kinds = [
        in_process(&Effect::Ask(Question::TaskDefinition(gone.clone()))),
        on_the_wire(Effect::Ask(Question::TaskDefinition(gone))).await,
    ]
    .map(|event| matches!(event, Event::Answered(Answer::TaskDefinition(_, Seen::Known(_)))));
    assert_eq!(kinds, [false, false]);
    agree(Effect::Ask(Question::History(key("prod", "bare")))).await;
}

async fn namespaces() -> Vec<Namespace> {
    match agree(Effect::Ask(Question::Namespaces)).await {
        Event::Answered(Answer::Namespaces(Seen::Known(namespaces))) => namespaces,
        other => panic!("{other:?}"),
    }
}

async fn service_of(name: &str) -> EcsService {
    match agree(Effect::Refresh(ClusterName::as_read("prod"), keys(&[name]))).await {
        Event::Refreshed(_, mut services) => match services.pop_first() {
            Some((_, Seen::Known(service))) => service,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_write_is_accepted_or_refused_alike() {
    let connect =
        service_of("web").await.primary().and_then(|primary| primary.connect.clone()).unwrap();
    let (web, bare) = (key("prod", "web"), key("prod", "bare"));
    let accepted = [
        Action::Disconnect { service: web.clone() },
        Action::Refresh { service: web },
        Action::Refresh { service: bare.clone() },
    ];
    for effect in accepted.map(Effect::Apply) {
        let accepted = [in_process(&effect), on_the_wire(effect).await].map(|event| match event {
            // Not the time: in process, the write travels for a millisecond.
            Event::Applied(_, Ok(accepted)) => accepted.deployment,
            other => panic!("{other:?}"),
        });
        assert_eq!(accepted[0], accepted[1]);
    }
    // The name is taken.
    let effect = Effect::Apply(Action::Connect { service: bare, connect });
    let refused = [in_process(&effect), on_the_wire(effect).await].map(|event| match event {
        Event::Applied(_, Err(fault)) => (fault.kind, Arc::clone(&fault.message)),
        other => panic!("{other:?}"),
    });
    assert_eq!(refused[0].0, refused[1].0);
    assert!(refused[1].1.contains("SC service is already used by"), "{}", refused[1].1);
}

#[tokio::test]
async fn parameters_are_read_alike() {
    let rows = [
        ("/eastwest/one", Some(1)),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/eastwest/one", Some(1)),
        ("plain", Some(1)),
        ("/secret/one", Some(1)),
        ("/eastwest/none", None),
        ("/many/", Some(23)),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/many/of/", Some(23)),
        ("/none/", Some(0)),
    ];
    for (name, found) in rows {
        let name = ParameterName::parse(name).unwrap();
        let event = agree(Effect::Ask(Question::Parameters(name.clone()))).await;
        let Event::Answered(Answer::Parameters(_, seen)) = event else { panic!("{event:?}") };
        assert_eq!(seen.known().map(Vec::len), found, "{name}");
        for parameter in seen.known().into_iter().flatten() {
            assert_eq!(parameter.text, format!("text of {}", parameter.name), "decrypted");
            assert_eq!(parameter.is_secret, parameter.name.as_str() == "/secret/one");
        }
    }
}

#[tokio::test]
async fn the_latest_revision_of_a_family_is_the_same_active_one() {
    for (family, latest) in [("rich", Some("rich:2")), ("none", None)] {
        let question = Question::LatestRevision(Family::as_read(family));
        let event = agree(Effect::Ask(question)).await;
        let Event::Answered(Answer::LatestRevision(_, seen)) = event else { panic!("{event:?}") };
        assert_eq!(seen.known().map(|found| found.arn.resource()), latest);
        assert_eq!(matches!(seen, Seen::Absent), latest.is_none());
    }
}

/// Both answers to something that is to be made while time goes by, and all namespaces and `rich:4` afterwards.
async fn made(prerequisite: Prerequisite) -> [Result<String, FaultKind>; 2] {
    let look = |model: &mut Model| {
        let definition = json!({ "taskDefinition": "rich:4", "include": ["TAGS"] });
        let mut definition = model.describe_task_definition(&ask(definition)).ok();
        let raw = definition.as_mut().and_then(|found| found.task_definition.as_mut());
        if let Some(raw) = raw.and_then(|raw| Arc::make_mut(raw).as_object_mut()) {
            raw.remove("registeredAt");
        }
        let namespaces = model.list_namespaces(&ask(json!({}))).unwrap().namespaces;
        (
            namespaces.into_iter().map(|each| (each.id, each.name, each.kind)).collect::<Vec<_>>(),
            definition,
        )
    };
    let effect = Effect::Make(prerequisite);
    let (here, left) = in_process_and(&effect, look);
    let (there, right) = on_the_wire_and(effect, 1000.0, look).await;
    assert_eq!(left, right, "what is there afterwards");
    [here, there].map(|event| match event {
        Event::Made(_, outcome) => outcome.map_err(|fault| fault.kind),
        other => panic!("{other:?}"),
    })
}

fn namespace(name: &str, vpc: Option<&str>) -> Prerequisite {
    let name = NamespaceName::as_read(name);
    Prerequisite::Namespace(NewNamespace { name, vpc: vpc.map(str::to_owned) })
}

#[tokio::test]
async fn a_namespace_is_made_alike_and_followed_to_its_end() {
    for vpc in [None, Some("vpc-0a1b2c3d4e5f60718")] {
        let [here, there] = made(namespace("fresh", vpc)).await;
        assert_eq!(here, there);
        assert!(here.is_ok_and(|id| id.starts_with("ns-")));
    }
}

#[tokio::test]
async fn a_namespace_that_is_there_is_the_answer_alike() {
    let there_already: Vec<_> = namespaces().await;
    for (name, vpc) in [("other", None), ("internal.myapp", Some("vpc-0a1b2c3d4e5f60718"))] {
        let found = there_already.iter().find(|each| each.name.as_str() == name).unwrap();
        let answer = made(namespace(name, vpc)).await;
        assert_eq!(answer, [(); 2].map(|()| Ok(found.id.to_string())));
    }
}

#[tokio::test]
async fn a_namespace_that_cannot_be_is_refused_alike() {
    let answer = made(namespace(&"x".repeat(1025), None)).await;
    assert_eq!(answer, [Err(FaultKind::Refused), Err(FaultKind::Refused)]);
}

fn ports(task_definition: &str, port: &str, name: &str) -> Prerequisite {
    let arn = format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/{task_definition}");
    let port = NamedPort {
        container: "app".to_owned(),
        container_port: Port::parse(port).unwrap(),
        protocol: "tcp".to_owned(),
        name: PortName::as_read(name),
    };
    let task_definition = Arn::as_read(&arn);
    Prerequisite::NamedPorts(NamedPorts { task_definition, ports: vec![port] })
}

#[tokio::test]
async fn a_revision_with_named_ports_has_the_same_members_and_tags() {
    // Of the older revision, as the service may run it.
    let [here, there] = made(ports("rich:1", "80", "http")).await;
    assert_eq!(here, there);
    assert!(here.is_ok_and(|arn| arn.ends_with("task-definition/rich:4")));
    let effect = Effect::Make(ports("rich:1", "80", "http"));
    let (_, [old, new]) = on_the_wire_and(effect, 1000.0, |model| {
        ["rich:1", "rich:4"].map(|revision| {
            let request = json!({ "taskDefinition": revision, "include": ["TAGS"] });
            let answer = model.describe_task_definition(&ask(request)).unwrap();
            serde_json::to_value(answer).unwrap()
        })
    })
    .await;
    let mut expected = old.clone();
    for added in ["taskDefinitionArn", "revision", "registeredAt"] {
        expected["taskDefinition"][added] = new["taskDefinition"][added].clone();
    }
    expected["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]["name"] =
        json!("http");
    assert_eq!(new, expected);
}

#[tokio::test]
async fn ports_that_have_their_names_or_cannot_have_them_are_answered_alike() {
    let refused = [Err(FaultKind::Refused), Err(FaultKind::Refused)];
    let [here, there] = made(ports("web:1", "8080", "http")).await;
    assert!(here == there && here.is_ok_and(|arn| arn.ends_with("/web:1")));
    assert_eq!(made(ports("web:1", "8080", "other")).await, refused);
    assert_eq!(made(ports("web:1", "9090", "http")).await, refused);
    assert_eq!(made(ports("gone:1", "80", "http")).await, refused);
}
