//! Task definitions: kept as the JSON their author sent, with the port mappings read out.
//!
//! Invariants: nothing of the request is lost; `DescribeTaskDefinition` adds what ECS computes. A port
//! mapping's name is never made up (API:PortMapping): no name, no endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Model;
use super::page::take;
use super::tags::{tag_list, tag_map};
use crate::model::records::{NamedPort, TaskDefinition};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    DeregisterTaskDefinitionRequest, DescribeTaskDefinitionRequest, ListTaskDefinitionsAnswer,
    ListTaskDefinitionsRequest, RegisterTaskDefinitionRequest, Tag, TaskDefinitionAnswer,
};

impl Model {
    /// `RegisterTaskDefinition`.
    pub fn register_task_definition(
        &mut self,
        request: RegisterTaskDefinitionRequest,
    ) -> Result<TaskDefinitionAnswer, ApiError> {
        self.logged("ecs.RegisterTaskDefinition", request, |model, request| {
            model.try_register(request.0)
        })
    }

    fn try_register(
        &mut self,
        mut body: Map<String, Value>,
    ) -> Result<TaskDefinitionAnswer, ApiError> {
        let family = body.get("family").and_then(Value::as_str).unwrap_or_default().to_owned();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if family.is_empty() || family.len() > 255 || !family.chars().all(allowed) {
            return Err(ApiError::client("Family contains invalid characters."));
        }
        let tags = body.remove("tags").map_or(Ok(Vec::new()), |tags| {
            serde_json::from_value::<Vec<Tag>>(tags)
                .map_err(|_| ApiError::invalid_parameter("Tags must be a list of keys and values."))
        })?;
        let tags = Arc::new(tag_map(tags)?);
        let containers = read_containers(&body)?;
        let ports = read_ports(&body)?;
        let revision = self.families.get(&family).map_or(0, Vec::len) + 1;
        let arn = self.arns.task_definition(&family, revision);
        let network_mode = body.get("networkMode").and_then(Value::as_str).map(str::to_owned);
        complete(&mut body, &arn, revision);
        body.insert("registeredAt".to_owned(), json!(self.now));
        let definition = Arc::new(TaskDefinition {
            arn,
            family: family.clone(),
            revision,
            active: true,
            ports,
            network_mode,
            containers,
            json: Arc::new(Value::Object(body)),
            tags,
        });
        self.families.entry(family).or_default().push(Arc::clone(&definition));
        self.announce_first_tags(&definition.arn, &definition.tags);
        Ok(answer(&definition, true))
    }

    /// `DescribeTaskDefinition`.
    pub fn describe_task_definition(
        &self,
        request: &DescribeTaskDefinitionRequest,
    ) -> Result<TaskDefinitionAnswer, ApiError> {
        let found = self.task_definition(&request.task_definition);
        let found = found.ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
        let tags = request.include.iter().flatten().any(|word| word == "TAGS");
        Ok(answer(found, tags))
    }

