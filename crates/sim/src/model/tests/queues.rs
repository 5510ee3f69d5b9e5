//! Rules, targets and queues: who gets a message, for how long it is hidden, and where it ends.

use serde_json::{Value, json};

use super::{World, read};
use crate::model::{EventOptions, Model};
use crate::shapes::sqs::{MessageShape, ReceiveMessageAnswer};

const URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/q";

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:eu-central-1:123456789012:{name}")
}

fn world() -> World {
    let mut world = World::new();
    world.model.set_event_options(EventOptions {
        lost_per_mille: 0,
        doubled_per_mille: 0,
        delay_ms: [0, 0],
        ..EventOptions::default()
    });
    world
}

fn create(model: &mut Model, name: &str, attributes: &Value) -> String {
    let body = json!({"QueueName": name, "Attributes": attributes});
    model.create_queue(read(body)).unwrap().queue_url
}

fn send(model: &mut Model, body: &str) {
    model.send_message(read(json!({"QueueUrl": URL, "MessageBody": body}))).unwrap();
}

fn receive_from(model: &mut Model, url: &str) -> Vec<MessageShape> {
    let body = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
    let ReceiveMessageAnswer { messages } = model.receive_message(&read(body)).unwrap();
    messages.unwrap_or_default()
}

fn receive(model: &mut Model) -> Vec<MessageShape> {
    receive_from(model, URL)
}

fn delete(model: &mut Model, receipt: &str) {
    let body = json!({"QueueUrl": URL, "ReceiptHandle": receipt});
    model.delete_message(&read(body)).unwrap();
}

fn attribute(model: &Model, name: &str) -> String {
    let body = json!({"QueueUrl": URL, "AttributeNames": ["All"]});
    let answer = model.get_queue_attributes(&read(body)).unwrap();
    answer.attributes.unwrap()[name].clone()
}

/// A policy that lets EventBridge send for the rule `r` into the queue of this name.
fn policy(queue: &str) -> String {
    json!({"Statement": {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-central-1:123456789012:rule/r"}},
    }})
    .to_string()
}

/// The rule `r` for what clusters are made, which leads into the queue `q`.
fn rule(model: &mut Model, target: Value) {
    let pattern = json!({"source": ["aws.ecs"], "detail": {"eventName": ["CreateCluster"]}});
    let body = json!({"Name": "r", "EventPattern": pattern.to_string()});
    model.put_rule(read(body)).unwrap();
    let mut one = json!({"Id": "t", "Arn": arn("q")});
    super::merge(&mut one, target);
    let body = json!({"Rule": "r", "Targets": [one]});
    assert_eq!(model.put_targets(read(body)).unwrap().failed_entry_count, 0);
}

fn make_cluster(model: &mut Model) {
    model.create_cluster(read(json!({"clusterName": "another"}))).unwrap();
}

#[test]
fn a_received_message_is_hidden_until_its_time_out_and_then_comes_again() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"VisibilityTimeout": "40"}));
    send(&mut world.model, "hello");
    let first = receive(&mut world.model);
    assert_eq!(first[0].body, "hello");
    assert_eq!(first[0].md5_of_body, "5d41402abc4b2a76b9719d911017c592");
    world.pass(39);
    assert_eq!(receive(&mut world.model), []);
    world.pass(1);
    let again = receive(&mut world.model);
    assert_eq!(again[0].message_id, first[0].message_id);
    assert_ne!(again[0].receipt_handle, first[0].receipt_handle);
    assert_eq!(again[0].attributes.as_ref().unwrap()["ApproximateReceiveCount"], "2");
}

#[test]
fn a_deleted_message_never_comes_again_and_an_old_receipt_deletes_nothing() {
    let mut world = world();
    create(&mut world.model, "q", &json!({}));
    send(&mut world.model, "hello");
    let old = receive(&mut world.model).remove(0).receipt_handle;
    world.pass(30);
    let new = receive(&mut world.model).remove(0).receipt_handle;
    delete(&mut world.model, &old);
    world.pass(30);
    assert_eq!(receive(&mut world.model).len(), 1, "the old receipt deleted nothing");
    delete(&mut world.model, &new);
    world.pass(30);
    assert_eq!(receive(&mut world.model).len(), 1, "that one was old by then");
    let newest = attribute(&world.model, "ApproximateNumberOfMessagesNotVisible");
    assert_eq!(newest, "1");
}

