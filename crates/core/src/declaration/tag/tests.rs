//! The tag grammar: what each tag may say, and what is said about what it may not.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::testing::read_tags;

use super::*;

/// Tags as `key=value` lines without the prefix (but for those that begin with `/`); the answer is the
/// declaration, but for what is not declared, and the issues.
fn check(lines: &str, expected: &Expect) {
    let tags = lines
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once('=').expect("a test's line is key=value"))
        .map(|(key, value)| match key.strip_prefix('/') {
            Some(key) => (key.to_owned(), value.to_owned()),
            None => (format!("eastwest/{key}"), value.to_owned()),
        })
        .collect();
    expected.assert_eq(&show(read(&TagPrefix::default(), &tags)));
}

/// What the tags say by themselves: the mode and the fields, then the issues.
fn show(tagged: Option<Tagged>) -> String {
    let Some(Tagged { declaration, issues, no_mode, .. }) = tagged else {
        return "not opted in\n".to_owned();
    };
    if let Some(issue) = no_mode {
        return format!("not opted in\nadvice: {issue}\n");
    }
    let mut shown = match declaration {
        None => "ambiguous\n".to_owned(),
        Some(declaration) => declared(&declaration),
    };
    for issue in issues {
        let weight = if issue.weight == Weight::Advice { "advice: " } else { "" };
        writeln!(shown, "{weight}{issue}").expect("a String takes all text");
    }
    shown
}

fn declared(declaration: &Declaration) -> String {
    let mode: &str = declaration.mode.expect("an opt-in").into();
    let mut shown = format!("{mode}\n");
    let mut note = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(shown, "  {name} {value}").expect("a String takes all text");
        }
    };
    note("document", declaration.document.as_ref().map(ToString::to_string));
    note("namespace", declaration.namespace.as_ref().map(ToString::to_string));
    for endpoint in &declaration.endpoints {
        note("endpoint", Some(show_endpoint(endpoint)));
    }
    note("check", declaration.check.as_ref().map(ToString::to_string));
    note("logs", declaration.logs.as_ref().map(|logs| format!("{logs:?}")));
    note("access-logs", declaration.access_logs.as_ref().map(ToString::to_string));
    note("test-header", declaration.test_header.as_ref().map(ToString::to_string));
    note("needs", declaration.needs.as_ref().map(|needs| format!("{needs:?}")));
    note("refresh", declaration.refresh.as_ref().map(|refresh| format!("{refresh:?}")));
    note("pause", declaration.pause.as_ref().map(|pause| format!("{pause:?}")));
    shown
}

fn show_endpoint(endpoint: &EndpointDeclaration) -> String {
    let mut words = Vec::new();
    words.extend(endpoint.port.as_ref().map(|port| format!("port={port}")));
    words.extend(endpoint.discovery_name.as_ref().map(|name| format!("name={name}")));
    words.extend(endpoint.alias.as_ref().map(|alias| {
        let host = alias.dns_name.as_ref().map(ToString::to_string).unwrap_or_default();
        let port = alias.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("alias={host}{port}")
    }));
    if endpoint.timeout != crate::ecs::connect::Timeout::default() {
        words.push(endpoint.timeout.to_string());
    }
    words.extend(endpoint.ingress_port.map(|port| format!("ingress={port}")));
    words.extend(endpoint.tls.as_ref().map(ToString::to_string));
    words.join(" ")
}

