//! Captures as the world they come from: what is asked, what is answered, what is refused.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::{Arn, ClusterName, NamespaceId, NamespaceRef};
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::view::reading::{Answer, Question};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::captured::Captures;
use crate::world::World;

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012";

/// A service in the namespace `namespace`, as the CLI prints it.
fn service(cluster: &str, name: &str, namespace: &str) -> Value {
    json!({
        "serviceArn": format!("{ARN}:service/{cluster}/{name}"), "serviceName": name,
        "clusterArn": format!("{ARN}:cluster/{cluster}"), "status": "ACTIVE",
        "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
        "taskDefinition": format!("{ARN}:task-definition/{name}:3"),
        "createdAt": "2026-11-24T20:00:00.500000+02:00",
        "events": event_texts(),
        "platformVersion": null,
        "tags": [{"key": "eastwest/namespace", "value": "tagged"}],
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED",
            "createdAt": 1_700_000_000.25, "updatedAt": "2023-11-14 22:13:21+00:00",
            "serviceConnectConfiguration": {
                "enabled": true, "namespace": namespace, "services": [],
                "logConfiguration": {"logDriver": "awslogs", "options": {"createdAt": "no time"}},
            },
            "serviceConnectResources": [
                {"discoveryName": name, "discoveryArn": format!("arn:cloud-map:{name}")},
            ],
        }],
    })
}

/// Eleven events, of which the last is not read, so its time need be none.
fn event_texts() -> Vec<Value> {
    let times = std::iter::repeat_n("2026-11-24T20:00:00+02:00", 10).chain(["whenever"]);
    times.map(|time| json!({"createdAt": time, "message": format!("said {time}")})).collect()
}

fn services(services: &[Value]) -> String {
    json!({"services": services, "failures": []}).to_string()
}

fn captured(texts: &[String]) -> Captures {
    let mut captures = Captures::default();
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(captures.add(&format!("{at}.json"), text), []);
    }
    captures
}

