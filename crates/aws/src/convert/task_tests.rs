//! Tasks and instances as AWS answers them, read into core's types.

use aws_sdk_ecs::types::{
    Attachment, Container, HealthStatus, KeyValuePair, NetworkInterface, Task as Described,
};

use super::*;

fn attachment(kind: &str, name: &str, value: &str) -> Attachment {
    let detail = KeyValuePair::builder().name(name).value(value).build();
    Attachment::builder().r#type(kind).details(detail).build()
}

fn container(name: &str, health: &str) -> Container {
    let interface = NetworkInterface::builder()
        .private_ipv4_address("10.0.0.7")
        .ipv6_address("fd00::7")
        .build();
    Container::builder()
        .name(name)
        .last_status("RUNNING")
        .health_status(HealthStatus::from(health))
        .network_interfaces(interface)
        .build()
}

/// A task as public captures of `DescribeTasks` show one with Service Connect.
fn described() -> aws_sdk_ecs::types::builders::TaskBuilder {
    Described::builder()
        .task_arn("arn:aws:ecs:eu-west-1:1:task/prod/0a1b")
        .group("service:web")
        .started_by("ecs-svc/1")
        .desired_status("RUNNING")
        .last_status("RUNNING")
        .attachments(attachment("ElasticNetworkInterface", "networkInterfaceId", "eni-1"))
        .attachments(attachment("ServiceConnect", "ContainerName", "ecs-service-connect-ab12c"))
        .containers(container("web", "UNKNOWN"))
        .containers(container("ecs-service-connect-ab12c", "HEALTHY"))
}

#[test]
fn a_task_is_read_with_its_proxy_apart_from_its_containers() {
    let task = read(&described().build());
    assert_eq!(task.id, "0a1b");
    assert_eq!(task.service.as_ref().map(EcsServiceName::as_str), Some("web"));
    assert_eq!((task.deployment.as_str(), task.phase), ("ecs-svc/1", TaskPhase::Running));
    assert_eq!(task.containers, ["web"]);
    assert_eq!(task.interfaces, ["eni-1"]);
    let addresses: Vec<String> = task.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.7", "fd00::7"]);
    assert!(!task.has_exec);
    let proxy = task.proxy.expect("a proxy");
    assert_eq!(
        (proxy.container.as_str(), proxy.health),
        ("ecs-service-connect-ab12c", ProxyHealth::Healthy)
    );
}

#[test]
fn the_attachment_decides_which_container_is_the_proxy() {
    let odd = attachment("Service Connect", "ContainerName", "sidecar");
    let task =
        described().set_attachments(Some(vec![odd])).containers(container("sidecar", "UNHEALTHY"));
    let proxy = read(&task.build()).proxy.expect("a proxy");
    assert_eq!((proxy.container.as_str(), proxy.health), ("sidecar", ProxyHealth::Unhealthy));
    let task = read(&described().set_attachments(None).build());
    assert_eq!(task.proxy.expect("by its name").health, ProxyHealth::Healthy);
    let plain =
        described().set_attachments(None).set_containers(Some(vec![container("web", "HEALTHY")]));
    assert_eq!(read(&plain.build()).proxy, None);
    let unseen = described().set_containers(Some(vec![container("web", "HEALTHY")]));
    assert_eq!(read(&unseen.build()).proxy.expect("it is named").health, ProxyHealth::Unknown);
}

#[test]
fn every_status_of_a_task_is_one_of_three_phases() {
    let phase = |last: &str, desired: &str| {
        read(&described().last_status(last).desired_status(desired).build()).phase
    };
    assert_eq!(phase("RUNNING", "RUNNING"), TaskPhase::Running);
    for status in ["PROVISIONING", "PENDING", "ACTIVATING"] {
        assert_eq!(phase(status, "RUNNING"), TaskPhase::Starting, "{status}");
    }
    for status in ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED", "NEW"] {
        assert_eq!(phase(status, "RUNNING"), TaskPhase::Stopping, "{status}");
    }
    assert_eq!(phase("RUNNING", "STOPPED"), TaskPhase::Stopping);
}

#[test]
fn of_an_instance_the_address_and_the_port_are_read_and_nonsense_is_none() {
    let summary = |pairs: &[(&str, &str)]| {
        let mut summary = InstanceSummary::builder().id("i");
        for (name, value) in pairs {
            summary = summary.attributes(*name, *value);
        }
        let Instance { address, port, .. } = instance(&summary.build());
        (address.map(|address| address.to_string()), port.map(Port::number))
    };
    let (v4, v6, port) = ("AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6", "AWS_INSTANCE_PORT");
    assert_eq!(
        summary(&[(v4, "10.0.0.7"), (v6, "fd00::7"), (port, "8080")]),
        (Some("10.0.0.7".to_owned()), Some(8080))
    );
    assert_eq!(summary(&[(v6, "fd00::7")]), (Some("fd00::7".to_owned()), None));
    assert_eq!(summary(&[(v4, "web.local"), (port, "0")]), (None, None));
    assert_eq!(summary(&[]), (None, None));
}
