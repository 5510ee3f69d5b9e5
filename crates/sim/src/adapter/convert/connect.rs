//! A Service Connect configuration, from the model's shape to core's type and back.
//!
//! **Invariant:** what core can say survives the way there and back unchanged.

use eastwest_core::ecs::connect::{
    AccessLogs, ClientAlias, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls,
};
use eastwest_core::ecs::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};
use serde_json::{Value, json};

use crate::shapes::ecs::{
    LogConfiguration, ServiceConnectAccessLogConfiguration, ServiceConnectClientAlias,
    ServiceConnectConfiguration, ServiceConnectService, TimeoutConfiguration,
};

/// A configuration as read; `None` is "off", which ECS writes as absent or as `enabled: false`.
pub(crate) fn read(config: &ServiceConnectConfiguration) -> Option<Connect> {
    config.enabled.then(|| Connect {
        namespace: text(config.namespace.as_deref()).map(NamespaceRef::as_read),
        endpoints: config.services.iter().flatten().map(read_endpoint).collect(),
        logs: config.log_configuration.as_ref().map(read_logs),
        access_logs: config.access_log_configuration.as_ref().map(|logs| AccessLogs {
            format: logs.format.clone(),
            query_parameters: logs.include_query_parameters.as_deref() == Some("ENABLED"),
        }),
        log_level: config.container_configurations.as_ref().and_then(read_log_level),
    })
}

fn read_log_level(settings: &Value) -> Option<String> {
    let mut levels = settings.as_array()?.iter().filter_map(|setting| at(setting, "/logLevel"));
    levels.next().map(str::to_owned)
}

fn read_endpoint(service: &ServiceConnectService) -> Endpoint {
    let timeout = service.timeout.as_ref();
    Endpoint {
        port_name: PortName::as_read(&service.port_name),
        discovery_name: text(service.discovery_name.as_deref()).map(DiscoveryName::as_read),
        alias: service.client_aliases.iter().flatten().find_map(read_alias),
        ingress_port: service.ingress_port_override.and_then(port),
        timeout: Timeout {
            idle_s: timeout.and_then(|timeout| timeout.idle_timeout_seconds),
            request_s: timeout.and_then(|timeout| timeout.per_request_timeout_seconds),
        },
        tls: service.tls.as_ref().map(|tls| Tls {
            authority: at(tls, "/issuerCertificateAuthority/awsPcaAuthorityArn").map(Arn::as_read),
            kms_key: at(tls, "/kmsKey").map(str::to_owned),
            role: at(tls, "/roleArn").map(Arn::as_read),
        }),
    }
}

fn read_alias(alias: &ServiceConnectClientAlias) -> Option<ClientAlias> {
    let rules = alias.test_traffic_rules.as_ref();
    let header = rules.and_then(|rules| rules.get("header"));
    Some(ClientAlias {
        port: port(alias.port)?,
        dns_name: text(alias.dns_name.as_deref()).map(DnsName::as_read),
        test_header: header.map(|header| TestHeader {
            name: at(header, "/name").unwrap_or_default().to_owned(),
            exact: at(header, "/value/exact").map(str::to_owned),
        }),
    })
}

fn read_logs(logs: &LogConfiguration) -> ProxyLogs {
    let options = logs.options.as_ref().and_then(Value::as_object).into_iter().flatten();
    let options = options
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let secret = |value: &Value| {
        let name = at(value, "/name").unwrap_or_default().to_owned();
        (name, at(value, "/valueFrom").unwrap_or_default().to_owned())
    };
    let mut secret_options: Vec<_> = logs.secret_options.iter().flatten().map(secret).collect();
    secret_options.sort();
    ProxyLogs { driver: logs.log_driver.clone(), options, secret_options }
}

