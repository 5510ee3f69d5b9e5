//! What is in force of a service, read from the model's truth, with every default filled in.

use std::collections::BTreeMap;

use eastwest_sim::model::{Connect, EcsServiceKey, Model};
use serde_json::{Value, json};

use crate::proof::fixture::{CLUSTER, Fixture};

/// Service Connect switched on; off is the absence of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// The namespace's id and name.
    pub(crate) namespace: String,
    /// By the port's name.
    pub(crate) endpoints: BTreeMap<String, End>,
    pub(crate) logs: Value,
    pub(crate) access_logs: Value,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) name: String,
    pub(crate) host: String,
    /// Each further field by its name.
    pub(crate) rest: BTreeMap<&'static str, Value>,
}

/// What the model has made of a service; the two that differ only in defaults are one.
pub(crate) fn state(model: &Model, fixture: &Fixture) -> Option<State> {
    let key = EcsServiceKey::new(CLUSTER, fixture.service.as_str());
    let connect = model.service(&key)?.connect()?;
    let sent = &connect.sent;
    let mut logs = json!(sent.log_configuration);
    if let Some(logs) = logs.as_object_mut() {
        logs.retain(|_, value| *value != json!([]) && *value != json!({}));
        if let Some(secrets) = logs.get_mut("secretOptions").and_then(Value::as_array_mut) {
            secrets.sort_by_key(ToString::to_string);
        }
    }
    let mut access_logs = json!(sent.access_log_configuration);
    if let Some(access) = access_logs.as_object_mut() {
        access.entry("includeQueryParameters").or_insert_with(|| json!("DISABLED"));
    }
    let endpoints = (0..connect.endpoints.len()).map(|at| end(connect, at, fixture)).collect();
    Some(State { namespace: connect.namespace.clone(), endpoints, logs, access_logs })
}

fn end(connect: &Connect, at: usize, fixture: &Fixture) -> (String, End) {
    let endpoint = &connect.endpoints[at];
    let entry = json!(connect.sent.services.as_ref().map(|entries| &entries[at]));
    let mapping = fixture.ports.iter().find(|port| port.name.as_ref() == Some(&endpoint.port_name));
    let tcp = mapping.is_none_or(|port| port.app.is_none());
    let (host, port) = endpoint.alias.clone();
    let at = |pointer: &str| entry.pointer(pointer).cloned();
    // API:TimeoutConfiguration, API:ServiceConnectService.ingressPortOverride: what ECS takes where nothing is said.
    let idle = json!(if tcp { 3600 } else { 300 });
    let request = if tcp { Value::Null } else { json!(15) };
    let ingress = if fixture.awsvpc { json!(endpoint.container_port) } else { Value::Null };
    let rest = [
        ("port", json!(port)),
        ("idle", at("/timeout/idleTimeoutSeconds").unwrap_or(idle)),
        ("request", at("/timeout/perRequestTimeoutSeconds").unwrap_or(request)),
        ("ingress", at("/ingressPortOverride").unwrap_or(ingress)),
        ("ca", at("/tls/issuerCertificateAuthority/awsPcaAuthorityArn").unwrap_or_default()),
        ("key", at("/tls/kmsKey").unwrap_or_default()),
        ("role", at("/tls/roleArn").unwrap_or_default()),
        ("header", at("/clientAliases/0/testTrafficRules").unwrap_or_default()),
    ];
    let rest = rest.into_iter().collect();
    (endpoint.port_name.clone(), End { name: endpoint.discovery_name.clone(), host, rest })
}
