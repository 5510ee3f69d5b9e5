//! When two configurations are the same, and where they differ if not.
//!
//! ECS echoes a namespace in the form it was given, and some defaults but not others, depending on the case
//! (the Service Connect tutorial shows an entry without `discoveryName` and without `dnsName`; other captures show them
//! filled). So both sides are brought into one form first: namespace by id, every default filled in, empty
//! the same as absent, order without meaning. A controller that compares less carefully rolls its services for ever.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::connect::{AccessLogs, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls};
use crate::name::{Arn, DiscoveryName, DnsName, NamespaceId, NamespaceRef, Port, PortName};
use crate::view::{Namespace, PortMapping, TaskDefinition};

/// What defaults depend on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The namespaces of the account and region.
    pub namespaces: &'a [Namespace],
    /// The cluster's default namespace.
    pub default_namespace: Option<&'a NamespaceRef>,
    /// The task definition in force, if it has been read.
    pub task_definition: Option<&'a TaskDefinition>,
}

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

/// A namespace's id, or the words it was named by where they resolve to none.
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

impl<'a> Ground<'a> {
    /// The namespace a reference means. A name is what ECS takes it for, Cloud Map's `HttpName`, and else
    /// the only namespace of that name; twins of one name mean none.
    pub fn resolve(&self, reference: &NamespaceRef) -> Option<&'a Namespace> {
        match reference {
            NamespaceRef::Id(id) | NamespaceRef::Arn(_, id) => {
                self.namespaces.iter().find(|n| n.id == *id)
            }
            NamespaceRef::Name(name) => {
                let by_http_name = self.namespaces.iter().find(|n| n.http_name == *name);
                let mut by_name = self.namespaces.iter().filter(|n| n.name == *name);
                let only = by_name.next().filter(|_| by_name.next().is_none());
                by_http_name.or(only)
            }
        }
    }

    /// The namespace of a configuration, the cluster's default where it names none.
    pub fn namespace_of(&self, connect: &Connect) -> Option<&'a Namespace> {
        self.resolve(connect.namespace.as_ref().or(self.default_namespace)?)
    }

    /// The mapping a port name means.
    pub fn port(&self, name: &PortName) -> Option<&'a PortMapping> {
        self.task_definition?.ports.iter().find(|port| port.name.as_ref() == Some(name))
    }
}

