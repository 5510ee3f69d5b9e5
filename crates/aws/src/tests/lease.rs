//! The lease table: the condition as it is sent, and what comes back.

use std::time::Duration;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::lease::{
    LeaseItem, LeaseKey, LeaseMember, LeaseOutcome, LeaseRecord, LeaseWrite,
};
use eastwest_core::ecs::name::{Arn, TableName};
use eastwest_core::ecs::service_key::Scope;
use eastwest_core::engine::effect::{Effect, Event};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, arn, played, prod};
use crate::LeaseTable;

pub(super) fn table() -> LeaseTable {
    let name = TableName::parse("eastwest").unwrap();
    LeaseTable { name, patience: Duration::from_secs(2) }
}

pub(super) fn key() -> LeaseKey {
    LeaseKey::of(&Scope::of(&Arn::as_read(&arn("web"))), &prod())
}

fn record(renewal: u64) -> LeaseRecord {
    LeaseRecord {
        holder: "one".to_owned(),
        session: "s1".to_owned(),
        epoch: 7,
        renewal,
        duration: Duration::from_secs(15),
    }
}

/// A write to a table without an item.
pub(super) fn taking() -> LeaseWrite {
    LeaseWrite { key: key(), expected: None, item: record(1).item() }
}

/// The members of that item as DynamoDB has them.
fn members(renewal: u64) -> Value {
    json!({
        "holder": {"S": "one"}, "session": {"S": "s1"}, "epoch": {"N": "7"},
        "renewal": {"N": renewal.to_string()}, "durationMs": {"N": "15000"},
    })
}

fn with_key(mut members: Value) -> Value {
    members["lease"] = json!({"S": "123456789012/eu-west-1/prod"});
    members
}

async fn write(stage: &Stage, write: LeaseWrite) -> LeaseOutcome {
    match stage.execute(Effect::WriteLease(Box::new(write))).await {
        Event::LeaseWritten(_, Ok(outcome)) => outcome,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lease_is_read_as_it_is_now() {
    let stage = played(|_: &Asked| json!({"Item": with_key(members(3))}));
    let event = stage.execute(Effect::ReadLease(key())).await;
    assert_eq!(event, Event::LeaseRead(key(), Ok(Some(record(3).item()))));
    let asked = json!({
        "TableName": "eastwest", "ConsistentRead": true,
        "Key": {"lease": {"S": "123456789012/eu-west-1/prod"}},
    });
    assert_eq!(stage.asked("dynamodb.GetItem"), [asked]);
    let empty = played(|_: &Asked| json!({}));
    let event = empty.execute(Effect::ReadLease(key())).await;
    assert_eq!(event, Event::LeaseRead(key(), Ok(None)));
}

#[tokio::test]
async fn an_item_is_put_only_where_there_is_none_or_where_each_member_is_as_expected() {
    let stage = played(|_: &Asked| json!({}));
    assert_eq!(write(&stage, taking()).await, LeaseOutcome::Written);
    let renewing =
        LeaseWrite { expected: Some(record(1).item()), item: record(2).item(), key: key() };
    assert_eq!(write(&stage, renewing).await, LeaseOutcome::Written);
    let [first, second] = &stage.asked("dynamodb.PutItem")[..] else { panic!("two calls") };
    assert_eq!(first["ConditionExpression"], "attribute_not_exists(lease)");
    assert_eq!(first["Item"], with_key(members(1)));
    assert_eq!(first["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    assert_eq!(
        second["ConditionExpression"],
        "#holder = :holder AND #session = :session AND #epoch = :epoch AND #renewal = :renewal AND #durationMs = :durationMs"
    );
    assert_eq!(second["ExpressionAttributeValues"][":renewal"], json!({"N": "1"}));
    assert_eq!(second["Item"], with_key(members(2)));
}

#[tokio::test]
async fn an_item_that_somebody_edited_is_expected_with_its_missing_and_odd_members() {
    let expected =
        LeaseItem { holder: LeaseMember::Absent, epoch: LeaseMember::Other, ..record(1).item() };
    let stage = played(|_: &Asked| json!({}));
    write(&stage, LeaseWrite { expected: Some(expected), ..taking() }).await;
    let condition = stage.asked("dynamodb.PutItem")[0]["ConditionExpression"].clone();
    let condition = condition.as_str().unwrap();
    assert!(condition.contains("attribute_not_exists(#holder)"), "{condition}");
    assert!(condition.contains("NOT attribute_type(#epoch, :typeN)"), "{condition}");
}

#[tokio::test]
async fn a_failed_condition_answers_with_the_item_that_is_there_and_is_not_tried_again() {
    let stage = played(|_: &Asked| Told {
        status: 400,
        body: json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed", "Item": with_key(members(9)),
        })
        .to_string()
        .into(),
    });
    let there = LeaseOutcome::Differs(Some(record(9).item()));
    assert_eq!(write(&stage, taking()).await, there);
    assert_eq!(stage.all_asked().len(), 1);
}

#[tokio::test]
async fn a_table_that_is_missing_denied_or_throttled_is_that_fault_after_one_attempt() {
    for (code, kind) in [
        ("ResourceNotFoundException", FaultKind::NotFound),
        ("AccessDeniedException", FaultKind::Denied),
        ("ProvisionedThroughputExceededException", FaultKind::Throttled),
        ("ThrottlingException", FaultKind::Throttled),
        ("ValidationException", FaultKind::Refused),
    ] {
        let stage = played(move |_: &Asked| Told::error(400, code, "no"));
        for effect in [Effect::ReadLease(key()), Effect::WriteLease(Box::new(taking()))] {
            let fault = match stage.execute(effect).await {
                Event::LeaseRead(_, Err(fault)) | Event::LeaseWritten(_, Err(fault)) => fault,
                other => panic!("{other:?}"),
            };
            assert_eq!(fault.kind, kind, "{code}");
        }
        assert_eq!(stage.all_asked().len(), 2, "{code}");
    }
}
