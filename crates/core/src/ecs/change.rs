//! Where two configurations differ, field by field, in words.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::canonical::{Canonical, CanonicalEndpoint, Identity};
use super::connect::{AccessLogs, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls};
use super::name::{Arn, DiscoveryName, PortName};
use super::text::printable;

/// So many characters of a value are shown in a line.
const LONGEST: usize = 200;

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
    /// What should stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field: &str = self.field.into();
        f.write_str(field)?;
        if let Some(endpoint) = &self.endpoint {
            write!(f, " of {endpoint}")?;
        }
        let side = |value: &Option<String>| printable(value.as_deref().unwrap_or("-"), LONGEST);
        write!(f, ": {} -> {}", side(&self.from), side(&self.to))
    }
}

/// The fields that can differ.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
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
    note(&mut changes, Field::Enabled.change(Some(switch(from)), Some(switch(to))));
    let Some(to) = to else { return changes };
    let namespace = |side: &Canonical| side.namespace.to_string();
    note(&mut changes, Field::Namespace.change(from.map(namespace), Some(namespace(to))));
    endpoints_changes(&mut changes, from, to);
    logs_changes(&mut changes, from, to);
    changes
}

fn switch(side: Option<&Canonical>) -> String {
    if side.is_some() { "on" } else { "off" }.to_owned()
}

fn endpoints_changes(changes: &mut Vec<Change>, from: Option<&Canonical>, to: &Canonical) {
    let empty = BTreeMap::new();
    let before = from.map_or(&empty, |side| &side.endpoints);
    for (key, endpoint) in before.iter().filter(|(key, _)| !to.endpoints.contains_key(key)) {
        note(changes, Field::Endpoint.change(Some(endpoint.alias()), None).of(key));
    }
    for (key, endpoint) in &to.endpoints {
        match before.get(key) {
            None => note(changes, Field::Endpoint.change(None, Some(endpoint.alias())).of(key)),
            Some(old) => endpoint_changes(changes, key, old, endpoint),
        }
    }
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
    for (field, show) in fields {
        note(changes, field.change(show(old), show(new)).of(key));
    }
}

fn logs_changes(changes: &mut Vec<Change>, from: Option<&Canonical>, to: &Canonical) {
    let logs = |side: &Canonical| side.logs.as_ref().map(ToString::to_string);
    if from.and_then(|side| side.logs.as_ref()) != to.logs.as_ref() {
        // Not `note`: the values of log options are hidden, so two different ones may look alike.
        changes.push(Field::Logs.change(from.and_then(logs), logs(to)));
    }
    let access = |side: &Canonical| side.access_logs.as_ref().map(ToString::to_string);
    note(changes, Field::AccessLogs.change(from.and_then(access), access(to)));
    let level = |side: &Canonical| Some(side.log_level.clone()).filter(|level| level != "info");
    note(changes, Field::LogLevel.change(from.and_then(level), level(to)));
}

/// Adds a change, unless both sides are the same.
fn note(changes: &mut Vec<Change>, change: Change) {
    if change.from != change.to {
        changes.push(change);
    }
}

impl Field {
    /// Its name as a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Namespace => "Namespace",
            Self::Endpoint => "Endpoint",
            Self::Alias => "Alias",
            Self::TestHeader => "TestHeader",
            Self::IngressPort => "IngressPort",
            Self::Timeout => "Timeout",
            Self::Tls => "Tls",
            Self::Logs => "Logs",
            Self::AccessLogs => "AccessLogs",
            Self::LogLevel => "LogLevel",
        }
    }

    fn change(self, from: Option<String>, to: Option<String>) -> Change {
        Change { field: self, endpoint: None, from, to }
    }
}

impl Change {
    /// Shows what is sent with a new endpoint beside its alias. What is not sent is left to ECS's defaults.
    pub(crate) fn show_sent(&mut self, wanted: &Connect) {
        let (Field::Endpoint, None, Some(to)) = (self.field, &self.from, &mut self.to) else {
            return;
        };
        let is_it = |each: &&Endpoint| {
            let name = format!("{}/{}", each.port_name, each.discovery());
            self.endpoint.as_deref() == Some(name.as_str())
        };
        let Some(endpoint) = wanted.endpoints.iter().find(is_it) else { return };
        let timeout = Some(endpoint.timeout).filter(|timeout| !timeout.is_empty());
        let header = endpoint.alias.as_ref().and_then(|alias| alias.test_header.as_ref());
        let sent = [
            timeout.map(|timeout| format!("timeout {timeout}")),
            endpoint.ingress_port.map(|port| format!("ingress port {port}")),
            endpoint.tls.as_ref().map(|tls| format!("TLS {tls}")),
            header.map(|header| format!("test header {header}")),
        ];
        for text in sent.into_iter().flatten() {
            to.push_str(", ");
            to.push_str(&text);
        }
    }

    /// The same change, of one endpoint.
    fn of(self, (port, discovery): &EndpointKey) -> Self {
        Self { endpoint: Some(format!("{port}/{discovery}")), ..self }
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
