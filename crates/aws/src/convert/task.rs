//! Tasks and the instances that they are, from the SDK's types to core's.
//!
//! Of an instance only the two documented attributes are read; what else Service Connect registers is not documented.

use std::net::IpAddr;

use aws_sdk_ecs::types as sdk;
use aws_sdk_servicediscovery::types::InstanceSummary;
use eastwest_core::ecs::name::{Arn, DeploymentId, EcsServiceName, Port};
use eastwest_core::ecs::namespace::Instance;
use eastwest_core::ecs::task::{Proxy, ProxyHealth, Task, TaskPhase};
use eastwest_core::ecs::text::printable;

/// The type of the attachment, as answers write it and as the API's page does.
const SERVICE_CONNECT: [&str; 2] = ["ServiceConnect", "Service Connect"];
/// How ECS begins the name of the proxy, which is in no task definition.
const PROXY: &str = "ecs-service-connect-";

/// A task as `DescribeTasks` answered it.
pub(crate) fn read(task: &sdk::Task) -> Task {
    let group = task.group().unwrap_or_default();
    let proxy = proxy(task);
    let is_proxy = |name: &&str| proxy.as_ref().is_some_and(|proxy| proxy.container == **name);
    let names = task.containers().iter().filter_map(|container| container.name());
    Task {
        id: shown(Arn::as_read(task.task_arn().unwrap_or_default()).resource()),
        service: group.strip_prefix("service:").map(EcsServiceName::as_read),
        deployment: DeploymentId::as_read(task.started_by().unwrap_or_default()),
        phase: phase(task),
        addresses: addresses(task),
        interfaces: details(task, "ElasticNetworkInterface", "networkInterfaceId")
            .map(shown)
            .collect(),
        containers: names.filter(|name| !is_proxy(name)).map(shown).collect(),
        proxy,
        has_exec: task.enable_execute_command(),
    }
}

/// A task that is to end counts as ending, however far it is.
fn phase(task: &sdk::Task) -> TaskPhase {
    if task.desired_status() == Some("STOPPED") {
        return TaskPhase::Stopping;
    }
    match task.last_status() {
        Some("RUNNING") => TaskPhase::Running,
        Some("PROVISIONING" | "PENDING" | "ACTIVATING") => TaskPhase::Starting,
        _ => TaskPhase::Stopping,
    }
}

/// The private addresses of the task's own interface. In bridge mode it has none.
fn addresses(task: &sdk::Task) -> Vec<IpAddr> {
    let interfaces = task.containers().iter().flat_map(sdk::Container::network_interfaces);
    let of_containers =
        interfaces.flat_map(|each| [each.private_ipv4_address(), each.ipv6_address()]);
    let of_attachment = details(task, "ElasticNetworkInterface", "privateIPv4Address").map(Some);
    let all = of_containers.chain(of_attachment).flatten();
    let mut all: Vec<IpAddr> = all.filter_map(|text| text.parse().ok()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What the attachments of a kind say under a name.
fn details<'t>(
    task: &'t sdk::Task,
    kind: &'static str,
    name: &'static str,
) -> impl Iterator<Item = &'t str> {
    let attachments = task.attachments().iter().filter(move |each| each.r#type() == Some(kind));
    let details = attachments.flat_map(sdk::Attachment::details);
    details.filter(move |each| each.name() == Some(name)).filter_map(|each| each.value())
}

/// The container that the Service Connect attachment names, or for want of that the one with such a name.
fn proxy(task: &sdk::Task) -> Option<Proxy> {
    let named = SERVICE_CONNECT.iter().find_map(|kind| details(task, kind, "ContainerName").next());
    let is_it = |container: &&sdk::Container| match named {
        Some(name) => container.name() == Some(name),
        None => container.name().is_some_and(|name| name.starts_with(PROXY)),
    };
    let container = task.containers().iter().find(is_it);
    let name = named.or_else(|| container?.name())?;
    Some(Proxy { container: shown(name), health: container.map_or(ProxyHealth::Unknown, health) })
}

fn health(container: &sdk::Container) -> ProxyHealth {
    match (container.last_status(), container.health_status()) {
        (Some("STOPPED"), _) => ProxyHealth::Stopped,
        (_, Some(sdk::HealthStatus::Healthy)) => ProxyHealth::Healthy,
        (_, Some(sdk::HealthStatus::Unhealthy)) => ProxyHealth::Unhealthy,
        _ => ProxyHealth::Unknown,
    }
}

/// An instance as `ListInstances` answered it.
pub(crate) fn instance(summary: &InstanceSummary) -> Instance {
    let attribute = |name: &str| summary.attributes()?.get(name).map(String::as_str);
    let address = |name: &str| attribute(name)?.parse().ok();
    Instance {
        id: shown(summary.id().unwrap_or_default()),
        address: address("AWS_INSTANCE_IPV4").or_else(|| address("AWS_INSTANCE_IPV6")),
        port: attribute("AWS_INSTANCE_PORT").and_then(|port| Port::parse(port).ok()),
    }
}

fn shown(word: &str) -> String {
    printable(word, usize::MAX)
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
