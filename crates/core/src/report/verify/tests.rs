//! Worlds as text with what was read beside them, and what is said of them.

mod evidence;
mod groups;
mod network;
mod properties;

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::finding::{Finding, Report};
use super::{Scope, judge, subjects};
use crate::testing::{Stage, key};
use evidence::{connected, read};

/// What follows from a world and its evidence; `only` is one service of it, or empty.
fn report(world: &str, evidence: &str, only: &str) -> Report {
    let mut stage = Stage::read(world);
    connected(&mut stage);
    let plan = stage.plan();
    let only = (!only.is_empty()).then(|| key(only));
    let scope =
        Scope { view: &stage.view, settings: &stage.settings, plan: &plan, only: only.as_ref() };
    let subjects = subjects(scope);
    let evidence = read(&subjects, evidence);
    judge(&subjects, &evidence)
}

fn check(world: &str, evidence: &str, expected: &Expect) {
    expected.assert_eq(&shown(&report(world, evidence, "")));
}

fn shown(report: &Report) -> String {
    let mut text = String::new();
    let say = |indent: usize, findings: &[Finding]| {
        let mut lines = String::new();
        for Finding { level, check, message, advice } in findings {
            let (level, check) = (level.name(), check.name());
            writeln!(lines, "{:indent$}{level} {check}: {message}", "").expect("a String");
            if let Some(advice) = advice {
                writeln!(lines, "{:indent$}  > {advice}", "").expect("a String");
            }
        }
        lines
    };
    for service in &report.services {
        writeln!(text, "{} {}", service.service, service.level.name()).expect("a String");
        text += &say(2, &service.findings);
        for endpoint in &service.endpoints {
            writeln!(text, "  {}@{}", endpoint.name, endpoint.alias).expect("a String");
            text += &say(4, &endpoint.findings);
            for command in endpoint.try_it.iter().flat_map(|try_it| &try_it.commands) {
                writeln!(text, "    $ {command}").expect("a String");
            }
        }
        for call in &service.calls {
            text += &say(2, &call.findings);
        }
    }
    text
}

/// A server and a client that needs it, both in order.
const PAIR: &str =
    "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | tasks=2 deployed=10
     web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50";
/// What is there where all is well.
const WELL: &str = "task api a1 10.0.0.1
     task api a2 10.0.0.2
     task web w1 10.0.0.9 exec
     instance api 10.0.0.1:8080
     instance api 10.0.0.2:8080";

