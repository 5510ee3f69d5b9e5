//! What of a plan may be done now.

use std::time::Duration;

use expect_test::expect;

use super::acks::Acks;
use super::turns::Turns;
use super::waves::Waves;
use super::writes::Writes;
use super::*;
use crate::testing::{Stage, check_guarded, key};

#[test]
fn observe_writes_nothing() {
    check_guarded(
        "policy observe
         a mode=client, namespace=internal.myapp
         b mode=off | in internal.myapp",
        &expect![[r#"
            prod/a: Observe: policy observe does not allow this write
            prod/b: Observe: policy observe does not allow this write
        "#]],
    );
}

#[test]
fn upsert_only_adds_and_never_switches_off() {
    check_guarded(
        "policy upsert-only
         a mode=client, namespace=internal.myapp
         b mode=off | in internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
            prod/b: Observe: policy upsert-only does not allow this write
        "#]],
    );
}

#[test]
fn one_rollout_at_once_in_a_namespace() {
    check_guarded(
        "a mode=client, namespace=internal.myapp
         b mode=client, namespace=internal.myapp
         c mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
            prod/c: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
}

#[test]
fn namespaces_have_a_budget_each_and_clusters_one_for_all() {
    check_guarded(
        "namespace internal.myapp
         namespace other.ns
         namespace third.ns
         a mode=client, namespace=internal.myapp
         b mode=client, namespace=other.ns
         c mode=client, namespace=third.ns",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
            prod/b: connect in ns-otherns0
            prod/c: Budget: waiting for its turn: 2 of 2 allowed rollouts are running in cluster prod (prod/a and 1 more)
        "#]],
    );
}

#[test]
fn clusters_have_a_budget_each() {
    check_guarded(
        "budget 1 9
         cluster test
         namespace internal.myapp
         namespace other.ns
         prod/a mode=client, namespace=internal.myapp
         prod/b mode=client, namespace=internal.myapp
         test/c mode=client, namespace=other.ns",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in cluster prod (prod/a)
            test/c: connect in ns-otherns0
        "#]],
    );
}

#[test]
fn a_rollout_that_runs_counts_whoever_started_it() {
    check_guarded(
        "a mode=client | in internal.myapp | http=8080 | rolling
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: in sync
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
}

#[test]
fn a_rollout_of_a_service_that_is_not_ours_does_not_count() {
    check_guarded(
        "a - | in internal.myapp | http=8080 | rolling
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/b: connect in ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_rollout_counts_while_its_service_cannot_be_read() {
    check_guarded(
        "a mode=client | in internal.myapp | http=8080 | rolling unread
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: NotSeen: the service could not be read: ecs.DescribeServices: no luck
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
}

#[test]
fn a_rollout_counts_while_its_tags_are_bad() {
    check_guarded(
        "a mode=clinet | in internal.myapp | http=8080 | rolling
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: Ambiguous: invalid declaration: see its issues
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
}

#[test]
fn a_rollout_counts_where_it_runs_and_where_its_service_is_to_be() {
    check_guarded(
        "budget 9 1
         namespace internal.myapp
         namespace other.ns
         a mode=client, namespace=other.ns | in internal.myapp | http=8080 | rolling
         b mode=client, namespace=internal.myapp
         c mode=client, namespace=other.ns",
        &expect![[r#"
            prod/a: Rolling: a deployment of this service is running
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
            prod/c: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace other.ns (prod/a)
        "#]],
    );
}

#[test]
fn a_stalled_rollout_no_longer_counts() {
    check_guarded(
        "a mode=client | in internal.myapp | http=8080 | rolling=1800
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: in sync
            prod/b: connect in ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_rollout_of_almost_half_an_hour_still_counts() {
    check_guarded(
        "a mode=client | in internal.myapp | http=8080 | rolling=1799
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: in sync
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
}

#[test]
fn a_held_service_takes_no_budget() {
    check_guarded(
        "a mode=client, namespace=internal.myapp, pause=true
         b mode=client, namespace=internal.myapp | off | host http=80
         c mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: Paused: paused by its pause tag or its entry in the document, with no end
            prod/b: Ineligible: the network mode of b:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
            prod/c: connect in ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_pause_holds_every_change() {
    check_guarded(
        "a mode=off, pause=true | in internal.myapp
         b mode=client, pause=true | in internal.myapp",
        &expect![[r#"
            prod/a: Paused: paused by its pause tag or its entry in the document, with no end
            prod/b: in sync
        "#]],
    );
}

#[test]
fn a_pause_ends_when_it_says() {
    check_guarded(
        "now 1000
         budget 9 9
         namespace internal.myapp
         namespace other.ns
         a mode=client, namespace=internal.myapp, pause=1970-01-01T00:16:40Z
         b mode=client, namespace=internal.myapp, pause=1970-01-01T00:16:41Z
         c mode=client, namespace=other.ns, pause=false",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
            prod/b: Paused: paused by its pause tag or its entry in the document
            prod/c: connect in ns-otherns0
        "#]],
    );
}

#[test]
fn just_started_nothing_is_written() {
    check_guarded(
        "now 9
         a mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: NotSeen: waiting: eastwest started less than 10 s ago, or has not read the cluster since
        "#]],
    );
}

#[test]
fn once_answers_cannot_be_older_than_the_start_writing_begins() {
    check_guarded(
        "now 10
         a mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
        "#]],
    );
}

#[test]
fn servers_spend_the_budget_before_their_clients() {
    check_guarded(
        "a mode=client, namespace=internal.myapp, needs=z
         z mode=client-server, namespace=internal.myapp",
        &expect![[r#"
            prod/a: WaitingForServer: needs z of prod/z (declared), which changes first
            prod/z: connect in ns-internalmyapp http/z@z.internal.myapp:8080
        "#]],
    );
}

/// Windows of a document at second 3600, on Thursday 1970-01-01.
fn check_windows(windows: &str, world: &str, expected: &expect_test::Expect) {
    check_guarded(
        &format!("document {{\"version\":1,\"windows\":[{windows}]}}\nbudget 9 9\n{world}"),
        expected,
    );
}

#[test]
fn outside_of_its_maintenance_windows_nothing_is_changed() {
    check_windows(
        r#"{"allow":"0 22 * * MON-FRI","duration":"4h","timeZone":"Europe/Berlin"}"#,
        "a mode=client, namespace=internal.myapp
         b mode=off | in internal.myapp
         c mode=client | in internal.myapp
         d mode=client, namespace=internal.myapp, pause=true",
        &expect![[r#"
            prod/a: Frozen: outside of its maintenance windows: none of them is open
            prod/b: Frozen: outside of its maintenance windows: none of them is open
            prod/c: in sync
            prod/d: Paused: paused by its pause tag or its entry in the document, with no end
        "#]],
    );
}

#[test]
fn within_a_maintenance_window_changes_are_made() {
    check_windows(
        r#"{"allow":"0 1 * * THU","duration":"1m"},{"deny":"0 2 * * *","duration":"23h"}"#,
        "a mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_window_holds_where_it_applies() {
    check_windows(
        r#"{"deny":"0 0 * * *","duration":"2h","namespaces":["internal.myapp"]},
           {"deny":"0 0 * * *","duration":"3h","clusters":["test"]},
           {"allow":"0 4 * * *","duration":"1h","namespaces":["ns-third000"],"clusters":["prod"]}"#
            .replace('\n', " ")
            .as_str(),
        "cluster test
         namespace internal.myapp
         namespace other.ns
         namespace third
         a mode=client, namespace=internal.myapp
         b mode=client, namespace=other.ns
         c mode=client, namespace=third
         e mode=off | in internal.myapp
         test/d mode=client, namespace=other.ns",
        &expect![[r#"
            prod/a: Frozen: outside of its maintenance windows: the deny window 0 0 * * * for 2h, UTC is open
            prod/b: connect in ns-otherns0
            prod/c: Frozen: outside of its maintenance windows: none of them is open
            prod/e: Frozen: outside of its maintenance windows: the deny window 0 0 * * * for 2h, UTC is open
            test/d: Frozen: outside of its maintenance windows: the deny window 0 0 * * * for 3h, UTC is open
        "#]],
    );
}

#[test]
fn what_a_strategy_waits_by_plan_does_not_make_a_rollout_a_stall() {
    let world = |seconds: u32| {
        format!(
            "a mode=client | in internal.myapp | http=8080 | rolling rolling={seconds} shifts bakes=10
             b mode=client, namespace=internal.myapp"
        )
    };
    check_guarded(
        &world(2399),
        &expect![[r#"
            prod/a: in sync
            prod/b: Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
        "#]],
    );
    check_guarded(
        &world(2400),
        &expect![[r#"
        prod/a: in sync
        prod/b: connect in ns-internalmyapp
    "#]],
    );
}

/// Too many changes, a pause on one of them and a fight over another: whoever looks and whoever carries it out give the
/// same reason for each. `web` is both fought over and one of too many.
#[test]
fn what_is_shown_and_what_is_carried_out_give_the_same_reason_where_several_apply() {
    const REVERTS: [&str; 7] = ["0 a", "100 b", "200 a", "300 b", "400 a", "500 b", "600 a"];
    let past = REVERTS.map(|revert| {
        let (at, alias) = revert.split_once(' ').expect("when and what");
        format!("past={at}:SUCCESSFUL:in_internal.myapp_http/web@{alias}:80")
    });
    let world = format!(
        "document {{\"version\":1,\"limits\":{{\"massChange\":1}}}}
         a mode=client, namespace=internal.myapp
         b mode=client, namespace=internal.myapp, pause=true
         web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http | {}",
        past.join(" ")
    );
    crate::testing::check_guarded_and_shown(
        &world,
        &expect![[r#"
        carried out:
        prod/a: MassChange: 2 of 3 services in namespace internal.myapp would change; without an acknowledgement at most 1 may. The plan is 409d648e6066
        prod/b: Paused: paused by its pause tag or its entry in the document, with no end
        prod/web: MassChange: 2 of 3 services in namespace internal.myapp would change; without an acknowledgement at most 1 may. The plan is 409d648e6066
        shown:
        prod/a: MassChange: 2 of 3 services in namespace internal.myapp would change; without an acknowledgement at most 1 may. The plan is 409d648e6066
        prod/b: Paused: paused by its pause tag or its entry in the document, with no end
        prod/web: MassChange: 2 of 3 services in namespace internal.myapp would change; without an acknowledgement at most 1 may. The plan is 409d648e6066
    "#]],
    );
}

#[test]
fn a_breach_of_our_own_rules_has_a_reason_of_its_own() {
    let hold = crate::plan::hold::Hold::Breach("a name for two services");
    expect![[r#"
        {"reason":"Breach","message":"eastwest found a fault in its own plan and writes nothing: a name for two services","ends":"once eastwest is updated to a version without this fault; please report it"}"#]]
    .assert_eq(&serde_json::to_string(&hold).expect("a hold"));
    assert!(!hold.ends_by_itself());
}

#[test]
fn a_service_that_has_waited_for_long_keeps_its_place_in_the_other_budget() {
    let stage = Stage::read(
        "budget 1 1
         namespace internal.myapp
         namespace other.ns
         cluster prod
         cluster test
         test/busy mode=client | in internal.myapp | http=8080 | rolling
         prod/late mode=client, namespace=other.ns
         prod/waits mode=client, namespace=internal.myapp",
    );
    let (writes, waves, acks) = (Writes::default(), Waves::default(), Acks::default());
    let held = |turns: &Turns| {
        let input = GuardInput { turns, ..stage.circumstances(&writes, &waves, &acks) };
        let plan = guard(stage.plan(), &input);
        let is_held = |name| plan.entries[&key(name)].hold().is_some();
        (is_held("waits"), is_held("late"))
    };
    let mut turns = Turns::new();
    let early = Now {
        since_start: stage.now.since_start.saturating_sub(Duration::from_mins(11)),
        ..stage.now
    };
    let mut waits = guard(stage.plan(), &stage.circumstances(&writes, &waves, &acks));
    waits.entries.retain(|each, _| *each == key("waits"));
    turns.note_waiting(&waits, early);
    assert_eq!(held(&turns), (true, true), "the only place of the cluster is kept");
    assert_eq!(held(&Turns::new()), (true, false));
}

#[test]
fn the_service_that_eastwest_runs_as_is_never_written_to() {
    let mut stage = Stage::read(
        "cluster prod default=internal.myapp
         a mode=client
         b mode=client",
    );
    stage.settings.own_service = Some(key("a").path());
    let now = crate::testing::at(3600);
    let plan = guard_shown(stage.plan(), &stage.view, &stage.settings, now);
    let held = plan.holds().map(|(key, hold)| format!("{key}: {}", hold.reason()));
    assert_eq!(held.collect::<Vec<_>>(), ["prod/a: OwnService"]);
    assert_eq!(plan.steps().map(|(key, _)| key.to_string()).collect::<Vec<_>>(), ["prod/b"]);
}
