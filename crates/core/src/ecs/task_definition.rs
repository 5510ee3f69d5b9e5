//! A task definition revision: what of it matters to Service Connect.

use serde::Serialize;

use super::environment::Mentions;
use super::name::{Arn, Port, PortName};

/// What matters here of a task definition revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskDefinition {
    /// Its ARN with the revision.
    pub arn: Arn,
    /// `awsvpc`, `bridge`, `host` or `none`; empty where not given.
    pub network_mode: String,
    /// Whether it runs Windows containers (`runtimePlatform`).
    pub windows: bool,
    /// Task-level memory in MiB, where given.
    pub memory_mib: Option<u32>,
    /// The sum of its containers' hard memory limits in MiB.
    pub container_memory_mib: u32,
    /// Whether it sets task-level CPU.
    pub has_cpu: bool,
    /// The containers that set `links`.
    pub links: Vec<String>,
    /// The containers that set `hostname`.
    pub hostnames: Vec<String>,
    /// Its port mappings, named or not.
    pub ports: Vec<PortMapping>,
    /// The images its containers run, as written.
    pub images: Vec<String>,
    /// The hosts that its environment values may name.
    #[serde(skip)]
    pub mentions: Mentions,
}

/// API:PortMapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortMapping {
    /// The container it belongs to.
    pub container: String,
    /// Its name; a Service Connect endpoint needs one.
    pub name: Option<PortName>,
    /// The port the application listens on; absent where it is a range.
    pub container_port: Option<Port>,
    /// The range, `8000-8010`, where the mapping has one (`containerPortRange`).
    pub range: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `http`, `http2` or `grpc`; absent means plain TCP.
    pub app_protocol: Option<String>,
}
