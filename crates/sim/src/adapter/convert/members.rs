//! What a write would destroy: members of the configuration in force that core cannot carry.
//!
//! This is the real adapter's table, applied to the same raw JSON. A member that it does not list is named by its path,
//! and the write is held.

use serde_json::Value;

use crate::shapes::ecs::{DeploymentStatus, EcsService};

/// The members core carries, and below them their own; `[]` is a list's item.
const KNOWN: &[&str] = &[
    "enabled",
    "namespace",
    "services",
    "services[].portName",
    "services[].discoveryName",
    "services[].clientAliases",
    "services[].clientAliases[].port",
    "services[].clientAliases[].dnsName",
    "services[].clientAliases[].testTrafficRules",
    "services[].clientAliases[].testTrafficRules.header",
    "services[].clientAliases[].testTrafficRules.header.name",
    "services[].clientAliases[].testTrafficRules.header.value",
    "services[].clientAliases[].testTrafficRules.header.value.exact",
    "services[].ingressPortOverride",
    "services[].timeout",
    "services[].timeout.idleTimeoutSeconds",
    "services[].timeout.perRequestTimeoutSeconds",
    "services[].tls",
    "services[].tls.issuerCertificateAuthority",
    "services[].tls.issuerCertificateAuthority.awsPcaAuthorityArn",
    "services[].tls.kmsKey",
    "services[].tls.roleArn",
    "logConfiguration",
    "logConfiguration.logDriver",
    "logConfiguration.options",
    "logConfiguration.secretOptions",
    "logConfiguration.secretOptions[].name",
    "logConfiguration.secretOptions[].valueFrom",
    "accessLogConfiguration",
    "accessLogConfiguration.format",
    "accessLogConfiguration.includeQueryParameters",
    "containerConfigurations",
    "containerConfigurations[].logLevel",
];

/// The paths of what core cannot carry in the PRIMARY deployment's configuration.
pub(crate) fn unknown(service: &EcsService) -> Vec<String> {
    let primary = service.deployments.iter().find(|d| d.status == DeploymentStatus::Primary);
    let config = primary.and_then(|primary| primary.service_connect_configuration.as_deref());
    let mut found = Vec::new();
    if let Some(raw) = config.and_then(|config| serde_json::to_value(config).ok()) {
        look(&raw, "", "", &mut found);
    }
    found
}

/// Walks `value`, which stands at `rule` in the table and at `path` in the answer.
fn look(value: &Value, rule: &str, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(_) if rule == "logConfiguration.options" => (),
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(_, member)| !is_absent(member)) {
                let (rule, path) = (join(rule, name), join(path, name));
                if KNOWN.contains(&rule.as_str()) {
                    look(member, &rule, &path, found);
                } else {
                    found.push(path);
                }
            }
        }
        Value::Array(items) => {
            let single = ["services[].clientAliases", "containerConfigurations"];
            let most = if single.contains(&rule) { 1 } else { usize::MAX };
            for (at, item) in items.iter().enumerate() {
                let path = format!("{path}[{at}]");
                if at < most {
                    look(item, &format!("{rule}[]"), &path, found);
                } else {
                    found.push(path);
                }
            }
        }
        _ => (),
    }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strange_members_and_second_aliases_are_named_by_their_paths() {
        let config = json!({
            "enabled": true,
            "containerConfigurations": [{"a": 1}],
            "services": [{"portName": "a", "clientAliases": [{"port": 1}, {"port": 2}], "tls": {"new": 1}}],
            "logConfiguration": {"logDriver": "x", "options": {"any": "thing"}, "secretOptions": []},
        });
        let mut found = Vec::new();
        look(&config, "", "", &mut found);
        found.sort();
        assert_eq!(
            found,
            ["containerConfigurations[0].a", "services[0].clientAliases[1]", "services[0].tls.new"]
        );
    }
}
