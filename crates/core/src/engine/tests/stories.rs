//! What a person would see, told by the news alone: each thing once, and nothing between.

use std::time::Duration;

use expect_test::{Expect, expect};

use crate::ecs::service::Rollout;
use crate::testing::fake::Fake;
use crate::testing::read_connect;

fn check_news(fake: &mut Fake, expected: &Expect) {
    expected.assert_eq(&fake.take_news());
}

#[test]
fn a_tag_becomes_an_endpoint() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         cron -
         web mode=client-server",
    );
    fake.run(120);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 1 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            40 prod/web rolled out in 30s: Completed
            40 prod/web Synced Healthy -
        "#]],
    );
}

#[test]
fn servers_come_before_their_clients_one_at_a_time() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         gateway mode=client, needs=api web
         api mode=client-server
         web mode=client-server, needs=api",
    );
    fake.run(300);
    let log = fake.take_log();
    let applied: Vec<&str> = log.lines().filter(|line| line.contains("apply")).collect();
    expect![[r#"
        10 apply connect prod/api
        40 apply connect prod/web
        70 apply connect prod/gateway"#]]
    .assert_eq(&applied.join("\n"));
}

#[test]
fn a_tag_that_is_removed_releases_the_service_as_it_is() {
    let mut fake = Fake::new("web mode=client | in internal.myapp");
    fake.run(30);
    fake.take_news();
    fake.tag("web", "-");
    fake.run(120);
    check_news(
        &mut fake,
        &expect![[r#"
            70 prod/web is no longer ours
        "#]],
    );
    assert_eq!(fake.count("apply"), 0);
}

#[test]
fn a_service_whose_tag_goes_while_it_rolls_out_has_not_failed() {
    let mut fake = Fake::new("web mode=client, namespace=internal.myapp");
    fake.rollout = std::time::Duration::from_secs(200);
    fake.run(60);
    fake.tag("web", "-");
    fake.take_news();
    fake.run(300);
    check_news(
        &mut fake,
        &expect![[r#"
        60 prod/web is no longer ours
    "#]],
    );
}

#[test]
fn a_taken_name_is_said_once_and_given_when_it_is_free() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         old - | in internal.myapp http/web@old:80
         web mode=client-server",
    );
    fake.run(600);
    fake.service("old").deployments[0].connect = None;
    fake.run(3700);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 1 not opted in
            0 prod/web OutOfSync Degraded Conflict
            610 prod/web OutOfSync Degraded Conflict
            4210 prod/web OutOfSync Healthy -
            4210 prod/web OutOfSync Healthy Rolling
            4210 prod/web connect ecs-svc/2
            4210 prod/web Synced Progressing Progressing
            4240 prod/web rolled out in 30s: Completed
            4240 prod/web Synced Healthy -
        "#]],
    );
}

#[test]
fn a_pause_ends_by_itself() {
    let mut fake = Fake::new("web mode=off, pause=1970-01-01T00:05:00Z | in internal.myapp");
    fake.run(400);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Suspended Paused
            300 prod/web OutOfSync Healthy -
            300 prod/web OutOfSync Healthy Rolling
            300 prod/web disconnect ecs-svc/2
            300 prod/web Synced Progressing Progressing
            330 prod/web rolled out in 30s: Completed
            330 prod/web Synced Healthy -
        "#]],
    );
}

#[test]
fn a_namespace_that_appears_later_is_found() {
    let mut fake = Fake::new("web mode=client, namespace=later.ns");
    fake.run(300);
    fake.add_namespace("later.ns");
    fake.run(120);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Degraded NoNamespace
            310 prod/web OutOfSync Healthy -
            310 prod/web OutOfSync Healthy Rolling
            310 prod/web connect ecs-svc/2
            310 prod/web Synced Progressing Progressing
            340 prod/web rolled out in 30s: Completed
            340 prod/web Synced Healthy -
        "#]],
    );
}

