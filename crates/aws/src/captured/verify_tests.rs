//! Captures of what only `verify` reads.

use std::net::IpAddr;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::{Arn, ClusterName, EcsServiceName, Port};
use eastwest_core::ecs::network::Permission;
use serde_json::{Value, json};

use crate::captured::Captures;
use crate::world::World;

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012";

fn captured(parts: &[Value]) -> Captures {
    let mut captures = Captures::default();
    for part in parts {
        assert_eq!(captures.add("a.json", &part.to_string()), []);
    }
    captures
}

fn mistakes(part: &Value) -> Vec<String> {
    let found = Captures::default().add("a.json", &part.to_string());
    found.iter().map(ToString::to_string).collect()
}

/// A service of two tasks in the namespace `internal`.
fn services() -> Value {
    json!({"services": [{
        "serviceArn": format!("{ARN}:service/prod/web"), "serviceName": "web",
        "clusterArn": format!("{ARN}:cluster/prod"), "status": "ACTIVE", "runningCount": 2,
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY",
            "serviceConnectConfiguration": {"enabled": true, "namespace": "internal"},
            "serviceConnectResources": [
                {"discoveryName": "web", "discoveryArn": "arn:aws:servicediscovery:r:1:service/srv-1"},
            ],
        }],
    }]})
}

fn task(id: &str, status: &str) -> Value {
    json!({
        "taskArn": format!("{ARN}:task/prod/{id}"), "clusterArn": format!("{ARN}:cluster/prod"),
        "group": "service:web", "lastStatus": status, "desiredStatus": "RUNNING",
        "connectivityAt": "2026-11-24T20:00:00+02:00", "pullStartedAt": "2026-11-24T20:00:00+02:00",
        "pullStoppedAt": "2026-11-24T20:00:01+02:00", "createdAt": "2026-11-24T20:00:00+02:00",
    })
}

#[tokio::test]
async fn captured_tasks_count_only_if_there_are_as_many_as_the_service_runs() {
    let (prod, web) = (ClusterName::as_read("prod"), EcsServiceName::as_read("web"));
    let all = [services(), json!({"tasks": [task("1", "RUNNING"), task("2", "RUNNING")]})];
    let tasks = World::captured(captured(&all)).tasks(&prod, Some(&web)).await;
    let ids: Vec<String> = tasks.expect("both").into_iter().map(|task| task.id).collect();
    assert_eq!(ids, ["1", "2"]);
    for some in
        [json!({"tasks": []}), json!({"tasks": [task("1", "RUNNING"), task("2", "PENDING")]})]
    {
        let world = World::captured(captured(&[services(), some]));
        for of in [Some(&web), None] {
            let fault = world.tasks(&prod, of).await.expect_err("one is lacking");
            assert_eq!(fault.kind, FaultKind::Refused);
            assert!(
                fault.message.contains("add `aws ecs describe-tasks --cluster prod"),
                "{fault}"
            );
        }
    }
}

#[tokio::test]
async fn captured_instances_are_found_by_the_names_of_their_service_and_its_namespace() {
    let arn = Arn::as_read("arn:aws:servicediscovery:r:1:service/srv-1");
    let instance = |namespace: &str, id: &str| {
        json!({"InstanceId": id, "NamespaceName": namespace, "ServiceName": "web",
            "HealthStatus": "UNKNOWN", "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.1"}})
    };
    let both = json!({"Instances": [instance("other", "a"), instance("internal", "b")]});
    let found = World::captured(captured(&[services(), both])).instances(&arn).await;
    assert_eq!(found.expect("one").iter().map(|each| each.id.as_str()).collect::<Vec<_>>(), ["b"]);
    let empty = json!({"Instances": [], "InstancesRevision": 1});
    let captures = captured(&[services(), empty]);
    let note = "a.json: there is no instance here, so it does not say of which service";
    assert!(captures.notes().contains(&note.to_owned()), "{:?}", captures.notes());
    let fault = World::captured(captures).instances(&arn).await.expect_err("none was captured");
    assert_eq!(fault.kind, FaultKind::Refused);
    let call = "discover-instances --namespace-name internal --service-name web";
    assert!(fault.message.contains(call), "{fault}");
}

#[test]
fn a_list_of_instances_says_what_to_capture_in_its_place() {
    let [mistake] = &mistakes(&json!({"Instances": [{"Id": "a", "Attributes": {}}]}))[..] else {
        panic!("one mistake")
    };
    assert!(
        mistake.starts_with(
            "a.json: Instances[0]: the answer of `aws servicediscovery list-instances`"
        )
    );
    let [mistake] = &mistakes(&json!({"taskArns": []}))[..] else { panic!("one mistake") };
    assert!(mistake.ends_with("describe these tasks"), "{mistake}");
}

/// The rule of a group that has this one alone.
fn rule(rule: &Value) -> Permission {
    let group = json!({"GroupId": "sg-1", "GroupName": "one", "IpPermissions": [rule]});
    let captures = captured(&[json!({"SecurityGroups": [group]})]);
    captures.network().expect("it was captured").groups["sg-1"].inbound[0].clone()
}

#[test]
fn a_rule_is_read_for_tcp_by_name_and_number_and_for_everything() {
    let is_for = |protocol: &str, from: Value, to: Value, port: i32| {
        let rule = rule(&json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to}));
        rule.is_for(Port::from_i32(port).expect("a port"))
    };
    assert!(is_for("tcp", json!(80), json!(90), 85) && is_for("6", json!(80), json!(80), 80));
    assert!(!is_for("tcp", json!(80), json!(90), 91) && !is_for("tcp", json!(80), json!(90), 79));
    assert!(is_for("-1", Value::Null, Value::Null, 1) && is_for("-1", json!(-1), json!(-1), 65535));
    assert!(
        !is_for("udp", json!(0), json!(65535), 80) && !is_for("17", Value::Null, Value::Null, 80)
    );
}

#[test]
fn peers_are_read_by_group_by_address_and_by_prefix_list() {
    let read = rule(&json!({
        "IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "1"}],
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "all of ours"}],
        "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}], "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }));
    assert_eq!(
        (read.groups, read.prefix_lists),
        (vec!["sg-2".to_owned()], vec!["pl-1".to_owned()])
    );
    let networks: Vec<String> = read.networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "fd00::/8"]);
    let bad = json!({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "everybody"}]});
    let bad = json!({"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [bad]}]});
    let place =
        "a.json: SecurityGroups[0].IpPermissions[0]: \"everybody\" is no range of addresses";
    assert_eq!(mistakes(&bad), [place]);
}

#[test]
fn an_interface_is_read_with_every_address_and_group() {
    let interface = json!({
        "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.1",
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.1"}, {"PrivateIpAddress": "10.0.0.2"}],
        "Ipv6Addresses": [{"Ipv6Address": "fd00::1"}],
        "Groups": [{"GroupId": "sg-1", "GroupName": "one"}, {"GroupId": "sg-2"}],
    });
    let captures = captured(&[json!({"NetworkInterfaces": [interface]})]);
    assert!(captures.is_network_alone());
    let read = &captures.network().expect("it was captured").interfaces["eni-1"];
    assert_eq!(read.groups, ["sg-1", "sg-2"]);
    let addresses = ["10.0.0.1", "10.0.0.2", "fd00::1"];
    assert_eq!(read.addresses, addresses.map(|text| text.parse::<IpAddr>().expect("an address")));
    assert!(!captured(&[services(), json!({"SecurityGroups": []})]).is_network_alone());
}
