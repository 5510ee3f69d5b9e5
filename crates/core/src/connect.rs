//! One service's Service Connect configuration, as ECS stores it for a deployment.
//!
//! This is API:ServiceConnectConfiguration in our types, every member of it: a write replaces the whole
//! object (aws has no patch), so what we do not carry here we would destroy. `None` and an empty list
//! mean that the member is absent on the wire. Comparison is not here but in [`crate::canonical`],
//! because "equal" depends on defaults that only the namespace and the task definition know.

use serde::Serialize;

use crate::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};

/// A configuration with Service Connect switched on. Switched off is the absence of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connect {
    /// The namespace in the form it was given; absent means the cluster's default at creation.
    pub namespace: Option<NamespaceRef>,
    /// What the service offers. Empty: it is a client only.
    pub endpoints: Vec<Endpoint>,
    /// Where the proxy's logs go.
    pub logs: Option<ProxyLogs>,
    /// Whether and how the proxy logs each request.
    pub access_logs: Option<AccessLogs>,
    /// How much the proxy writes into its logs (`containerConfigurations[].logLevel`): `info`, which absent means,
    /// or `debug`. Nothing declares it; it is carried over, for a write without it would reset it.
    pub log_level: Option<String>,
}

/// One endpoint: an entry of `services[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// The named port mapping it serves.
    pub port_name: PortName,
    /// Its name in Cloud Map; absent means the port's name.
    pub discovery_name: Option<DiscoveryName>,
    /// What clients call; ECS allows at most one for each endpoint.
    pub alias: Option<ClientAlias>,
    /// The port its proxy listens on, where that is not the container's.
    pub ingress_port: Option<Port>,
    /// How long the proxy waits.
    pub timeout: Timeout,
    /// Encryption between the proxies.
    pub tls: Option<Tls>,
}

/// What clients call: an entry of `clientAliases[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientAlias {
    /// The port the clients' proxies listen on.
    pub port: Port,
    /// The host; absent means `<discovery-name>.<namespace>`.
    pub dns_name: Option<DnsName>,
    /// The header that marks test traffic of a blue/green deployment.
    pub test_header: Option<TestHeader>,
}

/// A header and its exact value, `testTrafficRules.header`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestHeader {
    /// The header's name.
    pub name: String,
    /// The value it must have; absent as AWS allows it in answers.
    pub exact: Option<String>,
}

/// Time-outs in seconds; 0 disables, absent means ECS's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Timeout {
    /// How long a connection may be idle.
    pub idle_s: Option<u32>,
    /// How long one request may take; never allowed for an endpoint without `appProtocol`.
    pub request_s: Option<u32>,
}

/// API:ServiceConnectTlsConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// The AWS Private CA that issues the certificates.
    pub authority: Option<Arn>,
    /// The key that encrypts them.
    pub kms_key: Option<String>,
    /// The role ECS assumes to do so.
    pub role: Option<Arn>,
}

/// API:LogConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxyLogs {
    /// The log driver's name.
    pub driver: String,
    /// Its options, ordered by name.
    pub options: Vec<(String, String)>,
    /// Options whose values are secrets: name and the ARN it is read from, ordered by name.
    pub secret_options: Vec<(String, String)>,
}

/// API:ServiceConnectAccessLogConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessLogs {
    /// `TEXT` or `JSON`.
    pub format: String,
    /// Whether query parameters are logged.
    pub query_parameters: bool,
}

impl Endpoint {
    /// An endpoint on a port with nothing else said.
    pub fn bare(port_name: PortName) -> Self {
        Self {
            port_name,
            discovery_name: None,
            alias: None,
            ingress_port: None,
            timeout: Timeout::default(),
            tls: None,
        }
    }

    /// Its discovery name, the default filled in (API:ServiceConnectService.discoveryName).
    pub fn discovery(&self) -> DiscoveryName {
        self.discovery_name
            .clone()
            .unwrap_or_else(|| DiscoveryName::as_read(self.port_name.as_str()))
    }
}
