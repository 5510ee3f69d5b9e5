//! Where two configurations differ, and what is said of it.

use expect_test::{Expect, expect};

use super::{Change, Field, changes};
use crate::ecs::canonical::tests::read_canonical;

/// The differences from one configuration to another, one a line.
fn check(from: &str, to: &str, expected: &Expect) {
    let changes = changes(read_canonical(from).as_ref(), read_canonical(to).as_ref());
    let lines: Vec<String> = changes
        .iter()
        .map(|change| {
            let field: &str = change.field.into();
            let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
            let endpoint = change.endpoint.as_ref().map(|endpoint| format!(" {endpoint}"));
            let endpoint = endpoint.unwrap_or_default();
            format!("{field}{endpoint}: {} -> {}", show(&change.from), show(&change.to))
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn configurations_that_are_the_same_do_not_differ() {
    check("in internal.myapp", "in ns-internalmyapp", &expect![[""]]);
    check("in ? http@a:80", "in ? http/http@a:80+idle=300+request=15", &expect![[""]]);
    check("in ? http@a:80 tcp@b:81", "in ? tcp@b:81 http@a:80", &expect![[""]]);
    check("in ? level=info", "in ?", &expect![[""]]);
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
fn a_log_level_that_goes_is_a_difference() {
    check("in ? level=debug", "in ?", &expect!["log-level: debug -> -"]);
}

#[test]
fn a_change_in_one_line_says_what_field_and_from_what_to_what() {
    let change = |endpoint: Option<&str>, from: Option<&str>| Change {
        field: Field::Alias,
        endpoint: endpoint.map(str::to_owned),
        from: from.map(str::to_owned),
        to: Some("api:80".to_owned()),
    };
    assert_eq!(
        change(Some("http/api"), Some("a:1")).to_string(),
        "alias of http/api: a:1 -> api:80"
    );
    assert_eq!(change(None, None).to_string(), "alias: - -> api:80");
}
