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

/// API:LogConfiguration. Drivers take tokens as options, so the values of most are shown nowhere: neither in a log,
/// nor on a page.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyLogs {
    /// The log driver's name.
    pub driver: String,
    /// Its options, ordered by name.
    pub options: Vec<(String, String)>,
    /// Options whose values are secrets: name and the ARN it is read from, ordered by name.
    pub secret_options: Vec<(String, String)>,
}

impl ProxyLogs {
    /// The options as they may be shown: those of awslogs are names of places.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        let value = |(name, value)| if is_public(name) { value } else { "(hidden)" };
        let options = self.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        options.map(move |option| (option.0, value(option)))
    }
}

fn is_public(option: &str) -> bool {
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
        let mut logs = serializer.serialize_struct("ProxyLogs", 3)?;
        logs.serialize_field("driver", &self.driver)?;
        logs.serialize_field("options", &options)?;
        logs.serialize_field("secret_options", &self.secret_options)?;
        logs.end()
    }
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

    /// What clients call, as far as it is said.
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
