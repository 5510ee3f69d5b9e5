//! When two configurations are the same.

use crate::ecs::name::{Arn, NamespaceName};
use crate::testing::{namespace, read_connect, task_definition};

use super::*;

/// A configuration in the form that is compared, on `internal.myapp` and one port of each kind; `off` is none.
pub(in crate::ecs) fn read_canonical(text: &str) -> Option<Canonical> {
    let ports = "http=8080/http tcp=9000";
    let task_definition = task_definition(&Arn::as_read("arn:td:1"), ports);
    let mut renamed = namespace("old.name");
    renamed.http_name = NamespaceName::as_read("old.name-1x2y");
    let namespaces = [namespace("internal.myapp"), renamed];
    let default = NamespaceRef::as_read("internal.myapp");
    let defaults = Defaults {
        namespaces: &namespaces,
        default_namespace: Some(&default),
        task_definition: Some(&task_definition),
    };
    read_connect(text).map(|connect| canonical(&connect, &defaults))
}

fn check_same(one: &str, other: &str) {
    assert_eq!(read_canonical(one), read_canonical(other), "{one} and {other}");
}

#[test]
fn a_namespace_is_one_under_all_its_names() {
    check_same("in internal.myapp", "in ns-internalmyapp");
    check_same("in internal.myapp", &format!("in {}", namespace("internal.myapp").arn));
    check_same("in old.name", "in old.name-1x2y");
}

#[test]
fn a_namespace_that_is_not_given_is_the_clusters_default() {
    check_same("in ?", "in internal.myapp");
}

#[test]
fn a_discovery_name_that_is_not_given_is_the_ports_name() {
    check_same("in ? http@a:80", "in ? http/http@a:80");
}

#[test]
fn an_alias_that_is_not_given_is_the_default_one() {
    check_same("in ? http/a", "in ? http/a@a.internal.myapp:8080");
    check_same("in ? http/a@:80", "in ? http/a@a.internal.myapp:80");
}

#[test]
fn time_outs_that_are_not_given_are_those_of_the_protocol() {
    check_same("in ? http@a:80", "in ? http@a:80+idle=300+request=15");
    check_same("in ? tcp@a:80", "in ? tcp@a:80+idle=3600");
}

#[test]
fn an_ingress_port_that_is_not_given_is_the_containers() {
    check_same("in ? http@a:80", "in ? http@a:80+ingress=8080");
}

#[test]
fn the_order_of_endpoints_and_of_log_options_says_nothing() {
    check_same("in ? http@a:80 tcp@b:81", "in ? tcp@b:81 http@a:80");
    check_same("in ? logs=a:1,b:2", "in ? logs=b:2,a:1");
}

#[test]
fn a_log_level_that_is_not_given_is_info() {
    check_same("in ?", "in ? level=info");
}

#[test]
fn another_namespace_endpoint_or_level_is_another_configuration() {
    for other in ["off", "in old.name", "in ? http@a:80", "in ? level=debug", "in ? logs=g"] {
        assert_ne!(read_canonical("in ?"), read_canonical(other), "{other}");
    }
}