fn refused(text: &str, expected: &Expect) {
    let mistakes = Captures::default().add("a.json", text);
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

async fn swept(world: &World, cluster: &str) -> Vec<EcsService> {
    let sweep = Effect::Sweep(ClusterName::as_read(cluster));
    let Event::Swept(reading) = world.execute(sweep).await else { panic!("a sweep was asked for") };
    assert_eq!(reading.listing, Ok(()));
    let known = reading.services.into_values().map(|seen| match seen {
        Seen::Known(service) => service,
        other => panic!("{other:?}"),
    });
    known.collect()
}

async fn ask(world: &World, question: Question) -> Answer {
    match world.execute(Effect::Ask(question)).await {
        Event::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

async fn namespaces(captures: Captures) -> Vec<Namespace> {
    match ask(&World::captured(captures), Question::Namespaces).await {
        Answer::Namespaces(Seen::Known(found)) => found,
        other => panic!("{other:?}"),
    }
}

fn names(namespaces: &[Namespace]) -> Vec<(&str, &str)> {
    namespaces.iter().map(|n| (n.id.as_str(), n.name.as_str())).collect()
}

#[tokio::test]
async fn a_captured_service_is_read_as_the_real_one_is() {
    let world = World::captured(captured(&[services(&[service("prod", "web", "internal")])]));
    let found = swept(&world, "prod").await;
    let [web] = &found[..] else { panic!("{found:?}") };
    assert_eq!(web.key.to_string(), "prod/web");
    assert_eq!(web.created_at, AwsTime(1_795_543_200_500));
    assert_eq!(web.version(), Some(AwsTime(1_700_000_001_000)));
    assert!(!web.is_rolling());
    assert_eq!((web.events.len(), web.events[0].at), (1, AwsTime(1_795_543_200_000)));
    let connect = web.primary().and_then(|primary| primary.connect.clone()).expect("it is on");
    assert_eq!(connect.namespace, Some(NamespaceRef::as_read("internal")));
    assert_eq!(connect.logs.expect("logs").options, [("createdAt".into(), "no time".into())]);
}

#[tokio::test]
async fn clusters_are_those_of_the_services_and_those_captured() {
    let cluster = json!({"clusterArn": format!("{ARN}:cluster/test"), "clusterName": "test",
        "serviceConnectDefaults": {"namespace": "internal"}});
    let texts =
        [services(&[service("prod", "web", "a")]), json!({"clusters": [cluster]}).to_string()];
    let world = World::captured(captured(&texts));
    let Event::ClustersFound(found) = world.execute(Effect::FindClusters).await else { panic!() };
    let clusters = ["prod", "test"].map(ClusterName::as_read);
    assert_eq!(found, Ok(BTreeSet::from(clusters.clone())));
    let [prod, test] = clusters;
    let defaults = [world.default_namespace(&prod).await, world.default_namespace(&test).await];
    let internal = Some(NamespaceRef::as_read("internal"));
    assert_eq!(defaults, [Seen::Known(None), Seen::Known(internal)]);
}

#[tokio::test]
async fn a_cluster_that_is_not_among_the_captures_is_a_fault() {
    let world = World::captured(captured(&[services(&[service("prod", "web", "a")])]));
    let sweep = Effect::Sweep(ClusterName::as_read("nope"));
    let Event::Swept(reading) = world.execute(sweep).await else { panic!() };
    let fault = reading.listing.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.message.contains("no cluster 'nope' in the captures"), "{fault}");
}

#[tokio::test]
async fn a_task_definition_is_found_by_its_arn_or_its_family() {
    let revision = |number: u32| {
        let arn = format!("{ARN}:task-definition/web:{number}");
        json!({"tags": [], "taskDefinition": {
            "taskDefinitionArn": arn, "revision": number, "networkMode": "awsvpc",
            "registeredAt": "2026-11-24T18:00:00Z",
        }})
    };
    let texts = [revision(9), revision(10)].map(|revision| revision.to_string());
    let world = World::captured(captured(&texts));
    for (asked, found) in [(format!("{ARN}:task-definition/web:9"), ":9"), ("web".into(), ":10")] {
        let asked = Question::TaskDefinition(Arn::as_read(&asked));
        let Answer::TaskDefinition(_, Seen::Known(definition)) = ask(&world, asked).await else {
            panic!("{found}")
        };
        assert!(definition.arn.as_str().ends_with(found), "{definition:?}");
    }
}

#[tokio::test]
async fn a_task_definition_that_was_not_captured_says_how_to_capture_it() {
    let world = World::captured(Captures::default());
    let arn = Arn::as_read(&format!("{ARN}:task-definition/web:3"));
    let answer = ask(&world, Question::TaskDefinition(arn)).await;
    let Answer::TaskDefinition(_, Seen::Unknown(fault)) = answer else { panic!("{answer:?}") };
    expect!["ecs.DescribeTaskDefinition: ClientException: not captured; add `aws ecs describe-task-definition --task-definition web:3`"]
        .assert_eq(&fault.to_string());
}

#[tokio::test]
async fn namespaces_that_nothing_lists_are_made_up_from_what_names_them() {
    let arn = "arn:aws:servicediscovery:eu-west-1:999999999999:namespace/ns-abcdefgh12345678";
    let texts = [services(&[service("prod", "web", "internal"), service("prod", "api", arn)])];
    let mut captures = captured(&texts);
    let tags: Vec<String> = captures.tag_values("eastwest/namespace").map(str::to_owned).collect();
    assert_eq!(tags, ["tagged", "tagged"]);
    captures.mention(NamespaceRef::as_read("tagged"));
    captures.mention(NamespaceRef::as_read("ns-abcdefgh12345678"));
    let found = namespaces(captures).await;
    assert_eq!(
        names(&found),
        [
            ("ns-abcdefgh12345678", "ns-abcdefgh12345678"),
            ("ns-e08a40f0f6141500", "internal"),
            ("ns-f22669bf803e51ad", "tagged"),
        ]
    );
    assert_eq!(found[0].owner.as_deref(), Some("999999999999"), "it is shared");
    assert!(found[1].arn.as_str().starts_with("arn:aws:servicediscovery:eu-west-1:123456789012:"));
}

#[tokio::test]
async fn where_the_whole_list_was_captured_nothing_is_made_up() {
    let listed = json!({"Id": "ns-1", "Arn": "arn:ns-1", "Name": "internal"});
    let list = |more: Value| {
        let mut list = json!({"Namespaces": [listed]});
        list.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        list.to_string()
    };
    let web = services(&[service("prod", "web", "other")]);
    let whole = captured(&[list(json!({})), web.clone()]);
    assert!(!whole.notes().iter().any(|note| note.contains("namespaces were not captured")));
    assert_eq!(names(&namespaces(whole).await), [("ns-1", "internal")]);
    let part = captured(&[list(json!({"NextToken": "more"})), web]);
    assert!(part.notes()[0].contains("namespaces were not captured"));
    assert_eq!(namespaces(part).await.len(), 2);
}

#[tokio::test]
async fn who_uses_a_namespace_is_told_by_the_services_themselves() {
    let cloud_map = ["web", "api", "left-over"]
        .map(|name| json!({"Arn": format!("arn:cloud-map:{name}"), "Name": name}));
    let texts = [
        services(&[
            service("prod", "web", "a"),
            service("test", "api", "a"),
            service("test", "b", "b"),
        ]),
        json!({"Services": cloud_map}).to_string(),
    ];
    let world = World::captured(captured(&texts));
    let Answer::Namespaces(Seen::Known(all)) = ask(&world, Question::Namespaces).await else {
        panic!()
    };
    let a = all.iter().find(|n| n.name.as_str() == "a").expect("it is named");
    let watched = BTreeSet::from([ClusterName::as_read("prod")]);
    let question = Question::NamespaceUse(a.id.clone(), a.arn.clone(), watched);
    let Answer::NamespaceUse(_, Seen::Known(used)) = ask(&world, question).await else { panic!() };
    let names: Vec<&str> = used.cloud_map.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["api", "web"], "whose namespace the left-over is in is not known");
    assert_eq!(used.members.len(), 2);
    assert_eq!(used.elsewhere.len(), 1);
}

#[tokio::test]
async fn what_is_left_over_counts_where_there_is_one_namespace() {
    let left =
        json!({"Services": [{"Arn": "arn:x", "Name": "x", "CreateDate": "2026-11-24T18:00:00Z"}]});
    let texts = [services(&[service("prod", "web", "a")]), left.to_string()];
    let world = World::captured(captured(&texts));
    let Answer::Namespaces(Seen::Known(all)) = ask(&world, Question::Namespaces).await else {
        panic!()
    };
    let question = Question::NamespaceUse(all[0].id.clone(), all[0].arn.clone(), BTreeSet::new());
    let Answer::NamespaceUse(id, Seen::Known(used)) = ask(&world, question).await else { panic!() };
    assert_eq!((used.cloud_map.len(), id), (1, NamespaceId::as_read(all[0].id.as_str())));
}

fn deployment(name: &str, at: u32, status: &str) -> Value {
    json!({
        "serviceDeploymentArn": format!("{ARN}:service-deployment/prod/{name}/{at}"),
        "serviceArn": format!("{ARN}:service/prod/{name}"),
        "clusterArn": format!("{ARN}:cluster/prod"), "status": status,
        "createdAt": format!("2026-11-24T20:{at:02}:00.5+02:00"),
        "startedAt": "2026-11-24T20:59:00+02:00", "finishedAt": null,
        "targetServiceRevisionArn": format!("revision {at}"),
    })
}

fn revision(at: u32) -> Value {
    json!({
        "serviceRevisionArn": format!("revision {at}"), "taskDefinition": format!("td {at}"),
        "serviceConnectConfiguration": {"enabled": true, "namespace": "internal"},
        "createdAt": "2026-11-24T20:00:00+02:00",
    })
}

async fn past_of_web(more: &[Value]) -> Seen<Vec<Past>> {
    let mut texts = vec![services(&[service("prod", "web", "internal")])];
    texts.extend(more.iter().map(Value::to_string));
    let world = World::captured(captured(&texts));
    let web =
        ServiceKey::of_arn(&Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/prod/web"))
            .expect("a key");
    match ask(&world, Question::History(web)).await {
        Answer::History(_, seen) => seen,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_captured_deployments_nothing_is_remembered() {
    assert_eq!(past_of_web(&[]).await, Seen::Known(vec![]));
    let of_another = json!({"serviceDeployments": [deployment("api", 1, "ROLLBACK_SUCCESSFUL")]});
    assert_eq!(past_of_web(&[of_another]).await, Seen::Known(vec![]));
}

#[tokio::test]
async fn captured_deployments_and_revisions_are_the_services_past() {
    let statuses = ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "IN_PROGRESS"];
    let listed: Vec<Value> =
        (1..).zip(statuses).map(|(at, status)| deployment("web", at, status)).collect();
    let mut described = listed[2].clone();
    described["targetServiceRevisionArn"].take();
    described["targetServiceRevision"] = json!({"arn": "revision 3"});
    described["lifecycleStage"] = json!("POST_SCALE_UP");
    described["lifecycleHookDetails"] = json!([{"targetType": "PAUSE", "status": "AWAITING_ACTION",
        "expiresAt": "2026-11-25T20:00:00+02:00"}]);
    let revisions = json!({"serviceRevisions": [revision(1), revision(2), revision(3)]});
    let (described, listed) =
        (json!({"serviceDeployments": [described]}), json!({"serviceDeployments": listed}));
    for order in [[&described, &listed], [&listed, &described]] {
        let more = [order[0].clone(), order[1].clone(), revisions.clone()];
        let Seen::Known(pasts) = past_of_web(&more).await else { panic!("it was captured") };
        let told: Vec<_> =
            pasts.iter().map(|p| (p.status.as_str(), p.task_definition.as_str())).collect();
        let expected =
            [("IN_PROGRESS", "td 3"), ("ROLLBACK_SUCCESSFUL", "td 2"), ("SUCCESSFUL", "td 1")];
        assert_eq!(told, expected);
        assert_eq!(pasts[0].paused_at.as_deref(), Some("POST_SCALE_UP"));
    }
}

#[tokio::test]
async fn a_revision_that_was_not_captured_says_how_and_one_that_aws_lost_is_lost() {
    let listed = json!({"serviceDeployments": [
        deployment("web", 2, "SUCCESSFUL"), deployment("web", 1, "SUCCESSFUL")]});
    let revisions = json!({"serviceRevisions": [revision(2)]});
    let Seen::Unknown(fault) = past_of_web(&[listed.clone(), revisions.clone()]).await else {
        panic!("one revision is missing")
    };
    expect!["ecs.DescribeServiceRevisions: ClientException: not captured; add `aws ecs describe-service-revisions --service-revision-arns revision 1`"]
        .assert_eq(&fault.to_string());
    let mut revisions = revisions;
    revisions["failures"] = json!([{"arn": "revision 1", "reason": "MISSING"}]);
    let Seen::Known(pasts) = past_of_web(&[listed, revisions]).await else {
        panic!("an old one may be gone")
    };
    assert_eq!(pasts.len(), 1);
}

#[tokio::test]
async fn many_services_are_read_without_waiting() {
    let all: Vec<Value> = (0..2000).map(|at| service("prod", &format!("s{at}"), "a")).collect();
    let world = World::captured(captured(&[services(&all)]));
    assert_eq!(swept(&world, "prod").await.len(), 2000);
}

#[test]
fn a_file_may_hold_a_list_of_captures_or_several_in_a_row() {
    let web = services(&[service("prod", "web", "a")]);
    let api = services(&[service("prod", "api", "a")]);
    for text in [format!("[{web},{api}]"), format!("\u{feff}{web}\n{api}\n")] {
        assert_eq!(captured(&[text]).services.len(), 2);
    }
}

#[test]
fn what_is_no_capture_is_told_with_its_place() {
    refused("", &expect!["a.json: it is empty"]);
    refused("[]", &expect!["a.json: an empty list, not the answer of a call"]);
    refused(
        "{\"services\": [",
        &expect!["a.json: not JSON: EOF while parsing a list at line 1 column 14"],
    );
    refused("{}", &expect!["a.json: an empty JSON object"]);
    refused(
        "[{\"a\": 1}, {\"serviceArns\": []}]",
        &expect![[r#"
        a.json: [0]: a JSON object with a
        a.json: [1]: the answer of `aws ecs list-services`: describe these services"#]],
    );
    refused("{\"services\": {}}", &expect!["a.json: a JSON object with services"]);
    refused(
        "{\"services\": [{\"serviceName\": \"web\"}]}",
        &expect!["a.json: services[0]: no serviceArn, which every answer of AWS has here"],
    );
    refused(
        "{\"Namespaces\": [{\"CreateDate\": \"yesterday\"}]}",
        &expect!["a.json: Namespaces[0].CreateDate: it is no time, as 2026-12-24T18:00:00Z"],
    );
    refused(
        &"[".repeat(1000),
        &expect!["a.json: not JSON: recursion limit exceeded at line 1 column 128"],
    );
}

#[test]
fn what_was_not_captured_is_told() {
    let mut untagged = service("prod", "web", "a");
    untagged.as_object_mut().unwrap().remove("tags");
    let failure = json!({"arn": "arn:gone", "reason": "MISSING"});
    let text = json!({"services": [untagged], "failures": [failure]}).to_string();
    expect![[r#"
        0.json: no service has tags here: capture with --include TAGS, or no service has opted in
        0.json: arn:gone was not described: MISSING
        namespaces were not captured: names are taken as written, and a name and an id are two; to be exact, add `aws servicediscovery list-namespaces`
        clusters were not captured and are taken to have no default namespace; to be exact, add `aws ecs describe-clusters --clusters prod`
        Cloud Map services were not captured, so names that are left over there are not seen; to be exact, add `aws servicediscovery list-services`"#]]
    .assert_eq(&captured(&[text]).notes().join("\n"));
}
