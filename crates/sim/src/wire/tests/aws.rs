//! The protocol: what is answered to good calls, to bad ones and to none.

use serde_json::{Value, json};

use super::{Sim, aws_request, request_with, target};
use crate::wire::Options;

#[tokio::test]
async fn an_answer_is_aws_json_with_a_request_id() {
    let sim = Sim::start().await;
    let answer = sim.aws("ecs.ListClusters", json!({})).await;
    assert_eq!(answer.status, 200);
    let head = answer.head.to_lowercase();
    assert!(head.contains("content-type: application/x-amz-json-1.1"), "{head}");
    assert!(head.contains("x-amzn-requestid: "), "{head}");
    assert_eq!(answer.json()["clusterArns"], json!([]));
}

#[tokio::test]
async fn an_empty_body_is_a_request_without_members() {
    let sim = Sim::start().await;
    let answer = sim.send(&aws_request("ecs.ListClusters", "eu-central-1", "")).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn an_operation_nobody_has_is_unknown_in_json() {
    let sim = Sim::start().await;
    for target in ["AmazonSSM.SendCommand", "DynamoDB_20120810.GetItem", "nonsense"] {
        let answer = sim.send(&request_with(target, "", "{}")).await.unwrap();
        assert_eq!((answer.status, &*answer.code()), (400, "UnknownOperationException"));
        assert!(answer.message().contains(target), "{}", answer.message());
    }
    let answer = sim.plain("POST", "/", "{}").await;
    assert_eq!((answer.status, &*answer.code()), (400, "UnknownOperationException"));
}

#[tokio::test]
async fn a_call_without_credentials_or_signed_for_another_service_is_refused() {
    let sim = Sim::start().await;
    let list = target("ecs", "ListClusters");
    let answer = sim.send(&request_with(&list, "", "{}")).await.unwrap();
    assert_eq!((answer.status, &*answer.code()), (400, "MissingAuthenticationTokenException"));
    let signed = aws_request("ssm.GetParameter", "eu-central-1", "{}");
    let misdirected = signed.replace(&target("ssm", "GetParameter"), &list);
    let answer = sim.send(&misdirected).await.unwrap();
    assert_eq!(answer.code(), "InvalidSignatureException");
    assert!(answer.message().contains("'ecs'"));
    assert_eq!(sim.calls("ecs.ListClusters").await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_serialization_exception_that_names_the_place() {
    let sim = Sim::start().await;
    for (body, place) in [
        ("{\"service\": ", "line 1"),
        ("[]", "object"),
        (r#"{"service":"a","desiredCount":"two"}"#, "desiredCount"),
    ] {
        let request = aws_request("ecs.UpdateService", "eu-central-1", body);
        let answer = sim.send(&request).await.unwrap();
        assert_eq!((answer.status, &*answer.code()), (400, "SerializationException"), "{body}");
        assert!(answer.message().contains(place), "{body}: {}", answer.message());
    }
}

#[tokio::test]
async fn an_absent_required_member_is_refused_as_each_api_does() {
    let sim = Sim::start().await;
    for (op, code) in [
        ("ecs.UpdateService", "InvalidParameterException"),
        ("servicediscovery.GetNamespace", "InvalidInput"),
        ("ssm.GetParameter", "ValidationException"),
    ] {
        let answer = sim.aws(op, json!({})).await;
        assert_eq!((answer.status, answer.code()), (400, code.to_owned()), "{op}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_model_comes_through_in_its_own_words() {
    let sim = Sim::start().await;
    let answer =
        sim.aws("ecs.DescribeServices", json!({ "cluster": "no", "services": ["a"] })).await;
    assert_eq!((answer.status, &*answer.code()), (400, "ClusterNotFoundException"));
}

#[tokio::test]
async fn regions_are_worlds_apart_and_arns_bear_the_region_of_the_signature() {
    let sim = Sim::start().await;
    let create = |region: &str| aws_request("ecs.CreateCluster", region, r#"{"clusterName":"c"}"#);
    sim.send(&create("us-west-2")).await.unwrap();
    let answer = sim.send(&create("ap-south-1")).await.unwrap().json();
    let arn = answer["cluster"]["clusterArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:ecs:ap-south-1:"), "{arn}");
    let clusters = sim.good("ecs.ListClusters", json!({})).await;
    assert_eq!(clusters["clusterArns"], json!([]));
}

#[tokio::test]
async fn with_quotas_the_eleventh_namespace_list_at_once_is_throttled_until_time_passes() {
    let sim = Sim::start_with(Options { quotas: true, ..Options::default() }).await;
    let list = || sim.aws("ecs.ListServicesByNamespace", json!({ "namespace": "nowhere" }));
    for _ in 0..10 {
        assert_ne!(list().await.code(), "ThrottlingException");
    }
    let answer = list().await;
    assert_eq!((answer.status, &*answer.code()), (400, "ThrottlingException"));
    assert_eq!(answer.message(), "Rate exceeded");
    sim.post("/_sim/clock", json!({ "advance_s": 1 })).await;
    assert_ne!(list().await.code(), "ThrottlingException");
    assert_eq!(list().await.code(), "ThrottlingException");
    assert_eq!(sim.calls("ecs.ListServicesByNamespace").await, 13);
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_in_json() {
    let sim = Sim::start().await;
    let long = "x".repeat(super::super::BODY_BYTES_MAX + 1);
    let body = format!(r#"{{"clusterName":"{long}"}}"#);
    // The server may close before it has read everything, which a client sees as a reset.
    if let Ok(answer) = sim.send(&aws_request("ecs.CreateCluster", "eu-central-1", &body)).await {
        assert_eq!((answer.status, &*answer.code()), (413, "SerializationException"));
    }
    assert_eq!(sim.get("/_sim/log").await, Value::Array(Vec::new()));
}
