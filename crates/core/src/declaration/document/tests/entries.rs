//! One service's entry: its grammar, and what is said of a parameter that a tag names and that is something else.

use expect_test::{Expect, expect};

use super::{declared, listed, parameter, secret};
use crate::declaration::document::read_entry;
use crate::ecs::parameter::Parameter;

fn check(parameter: &Parameter, expected: &Expect) {
    let (declaration, issues) = read_entry(parameter);
    let mut shown = declaration.map_or("none".to_owned(), |entry| declared(&entry));
    shown.push('\n');
    shown.push_str(&listed(&issues));
    expected.assert_eq(&shown);
}

fn check_text(text: &str, expected: &Expect) {
    check(&parameter("/e", text), expected);
}

#[test]
fn an_entry() {
    check_text(
        r#"{"mode":"client-server","endpoints":[{"port":"8080","alias":":80"}]}"#,
        &expect![[r#"
            {"endpoints":[{"alias":{"port":80},"port":"8080"}],"mode":"client-server"}
        "#]],
    );
}

#[test]
fn an_entry_may_say_nothing() {
    check_text(
        "{}",
        &expect![[r#"
        {}
    "#]],
    );
}

#[test]
fn needs_are_a_set() {
    check_text(
        r#"{"needs":["b","a","b"]}"#,
        &expect![[r#"
        {"needs":["a","b"]}
    "#]],
    );
}

#[test]
fn a_pause_that_is_none() {
    check_text(
        r#"{"pause":false}"#,
        &expect![[r#"
        {}
    "#]],
    );
}

#[test]
fn a_parameter_that_a_tag_names_cannot_name_a_role_for_tls() {
    check_text(
        r#"{"endpoints":[{"tls":{"ca":"arn:aws:acm-pca:r:1:ca/x","role":"arn:aws:iam::1:role/r"}}]}"#,
        &expect![[r#"
            none
            /e#/endpoints/0/tls/role="arn:aws:iam::1:role/r": only the document can name a role for TLS: remove it here, and ask the owner of the document to add tls, with its role, to this service's entry there
        "#]],
    );
}

#[test]
fn every_bad_value_is_said_at_once_with_its_nearest() {
    check_text(
        r#"{"namespace":"my ns","endpoints":[
            {"port":"Web","discoveryName":"Django API","alias":"Backend:80","timeout":{"idle":"5","request":"300000h"}},
            {"port":8080,"tls":{"ca":"myca","key":"","role":"arn"}}],
            "logs":{"driver":""},"testHeader":{"name":"a b","value":" x"},"needs":["ok","Not Ok"],"pause":"true"}"#,
        &expect![[r#"
            none
            /e#/endpoints/0/alias="Backend:80": 1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'; did you mean "backend:80"?
            /e#/endpoints/0/discoveryName="Django API": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "django-api"?
            /e#/endpoints/0/port="Web": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "web"?
            /e#/endpoints/0/timeout/idle="5": a time such as 30s, 5m or 1h, or 0 to disable
            /e#/endpoints/1/tls/ca="myca": an ARN: arn:aws:<service>:<region>:<account>:<resource>
            /e#/endpoints/1/tls/key="": a KMS key's id, alias or ARN
            /e#/endpoints/1/tls/role="arn": an ARN: arn:aws:<service>:<region>:<account>:<resource>
            /e#/endpoints/1/tls/role="arn": only the document can name a role for TLS: remove it here, and ask the owner of the document to add tls, with its role, to this service's entry there
            /e#/logs/driver="": a log driver's name, such as awslogs
            /e#/namespace="my ns": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
            /e#/needs/1="Not Ok": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "not-ok"?
            /e#/pause="true": true or false, without quotes, or a time such as 2026-12-24T18:00:00Z
            /e#/testHeader/name="a b": a header's name: letters, digits and '-', such as X-Test
            /e#/testHeader/value=" x": a header's value: visible characters and spaces between them
        "#]],
    );
}

#[test]
fn a_client_offers_no_endpoint() {
    check_text(
        r#"{"mode":"client","endpoints":[{"port":"http"}]}"#,
        &expect![[r#"
        none
        /e#/endpoints="a list of 1": a client offers no endpoint: remove endpoints, or set mode to client-server
    "#]],
    );
}

#[test]
fn off_may_keep_its_endpoints() {
    check_text(
        r#"{"mode":"off","endpoints":[{"port":"http"}]}"#,
        &expect![[r#"
            {"endpoints":[{"port":"http"}],"mode":"off"}
        "#]],
    );
}

#[test]
fn access_logs_need_logs() {
    check_text(
        r#"{"logs":"none","accessLogs":{"format":"text"}}"#,
        &expect![[r#"
        none
        /e#/accessLogs="an object of 1": access logs need proxy logs: change logs, or remove accessLogs
    "#]],
    );
}

#[test]
fn several_endpoints_each_have_their_port_and_name() {
    check_text(
        r#"{"endpoints":[{"port":"a"},{"discoveryName":"x"},{"port":"a"},{"port":"a","discoveryName":"y"}]}"#,
        &expect![[r#"
            none
            /e#/endpoints/1/port="": required if there are several endpoints
            /e#/endpoints/2="an object of 1": endpoint 0 has the same port and discoveryName: change one of the two, or remove this one
        "#]],
    );
}

#[test]
fn nothing_is_shown_of_what_is_no_entry() {
    let texts = [
        r#"hush"#,
        r#""hush""#,
        r#"["hush"]"#,
        r#"{"username":"hush","password":"hush"}"#,
        r#"{"hush":"hush","mode":"client"}"#,
        r#"{"mode":"hush"}"#,
        r#"{"mode":"client","mode":"hush"}"#,
        r#"{"hush":1,"hush":2}"#,
        r#"{"endpoints":[{"hush":"hush"}]}"#,
        r#"{"logs":{"driver":"hush","options":{"hush":{"hush":1}}}}"#,
        r#"{"namespace":"hush hush","hush":true}"#,
        "-----BEGIN hush-----\nhush\n",
    ];
    let mut all = String::new();
    for text in texts {
        let (declaration, issues) = read_entry(&parameter("/e", text));
        assert_eq!(declaration, None, "{text}");
        all.push_str(&listed(&issues));
        all.push('\n');
    }
    assert!(!all.contains("hush"), "{all}");
    expect![[r#"
        /e#="4 bytes": valid JSON; this is not: expected value at line 1 column 1

        /e#="(hidden)": an object with accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="6 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="(hidden)": an object with accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="8 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="(hidden)": member 1 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="(hidden)": member 2 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="37 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="(hidden)": member 1 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="31 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="15 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text
        /e#/mode="(hidden)": client, client-server or off

        /e#="31 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text
        /e#/mode="(hidden)": each member once: remove this repeated one

        /e#="(hidden)": member 1 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="(hidden)": member 2 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="19 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="31 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text
        /e#/endpoints/0="(hidden)": member 1 is unknown; the members here are alias, discoveryName, ingressPort, port, timeout and tls

        /e#="56 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text
        /e#/logs/options/*="(hidden)": a text

        /e#="(hidden)": member 2 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader
        /e#="37 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text

        /e#="26 bytes": valid JSON; this is not: invalid number at line 1 column 2

    "#]].assert_eq(&all);
}

#[test]
fn a_misspelt_member_is_recognised_without_being_shown() {
    check_text(
        r#"{"mdoe":"client","pause":"soon"}"#,
        &expect![[r#"
            none
            /e#="(hidden)": member 1 is unknown; the members here are accessLogs, aliases, check, endpoints, logs, mode, namespace, needs, pause, refresh and testHeader; did you mean "mode"?
            /e#="32 bytes": an entry of a document: the parameter holds something else, so eastwest does not show its text
        "#]],
    );
}

#[test]
fn a_secret_parameter_is_not_read_for_a_tag() {
    check(
        &secret("/e", r#"{"mode":"client"}"#),
        &expect![[r#"
        none
        /e#="SecureString": a parameter of type String: a tag may not name a SecureString, because a person who may write the tag may not be allowed to read the parameter
    "#]],
    );
}

#[test]
fn a_parameter_that_a_tag_names_cannot_allow_aliases() {
    let text = r#"{ "mode": "client", "aliases": [ "sts.amazonaws.com" ] }"#;
    let (declaration, issues) = read_entry(&parameter("/e", text));
    assert!(declaration.is_none());
    expect![[r#"
        /e#/aliases="a list of 1": only the document can allow aliases: remove it here, and ask the owner of the document to add it to this service's entry there
    "#]].assert_eq(&listed(&issues));
}
