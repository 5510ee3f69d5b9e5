//! A task definition revision: what of it matters to Service Connect.

use serde::Serialize;

use super::environment::EnvironmentHosts;
use super::name::{Arn, Port, PortName};

/// What matters here of a task definition revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Its ARN with the revision.
    pub arn: Arn,
    /// `awsvpc`, `bridge`, `host` or `none`; empty where not given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub network_mode: String,
    /// Whether it runs Windows containers (`runtimePlatform`).
    pub windows: bool,
    /// Task-level memory in MiB, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// The sum of its containers' hard memory limits in MiB.
    pub container_memory_mib: u32,
    /// Whether it sets task-level CPU.
    pub has_cpu: bool,
    /// The containers that set `links`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// The containers that set `hostname`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hostnames: Vec<String>,
    /// Whether it is made to run on ECS Managed Instances (`requiresCompatibilities`).
    pub managed_instances: bool,
    /// Its port mappings, named or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortMapping>,
    /// The images its containers run, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The hosts that its environment values may name.
    #[serde(skip)]
    pub environment_hosts: EnvironmentHosts,
}

/// API:PortMapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// The container it belongs to.
    pub container: String,
    /// Its name; a Service Connect endpoint needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<PortName>,
    /// The port the application listens on; absent where it is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<Port>,
    /// The range, `8000-8010`, where the mapping has one (`containerPortRange`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `http`, `http2` or `grpc`; absent means plain TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}
