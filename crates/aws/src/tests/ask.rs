//! Clusters, namespaces, who uses them, and task definitions.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::{Arn, ClusterName, NamespaceId, Port};
use eastwest_core::ecs::namespace::NamespaceUse;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::view::reading::{Answer, Question};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, describe_asked, namespace_arn, played, prod, web};

async fn ask(stage: &Stage, question: Question) -> Answer {
    match stage.execute(Effect::Ask(question)).await {
        Event::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn in_two_pages(asked: &Asked, list: &str, token: &str, pages: [Value; 2]) -> Value {
    let [first, second] = pages;
    let name = if token == "NextToken" { "NextToken" } else { "nextToken" };
    if asked.body[name] == "2" { json!({list: second}) } else { json!({list: first, name: "2"}) }
}

#[tokio::test]
async fn clusters_are_found_on_every_page() {
    let stage = played(|asked: &Asked| {
        let pages = [json!([]), json!(["arn:aws:ecs:eu-west-1:1:cluster/prod"])];
        in_two_pages(asked, "clusterArns", "nextToken", pages)
    });
    let Event::ClustersFound(found) = stage.execute(Effect::FindClusters).await else { panic!() };
    assert_eq!(found, Ok(BTreeSet::from([prod()])));
}

#[tokio::test]
async fn clusters_that_may_not_be_listed_are_a_fault() {
    let stage = played(|_: &Asked| Told::error(400, "AccessDeniedException", "no"));
    let Event::ClustersFound(found) = stage.execute(Effect::FindClusters).await else { panic!() };
    assert_eq!(found.unwrap_err().kind, FaultKind::Denied);
}

#[tokio::test]
async fn namespaces_are_read_from_every_page_with_their_http_names() {
    let namespace = |id: &str, http: Value| {
        json!({
            "Id": id, "Arn": format!("arn:aws:servicediscovery:eu-west-1:1:namespace/{id}"),
            "Name": "internal", "Properties": {"HttpProperties": {"HttpName": http}},
        })
    };
    let stage = played(move |asked: &Asked| {
        let pages = [
            json!([namespace("ns-b", json!("internal-x7"))]),
            json!([namespace("ns-a", Value::Null)]),
        ];
        in_two_pages(asked, "Namespaces", "NextToken", pages)
    });
    let Answer::Namespaces(Seen::Known(found)) = ask(&stage, Question::Namespaces).await else {
        panic!()
    };
    let found: Vec<_> = found.iter().map(|n| (n.id.as_str(), n.http_name.as_str())).collect();
    assert_eq!(found, [("ns-a", "internal"), ("ns-b", "internal-x7")]);
}

fn use_of_namespace(watched: BTreeSet<ClusterName>) -> Question {
    Question::NamespaceUse(NamespaceId::as_read("ns-abcdefgh12345678"), namespace_arn(), watched)
}

fn namespace_in_use(asked: &Asked) -> Value {
    match asked.operation.as_str() {
        "servicediscovery.ListServices" => {
            let service =
                |name: &str| json!({"Arn": format!("arn:{name}"), "Name": name, "CreateDate": 2.5});
            in_two_pages(
                asked,
                "Services",
                "NextToken",
                [json!([service("api")]), json!([service("web")])],
            )
        }
        "ecs.ListServicesByNamespace" => {
            let elsewhere: Vec<_> =
                (0..11).map(|i| format!("arn:aws:ecs:eu-west-1:1:service/other/s{i}")).collect();
            let here = json!([
                "arn:aws:ecs:eu-west-1:1:service/prod/web",
                "arn:aws:ecs:eu-west-1:1:service/short"
            ]);
            in_two_pages(asked, "serviceArns", "nextToken", [json!(elsewhere), here])
        }
        _ => describe_asked(asked),
    }
}

#[tokio::test]
async fn only_services_of_clusters_nobody_watches_are_described() {
    let stage = played(namespace_in_use);
    let answer = ask(&stage, use_of_namespace(BTreeSet::from([prod()]))).await;
    let Answer::NamespaceUse(id, Seen::Known(NamespaceUse { cloud_map, elsewhere, .. })) = answer
    else {
        panic!()
    };
    assert_eq!(id.as_str(), "ns-abcdefgh12345678");
    let names: Vec<_> = cloud_map.iter().map(|s| (s.name.as_str(), s.created_at)).collect();
    assert_eq!(names, [("api", AwsTime(2500)), ("web", AwsTime(2500))]);
    assert_eq!(elsewhere.len(), 11);
    assert!(elsewhere.iter().all(|service| service.key.cluster.as_str() == "other"));
    let described = stage.asked("ecs.DescribeServices");
    assert_eq!(described.len(), 2, "eleven services, ten a call");
    assert!(described.iter().all(|body| body["cluster"] == "other"));
}

#[tokio::test]
async fn a_namespace_with_a_service_that_cannot_be_read_now_is_unknown() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeServices" => json!({"services": [], "failures": []}),
        _ => namespace_in_use(asked),
    });
    let answer = ask(&stage, use_of_namespace(BTreeSet::from([prod()]))).await;
    assert!(matches!(answer, Answer::NamespaceUse(_, Seen::Unknown(_))), "{answer:?}");
}

