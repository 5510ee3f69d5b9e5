//! Calls that fail, answers that are lost, and what is told of them.

use std::time::Duration;

use expect_test::{Expect, expect};

use crate::declaration::settings::Policy;
use crate::ecs::fault::FaultKind;
use crate::testing::fake::Fake;

const WEB: &str = "cluster prod default=internal.myapp
     web mode=client-server";

const LEAVING: &str = "a mode=off | in internal.myapp
     b mode=off | in internal.myapp";

fn check_news(fake: &mut Fake, expected: &Expect) {
    expected.assert_eq(&fake.take_news());
}

#[test]
fn a_lost_answer_is_read_back_and_never_repeated_blindly() {
    let mut fake = Fake::new(WEB);
    fake.lose_answer();
    fake.run(120);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect failed: ecs.UpdateService: no answer
            10 prod/web OutOfSync Healthy NotSeen
            10 prod/web Synced Progressing Progressing
            40 prod/web rolled out in 30s: Completed
            40 prod/web Synced Healthy -
        "#]],
    );
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn a_lost_write_is_sent_again_once_the_truth_is_known() {
    let mut fake = Fake::new(WEB);
    fake.fail("apply", FaultKind::TimedOut, 1);
    fake.run(120);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect failed: aws.Call: no luck
            10 prod/web OutOfSync Healthy NotSeen
            20 prod/web connect ecs-svc/2
            20 prod/web OutOfSync Healthy Rolling
            20 prod/web Synced Progressing Progressing
            50 prod/web rolled out in 30s: Completed
            50 prod/web Synced Healthy -
        "#]],
    );
    let log = fake.take_log();
    let times: Vec<u64> = log
        .lines()
        .filter(|line| line.contains("apply"))
        .filter_map(|line| line.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(times.len(), 2);
    assert!(times[1] - times[0] >= 10, "not before any answer must show the truth");
}

#[test]
fn a_throttled_write_is_tried_again_later_and_told_once() {
    let mut fake = Fake::new(WEB);
    fake.fail("apply", FaultKind::Throttled, 4);
    fake.run(180);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect failed: aws.Call: no luck
            10 prod/web OutOfSync Degraded Refused
            12 prod/web connect failed: aws.Call: no luck
            16 prod/web connect failed: aws.Call: no luck
            24 prod/web connect failed: aws.Call: no luck
            40 prod/web connect ecs-svc/2
            40 prod/web OutOfSync Healthy Rolling
            40 prod/web Synced Progressing Progressing
            70 prod/web rolled out in 30s: Completed
            70 prod/web Synced Healthy -
        "#]],
    );
}

#[test]
fn a_refused_write_makes_us_look_at_the_names_again_and_waits() {
    let mut fake = Fake::new(WEB);
    fake.fail("apply", FaultKind::Refused, 1);
    fake.run(120);
    assert_eq!(fake.count("ask use"), 2, "{}", fake.take_log());
    assert_eq!(fake.count("apply"), 1);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy NotSeen
            10 prod/web OutOfSync Healthy -
            10 prod/web OutOfSync Healthy Rolling
            10 prod/web connect failed: aws.Call: no luck
            10 prod/web OutOfSync Degraded Refused
        "#]],
    );
    fake.run(240);
    assert_eq!(fake.count("apply"), 2);
}

#[test]
fn a_denied_write_takes_no_budget_from_the_others() {
    let mut fake = Fake::new(
        "a mode=client, namespace=internal.myapp
         b mode=client, namespace=internal.myapp",
    );
    fake.fail("apply", FaultKind::Denied, 1);
    fake.run(13);
    let log = fake.take_log();
    assert!(log.contains("apply connect prod/b"), "{log}");
}

#[test]
fn an_accepted_write_asks_nothing_but_how_it_goes() {
    let mut fake = Fake::new(WEB);
    fake.run(10);
    fake.take_log();
    fake.run(45);
    expect![[r#"
        10 sweep prod
        10 confirm prod/web
        10 apply connect prod/web
        10 refresh prod web
        20 refresh prod web
        30 refresh prod web
        40 refresh prod web
    "#]]
    .assert_eq(&fake.take_log());
}

#[test]
fn failed_sweeps_come_back_soon_then_later() {
    let mut fake = Fake::new("web mode=client | in internal.myapp");
    fake.fail("sweep", FaultKind::Throttled, 7);
    fake.run(400);
    let log = fake.take_log();
    let times: Vec<&str> =
        log.lines().filter_map(|line| line.strip_suffix(" sweep prod")).collect();
    expect!["0 2 6 14 30 62 122 182 242 302 362"].assert_eq(&times.join(" "));
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: aws.Call: no luck
            182 cluster prod is well
            182 cluster prod: 1 in order, 0 not, 0 not opted in
        "#]],
    );
}

#[test]
fn clusters_that_cannot_be_listed_are_told_once_and_again_when_they_can() {
    let mut fake = Fake::anywhere("web mode=client | in internal.myapp");
    fake.fail("find-clusters", FaultKind::NoCredentials, 3);
    fake.run(60);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster *: aws.Call: no luck; give eastwest credentials: a task role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
            14 cluster * is well
            14 cluster prod: 1 in order, 0 not, 0 not opted in
        "#]],
    );
}

