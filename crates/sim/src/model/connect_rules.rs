//! What a `serviceConnectConfiguration` may say, as far as the request and its task definition tell.
//!
//! Invariant: pure; the texts are AWS's own where a public report has them. Where AWS documents the
//! limit and no report shows the text, the text here is ours and no reader may match on it.

use serde_json::Value;

use super::{NamedPort, TaskDefinition};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    ServiceConnectClientAlias, ServiceConnectConfiguration, ServiceConnectService,
};

/// Refuses a configuration that no namespace could accept.
pub(super) fn check_configuration(
    config: &ServiceConnectConfiguration,
    task_definition: &TaskDefinition,
) -> Result<(), ApiError> {
    // DG:service-connect-concepts-deploy: host and none network modes are not supported.
    if let Some(mode @ ("host" | "none")) = task_definition.network_mode.as_deref() {
        let text = format!("Service Connect is not supported with network mode {mode}.");
        return Err(ApiError::invalid_parameter(text));
    }
    check_task_definition(&task_definition.json)?;
    // API:ServiceConnectConfiguration: access logs go to the proxy's log, so there must be one.
    if config.access_log_configuration.is_some() && config.log_configuration.is_none() {
        let text = "accessLogConfiguration requires logConfiguration.";
        return Err(ApiError::invalid_parameter(text));
    }
    let entries = config.services.as_deref().unwrap_or_default();
    for (at, entry) in entries.iter().enumerate() {
        check_entry(entry, task_definition)?;
        let twin =
            entries[..at].iter().find(|other| discovery_name(other) == discovery_name(entry));
        if twin.is_some() {
            let text = format!("Duplicate discoveryName {}", discovery_name(entry));
            return Err(ApiError::invalid_parameter(text));
        }
    }
    Ok(())
}

/// DG:service-connect-concepts-deploy: Linux; task memory beyond what the containers may take, and task CPU; no
/// `links`, and in bridge mode no `hostname`.
fn check_task_definition(raw: &Value) -> Result<(), ApiError> {
    let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let containers =
        || raw.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let sets = |member: &str| {
        containers().filter_map(|each| each.get(member)).any(|value| match value {
            Value::Array(items) => !items.is_empty(),
            other => other.as_str().is_some_and(|text| !text.is_empty()),
        })
    };
    let limits: u64 = containers().filter_map(|each| each.get("memory")?.as_u64()).sum();
    let memory: Option<u64> = text("/memory").parse().ok();
    let bridge = text("/networkMode") == "bridge";
    let rows = [
        (
            text("/runtimePlatform/operatingSystemFamily").starts_with("WINDOWS"),
            "Windows containers",
        ),
        (
            memory.is_none_or(|memory| limits >= memory),
            "task definitions without task memory to spare",
        ),
        (text("/cpu").is_empty(), "task definitions without task CPU"),
        (sets("links"), "links"),
        (bridge && sets("hostname"), "hostname in network mode bridge"),
    ];
    let refused = rows.iter().find(|(refused, _)| *refused);
    refused.map_or(Ok(()), |(_, what)| {
        let text = format!("Service Connect is not supported with {what}.");
        Err(ApiError::invalid_parameter(text))
    })
}

/// API:ServiceConnectService: the port's name unless another is given.
pub(super) fn discovery_name(entry: &ServiceConnectService) -> &str {
    entry.discovery_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&entry.port_name)
}

fn check_entry(entry: &ServiceConnectService, definition: &TaskDefinition) -> Result<(), ApiError> {
    let port = check_port(entry, definition)?;
    let name = discovery_name(entry);
    if name.len() > 64 || !is_name(name, false) {
        return Err(ApiError::invalid_parameter(format!("The discovery name {name} is invalid")));
    }
    check_alias(the_alias(entry)?)?;
    if entry.ingress_port_override.is_some_and(|port| port <= 1024) {
        // tf#28293
        let text = "IngressPortOverride cannot use ports <= 1024.";
        return Err(ApiError::invalid_parameter(text));
    }
    let per_request =
        entry.timeout.as_ref().and_then(|timeout| timeout.per_request_timeout_seconds);
    if let (Some(seconds), None) = (per_request, &port.app_protocol) {
        // pulumi-aws#4265
        let text = format!("Per request timeout {seconds} can't be set for tcp application.");
        return Err(ApiError::invalid_parameter(text));
    }
    // DG:service-connect-tls
    if entry.tls.is_some() && definition.network_mode.as_deref() == Some("bridge") {
        let text = "TLS for Service Connect is not supported with network mode bridge.";
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(())
}

fn check_port<'a>(
    entry: &ServiceConnectService,
    definition: &'a TaskDefinition,
) -> Result<&'a NamedPort, ApiError> {
    let Some(port) = definition.port(&entry.port_name) else {
        let name = &entry.port_name;
        let text = format!(
            "portName({name}) does not refer to any named PortMapping in the container definitions"
        );
        return Err(ApiError::invalid_parameter(text));
    };
    if port.protocol != "tcp" {
        let text = format!("Service Connect does not support protocol {}.", port.protocol);
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(port)
}

/// The one alias that each endpoint has.
pub(super) fn the_alias(
    entry: &ServiceConnectService,
) -> Result<&ServiceConnectClientAlias, ApiError> {
    match entry.client_aliases.as_deref().unwrap_or_default() {
        [alias] => Ok(alias),
        // Public reports of what ECS answers.
        [] => Err(ApiError::invalid_parameter("clientAliases must have 1 element.")),
        // Seen in a tool's tests against real deployments (preflight).
        _ => Err(ApiError::invalid_parameter("clientAliases exceeds the max limit of 1")),
    }
}

/// API:ServiceConnectClientAlias: up to 127 lower-case letters, digits, `_`, `-` and `.`.
fn check_alias(alias: &ServiceConnectClientAlias) -> Result<(), ApiError> {
    if alias.port > 65535 {
        let text = format!("Invalid client alias port {}", alias.port);
        return Err(ApiError::invalid_parameter(text));
    }
    let bad = |name: &str| name.is_empty() || name.len() > 127 || !is_name(name, true);
    if alias.dns_name.as_deref().is_some_and(bad) {
        return Err(ApiError::invalid_parameter("The DNS name that you provided is invalid"));
    }
    Ok(())
}

fn is_name(name: &str, dots: bool) -> bool {
    let allowed = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-' || (dots && c == '.')
    };
    !name.starts_with('-') && name.chars().all(allowed)
}
