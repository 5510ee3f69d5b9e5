//! A configuration in force with nothing left to defaults, and the names that it takes up.
//!
//! **Invariant:** read from the model's own resolution of a configuration, never from core's canonical form. A mistake
//! in the one cannot hide behind the same mistake in the other.

use serde_json::{Value, json};

use crate::model::Connect;

/// A configuration in force with nothing left to defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The namespace's id.
    pub namespace: String,
    /// What is served, in order of discovery names.
    pub endpoints: Vec<EffectiveEndpoint>,
    /// The proxy's logs and access logs.
    pub logs: [Value; 2],
    /// Members that eastwest does not know.
    pub unknown: Value,
}

/// One endpoint with nothing left to defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveEndpoint {
    /// Its discovery name.
    pub discovery_name: String,
    /// The port mapping's name.
    pub port_name: String,
    /// The container's port.
    pub container_port: u32,
    /// What clients call.
    pub alias: (String, u32),
    /// Ingress port, time-outs, TLS, test rules.
    pub rest: Value,
}

/// A name only one service of a namespace may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// A discovery name, by namespace id.
    Discovery(String, String),
    /// An alias, by namespace id.
    Alias(String, String, u32),
}

impl Effective {
    /// What the model made of a configuration.
    pub fn of(connect: &Connect) -> Self {
        let sent = connect.sent.services.iter().flatten();
        let mut endpoints: Vec<_> = connect
            .endpoints
            .iter()
            .zip(sent)
            .map(|(endpoint, entry)| EffectiveEndpoint {
                discovery_name: endpoint.discovery_name.clone(),
                port_name: endpoint.port_name.clone(),
                container_port: endpoint.container_port,
                alias: endpoint.alias.clone(),
                rest: json!([
                    entry.ingress_port_override,
                    entry.timeout,
                    entry.tls,
                    entry
                        .client_aliases
                        .iter()
                        .flatten()
                        .filter_map(|alias| alias.test_traffic_rules.as_ref())
                        .collect::<Vec<_>>(),
                ]),
            })
            .collect();
        endpoints.sort_by(|a, b| a.discovery_name.cmp(&b.discovery_name));
        let mut logs = json!(connect.sent.log_configuration);
        if let Some(logs) = logs.as_object_mut() {
            logs.retain(|_, value| *value != json!([]) && *value != json!({}));
            // Their order has no meaning, and core keeps them by name.
            if let Some(secrets) = logs.get_mut("secretOptions").and_then(Value::as_array_mut) {
                secrets.sort_by_key(ToString::to_string);
            }
        }
        let mut access_logs = json!(connect.sent.access_log_configuration);
        if let Some(access_logs) = access_logs.as_object_mut() {
            // The default.
            access_logs.retain(|_, value| *value != json!("DISABLED"));
        }
        Self {
            namespace: connect.namespace.clone(),
            endpoints,
            logs: [logs, access_logs],
            unknown: json!(connect.sent.container_configurations),
        }
    }

    /// The names it takes up.
    pub fn taken(&self) -> impl Iterator<Item = Taken> {
        self.endpoints.iter().flat_map(|endpoint| {
            let namespace = &self.namespace;
            let (host, port) = endpoint.alias.clone();
            let discovery = Taken::Discovery(namespace.clone(), endpoint.discovery_name.clone());
            [discovery, Taken::Alias(namespace.clone(), host, port)]
        })
    }
}