#[test]
fn a_failed_question_comes_back_later_and_later() {
    let mut fake = Fake::new(WEB);
    fake.fail("ask", FaultKind::Throttled, 6);
    fake.run(300);
    let asked = fake.count("ask");
    assert!((7..=12).contains(&asked), "{}", fake.take_log());
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn what_was_not_read_since_the_start_may_be_rolling_and_stops_others_for_half_an_hour_only() {
    let mut fake = Fake::new(LEAVING);
    fake.unreadable("a");
    fake.run(1700);
    assert_eq!(fake.count("apply"), 0);
    fake.run(300);
    let log = fake.take_log();
    assert!(
        log.contains("apply disconnect prod/b") && !log.contains("apply disconnect prod/a"),
        "{log}"
    );
}

#[test]
fn once_it_is_read_the_others_go_on() {
    let mut fake = Fake::new(LEAVING);
    fake.unreadable("a");
    fake.run(70);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: ecs.DescribeServices: no luck
            0 cluster prod: 0 in order, 1 not, 1 not opted in
            0 prod/b OutOfSync Healthy NotSeen
            10 prod/b OutOfSync Healthy NotSeen
        "#]],
    );
    fake.readable("a");
    fake.run(240);
    assert_eq!(fake.count("apply"), 2);
}

#[test]
fn what_may_not_be_read_stops_others_for_two_sweeps_only() {
    for kind in [FaultKind::Denied, FaultKind::NotFound] {
        let mut fake = Fake::new(LEAVING);
        fake.unreadable_for("a", kind);
        fake.run(110);
        assert_eq!(fake.count("apply"), 0, "{kind:?}");
        fake.run(130);
        assert_eq!(fake.count("apply"), 1, "{kind:?}");
    }
}

#[test]
fn a_service_that_was_read_once_is_known_to_roll_or_not_and_stops_no_other() {
    let mut fake = Fake::new(LEAVING);
    fake.run(5);
    fake.unreadable("a");
    fake.run(300);
    let log = fake.take_log();
    assert!(
        log.contains("apply disconnect prod/b") && !log.contains("apply disconnect prod/a"),
        "{log}"
    );
}

#[test]
fn a_rollout_that_never_ends_stops_others_for_half_an_hour_only() {
    let mut fake = Fake::new(
        "a mode=client, namespace=internal.myapp
         b mode=client, namespace=internal.myapp",
    );
    fake.rollout = Duration::from_secs(1_000_000);
    fake.run(1700);
    assert_eq!(fake.count("apply"), 1);
    fake.run(300);
    assert_eq!(fake.count("apply"), 2);
}

#[test]
fn under_observe_nothing_is_confirmed_and_nothing_written() {
    let mut fake = Fake::with(WEB, |settings| settings.policy = Policy::Observe);
    fake.run(3600);
    assert_eq!(fake.count("confirm") + fake.count("apply"), 0);
    check_news(
        &mut fake,
        &expect![[r#"
            0 cluster prod: 0 in order, 1 not, 0 not opted in
            0 prod/web OutOfSync Healthy Observe
        "#]],
    );
}

#[test]
fn a_service_deployment_that_outlasts_its_rollout_is_asked_after() {
    let mut fake = Fake::new("web mode=off | in internal.myapp");
    "IN_PROGRESS".clone_into(&mut fake.record("web").status);
    fake.run(300);
    assert_eq!(fake.count("apply"), 0);
    "SUCCESSFUL".clone_into(&mut fake.record("web").status);
    fake.run(120);
    assert_eq!(fake.count("apply"), 1, "{}", fake.take_log());
}

#[test]
fn a_write_whose_answer_was_lost_takes_up_budget_while_its_service_cannot_be_read() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         api mode=client
         web mode=client",
    );
    fake.lose_answer();
    fake.run(10);
    fake.rollout = Duration::from_mins(5);
    fake.run(1);
    fake.unreadable("api");
    fake.run(120);
    assert_eq!(fake.count("apply"), 1, "{}", fake.take_log());
    fake.readable("api");
    fake.run(600);
    assert_eq!(fake.count("apply"), 2, "{}", fake.take_log());
}

#[test]
fn a_client_waits_for_a_server_that_cannot_be_read_for_a_moment() {
    for kind in [FaultKind::ServerError, FaultKind::Denied] {
        let mut fake = Fake::new(
            "cluster prod default=internal.myapp
             api mode=client-server, alias=api:80 | off | http=8080
             web mode=client-server, alias=web:80 | off | http=8080 env:API_URL=http://api",
        );
        fake.run(5);
        fake.unreadable_for("api", kind);
        fake.run(300);
        assert_eq!(fake.count("apply"), 0, "{kind:?}");
        fake.readable("api");
        fake.run(600);
        let log = fake.take_log();
        let at = |what: &str| log.find(what).unwrap_or_else(|| panic!("{kind:?}: {log}"));
        assert!(at("apply connect prod/api") < at("apply connect prod/web"), "{log}");
    }
}
