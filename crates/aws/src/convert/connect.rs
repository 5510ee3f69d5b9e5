//! A Service Connect configuration, from the SDK's types to core's and back.
//!
//! **Invariant:** what core can express survives the way there and back unchanged. A property test holds this.
//! What core *cannot* express is found not here but in the raw answer, by [`crate::members`], before every write.

use std::collections::HashMap;

use aws_sdk_ecs::types as sdk;
use eastwest_core::ecs::connect::{
    AccessLogs, ClientAlias, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls,
};
use eastwest_core::ecs::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};

/// A configuration as read; `None` is "off", which ECS writes as absent or as `enabled: false`.
pub(crate) fn read(config: &sdk::ServiceConnectConfiguration) -> Option<Connect> {
    config.enabled().then(|| Connect {
        namespace: text(config.namespace()).map(NamespaceRef::as_read),
        endpoints: config.services().iter().map(read_endpoint).collect(),
        logs: config.log_configuration().map(read_logs),
        access_logs: config.access_log_configuration().map(read_access_logs),
        log_level: config.container_configurations().iter().find_map(read_log_level),
    })
}

fn read_endpoint(service: &sdk::ServiceConnectService) -> Endpoint {
    Endpoint {
        port_name: PortName::as_read(service.port_name()),
        discovery_name: text(service.discovery_name()).map(DiscoveryName::as_read),
        alias: service.client_aliases().iter().find_map(read_alias),
        ingress_port: service.ingress_port_override().and_then(Port::from_i32),
        timeout: service.timeout().map(read_timeout).unwrap_or_default(),
        tls: service.tls().map(read_tls),
    }
}

fn read_alias(alias: &sdk::ServiceConnectClientAlias) -> Option<ClientAlias> {
    let header = alias.test_traffic_rules().and_then(sdk::ServiceConnectTestTrafficRules::header);
    Some(ClientAlias {
        port: Port::from_i32(alias.port())?,
        dns_name: text(alias.dns_name()).map(DnsName::as_read),
        test_header: header.map(|header| TestHeader {
            name: header.name().to_owned(),
            exact: header.value().map(|value| value.exact().to_owned()),
        }),
    })
}

fn read_timeout(timeout: &sdk::TimeoutConfiguration) -> Timeout {
    let seconds = |number: Option<i32>| number.and_then(|n| u32::try_from(n).ok());
    Timeout {
        idle_s: seconds(timeout.idle_timeout_seconds()),
        request_s: seconds(timeout.per_request_timeout_seconds()),
    }
}

fn read_tls(tls: &sdk::ServiceConnectTlsConfiguration) -> Tls {
    let authority = tls.issuer_certificate_authority();
    Tls {
        authority: authority.and_then(|a| text(a.aws_pca_authority_arn())).map(Arn::as_read),
        kms_key: text(tls.kms_key()).map(str::to_owned),
        role: text(tls.role_arn()).map(Arn::as_read),
    }
}

fn read_logs(logs: &sdk::LogConfiguration) -> ProxyLogs {
    let options = logs.options().into_iter().flatten();
    let mut options: Vec<_> = options.map(|(name, value)| (name.clone(), value.clone())).collect();
    let secret = |s: &sdk::Secret| (s.name().to_owned(), s.value_from().to_owned());
    let mut secret_options: Vec<_> = logs.secret_options().iter().map(secret).collect();
    options.sort();
    secret_options.sort();
    ProxyLogs { driver: logs.log_driver().as_str().to_owned(), options, secret_options }
}

fn read_access_logs(logs: &sdk::ServiceConnectAccessLogConfiguration) -> AccessLogs {
    AccessLogs {
        format: logs.format().as_str().to_owned(),
        query_parameters: logs.include_query_parameters()
            == Some(&sdk::ServiceConnectIncludeQueryParameters::Enabled),
    }
}

fn read_log_level(setting: &sdk::ServiceConnectContainerConfiguration) -> Option<String> {
    setting.as_log_level().ok().map(|level| level.as_str().to_owned())
}

/// The configuration to send for `connect`.
pub(crate) fn write(connect: &Connect) -> sdk::ServiceConnectConfiguration {
    sdk::ServiceConnectConfiguration::builder()
        .enabled(true)
        .set_namespace(connect.namespace.as_ref().map(ToString::to_string))
        .set_services(list(connect.endpoints.iter().map(write_endpoint)))
        .set_log_configuration(connect.logs.as_ref().map(write_logs))
        .set_access_log_configuration(connect.access_logs.as_ref().map(write_access_logs))
        .set_container_configurations(list(
            connect.log_level.as_deref().map(write_log_level).into_iter(),
        ))
        .build()
}

