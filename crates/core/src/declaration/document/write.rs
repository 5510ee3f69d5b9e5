//! Declarations as the text of a document, for `eastwest import --document`.
//!
//! **Invariant:** what is written reads the same: [`super::read`] gives the declarations back, each field of them.

use std::collections::BTreeMap;

use super::shape;
use super::shape::VERSION;
use crate::declaration::declared::{
    AliasDeclaration, Declaration, EndpointDeclaration, LogsDeclaration, Pause, PortSelector,
};
use crate::ecs::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::name::{DiscoveryName, Port};
use crate::ecs::service_key::ServicePath;

/// A document that declares these services.
pub fn write(services: &BTreeMap<ServicePath, Declaration>) -> String {
    let services = services.iter().map(|(key, entry)| (key.to_string(), self::entry(entry)));
    let document = shape::Document {
        version: VERSION,
        namespaces: None,
        defaults: None,
        services: Some(services.collect()),
        claims: None,
        limits: None,
        windows: None,
        freeze: None,
        name_ports: None,
    };
    let mut text = serde_json::to_string_pretty(&document)
        .expect("texts, numbers and maps by text can always be written as JSON");
    text.push('\n');
    text
}

fn entry(declaration: &Declaration) -> shape::Entry {
    let endpoints: Vec<_> = declaration.endpoints.iter().map(endpoint).collect();
    let needs = |needs: &Vec<DiscoveryName>| needs.iter().map(ToString::to_string).collect();
    shape::Entry {
        mode: declaration.mode,
        namespace: declaration.namespace.as_ref().map(ToString::to_string),
        endpoints: (!endpoints.is_empty()).then_some(endpoints),
        logs: declaration.logs.as_ref().map(logs),
        access_logs: declaration.access_logs.as_ref().map(access_logs),
        test_header: declaration.test_header.as_ref().map(test_header),
        needs: declaration.needs.as_ref().map(needs),
        refresh: declaration.refresh,
        pause: declaration.pause.map(pause),
        check: declaration.check.as_ref().map(ToString::to_string),
        aliases: None,
    }
}

fn endpoint(endpoint: &EndpointDeclaration) -> shape::Endpoint {
    shape::Endpoint {
        port: endpoint.port.as_ref().map(|port| match port {
            PortSelector::Name(name) => shape::Port::Name(name.to_string()),
            PortSelector::Number(number) => shape::Port::Number(number.number()),
        }),
        discovery_name: endpoint.discovery_name.as_ref().map(ToString::to_string),
        alias: endpoint.alias.as_ref().map(alias),
        timeout: (endpoint.timeout != Timeout::default()).then(|| timeout(endpoint.timeout)),
        ingress_port: endpoint.ingress_port.map(Port::number),
        tls: endpoint.tls.as_ref().map(tls),
    }
}

fn alias(alias: &AliasDeclaration) -> String {
    let host = alias.dns_name.as_ref().map(ToString::to_string).unwrap_or_default();
    alias.port.map_or(host.clone(), |port| format!("{host}:{port}"))
}

fn timeout(timeout: Timeout) -> shape::Timeout {
    shape::Timeout { idle: timeout.idle_s.map(time), request: timeout.request_s.map(time) }
}

/// In the largest unit that needs no fraction.
fn time(seconds: u32) -> String {
    match seconds {
        0 => "0".to_owned(),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn tls(tls: &Tls) -> shape::Tls {
    shape::Tls {
        ca: tls.authority.as_ref().map(ToString::to_string).unwrap_or_default(),
        key: tls.kms_key.clone(),
        role: tls.role.as_ref().map(ToString::to_string),
    }
}

fn logs(logs: &LogsDeclaration) -> shape::Logs {
    let Some(ProxyLogs { driver, options, secret_options }) = logs.said() else {
        return shape::Logs::Off(shape::NoLogs::None);
    };
    let map = |pairs: &[(String, String)]| {
        (!pairs.is_empty()).then(|| pairs.iter().cloned().collect::<BTreeMap<_, _>>())
    };
    shape::Logs::To(shape::LogDriver {
        driver: driver.clone(),
        options: map(options),
        secret_options: map(secret_options),
    })
}

fn access_logs(logs: &AccessLogs) -> shape::AccessLogs {
    let query = logs.query_parameters.then_some(true);
    shape::AccessLogs { format: logs.format.to_ascii_lowercase(), query }
}

fn test_header(header: &TestHeader) -> shape::TestHeader {
    shape::TestHeader { name: header.name.clone(), value: header.exact.clone() }
}

fn pause(pause: Pause) -> shape::Pause {
    match pause {
        Pause::Open => shape::Pause::Open(true),
        Pause::Until(until) => shape::Pause::Until(until.to_string()),
    }
}