/// Brings a configuration into the one form in which it can be compared.
pub fn canonical(connect: &Connect, ground: &Ground<'_>) -> Canonical {
    let namespace = ground.namespace_of(connect);
    let named = connect.namespace.as_ref().or(ground.default_namespace);
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
            (key, canonical_endpoint(endpoint, namespace, ground))
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

fn canonical_endpoint(
    endpoint: &Endpoint,
    namespace: Option<&Namespace>,
    ground: &Ground<'_>,
) -> CanonicalEndpoint {
    let mapping = ground.port(&endpoint.port_name);
    let awsvpc = ground.task_definition.is_some_and(|td| td.network_mode == "awsvpc");
    let alias = endpoint.alias.as_ref();
    CanonicalEndpoint {
        host: alias.and_then(|alias| alias.dns_name.clone()).or_else(|| {
            namespace.map(|namespace| DnsName::of_endpoint(&endpoint.discovery(), &namespace.name))
        }),
        port: alias.map(|alias| alias.port).or_else(|| mapping?.container_port),
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

/// One difference: a field, and its values before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which field.
    pub field: Field,
    /// Of which endpoint, as `port/discovery-name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What stands there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What shall stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The fields that can differ: a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Field {
    /// Service Connect on or off.
    Enabled,
    /// The namespace.
    Namespace,
    /// A whole endpoint, added or removed.
    Endpoint,
    /// A client alias.
    Alias,
    /// The header of test traffic.
    TestHeader,
    /// The proxy's own port.
    IngressPort,
    /// Time-outs.
    Timeout,
    /// Encryption.
    Tls,
    /// Proxy logs.
    Logs,
    /// Access logs.
    AccessLogs,
    /// How much the proxy logs.
    LogLevel,
}

/// Every difference between what is in force and what is wanted; empty means equal. `None` is "off".
pub fn changes(from: Option<&Canonical>, to: Option<&Canonical>) -> Vec<Change> {
    let mut changes = Vec::new();
    let onoff =
        |side: Option<&Canonical>| Some(if side.is_some() { "on" } else { "off" }.to_owned());
    note(&mut changes, Field::Enabled, None, (onoff(from), onoff(to)));
    let Some(to) = to else { return changes };
    let namespace = |side: &Canonical| Some(side.namespace.to_string());
    note(&mut changes, Field::Namespace, None, (from.and_then(namespace), namespace(to)));
    let empty = BTreeMap::new();
    let before = from.map_or(&empty, |side| &side.endpoints);
    for (key, endpoint) in before.iter().filter(|(key, _)| !to.endpoints.contains_key(key)) {
        note(&mut changes, Field::Endpoint, Some(key), (Some(endpoint.alias()), None));
    }
    for (key, endpoint) in &to.endpoints {
        match before.get(key) {
            None => note(&mut changes, Field::Endpoint, Some(key), (None, Some(endpoint.alias()))),
            Some(old) => endpoint_changes(&mut changes, key, old, endpoint),
        }
    }
    let logs = |side: &Canonical| side.logs.as_ref().map(ToString::to_string);
    if from.and_then(|side| side.logs.as_ref()) != to.logs.as_ref() {
        // Not `note`: the values of log options are not shown, they may hold a token.
        let (from, to) = (from.and_then(logs), logs(to));
        changes.push(Change { field: Field::Logs, endpoint: None, from, to });
    }
    let access = |side: &Canonical| side.access_logs.as_ref().map(ToString::to_string);
    note(&mut changes, Field::AccessLogs, None, (from.and_then(access), access(to)));
    let level = |side: &Canonical| Some(side.log_level.clone()).filter(|level| level != "info");
    note(&mut changes, Field::LogLevel, None, (from.and_then(level), level(to)));
    changes
}

type EndpointKey = (PortName, DiscoveryName);
type Show = fn(&CanonicalEndpoint) -> Option<String>;

fn endpoint_changes(
    changes: &mut Vec<Change>,
    key: &EndpointKey,
    old: &CanonicalEndpoint,
    new: &CanonicalEndpoint,
) {
    let fields: [(Field, Show); 5] = [
        (Field::Alias, |e| Some(e.alias())),
        (Field::TestHeader, |e| e.test_header.as_ref().map(ToString::to_string)),
        (Field::IngressPort, |e| e.ingress_port.map(|port| port.to_string())),
        (Field::Timeout, |e| Some(e.timeout.to_string())),
        (Field::Tls, |e| e.tls.as_ref().map(ToString::to_string)),
    ];
    for (field, read) in fields {
        note(changes, field, Some(key), (read(old), read(new)));
    }
}

fn note(
    changes: &mut Vec<Change>,
    field: Field,
    endpoint: Option<&EndpointKey>,
    (from, to): (Option<String>, Option<String>),
) {
    if from != to {
        let endpoint = endpoint.map(|(port, discovery)| format!("{port}/{discovery}"));
        changes.push(Change { field, endpoint, from, to });
    }
}

impl CanonicalEndpoint {
    /// `host:port`, as far as known.
    pub fn alias(&self) -> String {
        let host = self.host.as_ref().map_or("?", DnsName::as_str);
        self.port.map_or_else(|| format!("{host}:?"), |port| format!("{host}:{port}"))
    }
}

mod show {
    //! How values look in a plan. But for logs, two values look alike only if they are equal, because
    //! [`super::changes`] compares what is shown.
    use std::fmt::{Display, Formatter, Result};

    use super::{AccessLogs, Arn, Identity, ProxyLogs, TestHeader, Timeout, Tls};

    impl Display for Identity {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            match self {
                Self::Id(id) => id.fmt(f),
                Self::Unresolved(reference) => write!(f, "{reference} (not found)"),
                Self::Missing => f.write_str("none"),
            }
        }
    }

    impl Display for TestHeader {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            match &self.exact {
                Some(exact) => write!(f, "{}={exact}", self.name),
                None => write!(f, "{} present", self.name),
            }
        }
    }

    impl Display for Timeout {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            let show = |seconds: Option<u32>| {
                seconds.map_or_else(|| "default".to_owned(), |seconds| format!("{seconds}s"))
            };
            write!(f, "idle={} request={}", show(self.idle_s), show(self.request_s))
        }
    }

    impl Display for Tls {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            let show = |arn: Option<&Arn>| arn.map_or("none".to_owned(), ToString::to_string);
            let key = self.kms_key.as_deref().unwrap_or("none");
            write!(
                f,
                "ca={} key={key} role={}",
                show(self.authority.as_ref()),
                show(self.role.as_ref())
            )
        }
    }

    impl Display for ProxyLogs {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            f.write_str(&self.driver)?;
            for (name, value) in self.shown() {
                write!(f, " {name}={value}")?;
            }
            self.secret_options.iter().try_for_each(|(name, _)| write!(f, " {name}=(secret)"))
        }
    }

    impl Display for AccessLogs {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            f.write_str(&self.format)?;
            if self.query_parameters { f.write_str(" query") } else { Ok(()) }
        }
    }
}

#[cfg(test)]
mod tests;
