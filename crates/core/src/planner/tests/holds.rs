//! What is wanted and not done now, whoever is to blame.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn a_service_that_did_not_opt_in_is_nobodys_business() {
    check_plan(
        "web - | in internal.myapp http/a@a:80
         app /Team=shop | off",
        &expect![[""]],
    );
}

#[test]
fn bad_tags_hold_the_service_whole() {
    check_plan(
        "web mode=client, discovery-name=Bad | in internal.myapp http/a@a:80",
        &expect![[r#"
            prod/web: Ambiguous: invalid declaration: see its issues
        "#]],
    );
}

#[test]
fn one_that_cannot_be_read_is_left_alone() {
    check_plan(
        "web mode=off | in internal.myapp http/a@a:80 | http=8080 | unread",
        &expect![[r#"
            prod/web: NotSeen: the service could not be read: ecs.DescribeServices: no luck
        "#]],
    );
}

#[test]
fn one_that_is_not_listed_is_left_alone() {
    check_plan(
        "web mode=off | in internal.myapp http/a@a:80 | http=8080 | unlisted",
        &expect![[r#"
            prod/web: NotSeen: the last listing of its cluster did not show it
        "#]],
    );
}

#[test]
fn one_that_is_being_deleted_is_not_planned() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | draining
         app mode=off | in internal.myapp | http=8080 | inactive",
        &expect![[""]],
    );
}

#[test]
fn one_that_rolls_out_waits() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | rolling",
        &expect![[r#"
            prod/web: Rolling: a deployment of this service is running
                enabled: on -> off
        "#]],
    );
}

#[test]
fn one_that_rolls_out_and_is_as_wanted_is_in_sync() {
    check_plan(
        "web mode=client | in internal.myapp | http=8080 | rolling",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn one_whose_service_deployment_is_under_way_waits() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | history=rolling",
        &expect![[r#"
            prod/web: Rolling: a deployment of this service is running
                enabled: on -> off
        "#]],
    );
}

#[test]
fn one_whose_answers_lag_waits() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | lagging",
        &expect![[r#"
            prod/web: NotSeen: AWS answers with an older state of it than before
                enabled: on -> off
        "#]],
    );
}

#[test]
fn a_past_not_read_yet_is_asked_for() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | history=?",
        &expect![[r#"
            prod/web: NotSeen: not read yet: its recent service deployments
                enabled: on -> off
        "#]],
    );
}

#[test]
fn a_past_that_cannot_be_read_changes_nothing() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | history=!",
        &expect![[r#"
            prod/web: NotSeen: could not read its recent service deployments: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                enabled: on -> off
        "#]],
    );
}

#[test]
fn what_ecs_gave_up_is_not_sent_again() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 | http=8080/http | failed-before=in_ns-internalmyapp_http/a@b:80",
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
                alias http/a: a:80 -> b:80
        "#]],
    );
}

#[test]
fn what_ecs_gave_up_is_recognised_without_its_defaults() {
    check_plan(
        "web mode=client-server, discovery-name=http | in internal.myapp http/a@a.internal.myapp:8080 | http=8080/http | failed-before=in_internal.myapp_http",
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
                endpoint http/a: a.internal.myapp:8080 -> -
                endpoint http/http: - -> http.internal.myapp:8080
        "#]],
    );
}

#[test]
fn what_ecs_gave_up_on_another_task_definition_is_sent() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 | http=8080/http | failed-before=old:in_internal.myapp_http/a@b:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@b:80
                alias http/a: a:80 -> b:80
        "#]],
    );
}

#[test]
fn another_configuration_than_the_one_given_up_is_sent() {
    check_plan(
        "web mode=client-server, alias=c:80 | in internal.myapp http/a@a:80 | http=8080/http | failed-before=in_internal.myapp_http/a@b:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@c:80
                alias http/a: a:80 -> c:80
        "#]],
    );
}

#[test]
fn unknown_members_are_never_overwritten() {
    check_plan(
        "web mode=off | in internal.myapp | http=8080 | unknown=serviceConnectConfiguration.services[0].retries",
        &expect![[r#"
            prod/web: UnknownField: its configuration has members that this version of eastwest does not know and would delete: serviceConnectConfiguration.services[0].retries
                enabled: on -> off
        "#]],
    );
}

#[test]
fn unknown_members_matter_only_to_a_change() {
    check_plan(
        "web mode=client | in internal.myapp | http=8080 | unknown=serviceConnectConfiguration.retries",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn what_a_person_must_mend_is_said_before_what_passes() {
    check_plan(
        "cluster prod default=internal.myapp
         old - | in internal.myapp http/api@api:80
         a mode=client-server, discovery-name=api | off | http=8080/http | rolling
         b mode=client | off | host http=8080 | rolling",
        &expect![[r#"
            prod/a: Conflict: discovery name api is held by prod/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/b: Ineligible: the network mode of b:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_failed_rollout_does_not_forbid_the_next() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 | http=8080/http | failed",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@b:80
                alias http/a: a:80 -> b:80
        "#]],
    );
}