#[test]
fn a_message_can_be_hidden_for_longer_or_given_back() {
    let mut world = world();
    create(&mut world.model, "q", &json!({}));
    send(&mut world.model, "hello");
    let handle = receive(&mut world.model).remove(0).receipt_handle;
    let change = |seconds: u64| json!({"QueueUrl": URL, "ReceiptHandle": handle, "VisibilityTimeout": seconds});
    world.model.change_message_visibility(&read(change(100))).unwrap();
    world.pass(99);
    assert_eq!(receive(&mut world.model), []);
    world.model.change_message_visibility(&read(change(0))).unwrap();
    let refused = world.model.change_message_visibility(&read(change(0))).unwrap_err();
    assert_eq!(refused.code, "MessageNotInflight");
    assert_eq!(receive(&mut world.model).len(), 1);
}

#[test]
fn a_message_that_is_received_too_often_goes_to_the_dead_letter_queue() {
    let mut world = world();
    let dead = create(&mut world.model, "dead", &json!({}));
    let redrive = json!({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 2}).to_string();
    create(&mut world.model, "q", &json!({"RedrivePolicy": redrive}));
    send(&mut world.model, "poison");
    for _ in 0..2 {
        assert_eq!(receive(&mut world.model).len(), 1);
        world.pass(30);
    }
    assert_eq!(receive(&mut world.model), []);
    assert_eq!(receive_from(&mut world.model, &dead)[0].body, "poison");
    world.pass(3600);
    assert_eq!(receive(&mut world.model), []);
}

#[test]
fn a_message_is_dropped_when_its_retention_ends() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"MessageRetentionPeriod": "300"}));
    send(&mut world.model, "old");
    world.pass(299);
    assert_eq!(attribute(&world.model, "ApproximateNumberOfMessages"), "1");
    world.pass(1);
    assert_eq!(attribute(&world.model, "ApproximateNumberOfMessages"), "0");
    assert_eq!(receive(&mut world.model), []);
}

#[test]
fn a_delayed_message_is_visible_when_its_delay_is_over() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"DelaySeconds": "5"}));
    send(&mut world.model, "later");
    assert_eq!(receive(&mut world.model), []);
    assert_eq!(attribute(&world.model, "ApproximateNumberOfMessagesDelayed"), "1");
    let at = world.model.next_visible_at(URL).unwrap();
    assert_eq!(at, world.model.now().plus_seconds(5));
    world.pass(5);
    assert_eq!(receive(&mut world.model).len(), 1);
}

#[test]
fn a_purged_queue_is_empty_and_a_deleted_one_is_gone() {
    let mut world = world();
    create(&mut world.model, "q", &json!({}));
    send(&mut world.model, "a");
    let queue = || read(json!({"QueueUrl": URL}));
    world.model.purge_queue(queue()).unwrap();
    assert_eq!(receive(&mut world.model), []);
    assert_eq!(world.model.purge_queue(queue()).unwrap_err().code, "PurgeQueueInProgress");
    world.model.delete_queue(queue()).unwrap();
    assert_eq!(world.model.delete_queue(queue()).unwrap_err().code, "QueueDoesNotExist");
    let again = read(json!({"QueueName": "q"}));
    assert_eq!(world.model.create_queue(again).unwrap_err().code, "QueueDeletedRecently");
    world.pass(60);
    create(&mut world.model, "q", &json!({}));
    assert_eq!(receive(&mut world.model), []);
}

