//! Messages of the queue bring looks forward, and nothing else.

use expect_test::expect;

use super::*;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::Arn;
use crate::ecs::queue::{Message, QueueUrl};
use crate::testing::key;

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest";

/// A world that is watched by sweeps every five minutes, and by a queue.
fn with_queue(text: &str) -> Fake {
    Fake::with(text, |settings| {
        settings.queue = QueueUrl::parse(QUEUE).ok();
        settings.timing.interval = Duration::from_mins(5);
    })
}

/// An event that says that a service's tags changed.
fn tag_change(service: &str) -> String {
    let path = if service.contains('/') { service.to_owned() } else { format!("prod/{service}") };
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/{path}");
    format!(
        r#"{{"source":"aws.tag","detail-type":"Tag Change on Resource","resources":["{arn}"],"detail":{{}}}}"#
    )
}

fn parameter_change(name: &str) -> String {
    format!(
        r#"{{"source":"aws.ssm","detail-type":"Parameter Store Change","detail":{{"name":"{name}"}}}}"#
    )
}

#[test]
fn a_changed_tag_is_written_at_once_and_not_at_the_next_sweep() {
    let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
    fake.run(60);
    fake.tag("web", "mode=client-server");
    fake.run(5);
    assert_eq!(fake.count("apply"), 0, "nothing was told yet");
    fake.send(&tag_change("web"));
    fake.run(1);
    assert_eq!(fake.take_writes(), "65 connect prod/web\n");
    let news = fake.take_news();
    assert!(news.contains("65 wrote 0s after the message"), "{news}");
}

#[test]
fn a_look_that_comes_before_its_effect_can_be_read_is_followed_by_a_second_one() {
    let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
    fake.run(60);
    fake.send(&tag_change("web"));
    fake.run(4);
    fake.tag("web", "mode=client-server");
    fake.run(20);
    assert_eq!(fake.take_writes(), "70 connect prod/web\n");
}

#[test]
fn a_service_that_was_just_made_is_read_before_any_listing_shows_it() {
    let mut fake =
        with_queue("cluster prod default=internal.myapp\n     web -\n     api mode=client-server");
    let mut api = fake.services.remove(&crate::testing::key("api")).expect("api");
    api.arn = Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/prod/api");
    fake.run(60);
    fake.services.insert(api.key.clone(), api);
    fake.send(&tag_change("api"));
    fake.run(1);
    assert_eq!(fake.take_writes(), "60 connect prod/api\n");
}

#[test]
fn a_service_that_is_gone_has_its_cluster_listed_again() {
    let mut fake =
        with_queue("cluster prod default=internal.myapp\n     web mode=client\n     api -");
    fake.run(100);
    fake.services.remove(&crate::testing::key("web"));
    fake.take_log();
    fake.send(&tag_change("web"));
    fake.run(1);
    assert!(fake.take_log().contains("100 sweep prod"));
}