#[test]
fn a_rollback_is_seen_and_not_repeated() {
    let mut fake =
        Fake::new("web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80");
    fake.rollback("web");
    fake.run(600);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            40 prod/web rolled out in 30s: RolledBack
            40 prod/web OutOfSync Degraded RolledBack
        "#]],
    );
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn a_service_that_is_deleted_is_told_once() {
    let mut fake = Fake::new("web mode=client | in internal.myapp");
    fake.run(30);
    fake.take_news();
    fake.services.clear();
    fake.run(300);
    check_news(
        &mut fake,
        &expect![[r#"
            70 prod/web Unknown Healthy NotSeen
            130 prod/web is no longer ours
        "#]],
    );
}

/// Wants the alias `b:80` and has `a:80`.
const MOVES: &str = "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80";
const OLD: &str = "in internal.myapp http/web@a:80";

/// Lets a second writer set the old configuration again whenever ours has been rolled out; says when we wrote.
fn fight(fake: &mut Fake, minutes: u64) -> Vec<u64> {
    for _ in 0..minutes {
        fake.run(60);
        let primary = &fake.service("web").deployments[0];
        if primary.rollout == Rollout::Completed && primary.connect != read_connect(OLD) {
            fake.deploy("web", OLD);
        }
    }
    let seconds = |line: &String| line.split(' ').next().and_then(|word| word.parse().ok());
    fake.log.iter().filter(|line| line.contains(" apply ")).filter_map(seconds).collect()
}

#[test]
fn a_writer_that_keeps_changing_it_back_meets_three_attempts_an_hour() {
    let mut fake = Fake::new(MOVES);
    let writes = fight(&mut fake, 300);
    for window in writes.windows(4) {
        assert!(window[3] - window[0] >= 3600, "{writes:?}");
    }
    assert!((7..=9).contains(&writes.len()), "and we do not give up for ever: {writes:?}");
    assert!(fake.take_news().contains("prod/web OutOfSync Degraded Contended"));
}

#[test]
fn a_fight_is_remembered_over_a_restart() {
    let mut fake = Fake::new(MOVES);
    assert_eq!(fight(&mut fake, 20).len(), 3);
    fake.restart();
    fake.take_log();
    assert_eq!(fight(&mut fake, 60), Vec::<u64>::new());
    assert_eq!(fight(&mut fake, 2).len(), 1, "{}", fake.take_log());
}

#[test]
fn an_edit_by_a_person_during_a_rollout_is_waited_for_and_then_brought_back() {
    let mut fake = Fake::new(MOVES);
    fake.run(20);
    fake.deploy("web", "in internal.myapp http/web@c:80");
    fake.run(300);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            20 prod/web rolled out in 10s: Superseded
            20 prod/web overtaken after 10s
            20 prod/web OutOfSync Progressing Rolling
            50 prod/web rolled out in 30s: Completed
            50 prod/web OutOfSync Healthy -
            50 prod/web OutOfSync Healthy Rolling
            50 prod/web connect ecs-svc/4
            50 prod/web Synced Progressing Progressing
            80 prod/web rolled out in 30s: Completed
            80 prod/web Synced Healthy -
        "#]],
    );
    assert_eq!(fake.count("apply"), 2);
}

#[test]
fn where_traffic_shifts_nothing_is_written_before_the_bake_is_over() {
    let mut fake = Fake::new(&format!("{MOVES} | http=8080/http | shifts bakes=5"));
    fake.bake = Duration::from_mins(5);
    fake.run(60);
    fake.tag("web", "mode=client-server, alias=c:80");
    fake.run(600);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            40 prod/web rolled out in 30s: Completed
            40 prod/web Synced Progressing Baking
            70 prod/web OutOfSync Progressing Baking
            370 prod/web OutOfSync Healthy -
            370 prod/web OutOfSync Healthy Rolling
            370 prod/web connect ecs-svc/3
            370 prod/web Synced Progressing Progressing
            400 prod/web rolled out in 30s: Completed
            400 prod/web Synced Progressing Baking
        "#]],
    );
}

#[test]
fn where_traffic_shifts_a_rollout_is_watched_to_its_end() {
    let mut fake = Fake::new(&format!("{MOVES} | http=8080/http | shifts bakes=5"));
    fake.bake = Duration::from_mins(5);
    fake.run(900);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            40 prod/web rolled out in 30s: Completed
            40 prod/web Synced Progressing Baking
            370 prod/web Synced Healthy -
        "#]],
    );
    assert!(fake.count("ask history") < 12, "{}", fake.take_log());
}

#[test]
fn a_rollout_that_a_hook_holds_is_asked_about_less_and_less() {
    let mut fake = Fake::new(MOVES);
    fake.rollout = Duration::from_hours(100);
    fake.run(20);
    fake.record("web").paused_at = Some("POST_SCALE_UP".to_owned());
    fake.run(7200);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect ecs-svc/2
            10 prod/web Synced Progressing Progressing
            50 prod/web Synced Suspended HookPaused
        "#]],
    );
    assert!(fake.count("ask history") < 40, "{}", fake.count("ask history"));
}

#[test]
fn of_a_rollout_that_failed_it_is_asked_once_whether_there_is_a_way_back() {
    let mut fake = Fake::new("web mode=client | in internal.myapp | http=8080/http | failed");
    "STOPPED".clone_into(&mut fake.record("web").status);
    fake.run(3600);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web Synced Degraded NothingToGoBackTo
        "#]],
    );
    assert_eq!(fake.count("ask history"), 1);
}

#[test]
fn tags_that_go_to_and_fro_are_no_second_writer() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         web mode=client-server",
    );
    for _ in 0..4 {
        for tags in ["mode=client-server, discovery-name=a", "mode=client-server, discovery-name=b"]
        {
            fake.tag("web", tags);
            fake.run(120);
        }
    }
    let news = fake.take_news();
    assert!(!news.contains("Contended"), "{news}");
    assert_eq!(fake.count("apply"), 8, "{}", fake.take_log());
}