#[test]
fn what_sqs_refuses_is_refused() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"VisibilityTimeout": "40"}));
    create(&mut world.model, "other", &json!({}));
    let model = &mut world.model;
    let mut queue = |name: &str, attributes: Value| {
        let body = json!({"QueueName": name, "Attributes": attributes});
        model.create_queue(read(body)).map(drop).map_err(|error| error.code)
    };
    assert_eq!(queue("q", json!({"VisibilityTimeout": "40"})), Ok(()));
    assert_eq!(queue("q", json!({})), Ok(()));
    assert_eq!(queue("q", json!({"VisibilityTimeout": "30"})), Err("QueueNameExists"));
    assert_eq!(queue("a", json!({"VisibilityTimeout": "x"})), Err("InvalidAttributeValue"));
    assert_eq!(queue("a", json!({"Policy": "{"})), Err("InvalidAttributeValue"));
    assert_eq!(queue("a", json!({"RedrivePolicy": "{}"})), Err("InvalidAttributeValue"));
    assert_eq!(queue("a", json!({"Colour": "red"})), Err("InvalidAttributeName"));
    assert_eq!(queue("a.fifo", json!({"FifoQueue": "true"})), Err("UnsupportedOperation"));
    assert_eq!(queue("a b", json!({})), Err("InvalidParameterValue"));

    send(model, "hello");
    let handle = receive(model).remove(0).receipt_handle;
    let elsewhere = json!({"QueueUrl": URL.replace("/q", "/other"), "ReceiptHandle": handle});
    let refused = model.delete_message(&read(elsewhere)).unwrap_err();
    assert_eq!(refused.code, "ReceiptHandleIsInvalid");
    let bogus = json!({"QueueUrl": URL, "ReceiptHandle": "bogus"});
    assert_eq!(model.delete_message(&read(bogus)).unwrap_err().code, "ReceiptHandleIsInvalid");
    let unknown = json!({"QueueUrl": URL.replace("/q", "/none")});
    assert_eq!(model.receive_message(&read(unknown)).unwrap_err().code, "QueueDoesNotExist");
    let control = json!({"QueueUrl": URL, "MessageBody": "\u{1}"});
    assert_eq!(model.send_message(read(control)).unwrap_err().code, "InvalidMessageContents");
}

#[test]
fn the_entries_of_a_batch_fail_for_themselves_and_a_wrong_batch_as_a_whole() {
    let mut world = world();
    create(&mut world.model, "q", &json!({}));
    let model = &mut world.model;
    let batch = |entries: Value| json!({"QueueUrl": URL, "Entries": entries});
    let entry = |id: &str, body: &str| json!({"Id": id, "MessageBody": body});
    let sent = model.send_message_batch(read(batch(json!([entry("a", "x"), entry("b", "\u{1}")]))));
    let sent = sent.unwrap();
    assert_eq!(sent.successful[0].id, "a");
    assert_eq!(sent.failed[0].code, "InvalidMessageContents");
    let many: Vec<_> = (0..11).map(|number| entry(&number.to_string(), "x")).collect();
    for (entries, code) in [
        (json!([]), "EmptyBatchRequest"),
        (json!(many), "TooManyEntriesInBatchRequest"),
        (json!([entry("a", "x"), entry("a", "x")]), "BatchEntryIdsNotDistinct"),
        (json!([entry("a b", "x")]), "InvalidBatchEntryId"),
    ] {
        assert_eq!(model.send_message_batch(read(batch(entries))).unwrap_err().code, code);
    }
    let handle = receive(model).remove(0).receipt_handle;
    let entries = json!([{"Id": "1", "ReceiptHandle": handle}, {"Id": "2", "ReceiptHandle": "x"}]);
    let done = model.delete_message_batch(read(batch(entries))).unwrap();
    assert_eq!(done.successful[0].id, "1");
    assert_eq!(done.failed[0].code, "ReceiptHandleIsInvalid");
}

#[test]
fn a_rule_leads_what_it_wants_into_a_queue_that_lets_it() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"Policy": policy("q")}));
    rule(&mut world.model, json!({}));
    world.register("other", &json!("http"));
    make_cluster(&mut world.model);
    let received = receive(&mut world.model);
    assert_eq!(received.len(), 1);
    let event: Value = serde_json::from_str(&received[0].body).unwrap();
    assert_eq!(event["detail"]["eventName"], "CreateCluster");
}

#[test]
fn a_queue_whose_policy_does_not_let_eventbridge_send_gets_nothing() {
    for attributes in [
        json!({}),
        json!({"Policy": policy("other")}),
        json!({"Policy": policy("q"), "KmsMasterKeyId": "alias/aws/sqs"}),
    ] {
        let mut world = world();
        create(&mut world.model, "q", &attributes);
        let dead = create(&mut world.model, "dead", &json!({"Policy": policy("dead")}));
        rule(&mut world.model, json!({"DeadLetterConfig": {"Arn": arn("dead")}}));
        make_cluster(&mut world.model);
        assert_eq!(receive(&mut world.model), []);
        assert_eq!(receive_from(&mut world.model, &dead).len(), 1);
    }
}

