//! What of a revision is sent back, where names go, and which differences count.

use eastwest_core::ecs::name::{Port, PortName};
use serde_json::json;

use super::*;

/// An answer as ECS writes it, with members that no SDK knows.
fn answer() -> Value {
    json!({
        "taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
            "family": "web", "revision": 3, "status": "ACTIVE", "registeredAt": 1.5, "registeredBy": "ci",
            "requiresAttributes": [{"name": "x"}], "compatibilities": ["EC2"], "volumes": [],
            "deregisteredAt": 2, "deleteRequestedAt": 3,
            "networkMode": "awsvpc", "newThing": {"deep": [1, {"er": true}]},
            "containerDefinitions": [
                {"name": "side", "portMappings": [{"containerPort": 8080, "protocol": "tcp"}]},
                {"name": "app", "environment": [{"name": "PASSWORD", "value": "hunter2"}], "newThing": 1,
                 "portMappings": [
                    {"containerPort": 8080, "protocol": "udp"},
                    {"containerPort": 8080, "newThing": "y"},
                    {"containerPort": 9090, "name": "admin"},
                    {"containerPortRange": "1-2"},
                 ]},
            ],
        },
        "tags": [{"key": "team", "value": "shop"}, {"key": "aws:cloudformation:stack-name", "value": "s"}],
    })
}

fn revision() -> Revision {
    Revision::read(answer()).unwrap()
}

fn port(container: &str, number: i32, protocol: &str, name: &str) -> NamedPort {
    NamedPort {
        container: container.to_owned(),
        container_port: Port::from_i32(number).unwrap(),
        protocol: protocol.to_owned(),
        name: PortName::as_read(name),
    }
}

fn http() -> NamedPort {
    port("app", 8080, "tcp", "http")
}

/// How `other` differs from what is wanted, after `change` was made to the request.
fn differs(change: impl Fn(&mut Value)) -> Difference {
    let (wanted, mut other) = (revision(), revision());
    change(&mut other.request);
    wanted.difference(&other)
}

#[test]
fn what_ecs_adds_is_dropped_and_nothing_else() {
    let Revision { arn, request } = revision();
    assert_eq!(arn, "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3");
    let names: BTreeSet<_> = request.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["containerDefinitions", "family", "networkMode", "newThing", "tags"];
    assert_eq!(names, BTreeSet::from(expected));
    let sent = answer();
    for member in ["containerDefinitions", "newThing"] {
        assert_eq!(request[member], sent["taskDefinition"][member]);
    }
}

#[test]
fn tags_are_kept_but_for_those_that_nobody_may_set() {
    assert_eq!(revision().request["tags"], json!([{"key": "team", "value": "shop"}]));
}

#[test]
fn an_answer_without_a_revision_is_none() {
    for nothing in [json!({}), json!({"taskDefinition": {}}), json!({"taskDefinition": "web"})] {
        assert!(Revision::read(nothing).is_none());
    }
}

#[test]
fn a_name_is_set_at_the_port_it_is_for_and_nowhere_else() {
    let named = revision().with_names(&[http()]).ok().unwrap();
    let mut expected = revision().request;
    expected["containerDefinitions"][1]["portMappings"][1]["name"] = json!("http");
    assert_eq!(named.request, expected);
    assert!(named.has_names(&[http()]) && !revision().has_names(&[http()]));
}

#[test]
fn a_port_that_has_the_name_is_left_as_it_is() {
    let admin = port("app", 9090, "tcp", "admin");
    let same = revision().with_names(std::slice::from_ref(&admin)).ok().unwrap();
    assert!(same.is_same_as(&revision()) && same.has_names(&[admin]));
}

#[test]
fn a_port_that_cannot_be_named_is_refused_with_the_reason() {
    let cases = [
        (port("app", 1, "tcp", "x"), "port 1/tcp of container 'app' is not mapped"),
        (port("db", 8080, "tcp", "x"), "port 8080/tcp of container 'db' is not mapped"),
        (port("side", 8080, "udp", "x"), "port 8080/udp of container 'side' is not mapped"),
        (
            port("app", 9090, "tcp", "x"),
            "port 9090/tcp of container 'app' has another name already",
        ),
    ];
    for (port, reason) in cases {
        assert_eq!(revision().with_names(&[port]).err().as_deref(), Some(reason));
    }
}

#[test]
fn defaults_that_ecs_fills_in_and_another_order_are_no_difference() {
    let difference = differs(|request| {
        request["pidMode"] = json!("task");
        request["containerDefinitions"][0]["essential"] = json!(true);
        request["containerDefinitions"].as_array_mut().unwrap().reverse();
    });
    assert!(difference.is_empty(), "{difference}");
}

#[test]
fn a_lost_member_is_named_by_its_path_at_every_depth() {
    let cases: [(&str, &str, &str); 5] = [
        ("", "newThing", "lacks newThing"),
        ("", "tags", "lacks tags"),
        ("/newThing/deep/1", "er", "lacks newThing.deep[1].er"),
        ("/containerDefinitions/1", "newThing", "lacks containerDefinitions[1].newThing"),
        (
            "/containerDefinitions/1/environment/0",
            "value",
            "lacks containerDefinitions[1].environment[0].value",
        ),
    ];
    for (place, member, told) in cases {
        let difference = differs(|request| {
            request.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(member);
        });
        assert_eq!(difference.to_string(), told);
        assert!(difference.only_lost());
    }
}

#[test]
fn an_item_that_a_list_has_lost_is_named_by_its_place() {
    let difference = differs(|request| {
        request["containerDefinitions"][1]["portMappings"].as_array_mut().unwrap().remove(0);
    });
    assert_eq!(difference.to_string(), "lacks containerDefinitions[1].portMappings[0]");
}

#[test]
fn a_changed_value_is_told_by_its_path_and_never_shown() {
    let difference = differs(|request| {
        request["containerDefinitions"][1]["environment"][0]["value"] = json!("geheim");
        request.as_object_mut().unwrap().remove("networkMode");
    });
    let told = "lacks networkMode and has another containerDefinitions[1].environment[0].value";
    assert_eq!(difference.to_string(), told);
    assert!(!difference.only_lost() && !difference.is_empty());
}
