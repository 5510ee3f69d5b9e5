//! The queue: what is asked, what comes back, and that nothing is tried twice.

use std::sync::{Arc, Mutex};

use aws_smithy_types::body::SdkBody;
use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::queue::{Message, QueueUrl};
use eastwest_core::engine::effect::{Effect, Event};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, config, network, played};
use crate::{Settings, World};

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest";

pub(super) fn url() -> QueueUrl {
    QueueUrl::parse(URL).unwrap()
}

/// One message as SQS answers it.
pub(super) fn messages() -> Value {
    json!({"Messages": [{"MessageId": "1", "ReceiptHandle": "r1", "MD5OfBody": "", "Body": "{}"}]})
}

async fn receive(stage: &Stage) -> Event {
    stage.execute(Effect::Receive(url())).await
}

#[tokio::test]
async fn messages_are_waited_for_twenty_seconds_ten_at_a_time() {
    let stage = played(|_: &Asked| messages());
    let message = Message { receipt: "r1".to_owned(), body: "{}".to_owned() };
    assert_eq!(receive(&stage).await, Event::Received(Ok(vec![message])));
    let asked = json!({"QueueUrl": URL, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20});
    assert_eq!(stage.asked("sqs.ReceiveMessage"), [asked]);
}

#[tokio::test]
async fn an_empty_queue_has_no_messages_and_one_without_a_receipt_is_left_where_it_is() {
    for answer in [json!({}), json!({"Messages": []}), json!({"Messages": [{"Body": "{}"}]})] {
        let stage = played(move |_: &Asked| answer.clone());
        assert_eq!(receive(&stage).await, Event::Received(Ok(Vec::new())));
    }
}

#[tokio::test]
async fn messages_are_deleted_by_their_receipts_in_one_call() {
    let stage = played(|_: &Asked| json!({"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []}));
    let delete = Effect::Delete(url(), vec!["r1".to_owned(), "r2".to_owned()]);
    assert_eq!(stage.execute(delete).await, Event::Deleted(Ok(())));
    let entries = json!([{"Id": "0", "ReceiptHandle": "r1"}, {"Id": "1", "ReceiptHandle": "r2"}]);
    assert_eq!(
        stage.asked("sqs.DeleteMessageBatch"),
        [json!({"QueueUrl": URL, "Entries": entries})]
    );
}

#[tokio::test]
async fn a_message_that_was_not_deleted_is_a_fault() {
    let failed = json!({"Id": "0", "SenderFault": true, "Code": "ReceiptHandleIsInvalid"});
    let stage = played(move |_: &Asked| json!({"Successful": [], "Failed": [failed]}));
    match stage.execute(Effect::Delete(url(), vec!["old".to_owned()])).await {
        Event::Deleted(Err(fault)) => {
            assert_eq!(
                (fault.kind, &*fault.operation),
                (FaultKind::Refused, "sqs.DeleteMessageBatch")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_so_by_its_new_code_and_by_its_old_one() {
    for code in ["com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"] {
        let stage = played(move |_: &Asked| Told::error(400, code, "no such queue"));
        match receive(&stage).await {
            Event::Received(Err(fault)) => assert_eq!(fault.kind, FaultKind::NotFound, "{code}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(stage.all_asked().len(), 1, "one attempt: the engine decides when to ask again");
    }
}

#[tokio::test]
async fn a_queue_of_another_account_and_region_is_asked_there() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let client = network::client(move |request: http::Request<SdkBody>| {
        let signature = request.headers()["authorization"].to_str().unwrap().to_owned();
        log.lock().unwrap().push((request.uri().to_string(), signature));
        http::Response::builder().status(200).body(b"{}".to_vec()).unwrap()
    });
    let url = "https://sqs.us-east-1.amazonaws.com/999999999999/events";
    let url = QueueUrl::parse(url).unwrap();
    let queue_region = url.region().map(str::to_owned);
    let settings = Settings { queue_region, ..Settings::default() };
    let world = World::over(&config().http_client(client).build(), &settings).unwrap();
    let event = Box::pin(world.execute(Effect::Receive(url))).await;
    assert_eq!(event, Event::Received(Ok(Vec::new())));
    let seen = seen.lock().unwrap();
    let (uri, signature) = &seen[0];
    assert!(uri.starts_with("https://sqs.us-east-1.amazonaws.com"), "{uri}");
    assert!(signature.contains("/us-east-1/sqs/"), "{signature}");
}
