//! When two configurations are the same. Where they differ is in [`super::change`].
//!
//! ECS echoes a namespace in the form it was given, and some defaults but not others, depending on the case (the
//! Service Connect tutorial shows an entry without `discoveryName` and without `dnsName`; other captures show them
//! filled). So both sides are brought into one form first: the namespace by id, every default filled in, empty the same
//! as absent, and lists sorted. A controller that compares less carefully rolls its services out again and again.

use std::collections::BTreeMap;

use super::connect::{AccessLogs, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls};
use super::defaults::Defaults;
use super::name::{DiscoveryName, DnsName, NamespaceId, NamespaceRef, Port, PortName};
use super::namespace::Namespace;
use super::task_definition::PortMapping;

/// A configuration with nothing left to defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// The namespace.
    pub namespace: Identity,
    /// The endpoints by port and discovery name.
    pub endpoints: BTreeMap<(PortName, DiscoveryName), CanonicalEndpoint>,
    /// The proxy's logs.
    pub logs: Option<ProxyLogs>,
    /// The proxy's access logs.
    pub access_logs: Option<AccessLogs>,
    /// How much the proxy writes into its logs.
    pub log_level: String,
}

/// A namespace's id, or the reference to it if no namespace is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Resolved.
    Id(NamespaceId),
    /// Named, not found.
    Unresolved(NamespaceRef),
    /// Not even named.
    Missing,
}

/// An endpoint with nothing left to defaults. `None` is "not known without the task definition".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalEndpoint {
    /// The host clients call.
    pub host: Option<DnsName>,
    /// The port clients call.
    pub port: Option<Port>,
    /// The header of test traffic.
    pub test_header: Option<TestHeader>,
    /// The port its proxy listens on.
    pub ingress_port: Option<Port>,
    /// How long its proxy waits.
    pub timeout: Timeout,
    /// Encryption.
    pub tls: Option<Tls>,
}

/// Brings a configuration into the form in which it can be compared.
pub fn canonical(connect: &Connect, defaults: &Defaults<'_>) -> Canonical {
    let namespace = defaults.namespace_of(connect);
    let named = connect.namespace.as_ref().or(defaults.default_namespace);
    let identity = match (namespace, named) {
        (Some(found), _) => Identity::Id(found.id.clone()),
        (None, Some(reference)) => Identity::Unresolved(reference.clone()),
        (None, None) => Identity::Missing,
    };
    let endpoints = connect
        .endpoints
        .iter()
        .map(|endpoint| {
            let key = (endpoint.port_name.clone(), endpoint.discovery());
            (key, canonical_endpoint(endpoint, namespace, defaults))
        })
        .collect();
    Canonical {
        namespace: identity,
        endpoints,
        logs: connect.logs.as_ref().map(sorted_logs),
        access_logs: connect.access_logs.clone(),
        // API:ServiceConnectContainerConfiguration.logLevel.
        log_level: connect.log_level.clone().unwrap_or_else(|| "info".to_owned()),
    }
}

impl Endpoint {
    /// The host that clients call, the default filled in: the discovery name in the namespace. None where neither the
    /// alias says one nor the namespace is known.
    pub fn host(&self, namespace: Option<&Namespace>) -> Option<DnsName> {
        match namespace {
            Some(namespace) => Some(self.host_in(namespace)),
            None => self.said_host().cloned(),
        }
    }

    /// The host that clients call in this namespace.
    pub fn host_in(&self, namespace: &Namespace) -> DnsName {
        let default = || DnsName::of_endpoint(&self.discovery(), &namespace.name);
        self.said_host().cloned().unwrap_or_else(default)
    }

    fn said_host(&self) -> Option<&DnsName> {
        self.alias.as_ref()?.dns_name.as_ref()
    }

    /// The port that clients call, the default filled in: the container's. None where neither is known.
    pub fn client_port(&self, defaults: &Defaults<'_>) -> Option<Port> {
        let said = self.alias.as_ref().map(|alias| alias.port);
        said.or_else(|| defaults.port(&self.port_name)?.container_port)
    }
}

fn canonical_endpoint(
    endpoint: &Endpoint,
    namespace: Option<&Namespace>,
    defaults: &Defaults<'_>,
) -> CanonicalEndpoint {
    let mapping = defaults.port(&endpoint.port_name);
    let awsvpc = defaults.task_definition.is_some_and(|td| td.network_mode == "awsvpc");
    let alias = endpoint.alias.as_ref();
    CanonicalEndpoint {
        host: endpoint.host(namespace),
        port: endpoint.client_port(defaults),
        test_header: alias.and_then(|alias| alias.test_header.clone()),
        ingress_port: endpoint.ingress_port.or_else(|| mapping.filter(|_| awsvpc)?.container_port),
        timeout: with_defaults(endpoint.timeout, mapping),
        tls: endpoint.tls.clone(),
    }
}

/// Fills the time-outs ECS applies by itself: idle 300 s for http, http2 and grpc, 3,600 s for TCP;
/// 15 s for one request, none for TCP (API:TimeoutConfiguration).
fn with_defaults(timeout: Timeout, mapping: Option<&PortMapping>) -> Timeout {
    let Some(mapping) = mapping else { return timeout };
    let tcp = mapping.app_protocol.is_none();
    Timeout {
        idle_s: timeout.idle_s.or(Some(if tcp { 3600 } else { 300 })),
        request_s: timeout.request_s.or(if tcp { None } else { Some(15) }),
    }
}

fn sorted_logs(logs: &ProxyLogs) -> ProxyLogs {
    let mut logs = logs.clone();
    logs.options.sort();
    logs.secret_options.sort();
    logs
}

impl CanonicalEndpoint {
    /// `host:port`, as far as known.
    pub fn alias(&self) -> String {
        let host = self.host.as_ref().map_or("?", DnsName::as_str);
        self.port.map_or_else(|| format!("{host}:?"), |port| format!("{host}:{port}"))
    }
}

#[cfg(test)]
pub(super) mod tests;
