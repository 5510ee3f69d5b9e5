//! What an ECS service is made of in the model: deployments, revisions, tasks, and what Service Connect resolved to.
//!
//! Invariants: the Service Connect configuration belongs to a revision and so to a deployment, never to the
//! service (API:Deployment). The newest deployment stands first and alone is PRIMARY. A revision never
//! changes. Endpoint lists are shared and immutable: a client keeps the one its deployment was given
//! (DG:service-connect-concepts-deploy). Callers outside the model read these; only the model writes them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::RolloutScript;
use super::records::TaskDefinition;
use super::strategy::{Conduct, Phase};
use crate::shapes::Time;
use crate::shapes::ecs::{
    BreakerStatus, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStage,
    DeploymentLifecycleHookStatus, DeploymentStatus, EcsServiceStatus, Rollback, RolloutState,
    ServiceConnectConfiguration, ServiceDeploymentLifecycleStage, ServiceDeploymentStatus,
    ServiceEvent,
};

/// One ECS service.
#[derive(Debug, Clone)]
pub struct EcsServiceState {
    /// Its ARN.
    pub arn: String,
    /// ACTIVE, DRAINING or INACTIVE.
    pub status: EcsServiceStatus,
    /// How many tasks are wanted.
    pub desired: u32,
    /// When it was created.
    pub created_at: Time,
    /// Its tags.
    pub tags: Arc<BTreeMap<String, String>>,
    /// What changes without a deployment.
    pub settings: Arc<Settings>,
    /// Its deployments, the PRIMARY one first.
    pub deployments: Vec<Deployment>,
    /// Its service deployments, oldest first.
    pub records: Vec<Arc<DeploymentRecord>>,
    /// Its revisions, oldest first.
    pub revisions: Vec<Arc<Revision>>,
    /// What it did, newest last, at most a hundred.
    pub events: VecDeque<Arc<ServiceEvent>>,
    /// How many older events it pretends to have.
    pub(super) old_events: u32,
    /// Tasks that ended, newest last.
    pub(super) stopped: VecDeque<StoppedTask>,
    /// The Cloud Map services ECS made for it and has not removed yet.
    pub(super) owned: BTreeSet<String>,
    /// The change in tasks that is under way.
    pub(super) rollout: Option<Rollout>,
    /// Counts the rollouts, so that the steps of a superseded one are ignored.
    pub(super) generation: u64,
}

impl EcsServiceState {
    /// Whether a rollout seems to be under way. Of some services ECS does not say how their rollouts go: there, one seems
    /// to run as long as PRIMARY lacks tasks, whatever older deployments run.
    pub fn seems_to_roll(&self) -> bool {
        self.primary().is_some_and(|primary| {
            primary.rollout_state == RolloutState::InProgress || primary.running() < self.desired
        })
    }

    /// The PRIMARY deployment; only a service that was deleted has none.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first().filter(|first| first.status == DeploymentStatus::Primary)
    }

    /// The Service Connect configuration of the PRIMARY deployment; `None`: switched off.
    pub fn connect(&self) -> Option<&Arc<Connect>> {
        self.primary().and_then(|primary| primary.connect())
    }

    /// Whether a tag under this prefix (such as `eastwest/`) stands on the service.
    pub fn has_tag_under(&self, prefix: &str) -> bool {
        self.tags.range(prefix.to_owned()..).next().is_some_and(|(key, _)| key.starts_with(prefix))
    }

    /// The newest service deployment: the one that runs, or ran last.
    pub fn record(&self) -> Option<&DeploymentRecord> {
        self.records.last().map(Arc::as_ref)
    }

    /// Whether its newest service deployment waits at a pause hook.
    pub fn is_paused(&self) -> bool {
        self.record().is_some_and(DeploymentRecord::is_paused)
    }

    /// The running tasks of all deployments.
    pub fn running(&self) -> u32 {
        self.deployments.iter().map(Deployment::running).sum()
    }

    /// The pending tasks of all deployments.
    pub fn pending(&self) -> u32 {
        self.deployments.iter().map(Deployment::pending).sum()
    }
}

