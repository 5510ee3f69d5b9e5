//! What is published about a service.

use expect_test::expect;

use super::*;
use crate::ecs::name::DeploymentId;
use crate::guard::writes::Writes;
use crate::testing::{Stage, check_status, key};
use crate::view::foreign::OwnRollout;

#[test]
fn in_order() {
    check_status(
        "web mode=client | in internal.myapp",
        &expect![[r#"
            prod/web: Synced Healthy -
        "#]],
    );
}

#[test]
fn in_order_and_rolling_out() {
    check_status(
        "web mode=client | in internal.myapp | http=8080 | rolling",
        &expect![[r#"
            prod/web: Synced Progressing Progressing a rollout is under way
                ends once it has completed or failed
        "#]],
    );
}

#[test]
fn in_order_after_a_failed_rollout() {
    check_status(
        "web mode=client | in internal.myapp | http=8080 | failed",
        &expect![[r#"
            prod/web: Synced Degraded RolloutFailed its last rollout failed
                ends once a new deployment completes; eastwest does not send the same configuration again
        "#]],
    );
}

#[test]
fn about_to_change() {
    check_status(
        "web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: OutOfSync Healthy -
        "#]],
    );
}

#[test]
fn held_by_policy_is_well() {
    check_status(
        "policy observe
         web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: OutOfSync Healthy Observe policy observe does not allow this write
                ends with --policy upsert-only or sync
        "#]],
    );
}

#[test]
fn held_by_a_rollout_is_progressing() {
    check_status(
        "web mode=off | in internal.myapp | http=8080 | rolling",
        &expect![[r#"
            prod/web: OutOfSync Progressing Rolling a deployment of this service is running
                ends once that deployment has ended
        "#]],
    );
}

#[test]
fn held_by_budget_is_well() {
    check_status(
        "a mode=client, namespace=internal.myapp
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: OutOfSync Healthy -
            prod/b: OutOfSync Healthy Budget waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/a)
                ends once one of those rollouts has ended
        "#]],
    );
}

#[test]
fn held_by_its_owner_is_suspended() {
    check_status(
        "web mode=off, pause=true | in internal.myapp",
        &expect![[r#"
            prod/web: OutOfSync Suspended Paused paused by its pause tag or its entry in the document, with no end
                ends once the pause is removed
        "#]],
    );
}

#[test]
fn held_for_what_a_person_must_mend_is_degraded() {
    check_status(
        "a mode=clinet | in internal.myapp
         b mode=client
         c mode=client, namespace=internal.myapp | off | host http=80
         d mode=client-server, namespace=internal.myapp, discovery-name=x
         e - | in internal.myapp http/x@x:80
         f mode=off | in internal.myapp | http=8080 | unknown=retries
         g mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 | http=8080/http | failed-before=in_internal.myapp_http/a@b:80",
        &expect![[r#"
            prod/a: Unknown Degraded Ambiguous eastwest/mode="clinet": client, client-server or off; did you mean "client"?
                ends once its issues are fixed
            prod/b: OutOfSync Degraded NoNamespace no namespace: set the namespace tag, --namespace, or the cluster's Service Connect default
                ends once that namespace exists, or another one is declared
            prod/c: OutOfSync Degraded Ineligible the network mode of c:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
                ends once the service, its task definition or its declaration is fixed
            prod/d: OutOfSync Degraded Conflict discovery name x is held by prod/e
                ends once another name is declared, here or for prod/e
            prod/f: OutOfSync Degraded UnknownField its configuration has members that this version of eastwest does not know and would delete: retries
                ends once eastwest is updated to a version that knows them, or the service is changed by hand
            prod/g: OutOfSync Degraded RolledBack exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
                ends once the declaration or the task definition changes, a later deployment of the service completes, or a person asks for one more attempt: eastwest retry, POST /api/v1/retry, or a new value of its retry tag
        "#]],
    );
}

/// A failure before and one after, whose events seem to say more, belong to other rollouts.
#[test]
fn what_was_rolled_back_shows_the_event_of_its_own_rollout() {
    check_status(
        "web mode=client-server, namespace=internal.myapp, discovery-name=web, alias=web:80 | off | http=8080/http | failed-before=in_internal.myapp_http/web@web:80 event=@25:unable_to_place_a_task event=@14:(task_1)_failed_container_health_checks event=@12:deployment_failed event=@5:unable_to_pull_an_image",
        &expect![[r#"
            prod/web: OutOfSync Degraded RolledBack exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
                ends once the declaration or the task definition changes, a later deployment of the service completes, or a person asks for one more attempt: eastwest retry, POST /api/v1/retry, or a new value of its retry tag
                ECS says: (task 1) failed container health checks
        "#]],
    );
}

#[test]
fn one_that_cannot_be_read_is_unknown() {
    check_status(
        "web mode=client | in internal.myapp | http=8080 | unread",
        &expect![[r#"
            prod/web: Unknown Unknown NotSeen the service could not be read: ecs.DescribeServices: no luck
                ends once it can be read again
        "#]],
    );
}

#[test]
fn one_whose_change_waits_for_an_answer_is_well() {
    check_status(
        "web mode=off | in internal.myapp | http=8080 | history=!",
        &expect![[r#"
            prod/web: OutOfSync Healthy NotSeen could not read its recent service deployments: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                ends once AWS answers; eastwest retries with growing pauses
        "#]],
    );
}

#[test]
fn one_that_leaves_says_so() {
    check_status(
        "a mode=client | in internal.myapp | http=8080 | draining
         b mode=client | in internal.myapp | http=8080 | inactive",
        &expect![[r#"
            prod/a: Unknown Unknown Leaving the service is being deleted
            prod/b: Unknown Unknown Leaving the service was deleted
        "#]],
    );
}

#[test]
fn one_that_is_not_ours_has_no_status() {
    check_status("web - | in internal.myapp", &expect![[""]]);
}

/// `apply` says "waits" of one and "held" of the other.
#[test]
fn who_ends_a_hold_is_the_same_in_a_status_as_in_the_plan() {
    use crate::testing::waiting;
    assert!(waiting("web mode=off | in internal.myapp | http=8080 | rolling"));
    assert!(waiting("web mode=client | in internal.myapp | http=8080 | rolling"));
    assert!(!waiting("web mode=clinet | in internal.myapp"));
    assert!(!waiting("web mode=off | in internal.myapp | http=8080 | history=!"), "a denial");
}

/// Since when, by AWS's clock in seconds, and who began it.
fn begun(stage: &Stage) -> (Option<i64>, Option<BegunBy>) {
    let plan = stage.guarded(&Writes::default());
    let web = key("web");
    let status = status(&stage.view, &web, plan.entries.get(&web), stage.moment());
    let status = status.expect("it opted in");
    (status.began.map(|at| at.0 / 1000), status.begun_by)
}

#[test]
fn a_rollout_has_the_time_that_aws_tells_and_whoever_began_it() {
    let mut stage = Stage::read("web mode=off | in internal.myapp | http=8080 | rolling");
    let id = DeploymentId::as_read("ecs-svc/mine");
    stage.change(&key("web"), |service| {
        service.deployments[0].id = id.clone();
        service.deployments[0].created_at = AwsTime(70_000);
    });
    assert_eq!(begun(&stage), (Some(70), Some(BegunBy::Others)));
    let mine = OwnRollout { deployment: id, created_at: AwsTime(70_000) };
    stage.view.own_rollouts.insert(key("web"), vec![mine]);
    assert_eq!(begun(&stage), (Some(70), Some(BegunBy::Eastwest)));
}

#[test]
fn a_failed_rollout_has_the_time_of_its_failure_and_what_does_not_roll_has_none() {
    let mut stage = Stage::read("web mode=client | in internal.myapp | http=8080 | failed");
    stage.change(&key("web"), |service| service.deployments[0].updated_at = AwsTime(90_000));
    assert_eq!(begun(&stage), (Some(90), None));
    let held = "policy observe\n web mode=client, namespace=internal.myapp";
    assert_eq!(begun(&Stage::read(held)), (None, None));
}
