//! The document: what it may say, and what is said about what it may not.

mod bad;
mod entries;
mod generate;
mod properties;
mod schema;
mod window_entries;

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::ecs::name::{ParameterName, PortName};
use crate::ecs::time::AwsTime;

/// A parameter that is no secret.
pub(super) fn parameter(name: &str, text: &str) -> Parameter {
    Parameter {
        name: ParameterName::as_read(name),
        version: 1,
        modified_at: AwsTime(0),
        is_secret: false,
        text: text.to_owned(),
    }
}

fn secret(name: &str, text: &str) -> Parameter {
    Parameter { is_secret: true, ..parameter(name, text) }
}

/// The document and the issues, one line each.
fn check(parameters: &[Parameter], expected: &Expect) {
    let (document, issues) = read(parameters);
    let mut shown = document.as_ref().map_or("none\n".to_owned(), self::shown);
    shown.push_str(&listed(&issues));
    expected.assert_eq(&shown);
}

fn check_one(text: &str, expected: &Expect) {
    check(&[parameter("/p", text)], expected);
}

fn listed(issues: &[Issue]) -> String {
    let mut shown = String::new();
    for issue in issues {
        let weight = if issue.weight == Weight::Advice { "advice: " } else { "" };
        writeln!(shown, "{weight}{issue}").expect("a String takes all text");
    }
    shown
}

fn shown(document: &Document) -> String {
    let mut shown = String::new();
    let mut line = |text: String| writeln!(shown, "{text}").expect("a String takes all text");
    for namespace in document.namespaces.values() {
        line(crate::plan::prerequisite::Prerequisite::Namespace(namespace.clone()).to_string());
    }
    if document.defaults != DocumentDefaults::default() {
        line(format!("{:?}", document.defaults));
    }
    for (key, declaration) in &document.services {
        line(format!("{key} {}", declared(declaration)));
    }
    for (name, holders) in &document.claims {
        line(format!("{name} only for {holders:?}"));
    }
    for (name, patterns) in &document.aliases.namespaces {
        line(format!("aliases in {name}: {patterns:?}"));
    }
    for (path, patterns) in &document.aliases.services {
        line(format!("aliases of {path}: {patterns:?}"));
    }
    if document.limits != Limits::default() {
        line(format!("{:?}", document.limits));
    }
    for window in &document.windows {
        let kind: &str = window.kind.into();
        line(format!("{kind} {window} in {:?} on {:?}", window.namespaces, window.clusters));
    }
    line(format!("freeze {}, name ports {}", document.freeze, document.name_ports));
    shown
}

/// What is declared, as JSON without what is not.
fn declared(declaration: &Declaration) -> String {
    let mut value = serde_json::to_value(declaration).expect("a declaration is JSON");
    strip(&mut value);
    // A feature that another crate may turn on keeps the order of insertion.
    value.sort_all_objects();
    let off = declaration.logs == Some(crate::declaration::declared::LogsDeclaration::Off);
    format!("{value}{}", if off { " and no logs" } else { "" })
}

fn strip(value: &mut serde_json::Value) {
    if let Some(object) = value.as_object_mut() {
        object.values_mut().for_each(strip);
        object.retain(|name, value| {
            !value.is_null() && (name == "needs" || *value != serde_json::json!([]))
        });
    }
    value.as_array_mut().into_iter().flatten().for_each(strip);
}

/// Every member of the grammar.
pub(super) const WHOLE: &str = r#"{ "version": 1,
  "namespaces": {
    "internal.myapp": { "type": "private-dns", "vpc": "vpc-0a1b", "create": true,
                        "aliases": [ "*.corp.example" ] },
    "shop": { "type": "http", "create": true },
    "old": { "type": "http" }
  },
  "defaults": { "namespace": "internal.myapp", "discoveryName": "{service}-{port}" },
  "services": {
    "prod/django": {
      "mode": "client-server",
      "namespace": "shop",
      "endpoints": [
        { "port": "django-8000-tcp", "discoveryName": "django-api",
          "alias": "django-api.internal.myapp:8000",
          "timeout": { "idle": "5m", "request": "30s" }, "ingressPort": 9000,
          "tls": { "ca": "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/a",
                   "key": "alias/django", "role": "arn:aws:iam::123456789012:role/tls" } },
        { "port": 9090 }
      ],
      "logs": { "driver": "awslogs", "options": { "awslogs-group": "proxy" },
                "secretOptions": { "token": "arn:aws:ssm:eu-west-1:123456789012:parameter/token" } },
      "accessLogs": { "format": "json", "query": true },
      "testHeader": { "name": "X-Test", "value": "yes" },
      "needs": [ "fastapi", "auth" ],
      "refresh": "always",
      "check": "/health", "pause": "2026-12-24T18:00:00Z",
      "aliases": [ "db.corp.example", "*.old.example" ]
    },
    "prod/cron": { "mode": "client", "logs": "none", "needs": [], "pause": true }
  },
  "claims": { "payments": [ "prod/payments-api", "test/payments" ] },
  "limits": { "rolloutsPerCluster": 2, "rolloutsPerNamespace": 1, "massChange": "20%", "massChangePer": "cluster",
              "refreshEvery": "15m", "dropOldNames": "7d", "nameQuarantine": "2h" },
  "windows": [
    { "allow": "0 22 * * MON-FRI", "duration": "4h", "timeZone": "Europe/Berlin",
      "namespaces": [ "internal.myapp", "ns-0123456789abcdef" ], "clusters": [ "prod", "test" ] },
    { "deny": "0 0 24 12 *", "duration": "3d", "timeZone": "Europe/Berlin" }
  ],
  "freeze": true,
  "namePorts": true }"#;

