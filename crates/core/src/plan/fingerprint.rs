//! The text that a plan's id is made from: each action of the plan, in a spelling of its own.
//!
//! It is not the JSON that pages show. The spelling of a page may change, and the id of a plan must not: a person may
//! acknowledge the id that another version has shown. Nothing secret is in it: log options stand here as pages show
//! them.

use serde::Serialize;

use super::action::Action;
use crate::ecs::connect::{
    AccessLogs, ClientAlias, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls,
};
use crate::ecs::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};
use crate::ecs::service_key::ServiceKey;

/// The text of an action.
pub(super) fn fingerprint(action: &Action) -> String {
    serde_json::to_string(&Printed::of(action)).expect("an action has only text keys")
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Printed<'a> {
    Connect { service: &'a ServiceKey, connect: PrintedConnect<'a> },
    Disconnect { service: &'a ServiceKey },
    Refresh { service: &'a ServiceKey },
}

#[derive(Serialize)]
struct PrintedConnect<'a> {
    namespace: Option<&'a NamespaceRef>,
    endpoints: Vec<PrintedEndpoint<'a>>,
    logs: Option<PrintedLogs<'a>>,
    access_logs: Option<PrintedAccessLogs<'a>>,
    log_level: Option<&'a str>,
}

#[derive(Serialize)]
struct PrintedEndpoint<'a> {
    port_name: &'a PortName,
    discovery_name: Option<&'a DiscoveryName>,
    alias: Option<PrintedAlias<'a>>,
    ingress_port: Option<Port>,
    timeout: PrintedTimeout,
    tls: Option<PrintedTls<'a>>,
}

#[derive(Serialize)]
struct PrintedAlias<'a> {
    port: Port,
    dns_name: Option<&'a DnsName>,
    test_header: Option<PrintedHeader<'a>>,
}

#[derive(Serialize)]
struct PrintedHeader<'a> {
    name: &'a str,
    exact: Option<&'a str>,
}

#[derive(Serialize)]
struct PrintedTimeout {
    idle_s: Option<u32>,
    request_s: Option<u32>,
}

#[derive(Serialize)]
struct PrintedTls<'a> {
    authority: Option<&'a Arn>,
    kms_key: Option<&'a str>,
    role: Option<&'a Arn>,
}

#[derive(Serialize)]
struct PrintedLogs<'a> {
    driver: &'a str,
    options: Vec<(&'a str, &'a str)>,
    secret_options: &'a [(String, String)],
}

#[derive(Serialize)]
struct PrintedAccessLogs<'a> {
    format: &'a str,
    query_parameters: bool,
}

impl<'a> Printed<'a> {
    fn of(action: &'a Action) -> Self {
        match action {
            Action::Connect { service, connect } => {
                Self::Connect { service, connect: PrintedConnect::of(connect) }
            }
            Action::Disconnect { service } => Self::Disconnect { service },
            Action::Refresh { service } => Self::Refresh { service },
        }
    }
}

impl<'a> PrintedConnect<'a> {
    fn of(connect: &'a Connect) -> Self {
        let Connect { namespace, endpoints, logs, access_logs, log_level } = connect;
        Self {
            namespace: namespace.as_ref(),
            endpoints: endpoints.iter().map(PrintedEndpoint::of).collect(),
            logs: logs.as_ref().map(PrintedLogs::of),
            access_logs: access_logs.as_ref().map(PrintedAccessLogs::of),
            log_level: log_level.as_deref(),
        }
    }
}

impl<'a> PrintedEndpoint<'a> {
    fn of(endpoint: &'a Endpoint) -> Self {
        let Endpoint { port_name, discovery_name, alias, ingress_port, timeout, tls } = endpoint;
        let Timeout { idle_s, request_s } = *timeout;
        Self {
            port_name,
            discovery_name: discovery_name.as_ref(),
            alias: alias.as_ref().map(PrintedAlias::of),
            ingress_port: *ingress_port,
            timeout: PrintedTimeout { idle_s, request_s },
            tls: tls.as_ref().map(PrintedTls::of),
        }
    }
}

impl<'a> PrintedAlias<'a> {
    fn of(alias: &'a ClientAlias) -> Self {
        let ClientAlias { port, dns_name, test_header } = alias;
        let test_header = test_header
            .as_ref()
            .map(|TestHeader { name, exact }| PrintedHeader { name, exact: exact.as_deref() });
        Self { port: *port, dns_name: dns_name.as_ref(), test_header }
    }
}

impl<'a> PrintedTls<'a> {
    fn of(tls: &'a Tls) -> Self {
        let Tls { authority, kms_key, role } = tls;
        Self { authority: authority.as_ref(), kms_key: kms_key.as_deref(), role: role.as_ref() }
    }
}

impl<'a> PrintedLogs<'a> {
    fn of(logs: &'a ProxyLogs) -> Self {
        let options = logs.shown().collect();
        Self { driver: &logs.driver, options, secret_options: &logs.secret_options }
    }
}

impl<'a> PrintedAccessLogs<'a> {
    fn of(logs: &'a AccessLogs) -> Self {
        Self { format: &logs.format, query_parameters: logs.query_parameters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_keeps_its_spelling_and_hides_what_pages_hide() {
        let mut endpoint = Endpoint::bare(PortName::as_read("http"));
        endpoint.timeout.idle_s = Some(300);
        let logs = ProxyLogs {
            driver: "splunk".to_owned(),
            options: vec![("splunk-token".to_owned(), "s3cret".to_owned())],
            secret_options: Vec::new(),
        };
        let (namespace, access_logs, log_level) = (None, None, None);
        let connect = Connect {
            namespace,
            endpoints: vec![endpoint],
            logs: Some(logs),
            access_logs,
            log_level,
        };
        let service = crate::testing::key("web");
        let text = fingerprint(&Action::Connect { service, connect });
        let expected = concat!(
            r#"{"kind":"connect","service":"prod/web","connect":{"namespace":null,"endpoints":[{"port_name":"http","#,
            r#""discovery_name":null,"alias":null,"ingress_port":null,"timeout":{"idle_s":300,"request_s":null},"#,
            r#""tls":null}],"logs":{"driver":"splunk","options":[["splunk-token","(hidden)"]],"secret_options":[]},"#,
            r#""access_logs":null,"log_level":null}}"#
        );
        assert_eq!(text, expected);
    }
}
