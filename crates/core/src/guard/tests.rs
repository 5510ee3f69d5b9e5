//! What of a plan may be done now.

use expect_test::expect;

use crate::testing::check_guarded;

#[test]
fn observe_writes_nothing() {
    check_guarded(
        "policy observe
         a mode=client, namespace=internal.myapp
         b mode=off | in internal.myapp",
        &expect![[r#"
            prod/a: Observe: the policy observe does not write this
            prod/b: Observe: the policy observe does not write this
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
            prod/b: Observe: the policy upsert-only does not write this
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
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
            prod/c: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
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
            prod/c: Budget: waits for its turn: at most 2 rollout(s) at once in cluster prod
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
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in cluster prod
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
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
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
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
        "#]],
    );
}

#[test]
fn a_rollout_counts_while_its_tags_are_bad() {
    check_guarded(
        "a mode=clinet | in internal.myapp | http=8080 | rolling
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: Ambiguous: its tags cannot be understood; see its issues
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
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
            prod/a: Rolling: a deployment of this service is under way
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
            prod/c: Budget: waits for its turn: at most 1 rollout(s) at once in namespace other.ns
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
            prod/b: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
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
            prod/b: Paused: paused by its pause tag or its entry in the document until 1970-01-01T00:16:41Z
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
            prod/a: NotSeen: just started: what was read may be older than the last write
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
            prod/a: Budget: waits for its turn: at most 1 rollout(s) at once in namespace internal.myapp
            prod/z: connect in ns-internalmyapp http/z@z.internal.myapp:8080
        "#]],
    );
}
