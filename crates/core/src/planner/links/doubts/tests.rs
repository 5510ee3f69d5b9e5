//! A client whose calls fail, or of which nobody knows whom it calls, is not healthy.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};

use crate::testing::{Stage, check_plan, check_status};
use crate::view::reading::Question;

const SERVER: &str = "api - | in internal.myapp http/api@api:8080 | http=8080 | deployed=10";

fn check(client: &str, expected: &Expect) {
    check_status(&format!("{SERVER}\n{client}"), expected);
}

#[test]
fn a_client_that_can_call_what_it_needs_is_healthy() {
    check(
        "web mode=client | in internal.myapp | http=8080 env:http://api:8080 | deployed=50",
        &expect![[r#"
            prod/web: Synced Healthy -
        "#]],
    );
}

#[test]
fn what_a_client_calls_is_asked_once_for_each_revision_and_until_then_nobody_knows() {
    let world =
        format!("{SERVER}\nweb mode=client, needs=api | in internal.myapp | ? | deployed=50");
    check_status(
        &world,
        &expect![[r#"
        prod/web: Synced Unknown NotSeen not known whether it can call what it needs: not read yet: task definition web:1
            ends once it has been read
    "#]],
    );
    let plan = Stage::read(&world).plan();
    let questions: BTreeSet<&Question> = plan.questions().collect();
    assert!(questions.iter().all(|each| matches!(each, Question::TaskDefinition(_))));
    assert_eq!(questions.len(), 1, "{questions:?}");
}

#[test]
fn a_task_definition_that_cannot_be_read_is_said() {
    check(
        "web mode=client | in internal.myapp | ! | deployed=50",
        &expect![[r#"
            prod/web: Synced Unknown NotSeen not known whether it can call what it needs: could not read task definition web:1: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                ends once AWS answers; eastwest retries with growing pauses
        "#]],
    );
}

#[test]
fn a_host_with_a_port_that_nobody_serves_is_said() {
    check(
        "web mode=client | in internal.myapp | http=8080 env:API_URL=http://u:s3cret@api/ | deployed=50",
        &expect![[r#"
            prod/web: Synced Degraded CannotCall API_URL names api on port 80, which is served on 8080
                ends once API_URL names a port that is served, or the alias has that port
        "#]],
    );
}

#[test]
fn a_name_that_nobody_offers_any_more_is_said() {
    check(
        "web mode=client, needs=gone | in internal.myapp | http=8080 | deployed=50",
        &expect![[r#"
            prod/web: Synced Degraded CannotCall it needs gone, which no service offers
                ends once a service offers gone, or gone is removed from the needs
        "#]],
    );
}

const NEW_SERVER: &str = "api - | in internal.myapp http/api@api:8080 | http=8080 | deployed=10 past=10:SUCCESSFUL:in_internal.myapp_http/api@api:8080";

#[test]
fn tasks_that_began_before_what_they_call_are_said() {
    check_status(
        &format!(
            "{NEW_SERVER}\nweb mode=client | in internal.myapp | http=8080 env:API_HOST=api | deployed=5"
        ),
        &expect![[r#"
            prod/web: Synced Degraded CannotCall its tasks began before api of prod/api was there and cannot call it
                ends once the service is deployed again; if its needs list api, eastwest does that itself
        "#]],
    );
}

#[test]
fn of_a_client_whose_needs_nobody_knows_it_cannot_be_told_whether_it_can_call_a_younger_server() {
    check_status(
        &format!("{NEW_SERVER}\nweb mode=client | in internal.myapp | http=8080 | deployed=5"),
        &expect![[r#"
            prod/web: Synced Unknown CannotCall nobody knows what it needs, and its tasks began before api of prod/api, the only server here, was there
                ends once the service is deployed again; if its needs list api, eastwest does that itself
        "#]],
    );
    check_status(
        &format!(
            "{NEW_SERVER}\nweb mode=client, needs=none | in internal.myapp | http=8080 | deployed=5"
        ),
        &expect![[r#"
            prod/web: Synced Healthy -
        "#]],
    );
}

#[test]
fn a_server_that_is_switched_off_waits_until_it_is_read_who_calls_it() {
    let world = |task_definition: &str| {
        format!(
            "backend mode=off | in internal.myapp http/backend@backend-flask.cruddur:4567 | http=4567 | deployed=10
             frontend mode=client | in internal.myapp | {task_definition} | deployed=50"
        )
    };
    check_plan(
        &world("?"),
        &expect![[r#"
        prod/backend: NotSeen: not read yet: task definition frontend:1
            enabled: on -> off
        prod/frontend: in sync
            doubt: not known whether it can call what it needs: not read yet: task definition frontend:1
    "#]],
    );
    check_plan(
        &world("http=3000 env:BACKEND_URL=http://backend-flask.cruddur:4567"),
        &expect![[r#"
            prod/backend: disconnect
                enabled: on -> off
                note: backend goes, and prod/frontend (as its environment says) can no longer call it
            prod/frontend: in sync
        "#]],
    );
}

#[test]
fn a_host_of_the_namespace_that_nobody_offers_any_more_is_said() {
    let off = "backend mode=off | off | http=4567";
    let web = "web mode=client | in internal.myapp | http=3000 env:BACKEND_URL=http://backend.internal.myapp:4567 | deployed=50";
    check_status(
        &format!("{off}\n{web}"),
        &expect![[r#"
        prod/backend: Synced Healthy -
        prod/web: Synced Degraded CannotCall BACKEND_URL names a host of namespace internal.myapp that no service offers
            ends once a service offers that host, or BACKEND_URL names another one
    "#]],
    );
    // In a namespace with DNS something beside Service Connect may answer there.
    let namespace = "namespace internal.myapp kind=DNS_PRIVATE";
    let classic =
        "old - | off | http=80 | registry=arn:aws:servicediscovery:eu-west-1:1:service/srv-1";
    check_status(
        &format!("{namespace}\n{off}\n{classic}\n{web}"),
        &expect![[r#"
            prod/backend: Synced Healthy -
            prod/web: Synced Healthy -
        "#]],
    );
    check_status(
        &format!("{namespace}\n{off}\n{web}"),
        &expect![[r#"
            prod/backend: Synced Healthy -
            prod/web: Synced Unknown CannotCall BACKEND_URL names a host of namespace internal.myapp that no service offers
                ends once a service offers that host, or BACKEND_URL names another one
        "#]],
    );
}
