//! A task definition that somebody is about to register.

use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::shapes::ApiError;
use crate::shapes::ecs::RegisterTaskDefinitionRequest;

/// A task definition that is not registered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its family.
    pub family: String,
    /// `awsvpc`, `host`, …
    pub network_mode: &'static str,
    /// Whether it runs Windows.
    pub windows: bool,
    /// What else Service Connect does not support, if anything.
    pub flaw: Option<Flaw>,
    /// Its port mappings: name (none if empty), container port, application protocol (none if empty).
    pub ports: Vec<(String, u32, &'static str)>,
    /// The container's image.
    pub image: String,
    /// Its environment: `NAME=value`, or the value alone of a variable whose name says nothing.
    pub environment: Vec<String>,
    /// The words of its command.
    pub command: Vec<String>,
}

/// What Service Connect does not support in a task definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A container uses `links`.
    Links,
    /// The task has no CPU of its own.
    NoCpu,
    /// The containers may take all of the task's memory.
    NoRoom,
}

/// A definition with one named HTTP port, or none for port 0.
pub fn definition(family: &str, port_name: &str, port: u32) -> Definition {
    let ports = if port == 0 { Vec::new() } else { vec![(port_name.to_owned(), port, "http")] };
    Definition {
        family: family.to_owned(),
        network_mode: "awsvpc",
        windows: false,
        flaw: None,
        ports,
        image: "app:1".to_owned(),
        environment: Vec::new(),
        command: Vec::new(),
    }
}

impl Definition {
    /// Registers a revision and returns its ARN.
    pub fn register(&self, model: &mut Model) -> Result<String, ApiError> {
        let ports = self.ports.iter().map(|(name, port, protocol)| {
            let mut mapping = json!({"containerPort": port, "protocol": "tcp"});
            if !name.is_empty() {
                mapping["name"] = json!(name);
            }
            if !protocol.is_empty() {
                mapping["appProtocol"] = json!(protocol);
            }
            mapping
        });
        let mut body = Map::new();
        body.insert("family".to_owned(), json!(self.family));
        body.insert("networkMode".to_owned(), json!(self.network_mode));
        if self.flaw != Some(Flaw::NoCpu) {
            body.insert("cpu".to_owned(), json!("256"));
        }
        body.insert("memory".to_owned(), json!("512"));
        if self.windows {
            let system = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"});
            body.insert("runtimePlatform".to_owned(), system);
        }
        let mut container = json!({
            "name": "app",
            "image": self.image,
            "portMappings": ports.collect::<Vec<_>>(),
        });
        if !self.environment.is_empty() {
            let texts = self.environment.iter().enumerate();
            container["environment"] = texts.map(|(at, text)| variable(at, text)).collect();
        }
        if !self.command.is_empty() {
            container["command"] = json!(self.command);
        }
        match self.flaw {
            Some(Flaw::Links) => container["links"] = json!(["other"]),
            Some(Flaw::NoRoom) => container["memory"] = json!(512),
            Some(Flaw::NoCpu) | None => {}
        }
        body.insert("containerDefinitions".to_owned(), json!([container]));
        let answer = model.register_task_definition(RegisterTaskDefinitionRequest(body))?;
        let arn = answer.task_definition.as_ref().and_then(|raw| raw.get("taskDefinitionArn"));
        Ok(arn.and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

/// A variable as ECS has it.
fn variable(at: usize, text: &str) -> Value {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match text.split_once('=').filter(|(name, _)| is_name(name)) {
        Some((name, value)) => json!({"name": name, "value": value}),
        None => json!({"name": format!("VALUE_{at}"), "value": text}),
    }
}
