//! What a write would destroy: members of the configuration in force that core cannot carry.
//!
//! A write replaces the whole `serviceConnectConfiguration`, and both the SDK's types and core's drop in
//! silence what they do not know. So the read before a write also looks at the raw answer and compares it with
//! the table below, which lists exactly what [`crate::convert::connect`] carries there and back. Whatever else
//! it finds — a member newer than this program, a second alias, a word that is none of the known ones — is
//! named by its path, and the write is held.
//!
//! **Invariant:** a raw answer that cannot be looked through gives no "nothing found": it gives nothing at
//! all, and the service counts as not seen. Null and empty lists and objects are absent.

pub(crate) mod scrub;

use eastwest_core::ecs::text::printable;
use serde_json::Value;

/// What a value must look like for core to carry it.
enum Shape {
    Text,
    Flag,
    /// A whole number from 0 to `u32::MAX`.
    Number,
    /// A port that is one: 1 to 65535.
    Port,
    OneOf(&'static [&'static str]),
    /// Any names, all with text.
    Texts,
    Object(&'static [(&'static str, Shape)]),
    /// A list of which core carries so many.
    List(&'static Shape, usize),
}

use Shape::{Flag, List, Number, Object, OneOf, Port, Text, Texts};

const NO_LIMIT: usize = usize::MAX;

/// API:ServiceConnectConfiguration, as far as core carries it. Each item of `containerConfigurations` has one
/// member, and each member stands in one item only, so there is one item as long as `logLevel` is all there is.
const CONFIGURATION: Shape = Object(&[
    ("enabled", Flag),
    ("namespace", Text),
    ("services", List(&SERVICE, NO_LIMIT)),
    ("logConfiguration", LOGS),
    (
        "accessLogConfiguration",
        Object(&[("format", Text), ("includeQueryParameters", OneOf(&["ENABLED", "DISABLED"]))]),
    ),
    ("containerConfigurations", List(&Object(&[("logLevel", Text)]), 1)),
]);

const SERVICE: Shape = Object(&[
    ("portName", Text),
    ("discoveryName", Text),
    ("clientAliases", List(&ALIAS, 1)),
    ("ingressPortOverride", Number),
    ("timeout", Object(&[("idleTimeoutSeconds", Number), ("perRequestTimeoutSeconds", Number)])),
    (
        "tls",
        Object(&[
            ("issuerCertificateAuthority", Object(&[("awsPcaAuthorityArn", Text)])),
            ("kmsKey", Text),
            ("roleArn", Text),
        ]),
    ),
]);

const ALIAS: Shape = Object(&[
    ("port", Port),
    ("dnsName", Text),
    (
        "testTrafficRules",
        Object(&[("header", Object(&[("name", Text), ("value", Object(&[("exact", Text)]))]))]),
    ),
]);

const LOGS: Shape = Object(&[
    ("logDriver", Text),
    ("options", Texts),
    ("secretOptions", List(&Object(&[("name", Text), ("valueFrom", Text)]), NO_LIMIT)),
]);

/// The paths of what `shape` does not cover in `value`, appended to `found`.
fn look(value: &Value, shape: &Shape, path: &str, found: &mut Vec<String>) {
    match (shape, value) {
        (_, Value::Null) | (Text | OneOf(_), Value::String(_)) if is_one_of(shape, value) => (),
        (Flag, Value::Bool(_)) => (),
        (Number, Value::Number(n)) if n.as_u64().is_some_and(|n| u32::try_from(n).is_ok()) => (),
        (Port, Value::Number(n)) if n.as_u64().is_some_and(|n| (1..=65535).contains(&n)) => (),
        (Texts, Value::Object(texts)) => {
            let strange = texts.iter().filter(|(_, text)| !text.is_string());
            found.extend(strange.map(|(name, _)| join(path, name)));
        }
        (Object(known), Value::Object(members)) => {
            for (name, member) in members.iter().filter(|(_, member)| !is_absent(member)) {
                let path = join(path, name);
                match known.iter().find(|(known, _)| known == name) {
                    Some((_, shape)) => look(member, shape, &path, found),
                    None => found.push(path),
                }
            }
        }
        (List(item, most), Value::Array(items)) => {
            for (index, value) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                if index < *most { look(value, item, &path, found) } else { found.push(path) }
            }
        }
        _ => found.push(path.to_owned()),
    }
}

fn is_one_of(shape: &Shape, value: &Value) -> bool {
    match (shape, value.as_str()) {
        (OneOf(words), Some(word)) => words.contains(&word),
        _ => true,
    }
}