#[test]
fn where_all_is_well_all_is_said_to_be_and_the_commands_to_try_it_are_told() {
    check(
        PAIR,
        WELL,
        &expect![[r#"
            prod/api ok
              ok tasks: 2 of 2 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 2 of 2 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                ok instances: 2, one for each running task
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "getent hosts api"
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}' http://api:8080/"
            prod/web ok
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              ok call: the tasks of prod/web know api:8080
        "#]],
    );
}

#[test]
fn a_server_without_tasks_is_down() {
    check(
        PAIR,
        "task web w1 10.0.0.9",
        &expect![[r#"
            prod/api broken
              broken tasks: 0 of 2 tasks of deployment ecs-svc/1 run
                > the events of the service say why: aws ecs describe-services
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: Cloud Map has no instance of it, and no task of it runs: nobody answers
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "getent hosts api"
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}' http://api:8080/"
            prod/web ok
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              ok call: the tasks of prod/web know api:8080
        "#]],
    );
}

#[test]
fn a_server_that_is_scaled_to_zero_is_down_and_a_client_is_not() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | tasks=0
         web mode=client, needs=none | in internal.myapp | http=8080 | tasks=0",
        "",
        &expect![[r#"
            prod/api broken
              broken tasks: it is scaled to 0 tasks (deployment ecs-svc/1): nobody answers its callers
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: Cloud Map has no instance of it, and no task of it runs: nobody answers
            prod/web note
              note tasks: it is scaled to 0 tasks (deployment ecs-svc/1)
        "#]],
    );
}

#[test]
fn proxies_that_are_unhealthy_absent_or_unknown_are_told_apart() {
    check(
        "web mode=client, needs=none | in internal.myapp | http=8080 | tasks=4",
        "task web w1 10.0.0.1
         task web w2 10.0.0.2 proxy=unhealthy
         task web w3 10.0.0.3 proxy=none
         task web w4 10.0.0.4 proxy=unknown",
        &expect![[r#"
            prod/web broken
              ok tasks: 4 of 4 tasks of deployment ecs-svc/1 run
              broken proxies: 1 of 4 tasks have an unhealthy proxy: w2
                > read the logs of the container ecs-service-connect-… (eastwest/logs sends them to a log group), and compare the memory and CPU of the task with what the proxy needs
              broken proxies: 1 of 4 tasks run without a proxy, though their deployment has Service Connect on: w3
              unknown proxies: 1 of 4 tasks run a proxy whose health ECS does not know: w4
        "#]],
    );
}

#[test]
fn a_task_that_starts_waits_for_its_proxy() {
    check(
        "web mode=client, needs=none | in internal.myapp | http=8080 | tasks=2",
        "task web w1 10.0.0.1
         task web w2 10.0.0.2 starting proxy=unhealthy",
        &expect![[r#"
            prod/web broken
              unknown tasks: 1 of 2 tasks of deployment ecs-svc/1 run, 1 start
                > verify again once they run
              broken proxies: 1 of 2 tasks have an unhealthy proxy: w2
                > read the logs of the container ecs-service-connect-… (eastwest/logs sends them to a log group), and compare the memory and CPU of the task with what the proxy needs
        "#]],
    );
}

#[test]
fn while_a_rollout_runs_nobody_can_tell() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | tasks=2 rolling before=in_internal.myapp_http/api@api:8080",
        "task api a1 10.0.0.1
         task api a0 10.0.0.3 of=ecs-svc/0
         instance api 10.0.0.1:8080",
        &expect![[r#"
            prod/api unknown
              unknown tasks: its rollout runs: 1 of 2 tasks of deployment ecs-svc/1 run
                > verify again once the rollout has completed
              ok proxies: the proxies of 2 of 2 tasks are healthy
              api@api:8080
                unknown deployed: no deployment that has it has completed
                  > verify again once the rollout has completed
                unknown instances: 1 of 2 running tasks are no instance of it: a0
                  > verify again once the rollout has completed
        "#]],
    );
}

#[test]
fn tasks_of_an_older_deployment_beside_a_completed_one_know_only_its_endpoints() {
    check(
        "web mode=client, needs=none | in internal.myapp | http=8080 | before=in_internal.myapp",
        "task web w1 10.0.0.1
         task web w0 10.0.0.3 of=ecs-svc/0",
        &expect![[r#"
            prod/web unknown
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              unknown tasks: older deployments still run 1 of its tasks (ecs-svc/0), which know only the endpoints of their own deployment
              ok proxies: the proxies of 2 of 2 tasks are healthy
        "#]],
    );
}

#[test]
fn a_rollout_that_ecs_gave_up_is_broken() {
    check(
        "web mode=client, needs=none | in internal.myapp | http=8080 | failed",
        "task web w1 10.0.0.1",
        &expect![[r#"
            prod/web broken
              broken tasks: ECS gave deployment ecs-svc/1 up; 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
        "#]],
    );
}

#[test]
fn an_endpoint_that_is_only_wanted_is_broken_and_nothing_more_is_said_of_it() {
    check(
        "api mode=client-server, namespace=internal.myapp | off | http=8080/http
         lost mode=client-server, namespace=nowhere | off | http=8080/http",
        "task api a1 10.0.0.1 proxy=none
         task lost l1 10.0.0.2 proxy=none",
        &expect![[r#"
            prod/api broken
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              api@api.internal.myapp:8080
                broken deployed: it is wanted and not deployed; the plan deploys it: see eastwest plan
            prod/lost unknown
              unknown wanted: what is wanted is not known: there is no namespace nowhere in this account and region; create it in Cloud Map, or name another; what is deployed is verified
                > once that namespace exists, or another one is declared
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
        "#]],
    );
}

#[test]
fn a_client_that_is_older_than_the_endpoint_does_not_know_it() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | deployed=50 past=50:SUCCESSFUL:in_internal.myapp_http/api@api:8080
         web mode=client, needs=api | in internal.myapp | http=8080 | deployed=5
         lone mode=client, needs=gone | in internal.myapp | http=8080 | deployed=60",
        "task api a1 10.0.0.1
         task web w1 10.0.0.9
         task lone l1 10.0.0.8
         instance api 10.0.0.1:8080",
        &expect![[r#"
            prod/api ok
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                ok instances: 1, one for each running task
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "getent hosts api"
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}' http://api:8080/"
            prod/lone broken
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              broken call: prod/lone calls gone, and no service offers it
            prod/web broken
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              broken call: the tasks of prod/web do not know api:8080: their deployment is older than the endpoint
                > roll prod/web out again: aws ecs update-service --cluster prod --service web --force-new-deployment; eastwest does it for what needs names
        "#]],
    );
}

#[test]
fn of_one_service_the_calls_of_others_to_it_are_told_too() {
    let report = report(PAIR, WELL, "prod/api");
    let calls: Vec<String> =
        report.services[0].calls.iter().map(|c| c.client.to_string()).collect();
    assert_eq!((report.services.len(), calls), (1, vec!["prod/web".to_owned()]));
}

#[test]
fn what_was_not_read_is_unknown() {
    check(
        PAIR,
        "no-tasks api denied
         no-instances api denied
         task web w1 10.0.0.9",
        &expect![[r#"
            prod/api unknown
              unknown tasks: its tasks were not read: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
              api@api:8080
                ok deployed: a deployment that has it has completed
                unknown instances: its instances were not read: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "getent hosts api"
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}' http://api:8080/"
            prod/web ok
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              ok call: the tasks of prod/web know api:8080
        "#]],
    );
}

#[test]
fn a_cloud_map_service_that_is_gone_is_broken() {
    check(
        PAIR,
        "task api a1 10.0.0.1
         task api a2 10.0.0.2
         task web w1 10.0.0.9
         no-instances api gone",
        &expect![[r#"
            prod/api broken
              ok tasks: 2 of 2 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 2 of 2 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: its Cloud Map service srv-api is gone
                  > deploy the service again: ECS makes the Cloud Map service of an endpoint
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "getent hosts api"
                $ aws ecs execute-command --cluster prod --task w1 --container app --interactive --command "curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}' http://api:8080/"
            prod/web ok
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              ok call: the tasks of prod/web know api:8080
        "#]],
    );
}

#[test]
fn a_task_that_is_no_instance_is_broken_and_an_instance_without_a_task_is_a_note() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | tasks=2
         one mode=client-server | in internal.myapp http/one@one:8080 | http=8080/http",
        "task api a1 10.0.0.1
         task api a2 10.0.0.2
         task one o1 10.0.0.3
         instance api 10.0.0.1:8080
         instance one 10.0.0.3:8080
         instance one 10.0.0.99:8080",
        &expect![[r#"
            prod/api broken
              ok tasks: 2 of 2 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 2 of 2 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: 1 of 2 running tasks are no instance of it: a2
                  > verify again, in case a task has just started or ended; else deploy the service again
            prod/one note
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
              one@one:8080
                ok deployed: a deployment that has it has completed
                note instances: every running task is one; 1 more belong to no running task, left over or registered by hand: i-10.0.0.99
        "#]],
    );
}

#[test]
fn in_bridge_mode_instances_are_compared_by_number() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http bridge | tasks=2",
        "task api a1 -
         task api a2 -
         instance api 10.0.0.1:32768",
        &expect![[r#"
            prod/api broken
              ok tasks: 2 of 2 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 2 of 2 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: 1, but 2 tasks run
                  > verify again, in case a task has just started or ended; else deploy the service again
        "#]],
    );
}

#[test]
fn instances_that_are_left_when_no_task_runs_answer_nobody() {
    check(
        "api mode=client-server | in internal.myapp http/api@api:8080 | http=8080/http | tasks=0",
        "instance api 10.0.0.1:8080",
        &expect![[r#"
            prod/api broken
              broken tasks: it is scaled to 0 tasks (deployment ecs-svc/1): nobody answers its callers
              api@api:8080
                ok deployed: a deployment that has it has completed
                broken instances: 1 instances, and no task of it runs
                  > verify again, in case a task has just started or ended; else deploy the service again
        "#]],
    );
}

#[test]
fn a_service_whose_tags_cannot_be_read_is_verified_as_it_is_deployed() {
    check(
        "web mode=client, needs=none, chekc=/ | in internal.myapp | http=8080",
        "task web w1 10.0.0.1",
        &expect![[r#"
            prod/web unknown
              unknown wanted: what is wanted is not known: invalid declaration: see its issues; what is deployed is verified
                > once its issues are fixed
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
        "#]],
    );
}

#[test]
fn a_service_to_switch_off_has_no_endpoint() {
    check(
        "api mode=off | in internal.myapp http/api@api:8080 | http=8080/http",
        "task api a1 10.0.0.1",
        &expect![[r#"
            prod/api note
              note wanted: Service Connect is to be switched off
              ok tasks: 1 of 1 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 1 of 1 tasks are healthy
        "#]],
    );
}

#[test]
fn a_host_that_a_shell_would_read_is_in_no_command() {
    let world = PAIR.replace("api:8080 |", "$(reboot):8080 |");
    let report = report(&world, WELL, "");
    let commands = report.services.iter().flat_map(|service| &service.endpoints);
    assert!(commands.into_iter().all(|endpoint| endpoint.try_it.is_none()), "{report:?}");
}
