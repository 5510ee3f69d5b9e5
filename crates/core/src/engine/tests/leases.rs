//! Two processes and one lease table, as one engine sees them.

use std::time::Duration;

use expect_test::expect;

use super::super::effect::Event;
use crate::declaration::settings::{LeaseSettings, Policy, Settings};
use crate::ecs::fault::FaultKind;
use crate::ecs::lease::{LeaseItem, LeaseKey, LeaseRecord};
use crate::plan::leader::{Leader, NotWriting};
use crate::testing::fake::Fake;
use crate::testing::key;

const WEB: &str = "cluster prod default=internal.myapp
     web mode=client-server";

fn with_lease(settings: &mut Settings) {
    settings.lease = Some(LeaseSettings {
        holder: "one".to_owned(),
        session: "s1".to_owned(),
        duration: LeaseSettings::DURATION,
    });
}

fn fake() -> Fake {
    Fake::with(WEB, with_lease)
}

fn lease() -> LeaseKey {
    LeaseKey::of(&key("web").scope, &key("web").cluster)
}

/// Another process writes the item.
fn held_by_another(fake: &mut Fake, renewal: u64) {
    let record = LeaseRecord {
        holder: "two".to_owned(),
        session: "s2".to_owned(),
        epoch: 7,
        renewal,
        duration: LeaseSettings::DURATION,
    };
    fake.table.insert(lease(), record.item());
}

