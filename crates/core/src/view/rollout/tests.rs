//! How rollouts go.

use expect_test::{Expect, expect};

use crate::testing::check_status;

/// A service in order, with these facts.
fn check(facts: &str, expected: &Expect) {
    check_status(
        &format!("now 99999\nweb mode=client | in internal.myapp | http=8080 | {facts}"),
        expected,
    );
}

#[test]
fn a_rollout_that_runs_too_long_has_stalled() {
    check(
        "rolling rolling=1799",
        &expect![[r#"
        prod/web: Synced Progressing Progressing a rollout is under way
            ends once it has completed or failed
    "#]],
    );
    check(
        "rolling rolling=1800 event=(service_web)_was_unable_to_place_a_task event=(service_web)_has_started_1_tasks",
        &expect![[r#"
            prod/web: Synced Degraded Stalled its rollout takes longer than it should
                ends once its tasks can start: read the event, fix the cause and deploy again, or stop the deployment
                ECS says: (service web) was unable to place a task
        "#]],
    );
}

#[test]
fn a_wait_by_plan_is_no_stall() {
    check(
        "shifts bakes=60 rolling rolling=5399",
        &expect![[r#"
        prod/web: Synced Progressing Progressing a rollout is under way
            ends once it has completed or failed
    "#]],
    );
    check(
        "shifts bakes=60 rolling rolling=5400",
        &expect![[r#"
        prod/web: Synced Degraded Stalled its rollout takes longer than it should
            ends once its tasks can start: read the event, fix the cause and deploy again, or stop the deployment
    "#]],
    );
    check(
        "shifts rolling rolling=9000 past=10:IN_PROGRESS@BAKE_TIME:in_internal.myapp",
        &expect![[r#"
            prod/web: Synced Progressing Baking the new tasks have all the traffic, and the old ones are kept for the planned time
                ends once that time is over
        "#]],
    );
}

#[test]
fn a_rollout_that_waits_for_a_person_is_no_stall() {
    check(
        "shifts rolling rolling=90000 past=10:IN_PROGRESS!POST_TEST_TRAFFIC_SHIFT:in_internal.myapp",
        &expect![[r#"
            prod/web: Synced Suspended HookPaused a PAUSE lifecycle hook holds its rollout at POST_TEST_TRAFFIC_SHIFT
                ends once a person calls ContinueServiceDeployment with CONTINUE or ROLLBACK
        "#]],
    );
}

#[test]
fn one_that_failed_says_why() {
    check(
        "failed past=0:SUCCESSFUL:off past=10:STOPPED:in_internal.myapp event=rolling_back_to_deployment_x event=(service_web)_deployment_failed:_tasks_failed_to_start event=(service_web)_has_reached_a_steady_state",
        &expect![[r#"
            prod/web: Synced Degraded RolloutFailed its last rollout failed
                ends once a new deployment completes; eastwest does not send the same configuration again
                ECS says: (service web) deployment failed: tasks failed to start
        "#]],
    );
}

#[test]
fn one_that_failed_with_nothing_to_go_back_to_says_so() {
    check(
        "failed past=10:STOPPED:in_internal.myapp",
        &expect![[r#"
        prod/web: Synced Degraded NothingToGoBackTo its rollout failed, and no earlier deployment that AWS remembers completed: ECS cannot roll back, and starts no task
            ends once a new deployment completes; eastwest does not send the same configuration again
    "#]],
    );
    check(
        "rolling rolling=1800 past=10:ROLLBACK_IN_PROGRESS:in_internal.myapp",
        &expect![[r#"
        prod/web: Synced Degraded NothingToGoBackTo its rollout failed, and no earlier deployment that AWS remembers completed: ECS cannot roll back, and starts no task
            ends once a new deployment completes; eastwest does not send the same configuration again
    "#]],
    );
}

#[test]
fn one_that_is_taken_back_says_so() {
    check(
        "rolling rolling=5 past=0:SUCCESSFUL:off past=10:ROLLBACK_IN_PROGRESS:in_internal.myapp",
        &expect![[r#"
            prod/web: Synced Degraded RollingBack its rollout failed and ECS is rolling it back
                ends once it has completed or failed
        "#]],
    );
}

#[test]
fn where_traffic_shifts_the_end_is_that_of_the_service_deployment() {
    check(
        "shifts past=10:IN_PROGRESS@BAKE_TIME:in_internal.myapp",
        &expect![[r#"
        prod/web: Synced Progressing Baking the new tasks have all the traffic, and the old ones are kept for the planned time
            ends once that time is over
    "#]],
    );
    check(
        "shifts past=10:SUCCESSFUL:in_internal.myapp",
        &expect![[r#"
        prod/web: Synced Healthy -
    "#]],
    );
}

#[test]
fn how_it_goes_says_more_than_that_it_rolls() {
    check_status(
        "now 99999
         a mode=off | in internal.myapp | http=8080 | rolling rolling=1800
         b mode=off | in internal.myapp | http=8080 | rolling rolling=10
         c mode=off | in internal.myapp | http=8080 | shifts rolling past=10:IN_PROGRESS!PRE_SCALE_UP:in_internal.myapp
         d mode=off | in internal.myapp | http=8080 | failed",
        &expect![[r#"
            prod/a: OutOfSync Degraded Stalled its rollout takes longer than it should
                ends once its tasks can start: read the event, fix the cause and deploy again, or stop the deployment
            prod/b: OutOfSync Progressing Rolling a deployment of this service is running
                ends once that deployment has ended
            prod/c: OutOfSync Suspended HookPaused a PAUSE lifecycle hook holds its rollout at PRE_SCALE_UP
                ends once a person calls ContinueServiceDeployment with CONTINUE or ROLLBACK
            prod/d: OutOfSync Degraded Budget waiting for its turn: 2 of 2 allowed rollouts are running in cluster prod (prod/b and 1 more)
                ends once one of those rollouts has ended
        "#]],
    );
}

#[test]
fn what_ecs_says_is_cut_and_made_fit_to_be_shown() {
    let text = format!("unable_to_{}\u{1b}[31m{}", "x", "y".repeat(300));
    check(
        &format!("failed event={text}"),
        &expect![[r#"
        prod/web: Synced Degraded RolloutFailed its last rollout failed
            ends once a new deployment completes; eastwest does not send the same configuration again
            ECS says: unable to x�[31myyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
    "#]],
    );
}

#[test]
fn the_cause_is_told_before_what_follows_from_it() {
    check(
        "failed past=0:SUCCESSFUL:off past=10:STOPPED:in_internal.myapp event=(service_web)_is_unable_to_consistently_start_tasks event=(service_web)_(task_1)_failed_container_health_checks event=(service_web)_deployment_failed:_tasks_failed_to_start",
        &expect![[r#"
            prod/web: Synced Degraded RolloutFailed its last rollout failed
                ends once a new deployment completes; eastwest does not send the same configuration again
                ECS says: (service web) (task 1) failed container health checks
        "#]],
    );
}
