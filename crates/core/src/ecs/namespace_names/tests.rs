//! How a person reads namespaces.

use super::*;
use crate::ecs::name::NamespaceId;
use crate::testing::namespace;

fn read(namespaces: &[Namespace], value: &str) -> String {
    let mut value = value.to_owned();
    NamespaceNames::of(namespaces).put_into(&mut value);
    value
}

#[test]
fn an_id_and_an_arn_become_the_name_and_all_else_stays() {
    let known = [namespace("internal.myapp"), namespace("other")];
    for value in [known[0].id.as_str(), known[0].arn.as_str(), "internal.myapp"] {
        assert_eq!(read(&known, value), "internal.myapp");
    }
    let unknown = "arn:aws:servicediscovery:eu-west-1:1:namespace/ns-0123456789abcdef";
    for value in ["none", "ns-0123456789abcdef", unknown, "x (not found)", ""] {
        assert_eq!(read(&known, value), value);
    }
}

#[test]
fn two_namespaces_of_one_name_are_told_apart_by_their_ids() {
    let mut known = [namespace("shop"), namespace("shop")];
    known[1].id = NamespaceId::as_read("ns-00000002");
    assert_eq!(read(&known, known[0].id.as_str()), "shop (ns-shop0000)");
    assert_eq!(read(&known, "ns-00000002"), "shop (ns-00000002)");
}

#[test]
fn of_a_change_only_the_namespace_is_named() {
    let known = [namespace("internal.myapp")];
    let change = |field| {
        let to = Some(known[0].id.to_string());
        let change = Change { field, endpoint: None, from: None, to };
        NamespaceNames::of(&known).change(&change).to_string()
    };
    assert_eq!(change(Field::Namespace), "namespace: - -> internal.myapp");
    assert_eq!(change(Field::Endpoint), "endpoint: - -> ns-internalmyapp");
}
