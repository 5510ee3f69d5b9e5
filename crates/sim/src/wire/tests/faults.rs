//! Each kind of fault, as bytes: what the caller gets, and what became of the effect.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Sim, aws_request};

const CREATE: &str = "ecs.CreateCluster";

async fn clusters(sim: &Sim) -> usize {
    let answer = sim.good("ecs.ListClusters", json!({})).await;
    answer["clusterArns"].as_array().unwrap().len()
}

/// Creates a cluster under a fault of `kind`: what came back, and how many clusters there are now.
async fn create_under(kind: &str) -> (super::Answer, usize) {
    let sim = Sim::start().await;
    sim.fault(CREATE, kind).await;
    let answer = sim.aws(CREATE, json!({ "clusterName": "c" })).await;
    (answer, clusters(&sim).await)
}

#[tokio::test]
async fn throttle_refuses_and_nothing_happens() {
    let (answer, clusters) = create_under("throttle").await;
    assert_eq!((answer.status, &*answer.code(), clusters), (400, "ThrottlingException", 0));
    assert_eq!(answer.message(), "Rate exceeded");
}

#[tokio::test]
async fn denied_names_the_action_and_the_resource() {
    let sim = Sim::start().await;
    sim.fault("ecs.UpdateService", "denied").await;
    let answer = sim.aws("ecs.UpdateService", json!({ "cluster": "prod", "service": "web" })).await;
    assert_eq!((answer.status, &*answer.code()), (400, "AccessDeniedException"));
    let message = answer.message();
    let resource = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web";
    assert!(message.starts_with("User: arn:aws:sts::123456789012:assumed-role/"), "{message}");
    assert!(
        message.contains(&format!("ecs:UpdateService on resource: {resource} because")),
        "{message}"
    );
}

#[tokio::test]
async fn error_before_and_error_after_look_alike_and_differ_in_effect() {
    let (before, none) = create_under("error-before").await;
    let (after, one) = create_under("error-after").await;
    assert_eq!((before.status, &*before.code()), (500, "ServerException"));
    assert_eq!((after.status, after.text), (before.status, before.text));
    assert_eq!((none, one), (0, 1));
}

#[tokio::test]
async fn an_internal_error_has_the_code_of_its_api() {
    let sim = Sim::start().await;
    sim.fault("*", "error-before").await;
    let answer = sim.aws("servicediscovery.ListNamespaces", json!({})).await;
    assert_eq!((answer.status, &*answer.code()), (500, "InternalFailure"));
    sim.fault("ssm.*", "error-before").await;
    let answer = sim.aws("ssm.GetParameter", json!({ "Name": "/a" })).await;
    assert_eq!((answer.status, &*answer.code()), (500, "InternalServerError"));
}

#[tokio::test]
async fn html_is_a_bad_gateway_without_anything_of_aws() {
    let (answer, clusters) = create_under("html").await;
    assert_eq!((answer.status, clusters), (502, 0));
    assert!(answer.text.starts_with("<html>"));
    assert!(!answer.head.to_lowercase().contains("x-amzn"), "{}", answer.head);
}

#[tokio::test]
async fn timeouts_keep_silent_before_or_after_the_effect() {
    for (kind, effect) in [("timeout-before", 0), ("timeout-after", 1)] {
        let sim = Sim::start().await;
        sim.fault(CREATE, kind).await;
        let request = aws_request(CREATE, "eu-central-1", r#"{"clusterName":"c"}"#);
        let wait = tokio::time::timeout(Duration::from_millis(300), sim.send(&request)).await;
        assert!(wait.is_err(), "{kind}: an answer came: {wait:?}");
        assert_eq!(clusters(&sim).await, effect, "{kind}");
    }
}

#[tokio::test]
async fn a_silent_call_does_not_keep_the_simulator_from_ending() {
    let sim = Sim::start().await;
    sim.fault(CREATE, "timeout-before").await;
    let address = sim.server.address;
    let mut held = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = aws_request(CREATE, "eu-central-1", "{}");
    tokio::io::AsyncWriteExt::write_all(&mut held, request.as_bytes()).await.unwrap();
    while sim.calls(CREATE).await == 0 {
        tokio::task::yield_now().await;
    }
    drop(sim.stop);
    let ended = tokio::time::timeout(Duration::from_secs(10), sim.server.ended()).await;
    ended.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn stale_shows_a_service_as_it_was_before_the_lag() {
    let sim = Sim::populated(1).await;
    let listed = sim.good("ecs.ListClusters", json!({})).await;
    let cluster = listed["clusterArns"][0].clone();
    let services = sim.good("ecs.ListServices", json!({ "cluster": cluster })).await;
    let service = services["serviceArns"][0].clone();
    sim.post("/_sim/clock", json!({ "advance_s": 100 })).await;
    let change = json!({ "cluster": cluster, "service": service, "desiredCount": 7 });
    sim.good("ecs.UpdateService", change).await;
    sim.post("/_sim/clock", json!({ "advance_s": 3 })).await;
    sim.post(
        "/_sim/faults",
        json!([{ "op": "ecs.DescribeServices", "kind": "stale", "lag_s": 5 }]),
    )
    .await;
    let describe =
        || sim.good("ecs.DescribeServices", json!({ "cluster": cluster, "services": [service] }));
    let (stale, fresh) = (describe().await, describe().await);
    assert_ne!(stale["services"][0]["desiredCount"], json!(7));
    assert_eq!(fresh["services"][0]["desiredCount"], json!(7));
}

#[tokio::test]
async fn partial_describes_report_what_exists_as_missing() {
    let sim = Sim::populated(3).await;
    let (cluster, services) = all_services(&sim).await;
    sim.fault("ecs.DescribeServices", "partial").await;
    let answer =
        sim.good("ecs.DescribeServices", json!({ "cluster": cluster, "services": services })).await;
    assert_eq!(answer["services"].as_array().unwrap().len(), 1);
    assert_eq!(answer["failures"].as_array().unwrap().len(), 2);
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    assert_eq!(answer["failures"][0]["arn"], services[0]);
}

#[tokio::test]
async fn partial_lists_give_short_and_empty_pages_and_lose_nothing() {
    let sim = Sim::populated(5).await;
    let (cluster, all) = all_services(&sim).await;
    sim.post("/_sim/faults", json!([{ "op": "ecs.ListServices", "kind": "partial", "times": 3 }]))
        .await;
    let (mut sizes, mut arns, mut token) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let request = json!({ "cluster": cluster, "maxResults": 100, "nextToken": token });
        let answer = sim.good("ecs.ListServices", request).await;
        let page = answer["serviceArns"].as_array().unwrap();
        sizes.push(page.len());
        arns.extend(page.clone());
        let Some(next) = answer.get("nextToken") else { break };
        token = next.clone();
    }
    assert_eq!(sizes, [1, 0, 1, 3]);
    assert_eq!(arns, all);
}

async fn all_services(sim: &Sim) -> (Value, Vec<Value>) {
    let listed = sim.good("ecs.ListClusters", json!({})).await;
    let cluster = listed["clusterArns"][0].clone();
    let request = json!({ "cluster": cluster, "maxResults": 100 });
    let services = sim.good("ecs.ListServices", request).await;
    (cluster, services["serviceArns"].as_array().unwrap().clone())
}