/// Null and empty lists and objects are absent.
pub(crate) fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The path of a member within what is at `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// How much of the path of a member is shown.
const LONGEST_PATH: usize = 200;

/// What a raw `DescribeServices` answer holds in its PRIMARY deployments' configurations that core cannot
/// carry; `None` where the answer cannot be looked through.
pub(crate) fn unknown_members(answer: &Value) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for service in answer.get("services")?.as_array()? {
        for deployment in service.get("deployments").and_then(Value::as_array).into_iter().flatten()
        {
            if deployment.get("status").and_then(Value::as_str) == Some("PRIMARY")
                && let Some(config) = deployment.get("serviceConnectConfiguration")
                && !is_absent(config)
            {
                look(config, &CONFIGURATION, "", &mut found);
            }
        }
    }
    Some(found.iter().map(|path| printable(path, LONGEST_PATH)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found_in(config: &Value) -> Vec<String> {
        let old = json!({"status": "ACTIVE", "serviceConnectConfiguration": {"ofOld": 1}});
        let primary = json!({"status": "PRIMARY", "serviceConnectConfiguration": config});
        let answer = json!({"services": [{"deployments": [primary, old]}], "failures": []});
        unknown_members(&answer).unwrap()
    }

    fn full() -> Value {
        json!({
            "enabled": true,
            "namespace": "internal",
            "services": [{
                "portName": "http",
                "discoveryName": "web",
                "clientAliases": [{
                    "port": 80,
                    "dnsName": "web",
                    "testTrafficRules": {"header": {"name": "x", "value": {"exact": "y"}}},
                }],
                "ingressPortOverride": 8081,
                "timeout": {"idleTimeoutSeconds": 0, "perRequestTimeoutSeconds": 15},
                "tls": {
                    "issuerCertificateAuthority": {"awsPcaAuthorityArn": "arn"},
                    "kmsKey": "key",
                    "roleArn": "arn",
                },
            }],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "g"},
                "secretOptions": [{"name": "n", "valueFrom": "arn"}],
            },
            "accessLogConfiguration": {"format": "JSON", "includeQueryParameters": "DISABLED"},
            "containerConfigurations": [{"logLevel": "debug"}],
        })
    }

    #[test]
    fn a_configuration_with_every_known_member_holds_nothing_unknown() {
        assert_eq!(found_in(&full()), [""; 0]);
    }

    #[test]
    fn an_unknown_member_is_found_at_every_depth() {
        let places = [
            "",
            "/services/0",
            "/services/0/clientAliases/0",
            "/services/0/clientAliases/0/testTrafficRules",
            "/services/0/clientAliases/0/testTrafficRules/header",
            "/services/0/clientAliases/0/testTrafficRules/header/value",
            "/services/0/timeout",
            "/services/0/tls",
            "/services/0/tls/issuerCertificateAuthority",
            "/logConfiguration",
            "/logConfiguration/secretOptions/0",
            "/accessLogConfiguration",
            "/containerConfigurations/0",
        ];
        for place in places {
            let mut config = full();
            config.pointer_mut(place).unwrap()["newThing"] = json!({"a": 1});
            let found = found_in(&config);
            assert_eq!(found.len(), 1, "{place}: {found:?}");
            assert!(found[0].ends_with("newThing"), "{place}: {found:?}");
        }
    }

    #[test]
    fn a_path_names_lists_by_index() {
        let config = json!({"enabled": true, "services": [{"portName": "a"}, {"portName": "b", "newThing": 0}]});
        assert_eq!(found_in(&config), ["services[1].newThing"]);
    }

    #[test]
    fn what_our_types_would_lose_is_unknown_too() {
        let cases = [
            (json!({"containerConfigurations": [{"a": 1}]}), "containerConfigurations[0].a"),
            (
                json!({"containerConfigurations": [{"logLevel": "info"}, {"a": 1}]}),
                "containerConfigurations[1]",
            ),
            (
                json!({"services": [{"clientAliases": [{"port": 1}, {"port": 2}]}]}),
                "services[0].clientAliases[1]",
            ),
            (
                json!({"services": [{"clientAliases": [{"port": 0}]}]}),
                "services[0].clientAliases[0].port",
            ),
            (json!({"services": "x"}), "services"),
            (
                json!({"services": [{"timeout": {"idleTimeoutSeconds": -1}}]}),
                "services[0].timeout.idleTimeoutSeconds",
            ),
            (
                json!({"accessLogConfiguration": {"includeQueryParameters": "SOME"}}),
                "accessLogConfiguration.includeQueryParameters",
            ),
            (json!({"logConfiguration": {"options": {"a": 1}}}), "logConfiguration.options.a"),
        ];
        for (config, path) in cases {
            assert_eq!(found_in(&config), [path], "{config}");
        }
    }

    #[test]
    fn null_and_empty_members_are_absent() {
        let config = json!({"enabled": true, "newThing": null, "newList": [], "newObject": {}, "services": null});
        assert_eq!(found_in(&config), [""; 0]);
    }

    #[test]
    fn an_answer_that_cannot_be_looked_through_says_nothing() {
        assert_eq!(unknown_members(&json!({})), None);
        assert_eq!(unknown_members(&json!({"services": "some"})), None);
    }
}
