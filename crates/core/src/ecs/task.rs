//! A task of a service, as `DescribeTasks` shows it: what of it matters to Service Connect.
//!
//! A task with Service Connect has an attachment of type `ServiceConnect` whose detail `ContainerName` names the proxy, and
//! that container is among the task's own with a health of its own (public captures of `DescribeTasks` show both).

use std::net::IpAddr;

use super::name::{DeploymentId, EcsServiceName};

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id: the last part of its ARN.
    pub id: String,
    /// The service that it belongs to (API:Task.group); none for a task that no service started.
    pub service: Option<EcsServiceName>,
    /// The deployment that started it (API:Task.startedBy).
    pub deployment: DeploymentId,
    /// How far it is.
    pub phase: TaskPhase,
    /// The private addresses of its network interface; none where it has no interface of its own.
    pub addresses: Vec<IpAddr>,
    /// The ids of its network interfaces.
    pub interfaces: Vec<String>,
    /// Its containers by name, the proxy not among them.
    pub containers: Vec<String>,
    /// The proxy of Service Connect, if it has one.
    pub proxy: Option<Proxy>,
    /// Whether ECS Exec is on for it.
    pub has_exec: bool,
}

/// How far a task is (DG:task-lifecycle-explanation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskPhase {
    /// Not all of its containers run yet.
    Starting,
    /// It runs.
    Running,
    /// It ends, or has ended.
    Stopping,
}

/// The container that Service Connect adds to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its name.
    pub container: String,
    /// How it fares.
    pub health: ProxyHealth,
}

/// How a proxy fares (API:Container.healthStatus, API:Container.lastStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHealth {
    /// Its health check passes.
    Healthy,
    /// Its health check fails. The other containers of a task that starts wait for it.
    Unhealthy,
    /// It has ended.
    Stopped,
    /// Its health check has no result yet, or the answer has none.
    Unknown,
}