/// The configuration to send for `connect`; `None` switches off.
pub(crate) fn write(connect: Option<&Connect>) -> ServiceConnectConfiguration {
    let Some(connect) = connect else { return ServiceConnectConfiguration::default() };
    let services: Vec<_> = connect.endpoints.iter().map(write_endpoint).collect();
    ServiceConnectConfiguration {
        enabled: true,
        namespace: connect.namespace.as_ref().map(ToString::to_string),
        services: list(services),
        log_configuration: connect.logs.as_ref().map(write_logs),
        access_log_configuration: connect.access_logs.as_ref().map(|logs| {
            ServiceConnectAccessLogConfiguration {
                format: logs.format.clone(),
                include_query_parameters: logs.query_parameters.then(|| "ENABLED".to_owned()),
            }
        }),
        container_configurations: connect.log_level.as_ref().map(|it| json!([{"logLevel": it}])),
    }
}

fn write_endpoint(endpoint: &Endpoint) -> ServiceConnectService {
    let alias = endpoint.alias.as_ref().map(|alias| ServiceConnectClientAlias {
        port: alias.port.number().into(),
        dns_name: alias.dns_name.as_ref().map(ToString::to_string),
        test_traffic_rules: alias.test_header.as_ref().map(|header| match &header.exact {
            Some(exact) => json!({"header": {"name": header.name, "value": {"exact": exact}}}),
            None => json!({"header": {"name": header.name}}),
        }),
    });
    let timeout = (endpoint.timeout != Timeout::default()).then_some(TimeoutConfiguration {
        idle_timeout_seconds: endpoint.timeout.idle_s,
        per_request_timeout_seconds: endpoint.timeout.request_s,
    });
    ServiceConnectService {
        port_name: endpoint.port_name.to_string(),
        discovery_name: endpoint.discovery_name.as_ref().map(ToString::to_string),
        client_aliases: alias.map(|alias| vec![alias]),
        ingress_port_override: endpoint.ingress_port.map(|port| port.number().into()),
        timeout,
        tls: endpoint.tls.as_ref().map(write_tls),
    }
}

fn write_tls(tls: &Tls) -> Value {
    let mut value = json!({});
    if let Some(authority) = &tls.authority {
        value["issuerCertificateAuthority"] = json!({"awsPcaAuthorityArn": authority.as_str()});
    }
    if let Some(key) = &tls.kms_key {
        value["kmsKey"] = json!(key);
    }
    if let Some(role) = &tls.role {
        value["roleArn"] = json!(role.as_str());
    }
    value
}

fn write_logs(logs: &ProxyLogs) -> LogConfiguration {
    let options = logs.options.iter().map(|(name, value)| (name.clone(), json!(value)));
    let options: serde_json::Map<String, Value> = options.collect();
    let secret = |(name, from): &(String, String)| json!({"name": name, "valueFrom": from});
    LogConfiguration {
        log_driver: logs.driver.clone(),
        options: (!options.is_empty()).then_some(Value::Object(options)),
        secret_options: list(logs.secret_options.iter().map(secret).collect()),
    }
}

fn port(number: u32) -> Option<Port> {
    i32::try_from(number).ok().and_then(Port::from_i32)
}

fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    text(value.pointer(pointer)?.as_str())
}

fn text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn list<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_core_can_say_survives_the_way_there_and_back() {
        let connect = Connect {
            namespace: Some(NamespaceRef::as_read("internal.myapp")),
            endpoints: vec![Endpoint {
                discovery_name: Some(DiscoveryName::as_read("api")),
                alias: Some(ClientAlias {
                    port: Port::from_i32(80).unwrap(),
                    dns_name: Some(DnsName::as_read("api")),
                    test_header: Some(TestHeader { name: "x".into(), exact: Some("1".into()) }),
                }),
                ingress_port: Port::from_i32(15_000),
                timeout: Timeout { idle_s: Some(0), request_s: Some(5) },
                tls: Some(Tls {
                    authority: Some(Arn::as_read("arn:a")),
                    kms_key: Some("k".into()),
                    role: None,
                }),
                ..Endpoint::bare(PortName::as_read("http"))
            }],
            logs: Some(ProxyLogs {
                driver: "awslogs".into(),
                options: vec![("awslogs-group".into(), "g".into())],
                secret_options: vec![("s".into(), "arn:s".into())],
            }),
            access_logs: Some(AccessLogs { format: "JSON".into(), query_parameters: true }),
            log_level: Some("debug".into()),
        };
        assert_eq!(read(&write(Some(&connect))), Some(connect));
        assert_eq!(read(&write(None)), None);
    }
}
