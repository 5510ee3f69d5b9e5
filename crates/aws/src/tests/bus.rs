//! The bus on which people are told: what is sent, and what was not taken.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::BusName;
use serde_json::{Value, json};

use super::{Asked, Stage, Told, played};
use crate::{BusEvent, Untaken};

pub(super) fn name() -> BusName {
    BusName::parse("people").unwrap()
}

/// The answer to one event that was taken.
pub(super) fn taken() -> Value {
    json!({"FailedEntryCount": 0, "Entries": [{"EventId": "e1"}]})
}

/// Sends so many events.
pub(super) async fn put(stage: &Stage, count: usize) -> Result<Untaken, Fault> {
    let event = |number: usize| BusEvent {
        detail_type: "eastwest conflict".to_owned(),
        detail: json!({"number": number}).to_string(),
        resources: vec![super::arn("web")],
    };
    stage.world.put_events((0..count).map(event).collect()).await
}

#[tokio::test]
async fn events_are_sent_to_the_bus_in_one_call_and_in_the_name_of_eastwest() {
    let stage = played(|_: &Asked| taken());
    assert_eq!(put(&stage, 1).await.map(|untaken| untaken.numbers.len()), Ok(0));
    let entry = json!({"Source": "eastwest", "DetailType": "eastwest conflict", "EventBusName": "people",
        "Detail": "{\"number\":0}", "Resources": [super::arn("web")]});
    assert_eq!(stage.asked("events.PutEvents"), [json!({"Entries": [entry]})]);
}

#[tokio::test]
async fn an_event_that_was_not_taken_is_named_with_its_reason() {
    let answer = json!({"FailedEntryCount": 1, "Entries": [{"EventId": "e1"},
        {"ErrorCode": "InternalFailure", "ErrorMessage": "come\nback"}]});
    let stage = played(move |_: &Asked| answer.clone());
    let untaken = put(&stage, 3).await.unwrap();
    assert_eq!(untaken.numbers, [1, 2].into(), "one is missing in the answer");
    assert_eq!(untaken.why, "InternalFailure: come back");
}

#[tokio::test]
async fn a_call_that_fails_is_not_repeated() {
    let stage = played(|_: &Asked| Told::error(500, "InternalException", "later"));
    let fault = put(&stage, 1).await.unwrap_err();
    assert_eq!((fault.kind, stage.asked("events.PutEvents").len()), (FaultKind::ServerError, 1));
}