/// The members of a service that no deployment carries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// ECS, `CODE_DEPLOY` or EXTERNAL.
    pub controller: String,
    /// `minimumHealthyPercent`.
    pub minimum_percent: u32,
    /// `maximumPercent`.
    pub maximum_percent: u32,
    /// The circuit breaker.
    pub breaker: Breaker,
    /// How its deployments go: strategy, bake times, pauses, early success.
    pub conduct: Conduct,
    /// All of `deploymentConfiguration`, as it is echoed.
    pub deployment_configuration: Arc<Value>,
    /// REPLICA or DAEMON.
    pub scheduling_strategy: String,
    pub(super) role: Option<String>,
    pub(super) placement_constraints: Option<Value>,
    pub(super) placement_strategy: Option<Value>,
    pub(super) grace_seconds: Option<u32>,
    pub(super) managed_tags: bool,
    pub(super) propagate_tags: Option<String>,
    pub(super) execute_command: bool,
    pub(super) rebalancing: Option<String>,
    pub(super) client_token: Option<String>,
}

/// `deploymentCircuitBreaker` (DG:deployment-circuit-breaker).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Whether failures end a deployment.
    pub enable: bool,
    /// Whether the service then goes back to the latest COMPLETED deployment.
    pub rollback: bool,
}

impl Breaker {
    /// Failures that trigger it: half of the desired count, at least 3 and at most 200.
    pub fn threshold(desired: u32) -> u32 {
        desired.div_ceil(2).clamp(3, 200)
    }
}

/// What a deployment is made of; two that are equal need no new deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploySpec {
    /// The task definition.
    pub task_definition: Arc<TaskDefinition>,
    /// Service Connect, resolved; `None`: off.
    pub connect: Option<Arc<Connect>>,
    /// Whether it was on before and somebody switched it off: then ECS shows `enabled: false`, and nothing
    /// where it was never on.
    pub(super) switched_off: bool,
    /// The launch type, unless capacity providers are used.
    pub launch_type: Option<String>,
    pub(super) platform_version: Option<String>,
    pub(super) network_configuration: Option<Value>,
    pub(super) load_balancers: Option<Value>,
    pub(super) service_registries: Option<Value>,
    pub(super) volume_configurations: Option<Value>,
    pub(super) vpc_lattice_configurations: Option<Value>,
    pub(super) capacity_provider_strategy: Option<Value>,
}

impl DeploySpec {
    /// The Service Connect configuration as it is shown.
    pub(super) fn shown_connect(&self) -> Option<Arc<ServiceConnectConfiguration>> {
        let shown = self.connect.as_ref().map(|connect| Arc::clone(&connect.echoed));
        shown.or_else(|| self.switched_off.then(Arc::default))
    }
}

/// A service revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_at: Time,
    /// What it consists of.
    pub spec: DeploySpec,
}

/// A Service Connect configuration with everything ECS resolves.
#[derive(Debug, Clone, PartialEq)]
pub struct Connect {
    /// The namespace's id, `ns-...`.
    pub namespace: String,
    /// The configuration as `DescribeServices` shows it.
    pub echoed: Arc<ServiceConnectConfiguration>,
    /// The configuration as it was sent, with the namespace that was meant where it named none.
    pub sent: Arc<ServiceConnectConfiguration>,
    /// What it serves; empty: client only.
    pub endpoints: Vec<Endpoint>,
}

/// One Service Connect name, served by one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The port mapping's name.
    pub port_name: String,
    /// The name in Cloud Map.
    pub discovery_name: String,
    /// The Cloud Map service's id, `srv-...`.
    pub cloud_map: String,
    /// What clients call.
    pub alias: (String, u32),
    /// The container's port.
    pub container_port: u32,
}

/// One endpoint as a client's deployment knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenEndpoint {
    /// The alias's name.
    pub dns_name: String,
    /// The alias's port.
    pub port: u32,
    /// The name in Cloud Map.
    pub discovery_name: String,
    /// The Cloud Map service's id.
    pub cloud_map: String,
}

/// The endpoints a deployment's tasks know, frozen.
pub type EndpointList = BTreeSet<SeenEndpoint>;

/// One deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `ecs-svc/` and nineteen digits.
    pub id: String,
    /// PRIMARY, or ACTIVE for an older one.
    pub status: DeploymentStatus,
    /// What it consists of.
    pub revision: Arc<Revision>,
    /// When it was created.
    pub created_at: Time,
    /// When its state last changed.
    pub updated_at: Time,
    /// `IN_PROGRESS`, COMPLETED or FAILED.
    pub rollout_state: RolloutState,
    /// AWS's text for the state.
    pub reason: String,
    /// Tasks that failed to start.
    pub failed_tasks: u32,
    /// Whether it has ever completed.
    pub completed_once: bool,
    /// The endpoint lists its tasks know, oldest first; the last is given to new tasks.
    pub lists: Vec<Arc<EndpointList>>,
    /// Its pending and running tasks.
    pub tasks: Vec<EcsTask>,
}