#[test]
fn a_process_that_is_alone_leads_and_writes_after_a_whole_lease() {
    let mut fake = fake();
    fake.run(60);
    expect![[r#"
        15 connect prod/web
    "#]]
    .assert_eq(&fake.take_writes());
    expect![[r#"
        0 cluster prod: this process leads it now (epoch 1)
        0 cluster prod: 0 in order, 1 not, 0 not opted in
        0 prod/web OutOfSync Healthy NotLeader
        15 prod/web OutOfSync Healthy -
        15 prod/web OutOfSync Healthy Rolling
        15 prod/web connect ecs-svc/2
        15 prod/web Synced Progressing Progressing
        45 prod/web rolled out in 30s: Completed
        45 prod/web Synced Healthy -
    "#]]
    .assert_eq(&fake.take_news());
}

#[test]
fn a_process_that_watches_writes_nothing_and_says_who_leads() {
    let mut fake = fake();
    for renewal in 0..30 {
        held_by_another(&mut fake, renewal);
        fake.run(5);
    }
    assert_eq!(fake.count("apply") + fake.count("write-lease") + fake.count("confirm"), 0);
    let status = fake.engine.status(&key("web")).expect("a status");
    assert_eq!(
        status.status.message.as_deref(),
        Some("two leads cluster prod (epoch 7, seen since 1970-01-01T00:00:00Z)")
    );
}

#[test]
fn a_process_that_takes_over_waits_as_after_a_start_before_it_writes() {
    let mut fake = fake();
    held_by_another(&mut fake, 1);
    fake.run(300);
    expect![[r#"
        25 connect prod/web
    "#]]
    .assert_eq(&fake.take_writes());
    assert_eq!(fake.table[&lease()].read().map(|record| record.epoch), Ok(8));
}

#[test]
fn a_confirmation_that_comes_when_the_lease_is_late_writes_nothing() {
    let mut fake = fake();
    fake.run(30);
    fake.take_log();
    fake.tag("web", "mode=client-server, discovery-name=other");
    fake.fail("write-lease", FaultKind::TimedOut, 999);
    // The sweep that sees the new tag comes when the last renewal is too old.
    fake.run(300);
    assert_eq!(fake.count("apply"), 0, "{}", fake.take_log());
    assert!(!fake.engine.may_write(&key("web").cluster, fake.now));
}

#[test]
fn a_lease_that_is_lost_between_the_check_and_the_write_stops_the_write() {
    let mut fake = fake();
    fake.run(14);
    let pending = loop {
        fake.run(1);
        fake.step(Event::Tick);
        if !fake.pending().is_empty() {
            break fake.pending();
        }
        assert!(fake.count("apply") == 0, "the write left unseen");
        fake.now = fake.now.plus(Duration::from_millis(1));
        if fake.now.since_start > Duration::from_secs(16) {
            break Vec::new();
        }
    };
    let confirmed = pending.iter().position(|effect| effect == "confirm prod/web");
    let Some(0) = confirmed else { panic!("{pending:?}") };
    let confirmed = fake.next_event();
    fake.freeze(9);
    fake.step(confirmed);
    assert!(
        !fake.pending().iter().any(|effect| effect.starts_with("apply")),
        "{:?}",
        fake.pending()
    );
}

#[test]
fn a_process_that_stops_gives_its_lease_up_once_its_write_was_answered() {
    let mut fake = fake();
    fake.run(15);
    let applied = loop {
        let event = fake.next_event();
        if matches!(event, Event::Applied(..)) {
            break event;
        }
        fake.step(event);
    };
    fake.step(Event::Stop);
    assert_eq!(fake.pending(), Vec::<String>::new(), "the write is under way");
    assert!(fake.engine.holds_leases());
    let now = fake.now;
    let leader = fake.engine.leader(&key("web").cluster, now);
    assert!(matches!(leader, Some(Leader::UsNotWriting { why: NotWriting::Releasing, .. })));
    fake.step(applied);
    assert_eq!(fake.pending(), [format!("write-lease {}", lease())]);
    let released = fake.next_event();
    fake.step(released);
    assert!(!fake.engine.holds_leases() && fake.pending().is_empty());
    assert!(fake.table[&lease()].read().is_ok_and(|record| record.is_released()));
}

#[test]
fn an_item_that_a_person_spoilt_says_what_to_do() {
    let mut fake = fake();
    fake.run(60);
    fake.take_news();
    fake.table.insert(lease(), LeaseItem::default());
    fake.run(12);
    expect![[r#"
        60 cluster prod: this process lost its lease: others changed the item
        60 cluster prod: the item of its lease was changed by others: its member holder is nothing, and allowed is a text of at least one letter. Mend or delete it; left as it is, it counts as expired after the duration of a lease
    "#]]
    .assert_eq(&fake.take_news());
    let leader = fake.engine.leader(&key("web").cluster, fake.now);
    assert!(matches!(leader, Some(Leader::Odd { .. })), "{leader:?}");
    fake.run(60);
    assert!(fake.engine.leader(&key("web").cluster, fake.now).is_some_and(|leader| leader.is_us()));
}

#[test]
fn trouble_with_the_table_is_told_once_and_so_is_its_end() {
    let mut fake = fake();
    fake.run(60);
    fake.take_news();
    fake.fail("write-lease", FaultKind::Throttled, 3);
    fake.run(60);
    let news = fake.take_news();
    assert_eq!(news.matches("cannot be read or written").count(), 1, "{news}");
    assert_eq!(news.matches("can be read and written again").count(), 1, "{news}");
}

#[test]
fn a_process_that_only_observes_is_held_by_its_policy_and_by_no_lease() {
    let mut fake = Fake::with(WEB, |settings| {
        with_lease(settings);
        settings.policy = Policy::Observe;
    });
    fake.run(60);
    assert_eq!(fake.count("write-lease"), 0);
    assert!(fake.take_news().contains("prod/web OutOfSync Healthy Observe"));
}

#[test]
fn reading_leases_makes_no_plan_again() {
    let mut fake = fake();
    fake.run(100);
    let passes = fake.engine.passes();
    let sweeps = fake.count("sweep");
    fake.run(50);
    assert!(fake.count("lease") > 20, "{}", fake.take_log());
    assert!(fake.engine.passes() - passes <= 2, "{} after {sweeps} sweeps", fake.engine.passes());
}

#[test]
fn messages_are_received_by_the_process_that_leads_and_left_to_it_by_the_others() {
    use crate::ecs::queue::QueueUrl;
    let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest";
    let with_queue = |settings: &mut Settings| {
        with_lease(settings);
        settings.queue = QueueUrl::parse(url).ok();
    };
    let mut watching = Fake::with(WEB, with_queue);
    for renewal in 0..30 {
        held_by_another(&mut watching, renewal);
        watching.send("{}");
        watching.run(5);
    }
    assert_eq!(watching.count("receive"), 0, "{}", watching.take_log());
    watching.run(60);
    assert_eq!(watching.count("receive"), 3, "thirty messages, once it leads");
    let mut leading = Fake::with(WEB, with_queue);
    leading.send("{}");
    leading.run(1);
    assert_eq!(leading.count("receive"), 1);
}