#[test]
fn a_target_can_get_a_part_of_the_event_or_a_text_of_its_own() {
    for (target, body) in [
        (json!({"InputPath": "$.detail.eventName"}), json!("CreateCluster").to_string()),
        (json!({"Input": "{\"look\": 1}"}), "{\"look\": 1}".to_owned()),
    ] {
        let mut world = world();
        create(&mut world.model, "q", &json!({"Policy": policy("q")}));
        rule(&mut world.model, target);
        make_cluster(&mut world.model);
        assert_eq!(receive(&mut world.model)[0].body, body);
    }
}

#[test]
fn a_disabled_rule_leads_nowhere_until_it_is_enabled_again() {
    let mut world = world();
    create(&mut world.model, "q", &json!({"Policy": policy("q")}));
    rule(&mut world.model, json!({}));
    world.model.disable_rule(read(json!({"Name": "r"}))).unwrap();
    make_cluster(&mut world.model);
    assert_eq!(receive(&mut world.model), []);
    world.model.enable_rule(read(json!({"Name": "r"}))).unwrap();
    make_cluster(&mut world.model);
    assert_eq!(receive(&mut world.model).len(), 1);
}

#[test]
fn a_rule_with_targets_is_not_deleted_and_one_that_is_not_there_is_told() {
    let mut world = world();
    rule(&mut world.model, json!({}));
    let model = &mut world.model;
    let name = || read(json!({"Name": "r"}));
    assert_eq!(model.delete_rule(name()).unwrap_err().code, "ValidationException");
    let gone = model.remove_targets(read(json!({"Rule": "r", "Ids": ["t", "u"]}))).unwrap();
    assert_eq!(gone.failed_entries[0].target_id, "u");
    model.delete_rule(name()).unwrap();
    model.delete_rule(name()).unwrap();
    assert_eq!(model.describe_rule(&name()).unwrap_err().code, "ResourceNotFoundException");
    let elsewhere = json!({"Name": "r", "EventPattern": "{\"a\": [1]}", "EventBusName": "mine"});
    assert_eq!(model.put_rule(read(elsewhere)).unwrap_err().code, "ResourceNotFoundException");
    let nothing = json!({"Name": "r"});
    assert_eq!(model.put_rule(read(nothing)).unwrap_err().code, "ValidationException");
}

#[test]
fn a_target_that_eventbridge_refuses_is_refused_and_changes_nothing() {
    let mut world = world();
    rule(&mut world.model, json!({}));
    let model = &mut world.model;
    let mut put = |target: Value| {
        let body = json!({"Rule": "r", "Targets": [target]});
        model.put_targets(read(body)).map_err(|error| error.code)
    };
    for target in [
        json!({"Id": "x", "Arn": "nowhere"}),
        json!({"Id": "x", "Arn": arn("q.fifo")}),
        json!({"Id": "x y", "Arn": arn("q")}),
        json!({"Id": "x", "Arn": arn("q"), "RoleArn": "arn:aws:iam::123456789012:role/r"}),
        json!({"Id": "x", "Arn": arn("q"), "Input": "{", }),
        json!({"Id": "x", "Arn": arn("q"), "Input": "{}", "InputPath": "$"}),
        json!({"Id": "x", "Arn": arn("q"), "InputTransformer": {"InputTemplate": "x"}}),
    ] {
        assert_eq!(put(target.clone()), Err("ValidationException"), "{target}");
    }
    for number in 1..5 {
        assert!(put(json!({"Id": number.to_string(), "Arn": arn("q")})).is_ok());
    }
    assert_eq!(put(json!({"Id": "sixth", "Arn": arn("q")})), Err("LimitExceededException"));
    let listed = model.list_targets_by_rule(&read(json!({"Rule": "r", "Limit": 2}))).unwrap();
    assert_eq!(listed.targets.len(), 2);
    let next = json!({"Rule": "r", "Limit": 3, "NextToken": listed.next_token});
    let rest = model.list_targets_by_rule(&read(next)).unwrap();
    assert_eq!(rest.targets.len() + listed.targets.len(), 5);
    assert_eq!(rest.next_token, None);
}
