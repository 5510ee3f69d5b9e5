//! What is kept of a past.

use expect_test::{Expect, expect};

use super::*;
use crate::testing::read_connect;

/// `created finished status connect`, one deployment a line, seconds as times; the service is created at 0.
fn check(text: &str, expected: &Expect) {
    let pasts = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(past).collect();
    let namespaces = [crate::testing::namespace("shop")];
    let defaults =
        Defaults { namespaces: &namespaces, default_namespace: None, task_definition: None };
    let History { failed, ongoing, has_completed, ages, lately, took } =
        History::of(pasts, AwsTime(0), &defaults);
    let ages = ages.iter().map(|age| {
        let since = age.since.map_or("longer".to_owned(), |at| (at.0 / 1000).to_string());
        format!("{} since {since}", age.discovery)
    });
    expected.assert_eq(&format!(
        "failed {}, ongoing {}, completed {has_completed}, lately {}, took {took:?}; {}\n",
        failed.len(),
        ongoing.map_or("-".to_owned(), |ongoing| ongoing.status),
        lately.len(),
        ages.collect::<Vec<_>>().join(", "),
    ));
}

fn past(line: &str) -> Past {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().expect("four words");
    let time = |text: &str| text.parse().ok().map(|seconds: i64| AwsTime(seconds * 1000));
    Past {
        created_at: time(word()).expect("a time"),
        finished_at: time(word()),
        status: word().to_owned(),
        connect: read_connect(word()),
        task_definition: Arn::as_read("arn:td"),
        reason: String::new(),
        stage: String::new(),
        paused_at: None,
    }
}

#[test]
fn an_endpoint_is_as_old_as_the_first_of_the_deployments_in_a_row_that_have_it() {
    check(
        "0 30 SUCCESSFUL in ns a/api
         100 130 SUCCESSFUL in ns a/api b/web
         200 230 SUCCESSFUL in ns a/api b/web@other:80
         300 330 SUCCESSFUL in ns a/api b/web@other:80",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 4, took Some(30s); api since 30, web since 230
        "#]],
    );
}

#[test]
fn a_host_that_was_the_default_is_not_new_when_it_is_written_out() {
    check(
        "0 30 SUCCESSFUL in shop a/api@:80
         100 130 SUCCESSFUL in shop a/api@api.shop:80",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 2, took Some(30s); api since 30
        "#]],
    );
}

#[test]
fn a_name_that_was_gone_for_a_while_or_moved_to_another_namespace_is_new() {
    check(
        "0 30 SUCCESSFUL in ns a/api b/web
         100 130 SUCCESSFUL in ns b/web
         200 240 SUCCESSFUL in ns a/api b/web",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 3, took Some(30s); api since 240, web since 30
        "#]],
    );
    check(
        "0 30 SUCCESSFUL in ns a/api
         100 130 SUCCESSFUL in other a/api",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 2, took Some(30s); api since 130
        "#]],
    );
}

#[test]
fn what_failed_was_stopped_or_runs_still_brings_nothing() {
    check(
        "0 30 SUCCESSFUL in ns a/api
         100 130 ROLLBACK_SUCCESSFUL in ns b/web
         200 230 STOPPED in ns c/cart
         300 - IN_PROGRESS in ns d/data",
        &expect![[r#"
            failed 1, ongoing IN_PROGRESS, completed true, lately 4, took Some(30s); api since 30
        "#]],
    );
}

#[test]
fn what_is_older_than_aws_remembers_has_no_age() {
    check(
        "9000 9030 SUCCESSFUL in ns a/api
         9900 9990 SUCCESSFUL in ns a/api b/web",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 2, took Some(90s); api since longer, web since 9990
        "#]],
    );
}

#[test]
fn only_the_hours_before_the_newest_are_kept_whole() {
    check(
        "0 30 SUCCESSFUL off
         5000 5030 SUCCESSFUL off
         18000 18030 SUCCESSFUL off",
        &expect![[r#"
            failed 0, ongoing -, completed true, lately 2, took Some(30s); 
        "#]],
    );
    check(
        "",
        &expect![[r#"
            failed 0, ongoing -, completed false, lately 0, took None; 
        "#]],
    );
}

#[test]
fn what_failed_and_later_completed_is_no_longer_held_against_it() {
    check(
        "0 30 SUCCESSFUL in ns a/api
         100 130 ROLLBACK_SUCCESSFUL in ns b/web
         200 230 SUCCESSFUL in ns b/web
         300 330 ROLLBACK_SUCCESSFUL in ns c/cart",
        &expect![[r#"
            failed 1, ongoing -, completed true, lately 4, took Some(30s); web since 230
        "#]],
    );
    check(
        "0 30 SUCCESSFUL in ns b/web
         100 130 ROLLBACK_SUCCESSFUL in ns b/web@other:80
         200 230 ROLLBACK_SUCCESSFUL in ns b/web",
        &expect![[r#"
            failed 2, ongoing -, completed true, lately 3, took Some(30s); web since 30
        "#]],
    );
}

#[test]
fn one_that_the_circuit_breaker_stopped_has_failed() {
    let mut stopped = past("0 30 STOPPED in ns a/api");
    let defaults = Defaults { namespaces: &[], default_namespace: None, task_definition: None };
    let failed = |past: &Past| History::of(vec![past.clone()], AwsTime(0), &defaults).failed.len();
    assert_eq!(failed(&stopped), 0, "a newer one, or a person, took its place");
    "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut stopped.reason);
    assert_eq!(failed(&stopped), 1);
}

fn listed(text: &str) -> Option<usize> {
    let deployment = |word: &str| {
        let (status, revision) = word.split_once(':').expect("a status and a revision");
        let revision = match revision {
            "read" => RevisionAnswer::Read,
            "gone" => RevisionAnswer::Gone,
            _ => RevisionAnswer::Unmentioned,
        };
        Listed { status: status.to_owned(), revision }
    };
    known_past(&text.split_whitespace().map(deployment).collect::<Vec<_>>())
}

#[test]
fn what_is_gone_at_the_far_end_shortens_the_past() {
    assert_eq!(listed(""), Some(0));
    assert_eq!(listed("SUCCESSFUL:read SUCCESSFUL:read"), Some(2));
    assert_eq!(listed("SUCCESSFUL:read STOPPED:gone SUCCESSFUL:gone"), Some(1));
}

#[test]
fn a_failed_the_newest_and_the_last_completed_deployment_may_not_be_gone() {
    assert_eq!(listed("SUCCESSFUL:read ROLLBACK_SUCCESSFUL:gone"), None);
    assert_eq!(listed("SUCCESSFUL:gone"), None);
    assert_eq!(listed("STOPPED:read SUCCESSFUL:gone"), None);
    assert_eq!(listed("STOPPED:read STOPPED:gone"), Some(1));
}

#[test]
fn a_gap_and_a_revision_that_is_not_mentioned_are_no_forgetting() {
    assert_eq!(
        listed("SUCCESSFUL:read STOPPED:gone SUCCESSFUL:read"),
        Some(3),
        "the gap is a fault later"
    );
    assert_eq!(listed("SUCCESSFUL:read STOPPED:unmentioned"), Some(2), "so is what was not read");
}
