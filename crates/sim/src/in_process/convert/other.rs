//! Task definitions, namespaces, Cloud Map services and parameters, from the model's shapes to core's types.

use eastwest_core::effect::Parameter;
use eastwest_core::name::{
    Arn, DiscoveryName, NamespaceId, NamespaceName, ParameterName, Port, PortName,
};
use eastwest_core::view::{CloudMapService, Namespace, PortMapping, TaskDefinition};
use serde_json::Value;

use super::time;
use crate::shapes::{cloud_map, ssm};

/// A task definition revision, which the model keeps as JSON.
pub(in crate::in_process) fn task_definition(asked: &Arn, raw: &Value) -> TaskDefinition {
    let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str);
    let containers = raw.get("containerDefinitions").and_then(Value::as_array);
    TaskDefinition {
        arn: text("/taskDefinitionArn").map_or_else(|| asked.clone(), Arn::as_read),
        network_mode: text("/networkMode").unwrap_or_default().to_owned(),
        windows: text("/runtimePlatform/operatingSystemFamily")
            .is_some_and(|system| system.starts_with("WINDOWS")),
        memory_mib: text("/memory").and_then(|memory| memory.trim().parse().ok()),
        ports: containers.into_iter().flatten().flat_map(ports).collect(),
    }
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
            container_port: number.and_then(|n| i32::try_from(n).ok()).and_then(Port::from_i32),
            protocol: text("protocol").unwrap_or("tcp").to_owned(),
            app_protocol: text("appProtocol").map(str::to_owned),
        }
    })
}

/// A namespace.
pub(in crate::in_process) fn namespace(namespace: &cloud_map::Namespace) -> Namespace {
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
pub(in crate::in_process) fn cloud_map_service(
    service: &cloud_map::CloudMapService,
) -> CloudMapService {
    CloudMapService {
        arn: Arn::as_read(&service.arn),
        name: DiscoveryName::as_read(&service.name),
        created_at: time(service.create_date),
    }
}

/// A parameter.
pub(in crate::in_process) fn parameter(parameter: ssm::Parameter) -> Parameter {
    Parameter {
        name: ParameterName::as_read(&parameter.name),
        version: i64::try_from(parameter.version).unwrap_or(i64::MAX),
        modified_at: time(parameter.last_modified_date),
        is_secret: parameter.kind == ssm::ParameterType::SecureString,
        text: parameter.value,
    }
}
