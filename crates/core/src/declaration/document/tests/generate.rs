//! Declarations at random, over the whole grammar of an entry.

use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::declaration::declared::{
    AliasDeclaration, Declaration, EndpointDeclaration, LogsDeclaration, Mode, Pause, PortSelector,
    RefreshWhen,
};
use crate::ecs::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::name::{Arn, DiscoveryName, DnsName, HttpPath, NamespaceRef, Port, PortName};
use crate::ecs::service_key::ServicePath;

pub(super) fn services() -> impl Strategy<Value = BTreeMap<ServicePath, Declaration>> {
    let key = "[A-Za-z0-9_-]{1,12}/[A-Za-z0-9_-]{1,12}"
        .prop_map(|text| ServicePath::parse(&text).expect("a key"));
    prop::collection::btree_map(key, declaration(), 0..4)
}

/// What an entry can say: no client has endpoints, no access logs go nowhere.
pub(super) fn declaration() -> impl Strategy<Value = Declaration> {
    let mode = option::of(select(&[Mode::Client, Mode::ClientServer, Mode::Off]));
    let needs = option::of(prop::collection::btree_set(discovery_name(), 0..4));
    let refresh = option::of(select(&[
        RefreshWhen::Declared,
        RefreshWhen::Inferred,
        RefreshWhen::Always,
        RefreshWhen::Never,
    ]));
    let about_itself = (mode, option::of(namespace()), endpoints());
    let about_logs = (option::of(logs()), option::of(access_logs()), option::of(test_header()));
    let about_people = (option::of(pause()), option::of(check()));
    (about_itself, about_logs, needs, refresh, about_people).prop_map(
        |(
            (mode, namespace, endpoints),
            (logs, access_logs, test_header),
            needs,
            refresh,
            (pause, check),
        )| {
            let is_off = logs == Some(LogsDeclaration::Off);
            Declaration {
                mode,
                namespace,
                endpoints: if mode == Some(Mode::Client) { Vec::new() } else { endpoints },
                access_logs: access_logs.filter(|_| !is_off),
                logs,
                test_header,
                needs: needs.map(|needs| needs.into_iter().collect()),
                refresh,
                pause,
                check,
                document: None,
            }
        },
    )
}

fn check() -> impl Strategy<Value = HttpPath> {
    let path = "/([A-Za-z0-9._~!$&'()*+,;=:@?%-][A-Za-z0-9._~!$&'()*+,;=:@?%/-]{0,20})?";
    path.prop_map(|text| HttpPath::parse(&text).expect("a path"))
}

/// Where there are several, each has its port, and no two have port and name in common.
fn endpoints() -> impl Strategy<Value = Vec<EndpointDeclaration>> {
    prop::collection::vec((port(), endpoint()), 0..4).prop_map(|mut drawn| {
        let several = drawn.len() > 1;
        let mut known = Vec::new();
        drawn.retain(|(port, endpoint)| {
            let says = (port.clone(), endpoint.discovery_name.clone());
            let is_new = !known.contains(&says);
            known.push(says);
            is_new
        });
        let with_port =
            |(port, endpoint): (PortSelector, EndpointDeclaration)| EndpointDeclaration {
                port: if several { Some(port) } else { endpoint.port },
                ..endpoint
            };
        drawn.into_iter().map(with_port).collect()
    })
}

fn endpoint() -> impl Strategy<Value = EndpointDeclaration> {
    let ingress = (1025..=65_535).prop_map(|number| Port::from_i32(number).expect("a port"));
    let names = (option::of(port()), option::of(discovery_name()), option::of(alias()));
    (names, timeout(), option::of(ingress), option::of(tls())).prop_map(
        |((port, discovery_name, alias), timeout, ingress_port, tls)| EndpointDeclaration {
            port,
            discovery_name,
            alias,
            timeout,
            ingress_port,
            tls,
        },
    )
}

fn number() -> impl Strategy<Value = Port> {
    (1..=65_535).prop_map(|number| Port::from_i32(number).expect("a port"))
}

fn port() -> impl Strategy<Value = PortSelector> {
    prop_oneof![
        "[a-z_][a-z0-9_-]{0,63}".prop_map(|text| PortSelector::Name(PortName::as_read(&text))),
        number().prop_map(PortSelector::Number),
    ]
}

fn discovery_name() -> impl Strategy<Value = DiscoveryName> {
    "[a-z0-9_][a-z0-9_-]{0,63}".prop_map(|text| DiscoveryName::as_read(&text))
}

fn namespace() -> impl Strategy<Value = NamespaceRef> {
    prop_oneof![
        "[!#-.0-;=?-~]{1,30}",
        "ns-[a-z0-9]{8,16}",
        "arn:aws:servicediscovery:eu-west-1:[0-9]{12}:namespace/ns-[a-z0-9]{8}"
    ]
    .prop_map(|text| NamespaceRef::parse(&text).expect("a namespace"))
}

fn alias() -> impl Strategy<Value = AliasDeclaration> {
    let host = "[a-z0-9_.][a-z0-9_.-]{0,126}".prop_map(|text| DnsName::as_read(&text));
    prop_oneof![
        (host.clone(), option::of(number()))
            .prop_map(|(host, port)| AliasDeclaration { dns_name: Some(host), port }),
        number().prop_map(|port| AliasDeclaration { dns_name: None, port: Some(port) }),
    ]
}

fn timeout() -> impl Strategy<Value = Timeout> {
    let seconds = || option::of(prop_oneof![0..=7200_u32, 0..=2_147_483_647_u32]);
    (seconds(), seconds()).prop_map(|(idle_s, request_s)| Timeout { idle_s, request_s })
}

fn arn() -> impl Strategy<Value = Arn> {
    "arn:aws:[a-z-]{2,9}:[a-z0-9-]{0,9}:[0-9]{12}:[!-~]{1,30}".prop_map(|text| Arn::as_read(&text))
}

fn tls() -> impl Strategy<Value = Tls> {
    (arn(), option::of("[!-~]{1,40}"), option::of(arn()))
        .prop_map(|(authority, kms_key, role)| Tls { authority: Some(authority), kms_key, role })
}

fn logs() -> impl Strategy<Value = LogsDeclaration> {
    let options = || prop::collection::btree_map("[!-~]{1,30}", any::<String>(), 0..4);
    let to = ("[!-~]{1,20}", options(), options()).prop_map(|(driver, options, secret_options)| {
        LogsDeclaration::To(ProxyLogs {
            driver,
            options: options.into_iter().collect(),
            secret_options: secret_options.into_iter().collect(),
        })
    });
    prop_oneof![1 => Just(LogsDeclaration::Off), 4 => to]
}

fn access_logs() -> impl Strategy<Value = AccessLogs> {
    (select(&["TEXT", "JSON"]), any::<bool>()).prop_map(|(format, query_parameters)| AccessLogs {
        format: format.to_owned(),
        query_parameters,
    })
}

fn test_header() -> impl Strategy<Value = TestHeader> {
    ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}", option::of("[!-~]([ -~]{0,20}[!-~])?"))
        .prop_map(|(name, exact)| TestHeader { name, exact })
}

fn pause() -> impl Strategy<Value = Pause> {
    let until = (0..4_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nano)| jiff::Timestamp::new(second, nano).expect("a time"));
    prop_oneof![Just(Pause::Open), until.prop_map(Pause::Until)]
}
