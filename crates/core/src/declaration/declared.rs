//! What one service asks for, before anything is compared with what is deployed.
//!
//! Every field is optional. A field that is not declared stays as it is deployed. A service's tags are one declaration,
//! its entry in the document is another, the parameter that its `document` tag names a third; [`Declaration::over`]
//! lays one over the other.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ecs::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::name::{
    Arn, DiscoveryName, DnsName, HttpPath, NamespaceRef, ParameterName, Port, PortName,
};

/// What one service asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// The opt-in. A declaration that eastwest acts on always has it; one source alone may lack it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The namespace to be in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceRef>,
    /// All endpoints to offer. If none is declared the list is empty, and the deployed endpoints stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointDeclaration>,
    /// Where the proxy's logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogsDeclaration>,
    /// How the proxy logs requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
    /// The header of blue/green test traffic, for every endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_header: Option<TestHeader>,
    /// The discovery names this service calls; `Some` and empty for `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<DiscoveryName>>,
    /// When new endpoints cause a redeployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshWhen>,
    /// Until when nothing may change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// What `verify` asks each instance for. Nothing that is deployed depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<HttpPath>,
    /// The parameter that holds the rest of it. Only a tag can name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<ParameterName>,
}

impl Declaration {
    /// Each field of this declaration, and the other's field where this one has none. The endpoints are one field: a
    /// list is taken whole. The pause is an exception, because either side must be able to stop changes: the longer
    /// pause counts.
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
            check: self.check.clone().or_else(|| under.check.clone()),
            document: self.document.clone().or_else(|| under.document.clone()),
        }
    }
}

impl Declaration {
    /// Each declared field as text, under the name of its tag. Options of logs are not shown.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mode = self.mode.map(|mode| <&str>::from(mode).to_owned());
        let listed = || self.endpoints.iter().map(ToString::to_string).collect::<Vec<_>>();
        let endpoints = (!self.endpoints.is_empty()).then(|| listed().join(", "));
        let fields = [
            ("mode", mode),
            ("namespace", self.namespace.as_ref().map(ToString::to_string)),
            ("endpoints", endpoints),
            ("logs", self.logs.as_ref().map(ToString::to_string)),
            ("access-logs", self.access_logs.as_ref().map(ToString::to_string)),
            ("test-header", self.test_header.as_ref().map(ToString::to_string)),
            ("needs", self.needs.as_deref().map(shown_needs)),
            ("refresh", self.refresh.map(|refresh| <&str>::from(refresh).to_owned())),
            ("pause", self.pause.map(|pause| pause.to_string())),
            ("check", self.check.as_ref().map(ToString::to_string)),
            ("document", self.document.as_ref().map(ToString::to_string)),
        ];
        fields.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }
}

fn shown_needs(needs: &[DiscoveryName]) -> String {
    if needs.is_empty() {
        return "none".to_owned();
    }
    needs.iter().map(DiscoveryName::as_str).collect::<Vec<_>>().join(" ")
}

/// `eastwest/mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Mode {
    /// It calls others and offers nothing.
    Client,
    /// It calls others and offers endpoints.
    ClientServer,
    /// Service Connect is switched off.
    Off,
}

/// One endpoint as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointDeclaration {
    /// The port it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<PortSelector>,
    /// Its name in the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_name: Option<DiscoveryName>,
    /// What clients call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<AliasDeclaration>,
    /// How long its proxy waits.
    #[serde(skip_serializing_if = "Timeout::is_empty")]
    pub timeout: Timeout,
    /// The port its proxy listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_port: Option<Port>,
    /// Encryption between the proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
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

impl fmt::Display for EndpointDeclaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, discovery_name, alias, timeout, ingress_port, tls } = self;
        let port = port.as_ref().map_or("its port".to_owned(), ToString::to_string);
        f.write_str(&port)?;
        let words = [
            ("name", discovery_name.as_ref().map(ToString::to_string)),
            ("alias", alias.as_ref().map(ToString::to_string)),
            ("idle", timeout.idle_s.map(|seconds| format!("{seconds}s"))),
            ("request", timeout.request_s.map(|seconds| format!("{seconds}s"))),
            ("ingress", ingress_port.map(|port| port.to_string())),
            ("tls", tls.as_ref().map(|tls| format!("({})", declared_members(tls)))),
        ];
        words.into_iter().try_for_each(|(word, text)| match text {
            Some(text) => write!(f, " {word}={text}"),
            None => Ok(()),
        })
    }
}

/// The members that are declared. The others stay as deployed.
fn declared_members(Tls { authority, kms_key, role }: &Tls) -> String {
    let members = [
        ("ca", authority.as_ref().map(Arn::as_str)),
        ("key", kms_key.as_deref()),
        ("role", role.as_ref().map(Arn::as_str)),
    ];
    let texts = members.into_iter().filter_map(|(name, text)| Some(format!("{name}={}", text?)));
    texts.collect::<Vec<_>>().join(" ")
}

impl fmt::Display for AliasDeclaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.dns_name.as_ref().map_or("", DnsName::as_str))?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for LogsDeclaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("none"),
            Self::To(logs) | Self::InPart(logs) => logs.fmt(f),
        }
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(until) => until.fmt(f),
            Self::Open => f.write_str("true"),
        }
    }
}

impl fmt::Display for PortSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// `[dns-name][:port]`, at least one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasDeclaration {
    /// The host clients call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<DnsName>,
    /// The port clients call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
}

/// `eastwest/logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LogsDeclaration {
    /// `none`: no proxy logs.
    Off,
    /// Logs as given, and nothing else.
    To(ProxyLogs),
    /// Logs as given, and the deployed options that this does not name if both go to the same log group: a tag has words
    /// for few options.
    InPart(ProxyLogs),
}

impl Declaration {
    /// The same as a document says it: its logs are all that is wanted.
    pub fn whole(mut self) -> Self {
        self.logs = self.logs.map(LogsDeclaration::whole);
        self
    }
}

impl LogsDeclaration {
    /// The same without regard to what is deployed.
    pub(crate) fn whole(self) -> Self {
        match self {
            Self::InPart(logs) => Self::To(logs),
            whole => whole,
        }
    }

    /// What it says of the logs; nothing where there are none.
    pub(crate) fn said(&self) -> Option<&ProxyLogs> {
        match self {
            Self::Off => None,
            Self::To(logs) | Self::InPart(logs) => Some(logs),
        }
    }
}

/// `eastwest/refresh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
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
