//! Task definitions, namespaces, Cloud Map services and parameters, from the model's shapes to core's types.

use eastwest_core::ecs::environment::{ContainerTexts, EnvironmentHosts, Variable};
use eastwest_core::ecs::name::{
    Arn, DiscoveryName, NamespaceId, NamespaceName, ParameterName, Port, PortName,
};
use eastwest_core::ecs::namespace::{CloudMapService, Namespace};
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::task_definition::{PortMapping, TaskDefinition};
use serde_json::Value;

use super::time;
use crate::shapes::{cloud_map, ssm};

/// A task definition revision, which the model keeps as JSON.
pub(crate) fn task_definition(asked: &Arn, raw: &Value) -> TaskDefinition {
    let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str);
    let containers = raw.get("containerDefinitions").and_then(Value::as_array);
    let containers = || containers.into_iter().flatten();
    let names = |of: fn(&Value) -> bool| {
        let named = containers().filter(|each| of(each));
        named.filter_map(|each| Some(each.get("name")?.as_str()?.to_owned())).collect()
    };
    TaskDefinition {
        arn: text("/taskDefinitionArn").map_or_else(|| asked.clone(), Arn::as_read),
        network_mode: text("/networkMode").unwrap_or_default().to_owned(),
        windows: text("/runtimePlatform/operatingSystemFamily")
            .is_some_and(|system| system.starts_with("WINDOWS")),
        memory_mib: text("/memory").and_then(|memory| memory.trim().parse().ok()),
        container_memory_mib: containers().fold(0, |sum: u32, each| {
            let limit = each.get("memory").and_then(Value::as_u64);
            sum.saturating_add(limit.and_then(|mib| u32::try_from(mib).ok()).unwrap_or_default())
        }),
        has_cpu: text("/cpu").is_some_and(|cpu| !matches!(cpu.trim(), "" | "0")),
        links: names(|each| {
            each.get("links").and_then(Value::as_array).is_some_and(|links| !links.is_empty())
        }),
        hostnames: names(|each| {
            each.get("hostname").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
        }),
        managed_instances: raw
            .get("requiresCompatibilities")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|each| each == "MANAGED_INSTANCES")),
        ports: containers().flat_map(ports).collect(),
        images: containers()
            .filter_map(|each| Some(each.get("image")?.as_str()?.to_owned()))
            .collect(),
        environment_hosts: EnvironmentHosts::of(containers().map(texts)),
    }
}

/// What of a container may name hosts. It is matched and never kept as it is.
fn texts(container: &Value) -> ContainerTexts<'_> {
    let list = |member: &str| container.get(member).and_then(Value::as_array).into_iter().flatten();
    let variable = |each| {
        Some(Variable { name: text(each, "name").unwrap_or_default(), value: text(each, "value")? })
    };
    let command = list("entryPoint").chain(list("command"));
    ContainerTexts {
        environment: list("environment").filter_map(variable).collect(),
        command: command.filter_map(Value::as_str).collect(),
    }
}

fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member)?.as_str()
}

fn ports(container: &Value) -> impl Iterator<Item = PortMapping> {
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let mappings = container.get("portMappings").and_then(Value::as_array);
    mappings.into_iter().flatten().map(move |mapping| {
        let text = |member: &str| mapping.get(member).and_then(Value::as_str);
        let number = mapping.get("containerPort").and_then(Value::as_i64);
        PortMapping {
            container: name.to_owned(),
            name: text("name").filter(|name| !name.is_empty()).map(PortName::as_read),
            range: text("containerPortRange").filter(|text| !text.is_empty()).map(str::to_owned),
            container_port: number.and_then(|n| i32::try_from(n).ok()).and_then(Port::from_i32),
            protocol: text("protocol").unwrap_or("tcp").to_owned(),
            app_protocol: text("appProtocol").map(str::to_owned),
        }
    })
}

/// A namespace.
pub(crate) fn namespace(namespace: &cloud_map::Namespace) -> Namespace {
    Namespace {
        id: NamespaceId::as_read(&namespace.id),
        arn: Arn::as_read(&namespace.arn),
        name: NamespaceName::as_read(&namespace.name),
        http_name: NamespaceName::as_read(&namespace.properties.http_properties.http_name),
        kind: serde_json::to_value(namespace.kind)
            .ok()
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default(),
        owner: namespace.resource_owner.clone(),
    }
}

/// A Cloud Map service.
pub(crate) fn cloud_map_service(service: &cloud_map::CloudMapService) -> CloudMapService {
    CloudMapService {
        arn: Arn::as_read(&service.arn),
        name: DiscoveryName::as_read(&service.name),
        created_at: time(service.create_date),
    }
}

/// A parameter.
pub(crate) fn parameter(parameter: ssm::Parameter) -> Parameter {
    Parameter {
        name: ParameterName::as_read(&parameter.name),
        version: i64::try_from(parameter.version).unwrap_or(i64::MAX),
        modified_at: time(parameter.last_modified_date),
        is_secret: parameter.kind == ssm::ParameterType::SecureString,
        text: parameter.value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_definition_is_read_with_what_service_connect_asks_of_it() {
        let raw = json!({
            "networkMode": "bridge", "memory": "512", "cpu": "256",
            "containerDefinitions": [
                {"name": "app", "memory": 300, "links": ["side"], "portMappings": [
                    {"name": "http", "containerPort": 80},
                    {"containerPortRange": "1-2"},
                ]},
                {"name": "side", "memory": 100, "memoryReservation": 50, "hostname": "side", "links": []},
            ],
        });
        let read = task_definition(&Arn::as_read("arn:td"), &raw);
        assert_eq!(
            (read.memory_mib, read.has_cpu, read.container_memory_mib),
            (Some(512), true, 400)
        );
        assert_eq!((read.links.join(" "), read.hostnames.join(" ")), ("app".into(), "side".into()));
        let ranges: Vec<_> = read.ports.iter().map(|port| port.range.as_deref()).collect();
        assert_eq!(ranges, [None, Some("1-2")]);
        assert!(!task_definition(&Arn::as_read("arn:td"), &json!({})).has_cpu);
    }
}
