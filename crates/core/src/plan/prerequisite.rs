//! What must be there before a service can be as it shall be, and what eastwest may make itself.
//!
//! Only the document asks for either, never a tag: they change more than one service. Each is harmless when made
//! twice, because whoever makes it looks first whether it is there.

use std::fmt;

use serde::Serialize;

use crate::ecs::name::{Arn, Port, PortName};
use crate::ecs::namespace::NewNamespace;

/// Something to make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Prerequisite {
    /// A Cloud Map namespace.
    Namespace(NewNamespace),
    /// A revision of a task definition in which ports have the names they lack.
    NamedPorts(NamedPorts),
}

/// A task definition revision to register: the same as another but for the names of some ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedPorts {
    /// The revision to begin from.
    pub task_definition: Arn,
    /// The names to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<NamedPort>,
}

/// A port mapping and the name it shall have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedPort {
    /// The container it belongs to.
    pub container: String,
    /// Its container port.
    pub container_port: Port,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The name to give it.
    pub name: PortName,
}

impl Prerequisite {
    /// Its name, one of a closed set: a metric's label.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "create-namespace",
            Self::NamedPorts(_) => "name-ports",
        }
    }
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(NewNamespace { name, vpc: None }) => {
                write!(f, "create HTTP namespace {name}")
            }
            Self::Namespace(NewNamespace { name, vpc: Some(vpc) }) => {
                write!(f, "create private DNS namespace {name} in {vpc}")
            }
            Self::NamedPorts(NamedPorts { task_definition, ports }) => {
                write!(f, "register a revision of {} that names", task_definition.resource())?;
                ports.iter().try_for_each(|port| {
                    write!(f, " {}:{} {}", port.container, port.container_port, port.name)
                })
            }
        }
    }
}
