//! One service's Service Connect configuration, as ECS stores it for a deployment.
//!
//! This is API:ServiceConnectConfiguration in our types, every member of it: a write replaces the whole
//! object (aws has no patch), so what we do not carry here we would destroy. `None` and an empty list
//! mean that the member is absent on the wire. Comparison is not here but in [`crate::ecs::canonical`],
//! because "equal" depends on defaults that only the namespace and the task definition know.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};

/// A configuration with Service Connect switched on. Switched off is the absence of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connect {
    /// The namespace in the form it was given; absent means the cluster's default at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceRef>,
    /// What the service offers. Empty: it is a client only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Where the proxy's logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<ProxyLogs>,
    /// Whether and how the proxy logs each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
    /// How much the proxy writes into its logs (`containerConfigurations[].logLevel`): `info`, which absent means, or
    /// `debug`. Nothing declares it. It is carried over, because a write without it would reset it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

/// One endpoint: an entry of `services[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The named port mapping it serves.
    pub port_name: PortName,
    /// Its name in Cloud Map; absent means the port's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_name: Option<DiscoveryName>,
    /// What clients call; ECS allows at most one for each endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<ClientAlias>,
    /// The port its proxy listens on, where that is not the container's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_port: Option<Port>,
    /// How long the proxy waits.
    #[serde(skip_serializing_if = "Timeout::is_empty")]
    pub timeout: Timeout,
    /// Encryption between the proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// What clients call: an entry of `clientAliases[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientAlias {
    /// The port the clients' proxies listen on.
    pub port: Port,
    /// The host; absent means `<discovery-name>.<namespace>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<DnsName>,
    /// The header that marks test traffic of a blue/green deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_header: Option<TestHeader>,
}

/// A header and its exact value, `testTrafficRules.header`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestHeader {
    /// The header's name.
    pub name: String,
    /// The value it must have; absent as AWS allows it in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
}

/// Time-outs in seconds; 0 disables, absent means ECS's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Timeout {
    /// How long a connection may be idle.
    #[serde(rename = "idleSeconds", skip_serializing_if = "Option::is_none")]
    pub idle_s: Option<u32>,
    /// How long one request may take; never allowed for an endpoint without `appProtocol`.
    #[serde(rename = "requestSeconds", skip_serializing_if = "Option::is_none")]
    pub request_s: Option<u32>,
}

/// API:ServiceConnectTlsConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// The AWS Private CA that issues the certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Arn>,
    /// The key that encrypts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// The role ECS assumes to do so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
}

/// API:LogConfiguration. Drivers take tokens as options, so the values of most options are never shown, in logs or on
/// pages.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyLogs {
    /// The log driver's name.
    pub driver: String,
    /// Its options, ordered by name.
    pub options: Vec<(String, String)>,
    /// Options whose values are secrets: name and the ARN it is read from, ordered by name.
    pub secret_options: Vec<(String, String)>,
}

impl Timeout {
    /// Whether neither time-out is set.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ProxyLogs {
    /// Declared logs with the deployed options that they do not name, if both go to the same log group.
    pub(crate) fn with_options_of(mut self, deployed: &Self) -> Self {
        let is_same = self.driver == deployed.driver && deployed.group().is_some();
        if !is_same || self.group() != deployed.group() {
            return self;
        }
        for (declared, deployed) in [
            (&mut self.options, &deployed.options),
            (&mut self.secret_options, &deployed.secret_options),
        ] {
            let is_named = |name: &str| declared.iter().any(|(declared, _)| declared == name);
            let kept: Vec<_> =
                deployed.iter().filter(|(name, _)| !is_named(name)).cloned().collect();
            declared.extend(kept);
            declared.sort();
        }
        self
    }

    fn group(&self) -> Option<&str> {
        let mut options = self.options.iter();
        options.find(|(name, _)| name == "awslogs-group").map(|(_, group)| group.as_str())
    }

    /// The options as they may be shown. Only the options of awslogs have no secrets.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        let value = |(name, value)| if is_public_option(name) { value } else { "(hidden)" };
        let options = self.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        options.map(move |option| (option.0, value(option)))
    }
}

/// Whether the value of a log option of this name may be shown.
pub fn is_public_option(option: &str) -> bool {
    option.starts_with("awslogs-")
}

impl fmt::Debug for ProxyLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<(&str, &str)> = self.shown().collect();
        f.debug_struct("ProxyLogs")
            .field("driver", &self.driver)
            .field("options", &options)
            .field("secret_options", &self.secret_options)
            .finish()
    }
}

impl Serialize for ProxyLogs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let options: Vec<(&str, &str)> = self.shown().collect();
        let lists = [options.is_empty(), self.secret_options.is_empty()];
        let members = 1 + lists.iter().filter(|is_empty| !**is_empty).count();
        let mut logs = serializer.serialize_struct("ProxyLogs", members)?;
        logs.serialize_field("driver", &self.driver)?;
        if !options.is_empty() {
            logs.serialize_field("options", &options)?;
        }
        if !self.secret_options.is_empty() {
            logs.serialize_field("secretOptions", &self.secret_options)?;
        }
        logs.end()
    }
}

/// API:ServiceConnectAccessLogConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogs {
    /// `TEXT` or `JSON`.
    pub format: String,
    /// Whether query parameters are logged.
    pub query_parameters: bool,
}

impl Endpoint {
    /// An endpoint on a port, with a default for everything else.
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

    /// What clients call, if it is set.
    pub fn called(&self) -> Option<(Option<DnsName>, Port)> {
        self.alias.as_ref().map(|alias| (alias.dns_name.clone(), alias.port))
    }

    /// Its discovery name, the default filled in (API:ServiceConnectService.discoveryName).
    pub fn discovery(&self) -> DiscoveryName {
        self.discovery_name
            .clone()
            .unwrap_or_else(|| DiscoveryName::as_read(self.port_name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_log_option_that_may_be_a_token_is_shown_nowhere() {
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let logs = ProxyLogs {
            driver: "splunk".to_owned(),
            options: vec![option("awslogs-group", "place"), option("splunk-token", "s3cret")],
            secret_options: Vec::new(),
        };
        let page = serde_json::to_string(&logs).expect("plain values");
        for shown in [format!("{logs:?}"), format!("{logs}"), page] {
            assert!(shown.contains("place") && !shown.contains("s3cret"), "{shown}");
        }
    }
}
