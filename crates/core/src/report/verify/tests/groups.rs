//! Which rule of a security group is missing between whom.

use expect_test::{Expect, expect};

use super::{PAIR, WELL, report};
use crate::report::verify::finding::Check;

/// What is said of the security groups between `web` and `api`.
fn check(network: &str, expected: &Expect) {
    let report = report(PAIR, &format!("{WELL}\n{network}"), "prod/web");
    let findings = report.services[0].all_findings().filter(|each| each.check == Check::Groups);
    let texts: Vec<String> =
        findings.map(|each| format!("{}: {}", each.level.name(), each.message)).collect();
    expected.assert_eq(&texts.join("\n"));
}

/// Two tasks of a server and one of a client, with a group each.
const INTERFACES: &str = "eni 10.0.0.1 sg-api
     eni 10.0.0.2 sg-api
     eni 10.0.0.9 sg-web";

#[test]
fn a_rule_may_name_the_callers_group_its_network_or_everybody() {
    for rule in
        ["8080:sg-web", "8000-9000:sg-web", "all:sg-web", "8080:10.0.0.0/24", "all:0.0.0.0/0"]
    {
        let network =
            format!("{INTERFACES}\n group sg-api in={rule}\n group sg-web out=all:0.0.0.0/0");
        check(&network, &expect!["ok: security groups let prod/web reach prod/api on TCP 8080"]);
    }
}

#[test]
fn what_no_inbound_rule_names_is_missing() {
    for rule in ["8081:sg-web", "8080:sg-other", "8080:10.0.1.0/24", "udp:sg-web", "all:::/0"] {
        let network =
            format!("{INTERFACES}\n group sg-api in={rule}\n group sg-web out=all:0.0.0.0/0");
        check(
            &network,
            &expect![
                "broken: security groups do not let prod/web reach prod/api: no inbound rule of sg-api for TCP 8080 from sg-web (10.0.0.9)"
            ],
        );
    }
}

#[test]
fn what_no_outbound_rule_names_is_missing_too() {
    check(
        &format!("{INTERFACES}\n group sg-api\n group sg-web out=443:0.0.0.0/0"),
        &expect![
            "broken: security groups do not let prod/web reach prod/api: no inbound rule of sg-api for TCP 8080 from sg-web (10.0.0.9); no outbound rule of sg-web for TCP 8080 to sg-api (10.0.0.2)"
        ],
    );
}

#[test]
fn one_task_that_does_not_get_through_is_enough() {
    check(
        "eni 10.0.0.1 sg-api
         eni 10.0.0.2 sg-old
         eni 10.0.0.9 sg-web
         group sg-api in=8080:sg-web
         group sg-old in=22:sg-web
         group sg-web out=all:0.0.0.0/0",
        &expect![
            "broken: security groups do not let prod/web reach prod/api: no inbound rule of sg-old for TCP 8080 from sg-web (10.0.0.9)"
        ],
    );
}

#[test]
fn the_groups_of_an_interface_count_together() {
    check(
        "eni 10.0.0.1 sg-api,sg-more
         eni 10.0.0.2 sg-more,sg-api
         eni 10.0.0.9 sg-web,sg-out
         group sg-api in=22:sg-web
         group sg-more in=8080:sg-out
         group sg-web out=53:0.0.0.0/0
         group sg-out out=8080:sg-api",
        &expect!["ok: security groups let prod/web reach prod/api on TCP 8080"],
    );
}

#[test]
fn what_is_in_a_prefix_list_is_not_known() {
    check(
        &format!(
            "{INTERFACES}\n group sg-api in=8080:pl-1 in=22:sg-web\n group sg-web out=all:0.0.0.0/0"
        ),
        &expect![
            "unknown: not known whether security groups let prod/web reach prod/api on TCP 8080: a rule names the prefix list pl-1, and what is in it was not captured"
        ],
    );
}

#[test]
fn a_group_or_an_interface_that_was_not_captured_is_not_known() {
    check(
        &format!("{INTERFACES}\n group sg-web out=all:0.0.0.0/0"),
        &expect![
            "unknown: not known whether security groups let prod/web reach prod/api on TCP 8080: security group sg-api was not captured: add aws ec2 describe-security-groups"
        ],
    );
    check(
        "eni 10.0.0.1 sg-api\n eni 10.0.0.9 sg-web\n group sg-api in=8080:sg-web",
        &expect![
            "unknown: the network interfaces of these tasks of prod/api were not captured: a2"
        ],
    );
}

#[test]
fn an_ingress_port_is_the_port_that_must_be_open() {
    let world = PAIR.replace("http/api@api:8080", "http/api@api:8080+ingress=9000");
    let network = format!(
        "{WELL}\n{INTERFACES}\n group sg-api in=8080:sg-web\n group sg-web out=all:0.0.0.0/0"
    );
    let report = report(&world, &network, "prod/web");
    let texts: Vec<&str> =
        report.services[0].all_findings().map(|each| each.message.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("for TCP 9000 from sg-web")), "{texts:?}");
}

#[test]
fn where_the_server_has_only_ipv6_its_rules_for_ipv6_count() {
    let evidence = "task api a1 fd00::1
        task web w1 fd00::9
        instance api [fd00::1]:8080
        eni fd00::1 sg-api
        eni 10.0.0.9,fd00::9 sg-web
        group sg-web out=all:::/0
        group sg-api in=8080:";
    for (rule, level) in [("fd00::/64", "ok"), ("10.0.0.0/8", "broken")] {
        let report = report(PAIR, &format!("{evidence}{rule}"), "prod/web");
        let found = report.services[0].all_findings().find(|each| each.check == Check::Groups);
        assert_eq!(found.map(|each| each.level.name()), Some(level), "{rule}");
    }
}
