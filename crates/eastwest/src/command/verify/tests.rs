//! The text of a report.

use eastwest_core::ecs::name::{Arn, DiscoveryName};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::report::verify::finding::{
    CallReport, Check, EndpointReport, Finding, Level, Report, ServiceReport, Summary,
};
use eastwest_core::report::verify::{ProbeRow, TryIt};
use expect_test::expect;

use super::exit_code;
use super::text::{Shown, text};
use crate::api::plan::FaultRow;
use crate::command::paint::plain;

fn key(name: &str) -> ServiceKey {
    let arn = Arn::as_read(&format!("arn:aws:ecs:r:1:service/prod/{name}"));
    ServiceKey::of_arn(&arn).expect("it names its cluster")
}

fn finding(level: Level, check: Check, message: &str) -> Finding {
    Finding { level, check, message: message.to_owned(), advice: None }
}

/// A server of which one instance refuses, and a client of which all is well.
fn report() -> Report {
    let row = |address: &str| ProbeRow {
        address: address.parse().expect("an address"),
        connect_ms: None,
        status: None,
        answer_ms: None,
        error: None,
    };
    let good = ProbeRow {
        connect_ms: Some(0.42),
        status: Some(200),
        answer_ms: Some(3.0),
        ..row("10.0.0.1:80")
    };
    let bad = ProbeRow { error: Some("refuses the connection".to_owned()), ..row("10.0.0.2:80") };
    let advice = Some("look at the logs".to_owned());
    let endpoint = EndpointReport {
        name: DiscoveryName::as_read("api"),
        alias: "api:80".to_owned(),
        findings: vec![Finding { advice, ..finding(Level::Broken, Check::Tcp, "1 of 2") }],
        probes: vec![good, bad],
        try_it: Some(TryIt {
            client: key("web"),
            commands: vec!["aws ecs execute-command".to_owned()],
            needs_exec: true,
        }),
    };
    let call = CallReport {
        client: key("web"),
        name: Some(DiscoveryName::as_read("api")),
        server: Some(key("api")),
        findings: vec![finding(Level::Ok, Check::Call, "known")],
    };
    let api = ServiceReport {
        service: key("api"),
        level: Level::Broken,
        findings: vec![finding(Level::Ok, Check::Tasks, "2 of 2 run")],
        endpoints: vec![endpoint],
        calls: Vec::new(),
    };
    let web = ServiceReport {
        service: key("web"),
        level: Level::Ok,
        findings: Vec::new(),
        endpoints: Vec::new(),
        calls: vec![call],
    };
    Report { services: vec![api, web], summary: Summary { ok: 1, unknown: 0, broken: 1 } }
}

fn shown(is_whole: bool) -> String {
    let faults =
        [FaultRow { cluster: "dev".to_owned(), message: "ecs.ListServices: no".to_owned() }];
    let shown = Shown {
        report: &report(),
        faults: &faults,
        notes: &[],
        is_whole,
        has_connected: true,
        has_network: false,
    };
    plain(&text(&shown))
}

#[test]
fn what_is_broken_is_shown_in_full_and_what_is_well_in_a_line() {
    expect![[r#"
        ! cluster dev: ecs.ListServices: no
        prod/api
          ok      tasks     2 of 2 run
          endpoint api at api:80
            broken  tcp       1 of 2
                              > look at the logs
              10.0.0.1:80 connected in 0.4 ms, HTTP 200 in 3.0 ms
              10.0.0.2:80 refuses the connection
            try it from a task of prod/web; ECS Exec is off there, and switching it on (--enable-execute-command) needs a new deployment:
              aws ecs execute-command

        ok  prod/web  endpoints: 0, calls: 1

        nslookup and dig are the wrong test: Service Connect writes its names into /etc/hosts of each task and into no DNS, and these two ask only DNS. They fail where all is well. getent and curl read /etc/hosts, as applications do.

        Verified: 1 broken, 0 unknown, 1 ok.
        Not verified: security groups (--from, with what aws ec2 describe-security-groups and describe-network-interfaces print).
    "#]].assert_eq(&shown(false));
}

#[test]
fn everything_is_shown_in_full_if_asked() {
    let text = shown(true);
    assert!(text.contains("prod/web\n  calls\n    ok      call      known\n"), "{text}");
    assert!(!text.contains("ok  prod/web"), "{text}");
}

#[test]
fn the_worst_decides_the_exit_code_and_a_cluster_that_was_not_read_is_unknown() {
    let code = |level: Level, faults: &[FaultRow]| {
        let mut report = report();
        report.services[0].level = level;
        format!("{:?}", exit_code(&report, faults))
    };
    let is = |code: u8| format!("{:?}", std::process::ExitCode::from(code));
    let fault = [FaultRow { cluster: "dev".to_owned(), message: "no".to_owned() }];
    assert_eq!(code(Level::Ok, &[]), is(0));
    assert_eq!(code(Level::Note, &[]), is(0));
    assert_eq!(code(Level::Unknown, &[]), is(1));
    assert_eq!(code(Level::Ok, &fault), is(1));
    assert_eq!(code(Level::Broken, &fault), is(2));
}
