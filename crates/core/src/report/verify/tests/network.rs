//! Which instances are asked, and what their answers mean.

use std::fmt::Write as _;

use expect_test::expect;

use super::{PAIR, WELL, check, connected, read, report};
use crate::report::verify::finding::Check;
use crate::report::verify::{Scope, subjects};
use crate::testing::Stage;

/// What `api` is asked for, as `address [host path]`.
fn asked(world: &str, evidence: &str) -> Vec<String> {
    let mut stage = Stage::read(world);
    connected(&mut stage);
    let plan = stage.plan();
    let scope = Scope { view: &stage.view, settings: &stage.settings, plan: &plan, only: None };
    let subjects = subjects(scope);
    let probes = subjects.probes(&read(&subjects, evidence));
    let shown = probes.iter().map(|probe| match &probe.http {
        Some(http) => format!("{} {} {}", probe.address, http.host, http.path),
        None => probe.address.to_string(),
    });
    shown.collect()
}

#[test]
fn every_instance_that_a_task_has_is_asked_and_by_the_alias_for_the_check() {
    assert_eq!(asked(PAIR, WELL), ["10.0.0.1:8080", "10.0.0.2:8080"]);
    let checked = PAIR.replace("mode=client-server", "mode=client-server, check=/health");
    assert_eq!(
        asked(&checked, WELL),
        ["10.0.0.1:8080 api:8080 /health", "10.0.0.2:8080 api:8080 /health"]
    );
}

#[test]
fn an_instance_at_an_address_that_no_task_has_is_not_asked() {
    let more = format!("{WELL}\n instance api 10.0.0.77:22");
    assert_eq!(asked(PAIR, &more), ["10.0.0.1:8080", "10.0.0.2:8080"]);
    // In bridge mode nobody knows the addresses, and still the credentials of a task are no instance.
    let bridge = "task api a1 -
        instance api 10.0.0.7:32768
        instance api 169.254.170.2:80
        instance api [fe80::1]:80
        instance api [::ffff:169.254.169.254]:80
        instance api 0.0.0.0:80
        instance api 224.0.0.1:80";
    let world = PAIR.replace("http=8080/http |", "http=8080/http bridge |");
    assert_eq!(asked(&world, bridge), ["10.0.0.7:32768"]);
}

#[test]
fn at_most_fifty_instances_of_an_endpoint_are_asked_and_that_is_said() {
    let mut evidence = "probed".to_owned();
    for n in 1..=60 {
        write!(
            evidence,
            "\n task api a{n} 10.0.0.{n}\n instance api 10.0.0.{n}:8080\n probe 10.0.0.{n}:8080 tcp=1"
        )
        .expect("a String takes all text");
    }
    assert_eq!(asked(PAIR, &evidence).len(), 50);
    let report = report(PAIR, &evidence, "prod/api");
    let found: Vec<&str> = report.services[0]
        .all_findings()
        .filter(|each| each.check == Check::Tcp)
        .map(|each| each.message.as_str())
        .collect();
    assert_eq!(
        found,
        ["50 of 50 instances accept a connection, in 1.0 ms", "10 more instances were not asked"]
    );
}

#[test]
fn what_refuses_what_is_slow_and_what_answers_with_an_error_is_broken() {
    check(
        "api mode=client-server, check=/health | in internal.myapp http/api@api:8080 | http=8080/http | tasks=4",
        "task api a1 10.0.0.1
         task api a2 10.0.0.2
         task api a3 10.0.0.3
         task api a4 10.0.0.4
         instance api 10.0.0.1:8080
         instance api 10.0.0.2:8080
         instance api 10.0.0.3:8080
         instance api 10.0.0.4:8080
         probe 10.0.0.1:8080 tcp=1 http=200:7
         probe 10.0.0.2:8080 tcp=refused
         probe 10.0.0.3:8080 tcp=2 http=500:9
         probe 10.0.0.4:8080 tcp=3 http=closed",
        &expect![[r#"
            prod/api broken
              ok tasks: 4 of 4 tasks of deployment ecs-svc/1 run
              ok proxies: the proxies of 4 of 4 tasks are healthy
              api@api:8080
                ok deployed: a deployment that has it has completed
                ok instances: 4, one for each running task
                broken tcp: 3 of 4 instances accept a connection: 10.0.0.2:8080 refuses the connection
                  > look at the application's logs, at security groups (--from) and at network ACLs; outside the VPC no instance can be reached
                broken http: 1 of 3 instances answer GET /health well: 10.0.0.3:8080 answers HTTP 500 after 9.0 ms; 10.0.0.4:8080 closes the connection
        "#]],
    );
}

#[test]
fn what_does_not_speak_plain_http_is_asked_only_for_a_connection() {
    let checked = "mode=client-server, check=/health";
    for (endpoint, ports) in [
        ("http/api@api:8080", "http=8080/grpc"),
        ("http/api@api:8080", "http=8080/http2"),
        ("http/api@api:8080+tls=arn:ca", "http=8080/http"),
    ] {
        let world = format!("api {checked} | in internal.myapp {endpoint} | {ports}");
        let evidence = "task api a1 10.0.0.1
            instance api 10.0.0.1:8080
            probe 10.0.0.1:8080 tcp=1";
        assert_eq!(asked(&world, evidence), ["10.0.0.1:8080"], "{ports}");
        let report = report(&world, evidence, "");
        let note = report.services[0].all_findings().find(|each| each.check == Check::Http);
        let note = note.expect("it is said").message.clone();
        assert!(note.starts_with("not asked for its check: it"), "{note}");
    }
    // Plain TCP may be HTTP all the same, unless another port says that it is.
    let one = format!("api {checked} | in internal.myapp a/api@api:8080 | a=8080");
    let evidence = "task api a1 10.0.0.1\n instance api 10.0.0.1:8080\n instance b 10.0.0.1:9090";
    assert_eq!(asked(&one, evidence), ["10.0.0.1:8080 api:8080 /health"]);
    let two =
        format!("api {checked} | in internal.myapp a/api@api:8080 b/b@b:9090 | a=8080/http b=9090");
    assert_eq!(asked(&two, evidence), ["10.0.0.1:8080 api:8080 /health", "10.0.0.1:9090"]);
}