    /// `ListTaskDefinitions`, by family and then by revision.
    pub fn list_task_definitions(
        &self,
        request: &ListTaskDefinitionsRequest,
    ) -> Result<ListTaskDefinitionsAnswer, ApiError> {
        let rules = self.ecs_pages("ListTaskDefinitions", 100, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let active = request.status.as_deref() != Some("INACTIVE");
        let family = request.family_prefix.as_deref();
        let wanted = |each: &&Arc<TaskDefinition>| {
            each.active == active && family.is_none_or(|family| each.family == family)
        };
        let mut all: Vec<_> = self.families.values().flatten().filter(wanted).collect();
        let descending = request.sort.as_deref() == Some("DESC");
        if descending {
            all.reverse();
        }
        // Tokens need keys that ascend in the order of the list.
        let last = all.len();
        let place: BTreeMap<&str, usize> =
            all.iter().enumerate().map(|(at, each)| (each.arn.as_str(), at)).collect();
        let key = |each: &&Arc<TaskDefinition>| {
            format!("{:08}", place.get(each.arn.as_str()).unwrap_or(&last))
        };
        let (taken, next_token) = take(&rules, &page, all.iter().copied(), key);
        let task_definition_arns = taken.into_iter().map(|each| each.arn.clone()).collect();
        Ok(ListTaskDefinitionsAnswer { task_definition_arns, next_token })
    }

    /// `DeregisterTaskDefinition`; services that run it go on.
    pub fn deregister_task_definition(
        &mut self,
        request: DeregisterTaskDefinitionRequest,
    ) -> Result<TaskDefinitionAnswer, ApiError> {
        self.logged("ecs.DeregisterTaskDefinition", request, |model, request| {
            let now = json!(model.now);
            let found = model.task_definition_mut(&request.task_definition);
            let found = found
                .ok_or_else(|| ApiError::client("The specified task definition does not exist."))?;
            let definition = Arc::make_mut(found);
            definition.active = false;
            if let Value::Object(body) = Arc::make_mut(&mut definition.json) {
                body.insert("status".to_owned(), json!("INACTIVE"));
                body.insert("deregisteredAt".to_owned(), now);
            }
            Ok(answer(found, false))
        })
    }

    pub(super) fn task_definition_mut(
        &mut self,
        reference: &str,
    ) -> Option<&mut Arc<TaskDefinition>> {
        let found = self.task_definition(reference)?;
        let (family, index) = (found.family.clone(), found.revision - 1);
        self.families.get_mut(&family)?.get_mut(index)
    }
}

fn answer(definition: &Arc<TaskDefinition>, tags: bool) -> TaskDefinitionAnswer {
    TaskDefinitionAnswer {
        task_definition: Some(Arc::clone(&definition.json)),
        tags: tags.then(|| tag_list(&definition.tags)),
    }
}

/// Adds the members ECS computes (API:TaskDefinition).
fn complete(body: &mut Map<String, Value>, arn: &str, revision: usize) {
    let fargate = body
        .get("requiresCompatibilities")
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|each| each == "FARGATE"));
    let compatibilities = if fargate { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) };
    body.insert("taskDefinitionArn".to_owned(), json!(arn));
    body.insert("revision".to_owned(), json!(revision));
    body.insert("status".to_owned(), json!("ACTIVE"));
    body.insert("compatibilities".to_owned(), compatibilities);
    for list in ["volumes", "placementConstraints", "requiresAttributes"] {
        body.entry(list).or_insert_with(|| json!([]));
    }
    let containers = body.get_mut("containerDefinitions").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
        for list in ["environment", "mountPoints", "volumesFrom", "portMappings"] {
            container.entry(list).or_insert_with(|| json!([]));
        }
        container.entry("essential").or_insert_with(|| json!(true));
        let mappings = container.get_mut("portMappings").and_then(Value::as_array_mut);
        for mapping in mappings.into_iter().flatten().filter_map(Value::as_object_mut) {
            mapping.entry("protocol").or_insert_with(|| json!("tcp"));
        }
    }
}

fn definitions(body: &Map<String, Value>) -> Result<&Vec<Value>, ApiError> {
    let list = body.get("containerDefinitions").and_then(Value::as_array);
    list.filter(|list| !list.is_empty())
        .ok_or_else(|| ApiError::client("Container list cannot be empty."))
}

fn read_containers(body: &Map<String, Value>) -> Result<Vec<(String, Option<String>)>, ApiError> {
    let text = |container: &Value, member| {
        container.get(member).and_then(Value::as_str).map(str::to_owned)
    };
    let read = |container: &Value| {
        let name = text(container, "name");
        let name =
            name.ok_or_else(|| ApiError::client("Container.name should not be null or empty."))?;
        Ok((name, text(container, "image")))
    };
    definitions(body)?.iter().map(read).collect()
}

fn read_ports(body: &Map<String, Value>) -> Result<Vec<NamedPort>, ApiError> {
    let mut ports: Vec<NamedPort> = Vec::new();
    let mappings =
        definitions(body)?.iter().filter_map(|each| each.get("portMappings")?.as_array());
    for mapping in mappings.flatten() {
        let text = |member: &str| mapping.get(member).and_then(Value::as_str).map(str::to_owned);
        let Some(name) = text("name") else { continue };
        check_port_name(&name)?;
        if ports.iter().any(|port| port.name == name) {
            let text = format!("Duplicate portMapping name: {name}");
            return Err(ApiError::client(text));
        }
        let app_protocol = text("appProtocol");
        if app_protocol.as_deref().is_some_and(|word| !["http", "http2", "grpc"].contains(&word)) {
            return Err(ApiError::invalid_parameter("Invalid appProtocol in portMapping."));
        }
        let port = mapping.get("containerPort").and_then(Value::as_u64).unwrap_or_default();
        ports.push(NamedPort {
            name,
            container_port: u32::try_from(port).unwrap_or_default(),
            protocol: text("protocol").unwrap_or_else(|| "tcp".to_owned()),
            app_protocol,
        });
    }
    Ok(ports)
}

/// API:PortMapping: up to 64 lower-case letters, digits, `_` and `-`, no leading hyphen.
fn check_port_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let good =
        (1..=64).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('-');
    if good {
        return Ok(());
    }
    Err(ApiError::client(format!("Invalid portMapping name: {name}")))
}
