//! What the model keeps of each kind of thing beside services. Data alone: what is done with it stands with the calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::model::EcsServiceKey;
use crate::model::namespace_state::NamespaceState;
use crate::shapes::Time;
use crate::shapes::cloud_map::{CloudMapServiceType, Operation};
use crate::shapes::ssm::{ParameterTier, ParameterType};

/// One cluster.
#[derive(Debug, Clone)]
pub(super) struct ClusterState {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) status: ClusterStatus,
    pub(super) tags: Arc<BTreeMap<String, String>>,
    pub(super) settings: Option<Value>,
    pub(super) configuration: Option<Value>,
    pub(super) capacity_providers: Vec<Value>,
    pub(super) strategy: Vec<Value>,
    pub(super) default: Option<DefaultNamespace>,
}

impl ClusterState {
    /// Whether operations find it.
    pub(super) fn exists(&self) -> bool {
        self.status != ClusterStatus::Inactive
    }
}

/// Where a cluster stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClusterStatus {
    Active,
    Provisioning,
    Inactive,
}

/// A cluster's default namespace, in the form that was given and, once it exists, its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultNamespace {
    pub(super) given: String,
    pub(super) id: String,
}

/// Something that is due at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The next step of a rollout, if it is still that one.
    Step { key: EcsServiceKey, generation: u64 },
    /// A service deployment goes from PENDING to `IN_PROGRESS`.
    RecordBegins { key: EcsServiceKey, arn: String },
    /// A superseded service deployment goes from `STOP_REQUESTED` to STOPPED.
    RecordStopped { key: EcsServiceKey, arn: String },
    /// A pause hook's time is up.
    HookExpires { key: EcsServiceKey, hook: String },
    /// The old tasks of a deployment with deferred cleanup go, if no rollout has begun since.
    CleanUp { key: EcsServiceKey, generation: u64 },
    /// A failed deployment is no longer shown.
    FailedGone { key: EcsServiceKey, deployment: String },
    /// ECS removes a Cloud Map service that no deployment refers to.
    CloudMapGone { id: String },
    /// A deleted service goes from DRAINING to INACTIVE.
    Drained { key: EcsServiceKey, created_at: Time },
    /// An INACTIVE service can no longer be described.
    Forgotten { key: EcsServiceKey, created_at: Time },
    /// An operation of Cloud Map goes from SUBMITTED to PENDING.
    OperationPending { id: String },
    /// An operation of Cloud Map ends.
    OperationEnds { id: String },
}

/// One asynchronous operation.
#[derive(Debug, Clone)]
pub(super) struct OperationState {
    pub(super) operation: Operation,
    pub(super) change: Change,
    pub(super) creator_request_id: Option<String>,
}

/// What an operation does when it ends.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The namespace is created; a cluster that waits for it becomes ACTIVE.
    Create { namespace: Box<NamespaceState>, cluster: Option<String> },
    /// The namespace goes.
    Delete { id: String },
    /// An instance is registered, or changed.
    Register { service: String, instance: String, registered: Registered },
    /// An instance goes.
    Deregister { service: String, instance: String },
}

/// One parameter with its versions, newest last.
#[derive(Debug, Clone)]
pub(super) struct ParameterState {
    pub(super) kind: ParameterType,
    pub(super) data_type: String,
    pub(super) versions: VecDeque<Version>,
}

#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) number: u64,
    pub(super) value: String,
    pub(super) at: Time,
    pub(super) tier: ParameterTier,
    pub(super) description: Option<String>,
    pub(super) key_id: Option<String>,
    pub(super) allowed_pattern: Option<String>,
}

/// One Cloud Map service.
#[derive(Debug, Clone)]
pub struct CloudMapServiceState {
    /// `srv-...`.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name: for Service Connect the discovery name.
    pub name: String,
    /// The namespace's id.
    pub namespace: String,
    /// When it was created.
    pub created_at: Time,
    /// Who it was made for; `None`: somebody made it by hand.
    pub owner: Option<EndpointOwner>,
    /// Its tags.
    pub tags: Arc<BTreeMap<String, String>>,
    /// The instances that ECS registered: task ids and the port each listens on.
    pub instances: BTreeMap<u128, u32>,
    /// The instances that somebody registered by hand, by their ids.
    pub registered: BTreeMap<String, Registered>,
    /// Grows with every change of the instances.
    pub instances_revision: u64,
    /// The attributes of the Cloud Map service itself.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) kind: CloudMapServiceType,
    pub(super) description: Option<String>,
    pub(super) dns_config: Option<Value>,
    pub(super) health_check: Option<Value>,
    pub(super) custom_health_check: Option<Value>,
    pub(super) creator_request_id: Option<String>,
}

/// An instance that somebody registered by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    pub(super) creator_request_id: Option<String>,
}

impl CloudMapServiceState {
    /// How many instances it has, whoever registered them.
    pub fn instance_count(&self) -> usize {
        self.instances.len() + self.registered.len()
    }
}

/// The ECS service behind a Cloud Map service, with what ECS pins (roadmap#2378).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointOwner {
    /// The ECS service.
    pub key: EcsServiceKey,
    /// Its ARN.
    pub arn: String,
    /// The application protocol the name was made with; `None`: plain TCP.
    pub app_protocol: Option<String>,
    /// The transport protocol.
    pub protocol: String,
}

/// One mutating call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mutation {
    /// When it arrived, in epoch seconds on the wire.
    pub time: Time,
    /// Who called: the caller's user agent.
    pub caller: String,
    /// API and operation, such as `ecs.UpdateService`.
    pub operation: &'static str,
    /// The request, with AWS's member names.
    pub body: Value,
    /// What came of it.
    pub effect: Effect,
}

/// What came of a mutating call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Effect {
    /// It took effect and started this deployment (`ecs-svc/...`).
    Started {
        /// The deployment's id.
        deployment: String,
    },
    /// It took effect without a deployment.
    Changed,
    /// It was refused.
    Refused {
        /// The error's name.
        code: String,
        /// The error's text.
        message: String,
    },
}

/// Whether a call would get through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// True when every running task of the caller can make the call.
    pub ok: bool,
    /// In words: how it gets there, or what is wrong and what would fix it.
    pub why: String,
}

/// One revision of a family.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its number within the family, from 1.
    pub revision: usize,
    /// False once it is deregistered.
    pub active: bool,
    /// The port mappings that have a name.
    pub ports: Vec<NamedPort>,
    /// `networkMode`, if it was given.
    pub network_mode: Option<String>,
    /// Container names and images.
    pub containers: Vec<(String, Option<String>)>,
    /// The whole as answered.
    pub json: Arc<Value>,
    pub(super) tags: Arc<BTreeMap<String, String>>,
}

/// A port mapping with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPort {
    /// `portMappings[].name`.
    pub name: String,
    /// The container's port.
    pub container_port: u32,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `http`, `http2`, `grpc`, or `None`: plain TCP.
    pub app_protocol: Option<String>,
}

impl TaskDefinition {
    /// The port mapping of that name.
    pub fn port(&self, name: &str) -> Option<&NamedPort> {
        self.ports.iter().find(|port| port.name == name)
    }
}
