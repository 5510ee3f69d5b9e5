//! There and back: what core can say about a configuration survives the SDK's types.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_-]{0,20}"
}

fn port() -> impl Strategy<Value = Port> {
    (1..=65535i32).prop_map(|n| Port::from_i32(n).unwrap())
}

fn seconds() -> impl Strategy<Value = Option<u32>> {
    option::of(0..=i32::MAX.unsigned_abs())
}

/// Pairs by distinct names, ordered, as core holds them.
fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::btree_map(name(), any::<String>(), 0..4)
        .prop_map(|pairs| pairs.into_iter().collect())
}

fn alias() -> impl Strategy<Value = ClientAlias> {
    let header = (any::<String>(), option::of(any::<String>()))
        .prop_map(|(name, exact)| TestHeader { name, exact });
    (port(), option::of(name()), option::of(header)).prop_map(|(port, dns, test_header)| {
        ClientAlias { port, dns_name: dns.map(|dns| DnsName::as_read(&dns)), test_header }
    })
}

fn tls() -> impl Strategy<Value = Tls> {
    (option::of(name()), option::of(name()), option::of(name())).prop_map(|(ca, kms_key, role)| {
        let arn = |text: Option<String>| text.map(|text| Arn::as_read(&text));
        Tls { authority: arn(ca), kms_key, role: arn(role) }
    })
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let timeout =
        (seconds(), seconds()).prop_map(|(idle_s, request_s)| Timeout { idle_s, request_s });
    let names = (name(), option::of(name()));
    (names, option::of(alias()), option::of(port()), timeout, option::of(tls())).prop_map(
        |((port_name, discovery), alias, ingress_port, timeout, tls)| Endpoint {
            port_name: PortName::as_read(&port_name),
            discovery_name: discovery.map(|name| DiscoveryName::as_read(&name)),
            alias,
            ingress_port,
            timeout,
            tls,
        },
    )
}

fn namespace() -> impl Strategy<Value = String> {
    let arn = "arn:aws:servicediscovery:eu-west-1:[0-9]{12}:namespace/ns-[a-z0-9]{16}";
    prop_oneof![name(), arn, "ns-[a-z0-9]{16}"]
}

fn logs() -> impl Strategy<Value = ProxyLogs> {
    let driver = prop_oneof![Just("awslogs".to_owned()), Just("awsfirelens".to_owned()), name()];
    (driver, pairs(), pairs()).prop_map(|(driver, options, secret_options)| ProxyLogs {
        driver,
        options,
        secret_options,
    })
}

fn access_logs() -> impl Strategy<Value = AccessLogs> {
    let format = prop_oneof![Just("TEXT".to_owned()), Just("JSON".to_owned()), name()];
    (format, any::<bool>())
        .prop_map(|(format, query_parameters)| AccessLogs { format, query_parameters })
}

fn connect() -> impl Strategy<Value = Connect> {
    let level = prop_oneof![Just("info".to_owned()), Just("debug".to_owned()), name()];
    let logs = (option::of(logs()), option::of(access_logs()), option::of(level));
    (option::of(namespace()), vec(endpoint(), 0..4), logs).prop_map(
        |(namespace, endpoints, (logs, access_logs, log_level))| Connect {
            namespace: namespace.map(|namespace| NamespaceRef::as_read(&namespace)),
            endpoints,
            logs,
            access_logs,
            log_level,
        },
    )
}

proptest! {
    #[test]
    fn a_configuration_survives_the_way_there_and_back(connect in connect()) {
        prop_assert_eq!(read(&write(&connect)), Some(connect));
    }
}

#[test]
fn off_reads_as_no_configuration() {
    assert_eq!(read(&off()), None);
}

#[test]
fn a_client_sends_no_empty_lists() {
    let client = Connect {
        namespace: None,
        endpoints: vec![],
        logs: None,
        access_logs: None,
        log_level: None,
    };
    let sent = write(&client);
    assert_eq!((sent.enabled, sent.services, sent.container_configurations), (true, None, None));
}

#[test]
fn an_endpoint_with_no_timeout_sends_none_because_tcp_refuses_even_zero() {
    let sent = write_endpoint(&Endpoint::bare(PortName::as_read("tcp")));
    assert_eq!((sent.timeout, sent.ingress_port_override, sent.client_aliases), (None, None, None));
}

#[test]
fn empty_texts_and_lists_read_as_absent() {
    let logs = sdk::LogConfiguration::builder()
        .log_driver(sdk::LogDriver::Awslogs)
        .set_secret_options(Some(vec![]))
        .build()
        .unwrap();
    let service = sdk::ServiceConnectService::builder()
        .port_name("http")
        .discovery_name("")
        .set_client_aliases(Some(vec![]))
        .ingress_port_override(0)
        .build()
        .unwrap();
    let config = sdk::ServiceConnectConfiguration::builder()
        .enabled(true)
        .namespace("")
        .services(service)
        .log_configuration(logs)
        .build();
    let read = read(&config).unwrap();
    assert_eq!(read.namespace, None);
    assert_eq!(read.endpoints, [Endpoint::bare(PortName::as_read("http"))]);
    assert_eq!(read.logs.unwrap().secret_options, []);
}
