//! What one service asks for, before the world is looked at.
//!
//! Every field is optional: what is not declared stays as it is deployed. A service's tags are one declaration, its
//! entry in the document is another, the parameter that its `document` tag names a third; [`Declaration::over`] lays
//! one over the other.

use schemars::JsonSchema;
use serde::Serialize;

use crate::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::name::{DiscoveryName, DnsName, NamespaceRef, ParameterName, Port, PortName};

/// What one service asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Declaration {
    /// The opt-in. Always there in a declaration that is acted on; one source alone need not have it.
    pub mode: Option<Mode>,
    /// The namespace to be in.
    pub namespace: Option<NamespaceRef>,
    /// The endpoints to offer, whole; empty where none is declared, and then those that stand are kept.
    pub endpoints: Vec<EndpointDeclaration>,
    /// Where the proxy's logs go.
    pub logs: Option<LogsDeclaration>,
    /// How the proxy logs requests.
    pub access_logs: Option<AccessLogs>,
    /// The header of blue/green test traffic, for every endpoint.
    pub test_header: Option<TestHeader>,
    /// The discovery names this service calls; `Some` and empty for `none`.
    pub needs: Option<Vec<DiscoveryName>>,
    /// When new endpoints cause a redeployment.
    pub refresh: Option<RefreshWhen>,
    /// Until when nothing may change.
    pub pause: Option<Pause>,
    /// The parameter that holds the rest of it. Only a tag says so.
    pub document: Option<ParameterName>,
}

impl Declaration {
    /// Field by field what this one says, else what the other says. The endpoints are one field: a list is taken
    /// whole. A pause is the exception, because stopping must be possible from either side: the longer one counts.
    pub fn over(&self, under: &Self) -> Self {
        let endpoints = if self.endpoints.is_empty() { &under.endpoints } else { &self.endpoints };
        Self {
            mode: self.mode.or(under.mode),
            namespace: self.namespace.clone().or_else(|| under.namespace.clone()),
            endpoints: endpoints.clone(),
            logs: self.logs.clone().or_else(|| under.logs.clone()),
            access_logs: self.access_logs.clone().or_else(|| under.access_logs.clone()),
            test_header: self.test_header.clone().or_else(|| under.test_header.clone()),
            needs: self.needs.clone().or_else(|| under.needs.clone()),
            refresh: self.refresh.or(under.refresh),
            pause: self.pause.max(under.pause),
            document: self.document.clone().or_else(|| under.document.clone()),
        }
    }
}

/// `eastwest/mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Mode {
    /// Calls others, offers nothing.
    Client,
    /// Calls others and offers endpoints.
    ClientServer,
    /// Service Connect is switched off.
    Off,
}

/// One endpoint as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EndpointDeclaration {
    /// The port it serves.
    pub port: Option<PortSelector>,
    /// Its name in the namespace.
    pub discovery_name: Option<DiscoveryName>,
    /// What clients call.
    pub alias: Option<AliasDeclaration>,
    /// How long its proxy waits.
    pub timeout: Timeout,
    /// The port its proxy listens on.
    pub ingress_port: Option<Port>,
    /// Encryption between the proxies.
    pub tls: Option<Tls>,
}

/// A port by its name or by the container's port number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PortSelector {
    /// `portMappings[].name`.
    Name(PortName),
    /// `portMappings[].containerPort`.
    Number(Port),
}

impl std::fmt::Display for PortSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// `[dns-name][:port]`, at least one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AliasDeclaration {
    /// The host clients call.
    pub dns_name: Option<DnsName>,
    /// The port clients call.
    pub port: Option<Port>,
}

/// `eastwest/logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LogsDeclaration {
    /// `none`: no proxy logs.
    Off,
    /// Logs as given.
    To(ProxyLogs),
}

/// `eastwest/refresh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefreshWhen {
    /// For endpoints in `needs`.
    Declared,
    /// For those inferred from the environment too.
    Inferred,
    /// For every new endpoint of the namespace.
    Always,
    /// Never.
    Never,
}

/// `eastwest/pause`; the longer one is the greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Pause {
    /// Until this moment.
    Until(jiff::Timestamp),
    /// `true`: until the tag goes.
    Open,
}