/// The configuration that switches Service Connect off: leaving it out would change nothing.
pub(crate) fn off() -> sdk::ServiceConnectConfiguration {
    sdk::ServiceConnectConfiguration::builder().enabled(false).build()
}

fn write_endpoint(endpoint: &Endpoint) -> sdk::ServiceConnectService {
    sdk::ServiceConnectService::builder()
        .port_name(endpoint.port_name.as_str())
        .set_discovery_name(endpoint.discovery_name.as_ref().map(ToString::to_string))
        .set_client_aliases(list(endpoint.alias.iter().map(write_alias)))
        .set_ingress_port_override(endpoint.ingress_port.map(|port| port.number().into()))
        .set_timeout(write_timeout(endpoint.timeout))
        .set_tls(endpoint.tls.as_ref().map(write_tls))
        .build()
        .expect("`portName` is set")
}

fn write_alias(alias: &ClientAlias) -> sdk::ServiceConnectClientAlias {
    sdk::ServiceConnectClientAlias::builder()
        .port(alias.port.number().into())
        .set_dns_name(alias.dns_name.as_ref().map(ToString::to_string))
        .set_test_traffic_rules(alias.test_header.as_ref().map(write_test_header))
        .build()
        .expect("`port` is set")
}

fn write_test_header(header: &TestHeader) -> sdk::ServiceConnectTestTrafficRules {
    let value = |exact: &String| {
        let value = sdk::ServiceConnectTestTrafficHeaderMatchRules::builder().exact(exact);
        value.build().expect("`exact` is set")
    };
    let header = sdk::ServiceConnectTestTrafficHeaderRules::builder()
        .name(&header.name)
        .set_value(header.exact.as_ref().map(value))
        .build()
        .expect("`name` is set");
    sdk::ServiceConnectTestTrafficRules::builder().header(header).build()
}

/// `None` where nothing is set: for a TCP endpoint even a 0 would be refused.
fn write_timeout(timeout: Timeout) -> Option<sdk::TimeoutConfiguration> {
    let seconds = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    (timeout != Timeout::default()).then(|| {
        sdk::TimeoutConfiguration::builder()
            .set_idle_timeout_seconds(timeout.idle_s.map(seconds))
            .set_per_request_timeout_seconds(timeout.request_s.map(seconds))
            .build()
    })
}

fn write_tls(tls: &Tls) -> sdk::ServiceConnectTlsConfiguration {
    let authority = |arn: &Arn| {
        let authority = sdk::ServiceConnectTlsCertificateAuthority::builder();
        authority.aws_pca_authority_arn(arn.as_str()).build()
    };
    sdk::ServiceConnectTlsConfiguration::builder()
        .set_issuer_certificate_authority(tls.authority.as_ref().map(authority))
        .set_kms_key(tls.kms_key.clone())
        .set_role_arn(tls.role.as_ref().map(ToString::to_string))
        .build()
}

fn write_logs(logs: &ProxyLogs) -> sdk::LogConfiguration {
    let options: HashMap<_, _> = logs.options.iter().cloned().collect();
    let secret = |(name, from): &(String, String)| {
        let secret = sdk::Secret::builder().name(name).value_from(from);
        secret.build().expect("`name` and `valueFrom` are set")
    };
    sdk::LogConfiguration::builder()
        .log_driver(sdk::LogDriver::from(logs.driver.as_str()))
        .set_options(Some(options).filter(|options| !options.is_empty()))
        .set_secret_options(list(logs.secret_options.iter().map(secret)))
        .build()
        .expect("`logDriver` is set")
}

/// Query parameters are not logged unless asked for, so only the wish to log them is sent.
fn write_access_logs(logs: &AccessLogs) -> sdk::ServiceConnectAccessLogConfiguration {
    let enabled = sdk::ServiceConnectIncludeQueryParameters::Enabled;
    sdk::ServiceConnectAccessLogConfiguration::builder()
        .format(sdk::ServiceConnectAccessLoggingFormat::from(logs.format.as_str()))
        .set_include_query_parameters(logs.query_parameters.then_some(enabled))
        .build()
        .expect("`format` is set")
}

fn write_log_level(level: &str) -> sdk::ServiceConnectContainerConfiguration {
    let level = sdk::ServiceConnectContainerLogLevel::from(level);
    sdk::ServiceConnectContainerConfiguration::LogLevel(level)
}

fn text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn list<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    Some(items.collect::<Vec<T>>()).filter(|items| !items.is_empty())
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
