//! What must be there before a service can be as it shall be, and what eastwest may make itself.
//!
//! Only the document asks for either, never a tag: they change more than one service. Each is harmless when made
//! twice, because whoever makes it looks first whether it is there.

use std::fmt;

use serde::Serialize;

use crate::name::{Arn, NamespaceName, Port, PortName};

/// Something to make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Prerequisite {
    /// A Cloud Map namespace.
    Namespace(NewNamespace),
    /// A revision of a task definition in which ports have the names they lack.
    NamedPorts(NamedPorts),
}

/// A Cloud Map namespace to create.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NewNamespace {
    /// Its name.
    pub name: NamespaceName,
    /// The VPC of a private DNS namespace; none for an HTTP namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
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

impl NewNamespace {
    /// The same for the same wish, so that asking again after a crash is the same request
    /// (SD:CreateHttpNamespaceRequest.CreatorRequestId, at most 64 characters).
    pub fn request_id(&self) -> String {
        let words = [self.name.as_str(), "|", self.vpc.as_deref().unwrap_or_default()];
        // FNV-1a, 64 bit: stable over versions of the program, which the standard hasher does not promise to be.
        let hash = words.concat().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("eastwest-{hash:016x}")
    }
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