impl Deployment {
    /// Its Service Connect configuration; `None`: off.
    pub fn connect(&self) -> Option<&Arc<Connect>> {
        self.revision.spec.connect.as_ref()
    }

    /// How many of its tasks run.
    pub fn running(&self) -> u32 {
        count(self.tasks.iter().filter(|task| task.started_at.is_some()).count())
    }

    /// How many of its tasks are pending.
    pub fn pending(&self) -> u32 {
        count(self.tasks.iter().filter(|task| task.started_at.is_none()).count())
    }

    /// What it serves.
    pub fn endpoints(&self) -> &[Endpoint] {
        self.connect().map_or(&[], |connect| connect.endpoints.as_slice())
    }
}

/// A length as AWS counts.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// One task that is pending or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcsTask {
    /// Its id, 32 hex digits when printed.
    pub id: u128,
    /// When it was created.
    pub created_at: Time,
    /// Since when it runs; `None`: pending.
    pub started_at: Option<Time>,
    /// Which of its deployment's endpoint lists it knows.
    pub list: usize,
}

/// A task that ended.
#[derive(Debug, Clone)]
pub(super) struct StoppedTask {
    pub(super) task: EcsTask,
    pub(super) deployment: String,
    pub(super) revision: Arc<Revision>,
    pub(super) stopped_at: Time,
    pub(super) failed: bool,
}

/// A service deployment: the record of one update and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentRecord {
    /// Its ARN.
    pub arn: String,
    /// The deployment it started, `ecs-svc/...`.
    pub deployment: String,
    /// Where it stands.
    pub status: ServiceDeploymentStatus,
    /// AWS's text for the status.
    pub reason: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// The revision it brings.
    pub target: String,
    /// The revisions that had tasks when it began.
    pub sources: Vec<String>,
    /// When it went from PENDING to `IN_PROGRESS`.
    pub started_at: Option<Time>,
    /// When it ended, however it did.
    pub finished_at: Option<Time>,
    /// When it was stopped, by somebody or by failures without a way back.
    pub stopped_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// Where it went back to, once it does.
    pub rollback: Option<Rollback>,
    /// The circuit breaker's part in it.
    pub breaker: BreakerStatus,
    /// Tasks that failed to start.
    pub failures: u32,
    /// How many failures are too many.
    pub threshold: u32,
    /// The stage it is in, or ended in; a rolling deployment has none.
    pub lifecycle_stage: Option<ServiceDeploymentLifecycleStage>,
    /// The pause hooks it has met.
    pub hooks: Vec<MetHook>,
}

impl DeploymentRecord {
    /// Whether it waits at a pause hook.
    pub fn is_paused(&self) -> bool {
        self.hooks.iter().any(MetHook::is_awaiting)
    }
}

/// A pause hook that a service deployment has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetHook {
    /// As `DescribeServiceDeployments` shows it.
    pub detail: DeploymentLifecycleHookDetail,
    /// The stage it stands at.
    pub(super) stage: DeploymentLifecycleHookStage,
    /// At which step of the rollout it stands.
    pub(super) step: u64,
}

impl MetHook {
    /// Whether somebody must still say how to go on.
    pub fn is_awaiting(&self) -> bool {
        self.detail.status == DeploymentLifecycleHookStatus::AwaitingAction
    }
}

/// Why tasks start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RolloutKind {
    /// A new deployment.
    Deploy,
    /// The way back to an earlier one.
    Rollback,
    /// A changed desired count.
    Scale,
    /// The tasks that a deployment still lacks after it is done; the old ones stay for now.
    Fill,
}

/// A change in tasks that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rollout {
    pub(super) kind: RolloutKind,
    pub(super) script: RolloutScript,
    pub(super) began: Time,
    pub(super) step: u64,
    pub(super) steps: u64,
    /// The parts of a deployment that shifts traffic; empty: it is a rolling one.
    pub(super) phases: Arc<[Phase]>,
}

impl Rollout {
    /// The part a deployment that shifts traffic is in; a rolling one has none.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.phases.get(usize::try_from(self.step).ok()?).copied()
    }

    /// When the next step is due; the last planned one falls exactly on the script's end.
    pub(super) const fn next_at(&self) -> Time {
        let span = self.script.seconds * 1000;
        self.began.plus_ms(span * (self.step + 1) / self.steps)
    }
}
