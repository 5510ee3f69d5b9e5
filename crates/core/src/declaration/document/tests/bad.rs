//! Bad documents, each with what is said about it.

use expect_test::{Expect, expect};

use super::{listed, parameter};
use crate::declaration::document::read;
use crate::declaration::issue::Weight;

/// Each is refused; the answer is what is said about each.
fn refused(texts: &[(&str, String)], expected: &Expect) {
    let mut all = String::new();
    for (what, text) in texts {
        let (document, issues) = read(&[parameter("/p", text)]);
        assert_eq!(document, None, "{what}");
        assert!(issues.iter().any(|issue| issue.weight == Weight::Blocking), "{what}");
        all.extend([what, "\n", &listed(&issues)]);
    }
    expected.assert_eq(&all);
}

fn texts<'a>(rows: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    rows.iter().map(|(what, text)| (*what, (*text).to_owned())).collect()
}

#[test]
fn what_is_not_json() {
    let rows = texts(&[
        ("empty", ""),
        ("spaces", "  \n"),
        ("words", "mode: client"),
        ("cut off", "{\"version\":1,\n \"services\":{"),
        ("trailing comma", r#"{"version":1,}"#),
        ("trailing garbage", "{\"version\":1}\n]"),
        ("two documents", r#"{"version":1}{"version":1}"#),
        ("comment", "{\"version\":1} // one"),
        ("single quotes", "{'version':1}"),
        ("byte order mark", "\u{feff}{\"version\":1}"),
        (
            "control character in a text",
            "{\"version\":1,\"defaults\":{\"namespace\":\"a\u{1b}[31m\"}}",
        ),
        ("half a surrogate", r#"{"version":1,"defaults":{"namespace":"\ud800"}}"#),
        ("number too large for any", r#"{"version":1e999}"#),
    ]);
    refused(
        &rows,
        &expect![[r#"
        empty
        /p#="0 bytes": valid JSON; this is not: EOF while parsing a value at line 1 column 0
        spaces
        /p#="3 bytes": valid JSON; this is not: EOF while parsing a value at line 2 column 0
        words
        /p#="12 bytes": valid JSON; this is not: expected value at line 1 column 1
        cut off
        /p#="27 bytes": valid JSON; this is not: EOF while parsing an object at line 2 column 13
        trailing comma
        /p#="14 bytes": valid JSON; this is not: trailing comma at line 1 column 14
        trailing garbage
        /p#="15 bytes": valid JSON; this is not: trailing characters at line 2 column 1
        two documents
        /p#="26 bytes": valid JSON; this is not: trailing characters at line 1 column 14
        comment
        /p#="20 bytes": valid JSON; this is not: trailing characters at line 1 column 15
        single quotes
        /p#="13 bytes": valid JSON; this is not: key must be a string at line 1 column 2
        byte order mark
        /p#="16 bytes": JSON without a byte order mark (U+FEFF) before it
        control character in a text
        /p#="47 bytes": valid JSON; this is not: control character (\u0000-\u001F) found while parsing a string at line 1 column 40
        half a surrogate
        /p#="47 bytes": valid JSON; this is not: unexpected end of hex escape at line 1 column 45
        number too large for any
        /p#="17 bytes": valid JSON; this is not: number out of range at line 1 column 16
    "#]],
    );
}

#[test]
fn what_is_too_much() {
    let rows = [
        ("64 KB of spaces", format!("{{\"version\":1}}{}", " ".repeat(65_536))),
        ("64 KB of one name", format!("{{\"{}\":1}}", "n".repeat(65_536))),
        ("a depth bomb", "[".repeat(15_000)),
        ("a depth bomb of objects", "{\"a\":".repeat(3_000)),
        ("nine levels", format!("{}{}", "[".repeat(9), "]".repeat(9))),
        ("too many values", format!("[{}0]", "0,".repeat(5_000))),
        ("a name of 15 KB", format!("{{\"version\":1,\"{}\":1}}", "n".repeat(15_000))),
    ];
    refused(
        &rows,
        &expect![[r#"
            64 KB of spaces
            /p#="65549 bytes": at most 16384 bytes
            64 KB of one name
            /p#="65542 bytes": at most 16384 bytes
            a depth bomb
            advice: /p#="15000 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
            /p#="15000 bytes": at most 8 levels of lists and objects; another begins at line 1 column 9
            a depth bomb of objects
            advice: /p#="15000 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
            /p#="15000 bytes": at most 8 levels of lists and objects; another begins at line 1 column 41
            nine levels
            /p#="18 bytes": at most 8 levels of lists and objects; another begins at line 1 column 10
            too many values
            advice: /p#="10003 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
            /p#="10003 bytes": at most 2048 values; another begins at line 1 column 4095
            a name of 15 KB
            advice: /p#="15018 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
            /p#/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…="nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
        "#]],
    );
}

#[test]
fn of_too_many_issues_the_first_hundred_are_listed() {
    let names: Vec<String> = (0..500).map(|n| format!("\"n{n}\":0")).collect();
    let (document, issues) =
        read(&[parameter("/p", &format!("{{\"version\":1,{}}}", names.join(",")))]);
    assert_eq!((document, issues.len()), (None, 101));
    assert_eq!(issues.iter().filter(|issue| issue.read == "400 more").count(), 1);
}

#[test]
fn what_is_another_version_or_none() {
    let rows = texts(&[
        ("none", r#"{}"#),
        ("another, with a grammar of its own", r#"{"version":2,"mesh":[1,2,3]}"#),
        ("a text", r#"{"version":"1"}"#),
        ("a fraction", r#"{"version":1.0}"#),
        ("negative", r#"{"version":-1}"#),
        ("large", r#"{"version":18446744073709551615}"#),
        ("twice", r#"{"version":1,"version":1}"#),
        ("no object", r#"[1]"#),
        ("null", "null"),
    ]);
    refused(
        &rows,
        &expect![[r#"
            none
            /p#/version="": required: the number 1
            another, with a grammar of its own
            /p#/version="2": version 1: this eastwest knows no other
            a text
            /p#/version="1": the number 1
            a fraction
            /p#/version="1.0": the number 1
            negative
            /p#/version="-1": version 1: this eastwest knows no other
            large
            /p#/version="18446744073709551615": version 1: this eastwest knows no other
            twice
            /p#/version="version": each member once: remove this repeated one
            no object
            /p#="a list of 1": an object with claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
            null
            /p#="null": an object with claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
        "#]],
    );
}

#[test]
fn what_is_misspelt_or_misplaced() {
    let rows = texts(&[
        ("a misspelt member", r#"{"version":1,"servces":{}}"#),
        ("a member like nothing", r#"{"version":1,"zzz":0}"#),
        ("a member in a look-alike script", r#"{"version":1,"frееze":true}"#),
        ("a member with a control character", r#"{"version":1,"fr\u0000eze\u202e":true}"#),
        ("a member of another place", r#"{"version":1,"mode":"client"}"#),
        ("a slash and a tilde in a member", r#"{"version":1,"a/b~c":0}"#),
        ("a member twice", r#"{"version":1,"freeze":true,"freeze":false}"#),
        (
            "a service twice",
            r#"{"version":1,"services":{"prod/web":{"mode":"client"},"prod/web":{"mode":"off"}}}"#,
        ),
        (
            "wrong types",
            r#"{"version":1,"services":[],"freeze":"true","namePorts":1,"limits":null,"claims":{"a":"prod/a"}}"#,
        ),
        ("a word in upper case", r#"{"version":1,"services":{"prod/web":{"mode":"Client"}}}"#),
        (
            "a word with a look-alike dash",
            r#"{"version":1,"services":{"prod/web":{"mode":"client–server"}}}"#,
        ),
    ]);
    refused(
        &rows,
        &expect![[r#"
            a misspelt member
            /p#/servces="servces": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows; did you mean "services"?
            a member like nothing
            /p#/zzz="zzz": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
            a member in a look-alike script
            /p#/frееze="frееze" (with U+0435): no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows; did you mean "freeze"?
            a member with a control character
            /p#/fr�eze�="fr�eze�": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows; did you mean "freeze"?
            a member of another place
            /p#/mode="mode": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
            a slash and a tilde in a member
            /p#/a~1b~0c="a/b~c": no such member; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
            a member twice
            /p#/freeze="freeze": each member once: remove this repeated one
            a service twice
            /p#/services/prod~1web="prod/web": each member once: remove this repeated one
            wrong types
            /p#/claims/a="prod/a": a list
            /p#/freeze="true": true or false
            /p#/limits="null": an object with dropOldNames, massChange, massChangePer, nameQuarantine, refreshEvery, rolloutsPerCluster and rolloutsPerNamespace
            /p#/namePorts="1": true or false
            /p#/services="a list of 0": an object
            a word in upper case
            /p#/services/prod~1web/mode="Client": client, client-server or off; did you mean "client"?
            a word with a look-alike dash
            /p#/services/prod~1web/mode="client–server" (with U+2013): client, client-server or off; did you mean "client-server"?
        "#]],
    );
}

#[test]
fn what_is_empty_or_missing() {
    let rows = texts(&[
        (
            "empty lists and objects",
            r#"{"version":1,"services":{"a/b":{"endpoints":[]},"a/c":{"endpoints":[{"timeout":{}}]}},"claims":{"x":[]}}"#,
        ),
        (
            "missing members",
            r#"{"version":1,"namespaces":{"a":{}},"services":{"a/b":{"logs":{},"accessLogs":{},"testHeader":{},"endpoints":[{"tls":{}}]}}}"#,
        ),
    ]);
    refused(
        &rows,
        &expect![[r#"
        empty lists and objects
        /p#/claims/x="a list of 0": at least one item: add one, or leave the member out
        /p#/services/a~1b/endpoints="a list of 0": at least one item: add one, or leave the member out
        /p#/services/a~1c/endpoints/0/timeout="an object of 0": at least one of idle and request
        missing members
        /p#/namespaces/a/type="": required: http or private-dns
        /p#/services/a~1b/accessLogs/format="": required: text or json
        /p#/services/a~1b/endpoints/0/tls/ca="": required: a text
        /p#/services/a~1b/logs/driver="": required: a text
        /p#/services/a~1b/testHeader/name="": required: a text
    "#]],
    );
}

#[test]
fn what_is_no_name() {
    let rows = texts(&[
        (
            "services",
            r#"{"version":1,"services":{"web":{},"prod/web/x":{},"prod/":{},"prod/we b":{},"prоd/web":{},
            "arn:aws:ecs:eu-west-1:123456789012:service/prod/web":{}}}"#,
        ),
        (
            "namespaces",
            r#"{"version":1,"namespaces":{"":{"type":"http"},"my ns":{"type":"http"},"ns-abcdefgh":{"type":"http"},"аpp":{"type":"http"},
            "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh":{"type":"http"}}}"#,
        ),
        (
            "claims",
            r#"{"version":1,"claims":{"Payments":["prod/web"],"pаy":["prod/web"],"ok":["web"]}}"#,
        ),
        (
            "defaults",
            r#"{"version":1,"defaults":{"namespace":"a b","discoveryName":"{svc}-{servic}"}}"#,
        ),
        (
            "a long one",
            &format!(r#"{{"version":1,"services":{{"prod/{}":{{}}}}}}"#, "x".repeat(256)),
        ),
    ]);
    refused(
        &rows,
        &expect![[r#"
        services
        /p#/services/arn:aws:ecs:eu-west-1:123456789012:service~1prod~1web="arn:aws:ecs:eu-west-1:123456789012:service/prod/web": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'; did you mean "prod/web"?
        /p#/services/prod~1="prod/": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/services/prod~1we b="prod/we b": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/services/prod~1web~1x="prod/web/x": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/services/prоd~1web="prоd/web" (with U+043E): <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/services/web="web": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        namespaces
        /p#/namespaces/="": a namespace's name: 1 to 1024 visible characters, none of '<', '>', '"' and '/', and not an id or ARN
        /p#/namespaces/arn:aws:servicediscovery:eu-west-1:123456789012:namespace~1ns-abcdefgh="arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh": a namespace's name: 1 to 1024 visible characters, none of '<', '>', '"' and '/', and not an id or ARN
        /p#/namespaces/my ns="my ns": a namespace's name: 1 to 1024 visible characters, none of '<', '>', '"' and '/', and not an id or ARN
        /p#/namespaces/ns-abcdefgh="ns-abcdefgh": a namespace's name: 1 to 1024 visible characters, none of '<', '>', '"' and '/', and not an id or ARN
        /p#/namespaces/аpp="аpp" (with U+0430): a namespace's name: 1 to 1024 visible characters, none of '<', '>', '"' and '/', and not an id or ARN
        claims
        /p#/claims/Payments="Payments": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'; did you mean "payments"?
        /p#/claims/ok/0="web": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/claims/pаy="pаy" (with U+0430): 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'
        defaults
        /p#/defaults/discoveryName="{svc}-{servic}": a discovery name with {service} or {port} in it, or both, and {cluster} if you want; around them lower-case letters, digits, '_' and '-', not starting with '-'
        /p#/defaults/namespace="a b": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
        a long one
        /p#/services/prod~1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx="prod/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
    "#]],
    );
}

#[test]
fn what_is_out_of_range() {
    let limit = |number: &str| {
        format!(
            r#"{{"version":1,"limits":{{"rolloutsPerCluster":{number},"massChange":{number}}}}}"#
        )
    };
    let port = |number: &str| {
        format!(
            r#"{{"version":1,"services":{{"a/b":{{"endpoints":[{{"port":{number},"ingressPort":{number}}}]}}}}}}"#
        )
    };
    let rows = [
        ("limit 0", limit("0")),
        ("limit -1", limit("-1")),
        ("limit 1.5", limit("1.5")),
        ("limit 2^64", limit("18446744073709551616")),
        ("limit 1e3", limit("1e3")),
        ("limit of text", limit("\"15\"")),
        ("limit of a share", limit("\"101%\"")),
        ("port 0", port("0")),
        ("port -1", port("-1")),
        ("port 65536", port("65536")),
        ("port 2^63", port("9223372036854775808")),
        ("port 80.5", port("80.5")),
    ];
    refused(
        &rows,
        &expect![[r#"
            limit 0
            /p#/limits/massChange="0": a whole number from 1 to 1000000
            /p#/limits/rolloutsPerCluster="0": a whole number from 1 to 1000
            limit -1
            /p#/limits/massChange="-1": a whole number from 1 to 1000000
            /p#/limits/rolloutsPerCluster="-1": a whole number from 1 to 1000
            limit 1.5
            /p#/limits/massChange="1.5": a text or a whole number from 1 to 1000000
            /p#/limits/rolloutsPerCluster="1.5": a whole number from 1 to 1000
            limit 2^64
            /p#/limits/massChange="1.8446744073709552e19": a text or a whole number from 1 to 1000000
            /p#/limits/rolloutsPerCluster="1.8446744073709552e19": a whole number from 1 to 1000
            limit 1e3
            /p#/limits/massChange="1000.0": a text or a whole number from 1 to 1000000
            /p#/limits/rolloutsPerCluster="1000.0": a whole number from 1 to 1000
            limit of text
            /p#/limits/massChange="15": a share such as 20%, from 1% to 100%, or a number of services without quotes
            /p#/limits/rolloutsPerCluster="15": a whole number from 1 to 1000
            limit of a share
            /p#/limits/massChange="101%": a share such as 20%, from 1% to 100%, or a number of services without quotes
            /p#/limits/rolloutsPerCluster="101%": a whole number from 1 to 1000
            port 0
            /p#/services/a~1b/endpoints/0/ingressPort="0": a whole number from 1025 to 65535
            /p#/services/a~1b/endpoints/0/port="0": a whole number from 1 to 65535
            port -1
            /p#/services/a~1b/endpoints/0/ingressPort="-1": a whole number from 1025 to 65535
            /p#/services/a~1b/endpoints/0/port="-1": a whole number from 1 to 65535
            port 65536
            /p#/services/a~1b/endpoints/0/ingressPort="65536": a whole number from 1025 to 65535
            /p#/services/a~1b/endpoints/0/port="65536": a whole number from 1 to 65535
            port 2^63
            /p#/services/a~1b/endpoints/0/ingressPort="9223372036854775808": a whole number from 1025 to 65535
            /p#/services/a~1b/endpoints/0/port="9223372036854775808": a whole number from 1 to 65535
            port 80.5
            /p#/services/a~1b/endpoints/0/ingressPort="80.5": a whole number from 1025 to 65535
            /p#/services/a~1b/endpoints/0/port="80.5": a text or a whole number from 1 to 65535
        "#]],
    );
}

#[test]
fn what_is_no_namespace_to_create() {
    let long = "n".repeat(254);
    let rows = texts(&[
        (
            "another type",
            r#"{"version":1,"namespaces":{"a":{"type":"private_dns","vpc":"vpc-1"}}}"#,
        ),
        ("private DNS without a VPC", r#"{"version":1,"namespaces":{"a":{"type":"private-dns"}}}"#),
        (
            "HTTP with a VPC",
            r#"{"version":1,"namespaces":{"a":{"type":"http","vpc":"vpc-1","create":false}}}"#,
        ),
        (
            "a VPC that is none",
            r#"{"version":1,"namespaces":{"a":{"type":"private-dns","vpc":"subnet-1"},"b":{"type":"private-dns","vpc":"vpc-"}}}"#,
        ),
        (
            "a long private DNS name",
            &format!(
                r#"{{"version":1,"namespaces":{{"{long}":{{"type":"private-dns","vpc":"vpc-1"}}}}}}"#
            ),
        ),
    ]);
    refused(
        &rows,
        &expect![[r#"
        another type
        /p#/namespaces/a/type="private_dns": http or private-dns; did you mean "private-dns"?
        private DNS without a VPC
        /p#/namespaces/a/vpc="": required: the id of the VPC, vpc-…
        HTTP with a VPC
        /p#/namespaces/a/vpc="vpc-1": an HTTP namespace has no VPC: remove vpc, or set type to private-dns
        a VPC that is none
        /p#/namespaces/a/vpc="subnet-1": the id of a VPC, vpc-…
        /p#/namespaces/b/vpc="vpc-": the id of a VPC, vpc-…
        a long private DNS name
        /p#/namespaces/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn="nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…": a private DNS namespace's name has at most 253 characters
    "#]],
    );
}

#[test]
fn a_long_parameter_is_advice() {
    let text = format!("{{\"version\":1}}{}", " ".repeat(9_000));
    let (document, issues) = read(&[parameter("/p", &text)]);
    assert!(document.is_some());
    expect![[r#"
        advice: /p#="9013 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
    "#]].assert_eq(&listed(&issues));
}

#[test]
fn what_is_no_alias_to_allow_and_no_quarantine() {
    let namespace = |pattern: &str| {
        format!(r#"{{"version":1,"namespaces":{{"a":{{"type":"http","aliases":[{pattern}]}}}}}}"#)
    };
    let service = r#"{"version":1,"services":{"prod/a":{"aliases":["*"]}}}"#.to_owned();
    let limit = |time: &str| format!(r#"{{"version":1,"limits":{{"nameQuarantine":{time}}}}}"#);
    refused(
        &[
            ("none", namespace("")),
            ("all", namespace(r#""*""#)),
            ("a star elsewhere", namespace(r#""a.*.b""#)),
            ("an address", namespace(r#""169.254.169.254""#)),
            ("this task", namespace(r#""*.localhost""#)),
            ("all of a service", service),
            ("no unit", limit(r#""60""#)),
            ("too long", limit(r#""32d""#)),
            ("a number", limit("60")),
            ("another limit", limit(r#""60""#).replace("nameQuarantine", "refreshEvery")),
        ],
        &expect![[r#"
            none
            /p#/namespaces/a/aliases="a list of 0": at least one item: add one, or leave the member out
            all
            /p#/namespaces/a/aliases/0="*": a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else
            a star elsewhere
            /p#/namespaces/a/aliases/0="a.*.b": a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else
            an address
            /p#/namespaces/a/aliases/0="169.254.169.254": a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else
            this task
            /p#/namespaces/a/aliases/0="*.localhost": a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else
            all of a service
            /p#/services/prod~1a/aliases/0="*": a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else
            no unit
            /p#/limits/nameQuarantine="60": a time such as 30m, 1h or 2d, at most 31d, or 0 for none
            too long
            /p#/limits/nameQuarantine="32d": a time such as 30m, 1h or 2d, at most 31d, or 0 for none
            a number
            /p#/limits/nameQuarantine="60": a text
            another limit
            /p#/limits/refreshEvery="60": a time such as 30m, 1h or 2d, at most 31d, or 0 for none
        "#]],
    );
}
