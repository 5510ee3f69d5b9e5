//! What holds of every report.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::finding::{Check, Level, Report};
use super::report;
use crate::testing::cases;

/// Two servers and two clients, with facts drawn for each.
fn world() -> impl Strategy<Value = String> {
    let fact =
        select(&["", "rolling", "failed", "tasks=0", "tasks=3", "deployed=5", "deployed=90"]);
    prop::collection::vec(fact, 4).prop_map(|facts| {
        format!(
            "api mode=client-server, check=/ | in internal.myapp http/api@api:8080 | http=8080/http | {}
             db mode=client-server | in internal.myapp tcp/db@db:5432 | tcp=5432 | {}
             web mode=client, needs=api db | in internal.myapp | http=8080 | {}
             job mode=client | in internal.myapp | ? | {}",
            facts[0], facts[1], facts[2], facts[3]
        )
    })
}

/// Tasks, instances, answers and rules, each as it may be, or not read at all.
fn evidence() -> impl Strategy<Value = String> {
    let service = || select(&["api", "db", "web", "job"]);
    let state =
        select(&["", "starting", "stopping", "proxy=unhealthy", "proxy=none", "of=ecs-svc/9"]);
    let task = (service(), 1..9_u8, state)
        .prop_map(|(service, n, state)| format!("task {service} t{n} 10.0.0.{n} {state}"));
    let instance = (select(&["api", "db"]), 1..9_u8, select(&[8080, 5432, 1]))
        .prop_map(|(name, n, port)| format!("instance {name} 10.0.0.{n}:{port}"));
    let probe =
        (1..9_u8, select(&["tcp=1", "tcp=refused", "tcp=1 http=503:2", "tcp=1 http=closed"]))
            .prop_map(|(n, answer)| format!("probe 10.0.0.{n}:8080 {answer}"));
    let eni = (1..9_u8, select(&["sg-a", "sg-b", "sg-a,sg-b", "-"]))
        .prop_map(|(n, groups)| format!("eni 10.0.0.{n} {groups}"));
    let rule = select(&["all:0.0.0.0/0", "8080:sg-b", "5432:pl-1", "1-9000:10.0.0.0/30"]);
    let group = (select(&["sg-a", "sg-b"]), rule.clone(), rule)
        .prop_map(|(id, inbound, outbound)| format!("group {id} in={inbound} out={outbound}"));
    let line = prop_oneof![4 => task, 3 => instance, 2 => probe, 2 => eni, 1 => group];
    prop::collection::vec(line, 0..14).prop_map(|lines| lines.join("\n"))
}

/// The same evidence with one reading failed: tasks of a service, or instances of a name.
fn failed(evidence: &str, what: &str) -> String {
    let (kind, name) = what.split_once(' ').expect("two words");
    let mut text = String::new();
    for line in evidence.lines().filter(|line| !line.starts_with(&format!("{kind} {name} "))) {
        writeln!(text, "{line}").expect("a String takes all text");
    }
    format!("{text}no-{kind}s {name} denied")
}

fn worst(report: &Report) -> Level {
    report.services.iter().map(|service| service.level).max().unwrap_or(Level::Ok)
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_service_is_as_bad_as_its_worst_finding_and_the_sums_say_so(world in world(), evidence in evidence()) {
        let report = report(&world, &evidence, "");
        let summary = report.summary;
        prop_assert_eq!(summary.ok + summary.unknown + summary.broken, report.services.len());
        prop_assert_eq!(summary.broken > 0, worst(&report) == Level::Broken);
        for service in &report.services {
            prop_assert_eq!(Some(service.level), service.all_findings().map(|f| f.level).max());
        }
    }

    #[test]
    fn what_could_not_be_read_is_never_said_to_be_fine_nor_broken(
        world in world(),
        evidence in evidence(),
        what in select(&["task api", "task web", "instance api", "instance db"]),
    ) {
        let report = report(&world, &failed(&evidence, what), "");
        let (kind, name) = what.split_once(' ').expect("two words");
        for service in &report.services {
            let is_it = service.service.name.as_str() == name;
            let found = service.all_findings().filter(|finding| match (kind, finding.check) {
                ("task", Check::Tasks | Check::Proxies) | ("instance", Check::Instances) => is_it,
                _ => false,
            });
            for finding in found {
                prop_assert_eq!(finding.level, Level::Unknown, "{}", &finding.message);
            }
        }
    }

    #[test]
    fn everything_is_told_that_is_told_of_one_service_alone(world in world(), evidence in evidence()) {
        let all = report(&world, &evidence, "");
        for service in &all.services {
            let alone = report(&world, &evidence, &service.service.to_string());
            let [alone] = &alone.services[..] else { panic!("one service") };
            prop_assert_eq!(&alone.findings, &service.findings);
            prop_assert_eq!(&alone.endpoints, &service.endpoints);
            let mine = alone.calls.iter().filter(|call| call.client == service.service);
            prop_assert!(mine.eq(&service.calls));
        }
    }
}