#[test]
fn mode_alone_opts_in() {
    check(
        "mode=client-server",
        &expect![[r#"
        client-server
    "#]],
    );
}

#[test]
fn a_client_opts_in() {
    check(
        "mode=client",
        &expect![[r#"
        client
    "#]],
    );
}

#[test]
fn off_is_a_wish_too() {
    check(
        "mode=off",
        &expect![[r#"
        off
    "#]],
    );
}

#[test]
fn no_tag_of_ours_is_no_opt_in() {
    check(
        "/Team=shop
         /aws:cloudformation:stack-name=x",
        &expect![[r#"
            not opted in
        "#]],
    );
}

#[test]
fn another_prefix_is_not_ours() {
    check(
        "/Eastwest/mode=client
         /eastwest=client
         /eastwest:mode=client
         /my-eastwest/mode=client",
        &expect![[r#"
            not opted in
        "#]],
    );
}

#[test]
fn a_tag_without_mode_has_no_effect_and_says_so() {
    check(
        "alias=web:80
         port=http",
        &expect![[r#"
            not opted in
            advice: eastwest/alias="web:80": this tag has no effect without eastwest/mode: add it (client, client-server or off) to opt in
        "#]],
    );
}

#[test]
fn a_misspelt_mode_does_not_opt_in_and_is_recognised() {
    check(
        "alias=web:80
         Mode=client",
        &expect![[r#"
            not opted in
            advice: eastwest/Mode="client": this tag has no effect without eastwest/mode: add it (client, client-server or off) to opt in; did you mean "eastwest/mode"?
        "#]],
    );
}

#[test]
fn a_misspelt_value_is_said_with_the_nearest() {
    check(
        "mode=clinet-server",
        &expect![[r#"
        ambiguous
        eastwest/mode="clinet-server": client, client-server or off; did you mean "client-server"?
    "#]],
    );
}

#[test]
fn an_upper_case_value_is_said_with_the_nearest() {
    check(
        "mode=Client",
        &expect![[r#"
        ambiguous
        eastwest/mode="Client": client, client-server or off; did you mean "client"?
    "#]],
    );
}

#[test]
fn spaces_around_a_value_are_not_forgiven_but_recognised() {
    check(
        "mode=client",
        &expect![[r#"
        client
    "#]],
    );
}

#[test]
fn an_empty_mode_opts_in_and_is_not_understood() {
    check(
        "mode=",
        &expect![[r#"
        ambiguous
        eastwest/mode="": client, client-server or off
    "#]],
    );
}

#[test]
fn a_value_like_nothing_is_said_alone() {
    check(
        "mode=banana",
        &expect![[r#"
        ambiguous
        eastwest/mode="banana": client, client-server or off
    "#]],
    );
}

#[test]
fn an_unknown_tag_is_said_with_the_nearest() {
    check(
        "mode=client
         discovery_name=x",
        &expect![[r#"
            ambiguous
            eastwest/discovery_name="x": no such tag; the tags are eastwest/mode, eastwest/namespace, eastwest/port, eastwest/discovery-name, eastwest/alias, eastwest/timeout, eastwest/ingress-port, eastwest/tls, eastwest/logs, eastwest/access-logs, eastwest/test-header, eastwest/needs, eastwest/refresh, eastwest/pause, eastwest/retry, eastwest/check, eastwest/document and eastwest/endpoint.<port>; did you mean "eastwest/discovery-name"?
        "#]],
    );
}

#[test]
fn an_unknown_tag_like_nothing_is_said_alone() {
    check(
        "mode=client
         colour=red",
        &expect![[r#"
            ambiguous
            eastwest/colour="red": no such tag; the tags are eastwest/mode, eastwest/namespace, eastwest/port, eastwest/discovery-name, eastwest/alias, eastwest/timeout, eastwest/ingress-port, eastwest/tls, eastwest/logs, eastwest/access-logs, eastwest/test-header, eastwest/needs, eastwest/refresh, eastwest/pause, eastwest/retry, eastwest/check, eastwest/document and eastwest/endpoint.<port>
        "#]],
    );
}

#[test]
fn a_tag_without_a_name_is_unknown() {
    check(
        "mode=client
         /eastwest/=x",
        &expect![[r#"
            ambiguous
            eastwest/="x": no such tag; the tags are eastwest/mode, eastwest/namespace, eastwest/port, eastwest/discovery-name, eastwest/alias, eastwest/timeout, eastwest/ingress-port, eastwest/tls, eastwest/logs, eastwest/access-logs, eastwest/test-header, eastwest/needs, eastwest/refresh, eastwest/pause, eastwest/retry, eastwest/check, eastwest/document and eastwest/endpoint.<port>
        "#]],
    );
}

#[test]
fn all_issues_are_said_at_once() {
    check(
        "mode=client-sever
         port=0
         discovery-name=Django API
         alias=:
         pause=soon
         refresh=sometimes",
        &expect![[r#"
            ambiguous
            eastwest/alias=":": a port from 1 to 65535
            eastwest/discovery-name="Django API": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "django-api"?
            eastwest/mode="client-sever": client, client-server or off; did you mean "client-server"?
            eastwest/pause="soon": true, or a time such as 2026-12-24T18:00:00Z
            eastwest/port="0": a port mapping's name, or a container port from 1 to 65535
            eastwest/refresh="sometimes": declared, inferred, always or never
        "#]],
    );
}

#[test]
fn a_namespace_by_name_id_or_arn() {
    check(
        "mode=client
         namespace=internal.myapp",
        &expect![[r#"
            client
              namespace internal.myapp
        "#]],
    );
}

#[test]
fn a_namespace_by_id() {
    check(
        "mode=client
         namespace=ns-abcdefgh12345678",
        &expect![[r#"
            client
              namespace ns-abcdefgh12345678
        "#]],
    );
}

#[test]
fn a_namespace_by_arn() {
    check(
        "mode=client
         namespace=arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh12345678",
        &expect![[r#"
            client
              namespace arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh12345678
        "#]],
    );
}

#[test]
fn an_arn_of_something_else_is_no_namespace() {
    check(
        "mode=client
         namespace=arn:aws:ecs:eu-west-1:1:cluster/prod",
        &expect![[r#"
            ambiguous
            eastwest/namespace="arn:aws:ecs:eu-west-1:1:cluster/prod": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
        "#]],
    );
}

#[test]
fn an_arn_with_spaces_is_no_namespace() {
    check(
        "mode=client
         namespace=arn:aws:servicediscovery:x:1:namespace/ns-abcdefgh 12345678",
        &expect![[r#"
            ambiguous
            eastwest/namespace="arn:aws:servicediscovery:x:1:namespace/ns-abcdefgh 12345678": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
        "#]],
    );
}

#[test]
fn a_port_by_name() {
    check(
        "mode=client-server
         port=django-8000-tcp",
        &expect![[r#"
            client-server
              endpoint port=django-8000-tcp
        "#]],
    );
}

#[test]
fn a_port_by_number() {
    check(
        "mode=client-server
         port=8000",
        &expect![[r#"
            client-server
              endpoint port=8000
        "#]],
    );
}

#[test]
fn a_port_of_no_such_number() {
    check(
        "mode=client-server
         port=70000",
        &expect![[r#"
            ambiguous
            eastwest/port="70000": a port mapping's name, or a container port from 1 to 65535
        "#]],
    );
}

#[test]
fn an_empty_port() {
    check(
        "mode=client-server
         port=",
        &expect![[r#"
            ambiguous
            eastwest/port="": a port mapping's name, or a container port from 1 to 65535
        "#]],
    );
}

#[test]
fn a_discovery_name_of_64_characters() {
    check(
        "mode=client-server
         discovery-name=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        &expect![[r#"
            client-server
              endpoint name=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        "#]],
    );
}

#[test]
fn a_discovery_name_of_65_characters() {
    check(
        "mode=client-server
         discovery-name=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        &expect![[r#"
            ambiguous
            eastwest/discovery-name="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'
        "#]],
    );
}

#[test]
fn a_discovery_name_with_a_leading_hyphen() {
    check(
        "mode=client-server
         discovery-name=-api",
        &expect![[r#"
            ambiguous
            eastwest/discovery-name="-api": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "api"?
        "#]],
    );
}

#[test]
fn a_look_alike_letter_is_refused_without_a_guess() {
    check(
        "mode=client-server
         discovery-name=pаyments",
        &expect![[r#"
            ambiguous
            eastwest/discovery-name="pаyments" (with U+0430): 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'
        "#]],
    );
}

#[test]
fn an_alias_of_host_and_port() {
    check(
        "mode=client-server
         alias=backend.internal.myapp:8080",
        &expect![[r#"
            client-server
              endpoint alias=backend.internal.myapp:8080
        "#]],
    );
}

#[test]
fn an_alias_of_a_host() {
    check(
        "mode=client-server
         alias=backend",
        &expect![[r#"
            client-server
              endpoint alias=backend
        "#]],
    );
}

#[test]
fn an_alias_of_a_port() {
    check(
        "mode=client-server
         alias=:80",
        &expect![[r#"
            client-server
              endpoint alias=:80
        "#]],
    );
}

#[test]
fn an_alias_with_a_scheme() {
    check(
        "mode=client-server
         alias=http://backend:80",
        &expect![[r#"
            ambiguous
            eastwest/alias="http://backend:80": 1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'
        "#]],
    );
}

#[test]
fn an_alias_with_a_bad_host() {
    check(
        "mode=client-server
         alias=Back End:80",
        &expect![[r#"
            ambiguous
            eastwest/alias="Back End:80": 1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'; did you mean "back-end:80"?
        "#]],
    );
}

#[test]
fn an_alias_with_a_bad_port() {
    check(
        "mode=client-server
         alias=backend:http",
        &expect![[r#"
            ambiguous
            eastwest/alias="backend:http": a port from 1 to 65535
        "#]],
    );
}

#[test]
fn an_empty_alias() {
    check(
        "mode=client-server
         alias=",
        &expect![[r#"
            ambiguous
            eastwest/alias="": [dns-name][:port], such as backend.internal.myapp:8080, backend or :80
        "#]],
    );
}

#[test]
fn time_outs() {
    check(
        "mode=client-server
         timeout=idle=5m request=30s",
        &expect![[r#"
            client-server
              endpoint idle=300s request=30s
        "#]],
    );
}

#[test]
fn a_time_out_switched_off() {
    check(
        "mode=client-server
         timeout=request=0",
        &expect![[r#"
            client-server
              endpoint idle=default request=0s
        "#]],
    );
}

#[test]
fn a_time_out_in_hours() {
    check(
        "mode=client-server
         timeout=idle=2h",
        &expect![[r#"
            client-server
              endpoint idle=7200s request=default
        "#]],
    );
}

#[test]
fn a_time_out_without_a_unit() {
    check(
        "mode=client-server
         timeout=idle=300",
        &expect![[r#"
            ambiguous
            eastwest/timeout="idle=300": idle=<time> request=<time>, one or both; a time is 30s, 5m, 1h, or 0 to disable
        "#]],
    );
}

#[test]
fn a_time_out_beyond_what_ecs_takes() {
    check(
        "mode=client-server
         timeout=idle=999999999h",
        &expect![[r#"
            ambiguous
            eastwest/timeout="idle=999999999h": idle=<time> request=<time>, one or both; a time is 30s, 5m, 1h, or 0 to disable
        "#]],
    );
}

#[test]
fn a_time_out_twice() {
    check(
        "mode=client-server
         timeout=idle=1m idle=2m",
        &expect![[r#"
            ambiguous
            eastwest/timeout="idle=1m idle=2m": idle=… at most once, with a value
        "#]],
    );
}

#[test]
fn a_time_out_of_another_name() {
    check(
        "mode=client-server
         timeout=idel=1m",
        &expect![[r#"
            ambiguous
            eastwest/timeout="idel=1m": idle=<time> request=<time>, one or both; a time is 30s, 5m, 1h, or 0 to disable; did you mean "idle"?
        "#]],
    );
}

#[test]
fn an_empty_time_out() {
    check(
        "mode=client-server
         timeout=",
        &expect![[r#"
            ambiguous
            eastwest/timeout="": idle=<time> request=<time>, one or both; a time is 30s, 5m, 1h, or 0 to disable
        "#]],
    );
}

#[test]
fn an_ingress_port() {
    check(
        "mode=client-server
         ingress-port=1025",
        &expect![[r#"
            client-server
              endpoint ingress=1025
        "#]],
    );
}

#[test]
fn an_ingress_port_that_ecs_refuses() {
    check(
        "mode=client-server
         ingress-port=1024",
        &expect![[r#"
            ambiguous
            eastwest/ingress-port="1024": a port from 1025 to 65535
        "#]],
    );
}

#[test]
fn tls() {
    check(
        "mode=client-server
         tls=ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x key=alias/k",
        &expect![[r#"
            client-server
              endpoint ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x key=alias/k role=none
        "#]],
    );
}

#[test]
fn a_tag_names_no_role_for_tls() {
    check(
        "mode=client-server
         tls=ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x role=arn:aws:iam::1:role/r",
        &expect![[r#"
            ambiguous
            eastwest/tls="ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x role=arn:aws:iam::1:role/…": only the document can name a role for TLS: remove it here, and ask the owner of the document to add tls, with its role, to this service's entry there
        "#]],
    );
}

#[test]
fn tls_without_an_authority() {
    check(
        "mode=client-server
         tls=key=alias/k",
        &expect![[r#"
            ambiguous
            eastwest/tls="key=alias/k": ca=<arn> key=<arn>; ca is required
        "#]],
    );
}

#[test]
fn tls_with_something_that_is_no_arn() {
    check(
        "mode=client-server
         tls=ca=my-ca",
        &expect![[r#"
            ambiguous
            eastwest/tls="ca=my-ca": an ARN: arn:aws:<service>:<region>:<account>:<resource>
        "#]],
    );
}

#[test]
fn logs() {
    check(
        "mode=client
         logs=awslogs group=/ecs/web region=eu-west-1 prefix=proxy",
        &expect![[r#"
            client
              logs InPart(ProxyLogs { driver: "awslogs", options: [("awslogs-group", "/ecs/web"), ("awslogs-region", "eu-west-1"), ("awslogs-stream-prefix", "proxy")], secret_options: [] })
        "#]],
    );
}

#[test]
fn logs_switched_off() {
    check(
        "mode=client
         logs=none",
        &expect![[r#"
            client
              logs Off
        "#]],
    );
}

#[test]
fn logs_without_a_group() {
    check(
        "mode=client
         logs=awslogs region=eu-west-1",
        &expect![[r#"
            ambiguous
            eastwest/logs="awslogs region=eu-west-1": awslogs needs group=<log group>
        "#]],
    );
}

#[test]
fn logs_of_another_driver() {
    check(
        "mode=client
         logs=splunk url=x",
        &expect![[r#"
            ambiguous
            eastwest/logs="splunk url=x": awslogs group=<name> region=<region> prefix=<text>, or none
        "#]],
    );
}

#[test]
fn access_logs() {
    check(
        "mode=client
         access-logs=text",
        &expect![[r#"
            client
              access-logs TEXT
        "#]],
    );
}

#[test]
fn access_logs_with_query_parameters() {
    check(
        "mode=client
         access-logs=json query",
        &expect![[r#"
            client
              access-logs JSON query
        "#]],
    );
}

#[test]
fn access_logs_of_another_form() {
    check(
        "mode=client
         access-logs=jsn",
        &expect![[r#"
            ambiguous
            eastwest/access-logs="jsn": text or json, and optionally query to log query parameters; did you mean "json"?
        "#]],
    );
}

#[test]
fn access_logs_with_another_word() {
    check(
        "mode=client
         access-logs=json queries",
        &expect![[r#"
            ambiguous
            eastwest/access-logs="json queries": text or json, and optionally query to log query parameters
        "#]],
    );
}

#[test]
fn access_logs_need_logs() {
    check(
        "mode=client
         logs=none
         access-logs=json",
        &expect![[r#"
            ambiguous
            eastwest/access-logs="json": access logs need proxy logs: change eastwest/logs, or remove this tag
        "#]],
    );
}

#[test]
fn a_test_header() {
    check(
        "mode=client-server
         test-header=x-canary=yes",
        &expect![[r#"
            client-server
              test-header x-canary=yes
        "#]],
    );
}

#[test]
fn a_test_header_without_a_value() {
    check(
        "mode=client-server
         test-header=x-canary=",
        &expect![[r#"
            ambiguous
            eastwest/test-header="x-canary=": <name>=<value>
        "#]],
    );
}

#[test]
fn a_test_header_that_is_no_header() {
    check(
        "mode=client-server
         test-header=x canary=yes",
        &expect![[r#"
            ambiguous
            eastwest/test-header="x canary=yes": <name>=<value>
        "#]],
    );
}

#[test]
fn needs() {
    check(
        "mode=client
         needs=orders catalog orders",
        &expect![[r#"
            client
              needs ["catalog", "orders"]
        "#]],
    );
}

#[test]
fn needs_nothing() {
    check(
        "mode=client
         needs=none",
        &expect![[r#"
            client
              needs []
        "#]],
    );
}

#[test]
fn needs_that_say_nothing() {
    check(
        "mode=client
         needs=",
        &expect![[r#"
            ambiguous
            eastwest/needs="": discovery names separated by spaces, or none
        "#]],
    );
}

#[test]
fn needs_of_a_bad_name() {
    check(
        "mode=client
         needs=orders Catalog",
        &expect![[r#"
            ambiguous
            eastwest/needs="orders Catalog": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "orders catalog"?
        "#]],
    );
}

#[test]
fn refresh() {
    check(
        "mode=client
         refresh=always",
        &expect![[r#"
            client
              refresh Always
        "#]],
    );
}

#[test]
fn a_pause() {
    check(
        "mode=client
         pause=true",
        &expect![[r#"
            client
              pause Open
        "#]],
    );
}

#[test]
fn a_pause_that_is_over() {
    check(
        "mode=client
         pause=false",
        &expect![[r#"
            client
        "#]],
    );
}

#[test]
fn a_pause_until() {
    check(
        "mode=client
         pause=2026-12-24T18:00:00Z",
        &expect![[r#"
            client
              pause Until(2026-12-24T18:00:00Z)
        "#]],
    );
}

#[test]
fn a_pause_until_in_another_time_zone() {
    check(
        "mode=client
         pause=2026-12-24T18:00:00+02:00",
        &expect![[r#"
            client
              pause Until(2026-12-24T16:00:00Z)
        "#]],
    );
}

#[test]
fn a_pause_until_without_a_time_zone() {
    check(
        "mode=client
         pause=2026-12-24T18:00:00",
        &expect![[r#"
            ambiguous
            eastwest/pause="2026-12-24T18:00:00": true, or a time such as 2026-12-24T18:00:00Z
        "#]],
    );
}

#[test]
fn a_pause_of_another_word() {
    check(
        "mode=client
         pause=yes",
        &expect![[r#"
            ambiguous
            eastwest/pause="yes": true, or a time such as 2026-12-24T18:00:00Z
        "#]],
    );
}

#[test]
fn a_document_is_named_by_a_parameter_and_not_by_a_path() {
    check(
        "mode=client
         document=/eastwest/web",
        &expect![[r#"
            client
              document /eastwest/web
        "#]],
    );
    check(
        "mode=client
         document=/eastwest/",
        &expect![[r#"
            ambiguous
            eastwest/document="/eastwest/": an SSM parameter's name, such as /eastwest/services/web
        "#]],
    );
}

#[test]
fn an_endpoint_for_each_port() {
    check(
        "mode=client-server
         endpoint.http=name=web alias=web:80 idle=5m request=0 ingress=9000
         endpoint.9000=name=web-grpc",
        &expect![[r#"
            client-server
              endpoint port=9000 name=web-grpc
              endpoint port=http name=web alias=web:80 idle=300s request=0s ingress=9000
        "#]],
    );
}

#[test]
fn an_endpoint_with_an_authority() {
    check(
        "mode=client-server
         endpoint.http=tls-ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x",
        &expect![[r#"
            client-server
              endpoint port=http ca=arn:aws:acm-pca:eu-west-1:1:certificate-authority/x key=none role=none
        "#]],
    );
}

#[test]
fn an_endpoint_that_says_nothing_is_the_port_alone() {
    check(
        "mode=client-server
         endpoint.http=",
        &expect![[r#"
            client-server
              endpoint port=http
        "#]],
    );
}

#[test]
fn an_endpoint_without_a_port() {
    check(
        "mode=client-server
         endpoint.=name=web",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.="name=web": the key is endpoint.<port name> or endpoint.<container port>
        "#]],
    );
}

#[test]
fn an_endpoint_of_a_bad_port() {
    check(
        "mode=client-server
         endpoint.HTTP=name=web",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.HTTP="name=web": the key is endpoint.<port name> or endpoint.<container port>
        "#]],
    );
}

#[test]
fn an_endpoint_with_an_unknown_word() {
    check(
        "mode=client-server
         endpoint.http=nam=web",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.http="nam=web": name=… alias=… idle=… request=… ingress=… tls-ca=…, each at most once; did you mean "name"?
        "#]],
    );
}

#[test]
fn an_endpoint_with_a_bad_ingress_port() {
    check(
        "mode=client-server
         endpoint.http=ingress=80",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.http="ingress=80": ingress is a port from 1025 to 65535
        "#]],
    );
}

#[test]
fn an_endpoint_with_a_word_that_is_no_pair() {
    check(
        "mode=client-server
         endpoint.http=web",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.http="web": name=… alias=… idle=… request=… ingress=… tls-ca=…, each at most once
        "#]],
    );
}

#[test]
fn endpoints_exclude_the_tags_for_one() {
    check(
        "mode=client-server
         endpoint.http=name=web
         port=http
         alias=web:80",
        &expect![[r#"
            ambiguous
            eastwest/alias="web:80": either eastwest/endpoint.<port> or the tags for a single endpoint, not both
            eastwest/port="http": either eastwest/endpoint.<port> or the tags for a single endpoint, not both
        "#]],
    );
}

#[test]
fn endpoints_exclude_the_tags_for_one_even_where_they_are_wrong() {
    check(
        "mode=client-server
         endpoint.http=nam=web
         port=http",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.http="nam=web": name=… alias=… idle=… request=… ingress=… tls-ca=…, each at most once; did you mean "name"?
            eastwest/port="http": either eastwest/endpoint.<port> or the tags for a single endpoint, not both
        "#]],
    );
}

#[test]
fn a_client_offers_no_endpoint() {
    check(
        "mode=client
         port=http
         endpoint.http=name=web",
        &expect![[r#"
            ambiguous
            eastwest/endpoint.http="name=web": a client offers no endpoint: remove this tag, or set eastwest/mode=client-server
            eastwest/port="http": either eastwest/endpoint.<port> or the tags for a single endpoint, not both
        "#]],
    );
}

#[test]
fn off_may_keep_its_other_tags() {
    check(
        "mode=off
         port=http
         alias=web:80",
        &expect![[r#"
            off
              endpoint port=http alias=web:80
        "#]],
    );
}

#[test]
fn control_characters_are_made_visible() {
    check(
        "mode=\u{1b}[31mclient\u{7}",
        &expect![[r#"
        ambiguous
        eastwest/mode="�[31mclient�": client, client-server or off
    "#]],
    );
}

#[test]
fn characters_that_turn_or_break_a_line_are_made_visible() {
    check(
        "mode=client\u{202e}
         \u{202e}name=x",
        &expect![[r#"
            ambiguous
            eastwest/mode="client�": client, client-server or off; did you mean "client"?
            eastwest/�name="x": no such tag; the tags are eastwest/mode, eastwest/namespace, eastwest/port, eastwest/discovery-name, eastwest/alias, eastwest/timeout, eastwest/ingress-port, eastwest/tls, eastwest/logs, eastwest/access-logs, eastwest/test-header, eastwest/needs, eastwest/refresh, eastwest/pause, eastwest/retry, eastwest/check, eastwest/document and eastwest/endpoint.<port>
        "#]],
    );
}

#[test]
fn a_value_of_256_characters_is_shortened() {
    check(
        "mode=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        &expect![[r#"
            ambiguous
            eastwest/mode="cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc…": client, client-server or off
        "#]],
    );
}

#[test]
fn another_prefix_may_be_chosen() {
    let prefix = TagPrefix::parse("acme.io/mesh.").expect("a good prefix");
    let tags = read_tags("/acme.io/mesh.mode=client, /eastwest/mode=off, /acme.io/mesh.x=1");
    expect![[r#"
        ambiguous
        acme.io/mesh.x="1": no such tag; the tags are acme.io/mesh.mode, acme.io/mesh.namespace, acme.io/mesh.port, acme.io/mesh.discovery-name, acme.io/mesh.alias, acme.io/mesh.timeout, acme.io/mesh.ingress-port, acme.io/mesh.tls, acme.io/mesh.logs, acme.io/mesh.access-logs, acme.io/mesh.test-header, acme.io/mesh.needs, acme.io/mesh.refresh, acme.io/mesh.pause, acme.io/mesh.retry, acme.io/mesh.check, acme.io/mesh.document and acme.io/mesh.endpoint.<port>
    "#]].assert_eq(&show(read(&prefix, &tags)));
}

#[test]
fn every_tag_of_the_grammar_has_a_good_value() {
    let good = read_tags(
        "mode=client-server, namespace=n, port=p, discovery-name=d, alias=a, timeout=idle=1s, \
         ingress-port=2000, tls=ca=arn:a:b:c:d:e, logs=awslogs group=g, access-logs=text, \
         test-header=a=b, needs=n, refresh=never, pause=true, retry=1, check=/health",
    );
    let tagged = read(&TagPrefix::default(), &good).expect("tags of ours");
    assert!(tagged.declaration.is_some(), "{:?}", tagged.issues);
    let untested: Vec<_> =
        RULES.iter().filter(|rule| !good.contains_key(&format!("eastwest/{}", rule.key))).collect();
    assert_eq!(untested.iter().map(|rule| rule.key).collect::<Vec<_>>(), ["document"]);
}

#[test]
fn what_a_tag_allows_is_written_once_and_never_empty() {
    let keys: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.key).collect();
    assert_eq!(keys.len(), RULES.len());
    assert!(RULES.iter().all(|rule| !rule.allowed.is_empty() && !rule.meaning.is_empty()));
}

#[test]
fn a_check_is_a_path() {
    check(
        "mode=client-server
         check=/health",
        &expect![[r#"
            client-server
              check /health
        "#]],
    );
}

#[test]
fn a_check_that_is_no_path_is_refused_with_the_nearest_one() {
    check(
        "mode=client-server
         check=health",
        &expect![[r#"
            ambiguous
            eastwest/check="health": a path that begins with one '/', such as /health, without spaces and '#'; did you mean "/health"?
        "#]],
    );
    for text in ["//host/health", "/a b", "http://web/health", "/a#b", "/ä", ""] {
        let tags = read_tags(&format!("mode=client-server, check={text}"));
        let shown = show(read(&TagPrefix::default(), &tags));
        assert!(shown.starts_with("ambiguous\neastwest/check="), "{text}: {shown}");
    }
}