#[tokio::test]
async fn a_namespace_is_asked_for_by_its_arn() {
    let stage = played(namespace_in_use);
    ask(&stage, use_of_namespace(BTreeSet::new())).await;
    let arn = namespace_arn();
    assert_eq!(stage.asked("ecs.ListServicesByNamespace")[0]["namespace"], arn.as_str());
    let filter = json!([{"Name": "NAMESPACE_ID", "Values": [arn.as_str()], "Condition": "EQ"}]);
    assert_eq!(stage.asked("servicediscovery.ListServices")[0]["Filters"], filter);
}

#[tokio::test]
async fn a_namespace_half_of_which_cannot_be_listed_is_unknown() {
    for half in ["servicediscovery.ListServices", "ecs.ListServicesByNamespace"] {
        let stage = played(move |asked: &Asked| -> Told {
            if asked.operation == half {
                return Told::error(400, "AccessDeniedException", "no");
            }
            namespace_in_use(asked).into()
        });
        let answer = ask(&stage, use_of_namespace(BTreeSet::new())).await;
        let Answer::NamespaceUse(_, Seen::Unknown(fault)) = answer else { panic!("{answer:?}") };
        assert_eq!((fault.kind, &*fault.operation), (FaultKind::Denied, half));
    }
}

#[tokio::test]
async fn a_member_that_cannot_be_described_still_shows_by_its_cloud_map_service() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            "ecs.DescribeServices" => Told::error(400, "AccessDeniedException", "no"),
            _ => namespace_in_use(asked).into(),
        }
    });
    let answer = ask(&stage, use_of_namespace(BTreeSet::new())).await;
    let Answer::NamespaceUse(_, Seen::Known(found)) = answer else { panic!("{answer:?}") };
    assert_eq!((found.cloud_map.len(), found.elsewhere.len()), (2, 0));
}

#[tokio::test]
async fn a_task_definition_is_read_with_its_ports() {
    let stage = played(|_: &Asked| {
        json!({"taskDefinition": {
            "taskDefinitionArn": "arn:td:3", "networkMode": "awsvpc", "memory": "512", "cpu": "256",
            "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
            "containerDefinitions": [
                {"name": "app", "memory": 300, "links": ["sidecar"], "environment": [{"name": "PASSWORD", "value": "x"}], "portMappings": [
                    {"name": "http", "containerPort": 8080, "protocol": "tcp", "appProtocol": "http2"},
                    {"containerPortRange": "1-2"},
                ]},
                {"name": "sidecar", "memory": 100, "memoryReservation": 50, "hostname": "side"},
            ],
        }})
    });
    let arn = Arn::as_read("arn:td:3");
    let answer = ask(&stage, Question::TaskDefinition(arn.clone())).await;
    let Answer::TaskDefinition(asked, Seen::Known(found)) = answer else { panic!("{answer:?}") };
    assert_eq!((&asked, &found.arn), (&arn, &arn));
    assert_eq!(
        (found.network_mode.as_str(), found.windows, found.memory_mib),
        ("awsvpc", true, Some(512))
    );
    assert_eq!((found.has_cpu, found.container_memory_mib), (true, 400));
    assert_eq!(
        (&found.links[..], &found.hostnames[..]),
        (&["app".into()][..], &["sidecar".into()][..])
    );
    assert_eq!(found.ports.len(), 2);
    assert_eq!(
        (found.ports[0].range.as_deref(), found.ports[1].range.as_deref()),
        (None, Some("1-2"))
    );
    assert_eq!(found.ports[0].name.as_ref().unwrap().as_str(), "http");
    assert_eq!(found.ports[0].app_protocol.as_deref(), Some("http2"));
    assert_eq!((found.ports[1].container_port, found.ports[1].protocol.as_str()), (None, "tcp"));
}

