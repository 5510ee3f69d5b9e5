//! Task definitions: one revision, a family's latest, and one in which ports have names.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, Family};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::task_definition::TaskDefinition;
use eastwest_core::plan::prerequisite::{NamedPort, NamedPorts};
use serde_json::{Map, Value, json};

use super::calls::Aws;
use super::convert;
use super::in_flight::{Reply, Request};
use super::pages::unreadable;
use crate::shapes::ecs::{
    DescribeTaskDefinitionRequest, RegisterTaskDefinitionRequest, TaskDefinitionAnswer,
};

const READ: &str = "ecs.DescribeTaskDefinition";
const WRITE: &str = "ecs.RegisterTaskDefinition";
/// Members that ECS adds to a registered definition (API:TaskDefinition).
const ADDED_BY_ECS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

impl Aws {
    pub(super) async fn task_definition(&self, arn: &Arn) -> Seen<TaskDefinition> {
        match self.describe_definition(arn.as_str()).await {
            Ok((_, definition)) => Seen::Known(definition),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    pub(super) async fn latest_revision(&self, family: &Family) -> Seen<TaskDefinition> {
        match self.describe_definition(family.as_str()).await {
            Ok((_, definition)) => Seen::Known(definition),
            Err(fault) if is_none(&fault) => Seen::Absent,
            Err(fault) => Seen::Unknown(fault),
        }
    }

    /// Registers the given revision with the names that it lacks. If the latest revision has them already, that is the
    /// answer. The real adapter checks that nothing is lost; the model loses nothing.
    pub(super) async fn name_ports(&self, wanted: &NamedPorts) -> Result<String, Fault> {
        let (answer, given) = self.describe_definition(wanted.task_definition.as_str()).await?;
        let mut request = request_from(answer);
        for port in &wanted.ports {
            name(&mut request, port)
                .map_err(|text| Fault::new(FaultKind::Refused, WRITE, &text))?;
        }
        if has_names(&given, &wanted.ports) {
            return Ok(given.arn.to_string());
        }
        match self.describe_definition(wanted.task_definition.family().as_str()).await {
            Ok((_, latest)) if has_names(&latest, &wanted.ports) => {
                return Ok(latest.arn.to_string());
            }
            Err(fault) if !is_none(&fault) => return Err(fault),
            Ok(_) | Err(_) => {}
        }
        let request = RegisterTaskDefinitionRequest(request);
        match self.write(Request::RegisterTaskDefinition(request)).await? {
            Reply::Definition(answer) => Ok(read(WRITE, &answer)?.arn.to_string()),
            _ => Err(unreadable(WRITE, "the answer holds no task definition with an ARN")),
        }
    }

    async fn describe_definition(
        &self,
        reference: &str,
    ) -> Result<(TaskDefinitionAnswer, TaskDefinition), Fault> {
        let request = DescribeTaskDefinitionRequest {
            task_definition: reference.to_owned(),
            include: Some(vec!["TAGS".to_owned()]),
        };
        let answer = self.read(READ, |model, _| model.describe_task_definition(&request)).await?;
        let definition = read(READ, &answer)?;
        Ok((answer, definition))
    }
}

fn read(op: &str, answer: &TaskDefinitionAnswer) -> Result<TaskDefinition, Fault> {
    let raw = answer.task_definition.as_deref();
    let arn = raw.and_then(|raw| raw.get("taskDefinitionArn")?.as_str()).map(Arn::as_read);
    match (raw, arn) {
        (Some(raw), Some(arn)) => Ok(convert::other::task_definition(&arn, raw)),
        _ => Err(unreadable(op, "the answer holds no task definition with an ARN")),
    }
}

/// Whether a fault says that there is no such revision.
fn is_none(fault: &Fault) -> bool {
    fault.kind == FaultKind::Refused && fault.message.contains("Unable to describe task definition")
}

fn has_names(definition: &TaskDefinition, ports: &[NamedPort]) -> bool {
    ports.iter().all(|wanted| {
        definition.ports.iter().any(|port| {
            port.container == wanted.container
                && port.container_port == Some(wanted.container_port)
                && port.protocol == wanted.protocol
                && port.name.as_ref() == Some(&wanted.name)
        })
    })
}

/// The request that registers an answered definition again.
fn request_from(answer: TaskDefinitionAnswer) -> Map<String, Value> {
    let definition = answer.task_definition.as_deref().and_then(Value::as_object).cloned();
    let mut request = definition.unwrap_or_default();
    request.retain(|member, _| !ADDED_BY_ECS.contains(&member.as_str()));
    let mut tags = answer.tags.unwrap_or_default();
    tags.retain(|tag| !tag.key.starts_with("aws:"));
    if !tags.is_empty() {
        request.insert("tags".to_owned(), json!(tags));
    }
    request
}

fn name(request: &mut Map<String, Value>, port: &NamedPort) -> Result<(), String> {
    let NamedPort { container, container_port, protocol, name } = port;
    let mut why = "is not mapped";
    let containers = request.get_mut("containerDefinitions").and_then(Value::as_array_mut);
    let its = |each: &&mut Value| each.get("name").and_then(Value::as_str) == Some(container);
    let mappings = containers
        .into_iter()
        .flatten()
        .filter(its)
        .filter_map(|container| container.get_mut("portMappings")?.as_array_mut());
    for mapping in mappings.flatten().filter_map(Value::as_object_mut) {
        let text = |member: &str| mapping.get(member).and_then(Value::as_str);
        let number = mapping.get("containerPort").and_then(Value::as_u64);
        if number != Some(container_port.number().into())
            || text("protocol").unwrap_or("tcp") != protocol
        {
            continue;
        }
        match text("name").filter(|name| !name.is_empty()) {
            None => {
                mapping.insert("name".to_owned(), json!(name.as_str()));
                return Ok(());
            }
            Some(found) if found == name.as_str() => return Ok(()),
            Some(_) => why = "has another name already",
        }
    }
    Err(format!("port {container_port}/{protocol} of container '{container}' {why}"))
}
