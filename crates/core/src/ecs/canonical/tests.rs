//! When two configurations are the same.

use expect_test::{Expect, expect};

use crate::ecs::change::changes;
use crate::ecs::name::Arn;
use crate::ecs::name::NamespaceName;
use crate::testing::{namespace, read_connect, task_definition};

use super::*;

/// The differences from one configuration to another, on `internal.myapp` and one port of each kind.
fn check(from: &str, to: &str, expected: &Expect) {
    let ports = "http=8080/http tcp=9000";
    let task_definition = task_definition(&Arn::as_read("arn:td:1"), ports);
    let mut renamed = namespace("old.name");
    renamed.http_name = NamespaceName::as_read("old.name-1x2y");
    let namespaces = [namespace("internal.myapp"), renamed];
    let default = NamespaceRef::as_read("internal.myapp");
    let ground = Ground {
        namespaces: &namespaces,
        default_namespace: Some(&default),
        task_definition: Some(&task_definition),
    };
    let side = |text: &str| read_connect(text).map(|connect| canonical(&connect, &ground));
    let changes = changes(side(from).as_ref(), side(to).as_ref());
    let lines: Vec<String> = changes
        .iter()
        .map(|change| {
            let field: &str = change.field.into();
            let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
            let place = change.endpoint.as_ref().map(|place| format!(" {place}"));
            let place = place.unwrap_or_default();
            format!("{field}{place}: {} -> {}", show(&change.from), show(&change.to))
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

fn check_same(one: &str, other: &str) {
    check(one, other, &expect![[""]]);
    check(other, one, &expect![[""]]);
}

#[test]
fn a_namespace_is_one_under_all_its_names() {
    check_same("in internal.myapp", "in ns-internalmyapp");
    check_same("in internal.myapp", &format!("in {}", namespace("internal.myapp").arn));
    check_same("in old.name", "in old.name-1x2y");
}

#[test]
fn a_namespace_that_is_not_given_is_the_clusters_default() {
    check_same("in ?", "in internal.myapp");
}

#[test]
fn a_discovery_name_that_is_not_given_is_the_ports_name() {
    check_same("in ? http@a:80", "in ? http/http@a:80");
}

#[test]
fn an_alias_that_is_not_given_is_the_default_one() {
    check_same("in ? http/a", "in ? http/a@a.internal.myapp:8080");
    check_same("in ? http/a@:80", "in ? http/a@a.internal.myapp:80");
}

#[test]
fn time_outs_that_are_not_given_are_those_of_the_protocol() {
    check_same("in ? http@a:80", "in ? http@a:80+idle=300+request=15");
    check_same("in ? tcp@a:80", "in ? tcp@a:80+idle=3600");
}

#[test]
fn an_ingress_port_that_is_not_given_is_the_containers() {
    check_same("in ? http@a:80", "in ? http@a:80+ingress=8080");
}

#[test]
fn the_order_of_endpoints_and_of_log_options_says_nothing() {
    check_same("in ? http@a:80 tcp@b:81", "in ? tcp@b:81 http@a:80");
    check_same("in ? logs=a:1,b:2", "in ? logs=b:2,a:1");
}

#[test]
fn off_and_on_are_one_difference_with_all_that_comes_with_it() {
    check("off", "off", &expect![[""]]);
    check("in ? http/a@a:80 logs=g", "off", &expect!["enabled: on -> off"]);
    check(
        "off",
        "in ? http/a@a:80 logs=g",
        &expect![[r#"
            enabled: off -> on
            namespace: - -> ns-internalmyapp
            endpoint http/a: - -> a:80
            logs: - -> awslogs awslogs-group=g"#]],
    );
}

#[test]
fn every_member_that_differs_is_named() {
    check(
        "in ? http/a@a:80+idle=1+ingress=9000+tls=x+test=t logs=g access=TEXT",
        "in old.name http/a@b:80+idle=2+ingress=9001+tls=y+test=u logs=h access=JSON",
        &expect![[r#"
            namespace: ns-internalmyapp -> ns-oldname0
            alias http/a: a:80 -> b:80
            test-header http/a: t=yes -> u=yes
            ingress-port http/a: 9000 -> 9001
            timeout http/a: idle=1s request=15s -> idle=2s request=15s
            tls http/a: ca=x key=none role=none -> ca=y key=none role=none
            logs: awslogs awslogs-group=g -> awslogs awslogs-group=h
            access-logs: TEXT -> JSON"#]],
    );
}

#[test]
fn a_time_out_of_zero_is_not_the_default() {
    check(
        "in ? http@a:80",
        "in ? http@a:80+request=0",
        &expect!["timeout http/http: idle=300s request=15s -> idle=300s request=0s"],
    );
}

#[test]
fn another_port_is_another_endpoint() {
    check(
        "in ? http/a@a:80",
        "in ? tcp/a@a:80",
        &expect![[r#"
        endpoint http/a: a:80 -> -
        endpoint tcp/a: - -> a:80"#]],
    );
}

#[test]
fn the_value_of_a_log_option_that_may_be_a_token_is_not_shown() {
    check(
        "in ? logs=splunk-token:one",
        "in ? logs=splunk-token:two",
        &expect!["logs: awslogs splunk-token=(hidden) -> awslogs splunk-token=(hidden)"],
    );
}

#[test]
fn a_log_level_that_is_not_given_is_info() {
    check_same("in ?", "in ? level=info");
    check("in ? level=debug", "in ?", &expect!["log-level: debug -> -"]);
}
