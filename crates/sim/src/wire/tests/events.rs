//! Queues and events over a socket: what waits, what wakes it, and where a queue can be called.

use serde_json::{Value, json};

use super::{Sim, aws_request};

async fn queue(sim: &Sim) -> String {
    let made = sim.good("sqs.CreateQueue", json!({ "QueueName": "q" })).await;
    made["QueueUrl"].as_str().unwrap().to_owned()
}

fn bodies(answer: &Value) -> Vec<&str> {
    let messages = answer["Messages"].as_array().into_iter().flatten();
    messages.map(|message| message["Body"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_receiver_that_waits_gets_what_another_sends() {
    let sim = Sim::start().await;
    let url = queue(&sim).await;
    let waiting = sim.good("sqs.ReceiveMessage", json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }));
    let sending = async {
        while sim.calls("sqs.ReceiveMessage").await == 0 {
            tokio::task::yield_now().await;
        }
        sim.good("sqs.SendMessage", json!({ "QueueUrl": url, "MessageBody": "hello" })).await
    };
    let (received, _) = tokio::join!(waiting, sending);
    assert_eq!(bodies(&received), ["hello"]);
}

#[tokio::test]
async fn a_receiver_that_waits_gets_what_virtual_time_brings() {
    let sim = Sim::start().await;
    let url = queue(&sim).await;
    let late = json!({ "QueueUrl": url, "MessageBody": "late", "DelaySeconds": 15 });
    sim.good("sqs.SendMessage", late).await;
    let waiting = sim.good("sqs.ReceiveMessage", json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }));
    let moving = async {
        while sim.calls("sqs.ReceiveMessage").await == 0 {
            tokio::task::yield_now().await;
        }
        sim.post("/_sim/clock", json!({ "advance_s": 15 })).await
    };
    let (received, _) = tokio::join!(waiting, moving);
    assert_eq!(bodies(&received), ["late"]);
}

#[tokio::test]
async fn a_receiver_waits_no_longer_than_it_said_in_virtual_time() {
    let sim = Sim::start().await;
    let url = queue(&sim).await;
    let waiting = sim.good("sqs.ReceiveMessage", json!({ "QueueUrl": url, "WaitTimeSeconds": 20 }));
    let moving = async {
        while sim.calls("sqs.ReceiveMessage").await == 0 {
            tokio::task::yield_now().await;
        }
        sim.post("/_sim/clock", json!({ "advance_s": 20 })).await
    };
    let (received, _) = tokio::join!(waiting, moving);
    assert_eq!(received, json!({}));
}

#[tokio::test]
async fn a_queue_can_be_called_at_its_own_url() {
    let sim = Sim::start().await;
    let url = queue(&sim).await;
    let path = url.strip_prefix(&sim.server.url()).unwrap();
    assert_eq!(path, "/123456789012/q");
    let body = json!({ "QueueUrl": url, "MessageBody": "hello" }).to_string();
    let request = aws_request("sqs.SendMessage", "eu-central-1", &body);
    let there = request.replacen("POST / ", &format!("POST {path} "), 1);
    let sent = sim.send(&there).await.unwrap();
    assert_eq!(sent.status, 200, "{sent:?}");
    let received = sim.good("sqs.ReceiveMessage", json!({ "QueueUrl": url })).await;
    assert_eq!(bodies(&received), ["hello"]);
    let nowhere = sim.plain("POST", "/somewhere/q", "{}").await;
    assert_eq!(nowhere.status, 404, "{nowhere:?}");
}

#[tokio::test]
async fn sqs_is_told_apart_by_its_json_and_its_errors() {
    let sim = Sim::start().await;
    let refused = sim.aws("sqs.GetQueueUrl", json!({ "QueueName": "none" })).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.code(), "com.amazonaws.sqs#QueueDoesNotExist");
    assert!(refused.head.contains("content-type: application/x-amz-json-1.0"), "{refused:?}");
    let older = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender";
    assert!(refused.head.contains(older), "{refused:?}");
    let other = sim.aws("events.DescribeRule", json!({ "Name": "none" })).await;
    assert_eq!(other.code(), "ResourceNotFoundException");
    assert!(other.head.contains("content-type: application/x-amz-json-1.1"), "{other:?}");
}

#[tokio::test]
async fn how_events_are_sent_is_shown_changed_in_part_and_refused_when_impossible() {
    let sim = Sim::start().await;
    let before = sim.get("/_sim/events").await;
    let after = sim.post("/_sim/events", json!({ "delay_ms": [0, 5], "tag_change": false })).await;
    assert_eq!(after["delay_ms"], json!([0, 5]));
    assert_eq!(after["tag_change"], json!(false));
    assert_eq!(after["lost_per_mille"], before["lost_per_mille"]);
    for wrong in [
        json!({ "lost_per_mille": 1001 }),
        json!({ "delay_ms": [6, 5] }),
        json!({ "delay_ms": [0, 900_001] }),
        json!({ "lost": 0.1 }),
    ] {
        let refused = sim.plain("POST", "/_sim/events", &wrong.to_string()).await;
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.message().contains("POST /_sim/events takes"), "{refused:?}");
    }
    assert_eq!(sim.get("/_sim/events").await, after);
}
