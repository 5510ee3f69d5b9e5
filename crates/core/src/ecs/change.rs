//! Where two configurations differ, field by field, in words.

use std::collections::BTreeMap;

use serde::Serialize;

use super::canonical::{Canonical, CanonicalEndpoint, Identity};
use super::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use super::name::{Arn, DiscoveryName, PortName};

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