#[test]
fn everything_that_can_be_said() {
    check_one(
        WHOLE,
        &expect![[r#"
            create private DNS namespace internal.myapp in vpc-0a1b
            create HTTP namespace shop
            DocumentDefaults { namespace: Some(Name("internal.myapp")), discovery_name: Some(Template("{service}-{port}")) }
            prod/cron {"mode":"client","needs":[]} and no logs
            prod/django {"accessLogs":{"format":"JSON","queryParameters":true},"check":"/health","endpoints":[{"alias":{"dnsName":"django-api.internal.myapp","port":8000},"discoveryName":"django-api","ingressPort":9000,"port":"django-8000-tcp","timeout":{"idleSeconds":300,"requestSeconds":30},"tls":{"authority":"arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/a","kmsKey":"alias/django","role":"arn:aws:iam::123456789012:role/tls"}},{"port":9090}],"logs":{"driver":"awslogs","options":[["awslogs-group","proxy"]],"secretOptions":[["token","arn:aws:ssm:eu-west-1:123456789012:parameter/token"]]},"mode":"client-server","namespace":"shop","needs":["auth","fastapi"],"pause":"2026-12-24T18:00:00Z","refresh":"always","testHeader":{"exact":"yes","name":"X-Test"}}
            payments only for {ServicePath { cluster: "prod", name: "payments-api" }, ServicePath { cluster: "test", name: "payments" }}
            aliases in internal.myapp: {HostPattern { host: "corp.example", below: true }}
            aliases of prod/django: {HostPattern { host: "db.corp.example", below: false }, HostPattern { host: "old.example", below: true }}
            Limits { rollouts_per_cluster: Some(2), rollouts_per_namespace: Some(1), mass_change: Some(Percent(20)), mass_change_per: Some(Cluster), refresh_every: Some(900s), drop_old_names: Some(604800s), name_quarantine: Some(7200s) }
            allow 0 22 * * MON-FRI for 4h, Europe/Berlin in {Name("internal.myapp"), Id("ns-0123456789abcdef")} on {"prod", "test"}
            deny 0 0 24 12 * for 3d, Europe/Berlin in {} on {}
            freeze true, name ports true
        "#]],
    );
}

#[test]
fn the_least_that_can_be_said() {
    check_one(
        r#"{"version":1}"#,
        &expect![[r#"
        freeze false, name ports false
    "#]],
    );
}

#[test]
fn no_parameter_is_no_document() {
    check(
        &[],
        &expect![[r#"
        none
        document="no parameter": at least one parameter: without one there is no document
    "#]],
    );
}

#[test]
fn two_parameters_say_it_together() {
    let parameters = [
        parameter(
            "/p/a",
            r#"{"version":1,"services":{"prod/web":{"mode":"client"}},"freeze":true}"#,
        ),
        parameter(
            "/p/b",
            r#"{"version":1,"services":{"prod/api":{"mode":"off"}},"limits":{"massChange":15},"freeze":false}"#,
        ),
    ];
    check(
        &parameters,
        &expect![[r#"
            prod/api {"mode":"off"}
            prod/web {"mode":"client"}
            Limits { rollouts_per_cluster: None, rollouts_per_namespace: None, mass_change: Some(Count(15)), mass_change_per: None, refresh_every: None, drop_old_names: None, name_quarantine: None }
            freeze true, name ports false
        "#]],
    );
}

#[test]
fn two_parameters_may_say_the_same_in_other_words() {
    let parameters = [
        parameter(
            "/p/a",
            r#"{"version":1,"services":{"prod/web":{"endpoints":[{"port":"http","timeout":{"idle":"5m"}}]}}}"#,
        ),
        parameter(
            "/p/b",
            r#"{"version":1,"services":{"prod/web":{"endpoints":[{"timeout":{"idle":"300s"},"port":"http"}]}}}"#,
        ),
    ];
    check(
        &parameters,
        &expect![[r#"
            prod/web {"endpoints":[{"port":"http","timeout":{"idleSeconds":300}}]}
            freeze false, name ports false
        "#]],
    );
}

#[test]
fn two_parameters_that_contradict_each_other_name_each_other() {
    let one = r#"{"version":1,"services":{"prod/web":{"mode":"client"}},"claims":{"pay":["prod/a"]},
        "namespaces":{"shop":{"type":"http"}},"defaults":{"namespace":"shop"},"limits":{"massChange":"5%"}}"#;
    let two = r#"{"version":1,"services":{"prod/web":{"mode":"off"}},"claims":{"pay":["prod/b"]},
        "namespaces":{"shop":{"type":"http","create":true}},"defaults":{"namespace":"ship"},"limits":{"massChange":5}}"#;
    check(
        &[parameter("/p/a", one), parameter("/p/b", two)],
        &expect![[r#"
            none
            /p/a#/claims/pay="pay": other values stand at /p/b#/claims/pay: keep one of them, or write the same value in each
            /p/a#/defaults/namespace="namespace": other values stand at /p/b#/defaults/namespace: keep one of them, or write the same value in each
            /p/a#/limits/massChange="massChange": other values stand at /p/b#/limits/massChange: keep one of them, or write the same value in each
            /p/a#/namespaces/shop="shop": other values stand at /p/b#/namespaces/shop: keep one of them, or write the same value in each
            /p/a#/services/prod~1web="prod/web": other values stand at /p/b#/services/prod~1web: keep one of them, or write the same value in each
            /p/b#/claims/pay="pay": other values stand at /p/a#/claims/pay: keep one of them, or write the same value in each
            /p/b#/defaults/namespace="namespace": other values stand at /p/a#/defaults/namespace: keep one of them, or write the same value in each
            /p/b#/limits/massChange="massChange": other values stand at /p/a#/limits/massChange: keep one of them, or write the same value in each
            /p/b#/namespaces/shop="shop": other values stand at /p/a#/namespaces/shop: keep one of them, or write the same value in each
            /p/b#/services/prod~1web="prod/web": other values stand at /p/a#/services/prod~1web: keep one of them, or write the same value in each
        "#]],
    );
}

#[test]
fn of_many_that_contradict_each_other_some_are_named() {
    let parameters: Vec<Parameter> = (1..=9)
        .map(|n| {
            parameter(
                &format!("/p/{n}"),
                &format!(r#"{{"version":1,"limits":{{"rolloutsPerCluster":{n}}}}}"#),
            )
        })
        .collect();
    let (document, issues) = read(&parameters);
    assert_eq!(document, None);
    expect![[r#"
        /p/1#/limits/rolloutsPerCluster="rolloutsPerCluster": other values stand at /p/2#/limits/rolloutsPerCluster, /p/3#/limits/rolloutsPerCluster, /p/4#/limits/rolloutsPerCluster and 5 more: keep one of them, or write the same value in each
    "#]].assert_eq(&listed(&issues[..1]));
}

#[test]
fn one_bad_parameter_puts_the_whole_document_out_of_force() {
    let parameters = [
        parameter("/p/a", r#"{"version":1,"services":{"prod/web":{"mode":"client"}}}"#),
        parameter("/p/b", r#"{"version":1,"services":{"prod/api":{"mode":"clinet"}}}"#),
    ];
    check(
        &parameters,
        &expect![[r#"
        none
        /p/b#/services/prod~1api/mode="clinet": client, client-server or off; did you mean "client"?
    "#]],
    );
}

#[test]
fn nothing_read_from_a_secret_parameter_is_shown() {
    let text = r#"{"version":1,"hush-a":"hush-b","services":{
        "prod/web":{"mode":"hush-c","namespace":"hush d","endpoints":[{"discoveryName":"HUSH E","hush-f":1,"alias":":hush"}],
            "logs":{"driver":"hush g","options":{"hush-h":7}}},
        "hush i":{"mode":"client"}},"claims":{"x":["hush-k"]},"limits":{"massChange":"hush-l"}}"#;
    let (document, issues) = read(&[secret("/p", text)]);
    assert_eq!(document, None);
    let listed = listed(&issues);
    assert!(!listed.to_lowercase().contains("hush"), "{listed}");
    expect![[r#"
        /p#="(hidden)": member 2 is unknown; the members here are claims, defaults, freeze, limits, namePorts, namespaces, services, version and windows
        /p#/claims/x/0="(hidden)": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/limits/massChange="(hidden)": a share such as 20%, from 1% to 100%, or a number of services without quotes
        /p#/services/*="(hidden)": <cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'
        /p#/services/prod~1web/endpoints/0="(hidden)": member 2 is unknown; the members here are alias, discoveryName, ingressPort, port, timeout and tls
        /p#/services/prod~1web/endpoints/0/alias="(hidden)": a port from 1 to 65535
        /p#/services/prod~1web/endpoints/0/discoveryName="(hidden)": 1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'
        /p#/services/prod~1web/logs/driver="(hidden)": a log driver's name, such as awslogs
        /p#/services/prod~1web/logs/options/*="(hidden)": a text
        /p#/services/prod~1web/mode="(hidden)": client, client-server or off
        /p#/services/prod~1web/namespace="(hidden)": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
    "#]].assert_eq(&listed);
}

#[test]
fn a_secret_parameter_may_be_the_document() {
    let (document, issues) = read(&[secret("/p", WHOLE)]);
    assert_eq!(document, read(&[parameter("/p", WHOLE)]).0);
    assert_eq!(issues, []);
}

#[test]
fn a_log_options_value_is_never_shown() {
    let text = r#"{"version":1,"services":{"prod/web":{"logs":{"driver":"splunk","options":{"splunk-token":123,"a b":"hush"},"secretOptions":["hush"]}},
        "prod/api":{"logs":"splunk token=hush"},"prod/x":{"logs":{"driver":"spl unk"}}}}"#;
    check_one(
        text,
        &expect![[r#"
        none
        /p#/services/prod~1api/logs="(hidden)": none or an object with driver, options and secretOptions
        /p#/services/prod~1web/logs/options/a b="a b": an option's name: 1 to 256 characters without spaces
        /p#/services/prod~1web/logs/options/splunk-token="(hidden)": a text
        /p#/services/prod~1web/logs/secretOptions="(hidden)": an object
        /p#/services/prod~1x/logs/driver="spl unk": a log driver's name, such as awslogs
    "#]],
    );
}

#[test]
fn a_template_makes_a_name() {
    let key = ServicePath::parse("prod/django").expect("a key");
    let port = PortName::as_read("http");
    let made = |text| Template::parse(text).map(|template| template.render(&key, &port));
    assert_eq!(made("{service}").as_deref(), Ok("django"));
    assert_eq!(made("{cluster}-{service}_{port}x").as_deref(), Ok("prod-django_httpx"));
    assert_eq!(made("{port}").as_deref(), Ok("http"));
    // What stands in a name is no placeholder.
    let odd = PortName::as_read("{service}");
    assert_eq!(Template::parse("{port}").map(|t| t.render(&key, &odd)).as_deref(), Ok("{service}"));
}

#[test]
fn a_template_that_makes_no_names_is_refused() {
    let nearest = |text| Template::parse(text).map_err(|refused| refused.nearest);
    for text in [
        "",
        "web",
        "{cluster}",
        "{service",
        "service}",
        "{}",
        "-{service}",
        "{service}.x",
        "Ä{service}",
        "{{service}}",
    ] {
        assert_eq!(nearest(text), Err(None), "{text}");
    }
    assert_eq!(nearest("a-{servcie}"), Err(Some("a-{service}".to_owned())));
    assert_eq!(nearest("{Service}"), Err(Some("{service}".to_owned())));
    assert!(nearest(&format!("{}{{service}}", "a".repeat(64))).is_err());
}

#[test]
fn a_mass_change_is_a_share_or_a_number() {
    for text in ["1%", "20%", "100%", "1", "15", "1000000"] {
        assert_eq!(MassChange::parse(text).map(|read| read.to_string()).as_deref(), Ok(text));
    }
    for text in [
        "",
        "%",
        "0",
        "0%",
        "101%",
        "-1",
        "+5",
        "1.5",
        "05",
        "1000001",
        "20 %",
        "99999999999999999999",
    ] {
        assert!(MassChange::parse(text).is_err(), "{text}");
    }
}

/// The page's examples, between ```` ```json ```` and the next fence.
fn examples() -> Vec<&'static str> {
    let page = include_str!("../../../../../docs/document.md");
    let blocks = page.split("```json\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_examples_of_the_page_can_be_read() {
    let (documents, entries): (Vec<_>, Vec<_>) =
        examples().into_iter().partition(|text| text.contains("\"version\""));
    assert_eq!((documents.len(), entries.len()), (1, 1));
    for text in documents {
        let (document, issues) = read(&[parameter("/p", text)]);
        assert!(document.is_some() && issues.is_empty(), "{issues:?}\n{text}");
    }
    for text in entries {
        let (entry, issues) = read_entry(&parameter("/p", text));
        assert!(entry.is_some() && issues.is_empty(), "{issues:?}\n{text}");
    }
}
