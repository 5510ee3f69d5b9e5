//! Task definitions, namespaces and Cloud Map services, from the SDK's types to core's.

use aws_sdk_ecs::types as sdk;
use aws_sdk_servicediscovery::types as cloud_map;
use eastwest_core::ecs::environment::{ContainerTexts, EnvironmentHosts, Variable};
use eastwest_core::ecs::name::{Arn, DiscoveryName, NamespaceId, NamespaceName, Port, PortName};
use eastwest_core::ecs::namespace::{CloudMapService, Namespace};
use eastwest_core::ecs::task_definition::{PortMapping, TaskDefinition};
use eastwest_core::ecs::text::printable;
use eastwest_core::ecs::time::AwsTime;

use super::time;

/// A task definition revision.
pub(crate) fn task_definition(asked: &Arn, definition: &sdk::TaskDefinition) -> TaskDefinition {
    let system = definition.runtime_platform().and_then(|p| p.operating_system_family());
    let mode = definition.network_mode();
    let containers = definition.container_definitions();
    let names = |of: fn(&sdk::ContainerDefinition) -> bool| {
        containers
            .iter()
            .filter(|each| of(each))
            .filter_map(|each| each.name())
            .map(shown)
            .collect()
    };
    TaskDefinition {
        arn: definition.task_definition_arn().map_or_else(|| asked.clone(), Arn::as_read),
        network_mode: mode.map(|mode| shown(mode.as_str())).unwrap_or_default(),
        windows: system.is_some_and(|system| system.as_str().starts_with("WINDOWS")),
        memory_mib: definition.memory().and_then(|memory| memory.trim().parse().ok()),
        container_memory_mib: containers.iter().fold(0, |sum: u32, each| {
            let limit = each.memory().and_then(|memory| u32::try_from(memory).ok());
            sum.saturating_add(limit.unwrap_or_default())
        }),
        has_cpu: definition.cpu().is_some_and(|cpu| !matches!(cpu.trim(), "" | "0")),
        links: names(|each| !each.links().is_empty()),
        hostnames: names(|each| each.hostname().is_some_and(|name| !name.is_empty())),
        managed_instances: definition
            .requires_compatibilities()
            .iter()
            .any(|each| each.as_str() == "MANAGED_INSTANCES"),
        ports: containers.iter().flat_map(ports).collect(),
        images: containers.iter().filter_map(|each| each.image()).map(shown).collect(),
        environment_hosts: EnvironmentHosts::of(containers.iter().map(texts)),
    }
}

/// What of a container may name hosts. It is matched and never kept as it is.
fn texts(container: &sdk::ContainerDefinition) -> ContainerTexts<'_> {
    let command = container.entry_point().iter().chain(container.command());
    ContainerTexts {
        environment: container.environment().iter().filter_map(variable).collect(),
        command: command.map(String::as_str).collect(),
    }
}

fn variable(pair: &sdk::KeyValuePair) -> Option<Variable<'_>> {
    Some(Variable { name: pair.name().unwrap_or_default(), value: pair.value()? })
}

fn ports(container: &sdk::ContainerDefinition) -> impl Iterator<Item = PortMapping> {
    let name = container.name().unwrap_or_default();
    container.port_mappings().iter().map(move |mapping| PortMapping {
        container: shown(name),
        name: mapping.name().filter(|name| !name.is_empty()).map(PortName::as_read),
        container_port: mapping.container_port().and_then(Port::from_i32),
        range: mapping.container_port_range().filter(|text| !text.is_empty()).map(shown),
        // Absent means tcp (API:PortMapping.protocol).
        protocol: shown(mapping.protocol().map_or("tcp", |protocol| protocol.as_str())),
        app_protocol: mapping.app_protocol().map(|protocol| shown(protocol.as_str())),
    })
}

/// A word that is compared and shown, and never sent back: without characters that change how the text around it reads.
fn shown(word: &str) -> String {
    printable(word, usize::MAX)
}

/// A namespace; `None` for one without id, ARN or name, which nothing could refer to.
pub(crate) fn namespace(summary: &cloud_map::NamespaceSummary) -> Option<Namespace> {
    let name = NamespaceName::as_read(summary.name()?);
    let http = summary.properties().and_then(|properties| properties.http_properties());
    let http_name = http.and_then(|properties| properties.http_name());
    Some(Namespace {
        id: NamespaceId::as_read(summary.id()?),
        arn: Arn::as_read(summary.arn()?),
        http_name: http_name.map_or_else(|| name.clone(), NamespaceName::as_read),
        name,
        kind: summary.r#type().map(|kind| shown(kind.as_str())).unwrap_or_default(),
        owner: summary.resource_owner().map(shown),
    })
}

/// A Cloud Map service; `None` for one without ARN or name.
pub(crate) fn cloud_map_service(summary: &cloud_map::ServiceSummary) -> Option<CloudMapService> {
    Some(CloudMapService {
        arn: Arn::as_read(summary.arn()?),
        name: DiscoveryName::as_read(summary.name()?),
        created_at: time(summary.create_date, AwsTime(i64::MAX)),
    })
}

#[cfg(test)]
#[path = "other_tests.rs"]
mod tests;