#[test]
fn a_changed_document_is_read_at_once_by_its_name_its_arn_or_its_path() {
    for (source, changed) in [
        ("/eastwest/prod", "/eastwest/prod"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/eastwest/prod", "/eastwest/prod"),
        ("/eastwest/", "/eastwest/prod/more"),
    ] {
        let mut fake = Fake::with("web -", |settings| {
            settings.queue = QueueUrl::parse(QUEUE).ok();
            settings.timing.interval = Duration::from_mins(5);
            let source = crate::ecs::name::ParameterName::parse(source);
            settings.sources.documents = source.into_iter().collect();
        });
        fake.run(60);
        fake.take_log();
        fake.send(&parameter_change("/other"));
        fake.send(&parameter_change(changed));
        fake.run(1);
        let log = fake.take_log();
        assert!(log.contains(&format!("60 ask parameters {source}")), "{log}");
        assert!(!log.contains("parameters /other"), "{log}");
    }
}

#[test]
fn doubled_foreign_forged_and_late_messages_make_one_look_at_most_and_are_deleted() {
    let mut fake = with_queue("cluster prod default=internal.myapp\n     web mode=client-server");
    fake.run(120);
    fake.take_log();
    let elsewhere = tag_change("web").replace("111122223333", "999999999999");
    let messages = [
        tag_change("web"),
        tag_change("web"),
        elsewhere,
        tag_change("stage/web"),
        r#"{"source":"com.example","detail-type":"Order","detail":{}}"#.to_owned(),
        parameter_change("/eastwest/web"),
    ];
    for message in &messages {
        fake.send(message);
    }
    fake.run(60);
    expect![[r#"
        120 receive
        120 delete 1 2 3 4 5 6
        120 refresh prod web
        130 refresh prod web
    "#]]
    .assert_eq(&fake.take_log());
    assert_eq!(fake.count("apply"), 0, "nothing that a message says is believed");
}

#[test]
fn a_message_that_cannot_be_read_is_counted_and_left_to_the_dead_letter_queue() {
    let mut fake = with_queue("web -");
    fake.run(60);
    fake.take_log();
    fake.take_news();
    fake.send("{");
    fake.send(&tag_change("web"));
    fake.run(1);
    let log = fake.take_log();
    assert!(log.contains("delete 2\n"), "{log}");
    assert_eq!(fake.take_news(), "60 message: Unread\n60 message: Service\n");
}

#[test]
fn where_more_keys_are_named_than_can_wait_every_cluster_is_swept_and_that_is_told_once() {
    let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
    fake.run(60);
    fake.take_log();
    fake.take_news();
    fake.tag("web", "mode=client-server");
    let named = (0..10_000).map(|number| format!("s{number}"));
    let named = named.chain(["one-more".to_owned(), "web".to_owned()]);
    let messages: Vec<Message> = named
        .enumerate()
        .map(|(at, name)| Message { receipt: format!("r{at}"), body: tag_change(&name) })
        .collect();
    fake.step(Event::Received(Ok(messages)));
    let pending = fake.pending();
    assert!(pending.contains(&"sweep prod".to_owned()), "for who found no room");
    let deleted = pending.iter().find(|effect| effect.starts_with("delete ")).expect("a deletion");
    assert_eq!(deleted.split(' ').count(), 1 + 10_002, "the sweep answers all of them");
    let news = fake.take_news();
    assert_eq!(news.matches("too many messages").count(), 1, "{news:.400}");
    fake.run(1);
    assert_eq!(fake.take_writes(), "60 connect prod/web\n", "the next sweep is minutes away");
}

#[test]
fn a_queue_that_cannot_be_read_is_told_once_and_stops_no_sweep() {
    for kind in [FaultKind::Denied, FaultKind::NotFound, FaultKind::Throttled] {
        let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
        fake.fail("receive", kind, 4);
        fake.run(20);
        assert!(fake.engine.queue_trouble().is_some(), "{kind:?}");
        fake.tag("web", "mode=client-server");
        fake.run(300);
        fake.send("{}");
        fake.run(1);
        let news = fake.take_news();
        let told: Vec<&str> = news.lines().filter(|line| line.contains("queue")).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].ends_with("queue is well") && fake.engine.queue_trouble().is_none());
        assert_eq!(fake.count("apply"), 1, "{kind:?}");
    }
}

#[test]
fn a_message_that_could_not_be_deleted_is_a_trouble_of_the_queue_until_the_next_is() {
    let mut fake = with_queue("web -");
    fake.fail("delete", FaultKind::Denied, 1);
    fake.run(60);
    fake.send(&tag_change("web"));
    fake.run(1);
    assert!(fake.engine.queue_trouble().is_some());
    fake.send(&tag_change("web"));
    fake.run(1);
    assert!(fake.engine.queue_trouble().is_none());
}

#[test]
fn a_pause_that_ends_as_a_wait_for_messages_ends_is_not_passed_over() {
    let mut fake = with_queue(
        "cluster prod default=internal.myapp
         web mode=client-server, pause=1970-01-01T00:01:00Z",
    );
    fake.run(50);
    fake.freeze(11);
    fake.step(Event::Received(Ok(Vec::new())));
    assert!(fake.pending().contains(&"confirm prod/web".to_owned()), "{:?}", fake.pending());
}

#[test]
fn a_person_who_asks_for_a_look_at_a_service_or_at_everything_waits_for_no_sweep() {
    for asked in [Some(key("web")), None] {
        let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
        fake.run(60);
        fake.tag("web", "mode=client-server");
        fake.step(Event::Look(asked.clone()));
        fake.run(2);
        assert_eq!(fake.count("apply"), 1, "{asked:?}");
    }
}

#[test]
fn a_look_at_a_service_of_nobody_asks_for_nothing() {
    let mut fake = with_queue("cluster prod default=internal.myapp\n     web -");
    fake.run(60);
    fake.take_log();
    fake.step(Event::Look(Some(key("other/web"))));
    fake.run(2);
    assert_eq!(fake.count("refresh") + fake.count("sweep"), 0);
}