#[tokio::test]
async fn the_hosts_that_the_environment_names_are_matched_and_no_value_is_kept() {
    let secret = "canary-5e1f";
    let stage = played(move |_: &Asked| {
        let environment = json!([
            {"name": "CATALOG", "value": "http://catalog"},
            {"name": "DSN", "value": format!("postgres://shop:{secret}@db:5432/shop?key={secret}")},
            {"name": "PASSWORD", "value": secret},
            {"name": "EMPTY"},
        ]);
        json!({"taskDefinition": {"taskDefinitionArn": "arn:td:3", "containerDefinitions": [
            {"name": "app", "image": "example/app:1", "environment": environment},
            {"name": "side", "image": "example/side@sha256:0a", "environment": [
                {"name": "ORDERS", "value": "orders:80"}]},
            {"name": "bare", "entryPoint": ["run"], "command": ["--master-host", "master", "--level", "info"]},
        ]}})
    });
    let event =
        stage.execute(Effect::Ask(Question::TaskDefinition(Arn::as_read("arn:td:3")))).await;
    assert!(!format!("{event:?}").contains(secret), "{event:?}");
    let Event::Answered(Answer::TaskDefinition(_, Seen::Known(found))) = event else { panic!() };
    assert!(!serde_json::to_string(&found).unwrap().contains(secret));
    assert_eq!(found.images, ["example/app:1", "example/side@sha256:0a"]);
    let port = |port: &str| Port::parse(port).unwrap();
    for (host, number, named) in [
        ("catalog", "80", true),
        ("catalog", "81", false),
        ("orders", "80", true),
        ("db", "5432", true),
        ("shop", "80", false),
        ("master", "5557", true),
        ("info", "80", false),
    ] {
        assert_eq!(found.environment_hosts.names(host, port(number)), named, "{host}:{number}");
    }
}

#[tokio::test]
async fn a_task_definition_that_cannot_be_read_shows_no_value_of_its_environment() {
    let broken = r#"{"taskDefinition": {"containerDefinitions": [{"environment": [
        {"name": "PASSWORD", "value": "canary-5e1f"}, {"name": "X", "value": {"canary-5e1f": 1}}]}]}}"#;
    let stage = played(move |_: &Asked| Told::text(200, broken));
    let event =
        stage.execute(Effect::Ask(Question::TaskDefinition(Arn::as_read("arn:td:3")))).await;
    assert!(!format!("{event:?}").contains("canary"), "{event:?}");
    let answered = matches!(event, Event::Answered(Answer::TaskDefinition(_, Seen::Unknown(_))));
    assert!(answered, "it is not read");
}

#[tokio::test]
async fn a_task_definition_that_is_refused_is_unknown() {
    let text = "Unable to describe task definition.";
    let stage = played(move |_: &Asked| Told::error(400, "ClientException", text));
    let answer = ask(&stage, Question::TaskDefinition(Arn::as_read("arn:td:3"))).await;
    let Answer::TaskDefinition(_, Seen::Unknown(fault)) = answer else { panic!("{answer:?}") };
    assert_eq!(fault.kind, FaultKind::Refused);
}

#[tokio::test]
async fn a_history_can_be_asked_for_alone() {
    let stage = played(|_: &Asked| json!({"serviceDeployments": []}));
    let answer = ask(&stage, Question::History(web())).await;
    assert!(matches!(answer, Answer::History(key, Seen::Known(_)) if key == web()));
    let asked = &stage.asked("ecs.ListServiceDeployments")[0];
    assert_eq!((&asked["cluster"], &asked["service"]), (&json!("prod"), &json!("web")));
    assert_eq!(asked["maxResults"], 20);
}
