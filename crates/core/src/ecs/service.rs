//! An ECS service and its deployments, as AWS describes them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::connect::Connect;
use super::name::{Arn, DeploymentId, DiscoveryName};
use super::service_key::ServiceKey;
use super::time::AwsTime;

/// An ECS service as `DescribeServices` with `include=TAGS` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsService {
    /// Its ARN.
    pub arn: Arn,
    /// Its cluster and name.
    pub key: ServiceKey,
    /// When it was created; the older of two claimants wins.
    pub created_at: AwsTime,
    /// Whether it is in use.
    pub status: ServiceStatus,
    /// Its tags, as written. Emptied once parsed.
    pub tags: BTreeMap<String, String>,
    /// Who rolls it out.
    pub controller: DeploymentController,
    /// How ECS rolls it out.
    pub strategy: Strategy,
    /// Its latest events that may explain a failure, newest first, and the newest of all while a rollout runs or has
    /// failed.
    pub events: Vec<ServiceEvent>,
    /// `FARGATE`, `EC2`, `EXTERNAL`, `MANAGED_INSTANCES`; empty where capacity providers decide.
    pub launch_type: String,
    /// `Linux`, `Windows Server 2022 Core`, …; empty where not given.
    pub platform_family: String,
    /// A Fargate platform version such as `1.4.0`; empty where not given.
    pub platform_version: String,
    /// How many tasks it should run.
    pub desired_count: u32,
    /// The task definition in force. Empty where AWS names none; see [`Self::fill_task_definition`].
    pub task_definition: Arn,
    /// The Cloud Map services where its tasks register without Service Connect (`serviceRegistries`).
    pub registries: Vec<Arn>,
    /// Its deployments, PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Members of the PRIMARY's `serviceConnectConfiguration` in the raw answer that this version does
    /// not know, as paths. Filled only by the read before a write.
    pub unknown_members: Vec<String>,
}

/// API:Service.status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ServiceStatus {
    /// In use.
    Active,
    /// Being deleted; its names are still taken.
    Draining,
    /// Deleted.
    Inactive,
}

/// API:DeploymentController.type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DeploymentController {
    /// ECS itself: rolling, blue/green, linear or canary.
    Ecs,
    /// AWS `CodeDeploy`; it accepts no Service Connect.
    CodeDeploy,
    /// Task sets of an external tool; it accepts no Service Connect.
    External,
}

/// How ECS rolls a service out (API:DeploymentConfiguration).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// Whether the new tasks stand beside the old ones before traffic moves: `BLUE_GREEN`, `LINEAR` and `CANARY`, and
    /// every strategy but `ROLLING`.
    pub shifts: bool,
    /// For how many minutes both stand when all traffic has moved (`bakeTimeInMinutes`).
    pub bake_minutes: u32,
    /// For how many minutes each step of a shift lasts.
    pub step_minutes: u32,
    /// How much of the traffic a step moves, in percent; 0 where it moves at once.
    pub step_percent: u32,
    /// Whether a deployment may be COMPLETED before all its tasks run (`earlySuccessCriteria`).
    pub early_success: bool,
}

impl Strategy {
    /// How long its steps and its bake take by plan. Nothing seems to move in that time.
    pub fn bakes(&self) -> Duration {
        let steps = if self.step_percent == 0 { 0 } else { 100_u32.div_ceil(self.step_percent) };
        let minutes = self.bake_minutes.saturating_add(self.step_minutes.saturating_mul(steps));
        Duration::from_mins(minutes.into())
    }
}

/// API:ServiceEvent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceEvent {
    /// When it happened.
    pub at: AwsTime,
    /// What.
    pub message: String,
}

/// One deployment: an entry of `deployments[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whether it is the newest, an older one, or gone.
    pub status: DeploymentStatus,
    /// How far it is.
    pub rollout: Rollout,
    /// Why, in ECS's words.
    pub rollout_reason: String,
    /// When it was created.
    pub created_at: AwsTime,
    /// When it last changed.
    pub updated_at: AwsTime,
    /// How many of its tasks run.
    pub running_count: u32,
    /// What its tasks run.
    pub task_definition: Arn,
    /// Its Service Connect configuration; `None` is "off": absent and `enabled: false` are one.
    pub connect: Option<Connect>,
    /// The Cloud Map services it uses, by discovery name.
    pub cloud_map: Vec<(DiscoveryName, Arn)>,
}

/// API:Deployment.status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DeploymentStatus {
    /// The newest.
    Primary,
    /// An older one with tasks still running.
    Active,
    /// Replaced.
    Inactive,
}

/// API:Deployment.rolloutState.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Rollout {
    /// It runs. Without a circuit breaker it may be stuck.
    InProgress,
    /// Done.
    Completed,
    /// Failed by the circuit breaker or an alarm.
    Failed,
}

impl EcsService {
    /// Takes PRIMARY's task definition where the service itself names none. On Express Mode (`resourceManagementType`
    /// ECS) only the deployments name one; with the controller EXTERNAL, where task sets do, nothing here does.
    pub fn fill_task_definition(&mut self) {
        if self.names_no_task_definition()
            && let Some(primary) = self.primary()
        {
            self.task_definition = primary.task_definition.clone();
        }
    }

    /// Whether AWS names no task definition of this service.
    pub fn names_no_task_definition(&self) -> bool {
        self.task_definition.as_str().is_empty()
    }

    /// The PRIMARY deployment: where the configuration in force is read.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// The deployments that may still have tasks.
    pub fn running(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().filter(|each| each.status != DeploymentStatus::Inactive)
    }

    /// Whether it was deleted: nothing of it is left but its name.
    pub fn is_gone(&self) -> bool {
        self.status == ServiceStatus::Inactive
    }

    /// The configuration in force; `None`: off.
    pub fn connect(&self) -> Option<&Connect> {
        self.primary()?.connect.as_ref()
    }

    /// Whether a rollout runs, no matter who started it.
    ///
    /// Older deployments may linger for two weeks beside a COMPLETED one (DG:early-success-criteria), so an older
    /// deployment is no sign of a rollout.
    pub fn is_rolling(&self) -> bool {
        self.primary().is_none_or(|primary| primary.rollout == Rollout::InProgress)
    }

    /// Whether PRIMARY is COMPLETED and some of its tasks are still to start. With early success on, a deployment is
    /// COMPLETED once a part of them runs (DG:early-success-criteria), and that part may be none.
    pub fn is_filling(&self) -> bool {
        let lacks = |primary: &Deployment| {
            primary.rollout == Rollout::Completed && primary.running_count < self.desired_count
        };
        self.strategy.early_success && self.primary().is_some_and(lacks)
    }

    /// The latest change AWS wrote into any deployment: readings with a smaller one are older.
    pub fn version(&self) -> Option<AwsTime> {
        self.deployments.iter().map(|d| d.updated_at.max(d.created_at)).max()
    }
}
