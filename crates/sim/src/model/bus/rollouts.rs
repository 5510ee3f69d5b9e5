//! What ECS announces of rollouts.
//!
//! **Invariant:** *ECS Deployment State Change* has the service's ARN as its only resource. FAILED comes only with the
//! circuit breaker, and a rollback comes as IN_PROGRESS with its reason (ECS Developer Guide: service deployment state
//! change events). *ECS Service Action* tells the same with the cluster's ARN, and FAILED for other reasons too (ECS
//! Developer Guide: service action events). Both are durable (EventBridge Reference: events from Amazon ECS).

use serde_json::{Value, json};

use super::envelope::{Announcement, Promise, milliseconds, seconds};
use crate::model::{EcsServiceKey, Model};

/// What became of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    InProgress,
    Completed,
    Failed,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "SERVICE_DEPLOYMENT_IN_PROGRESS",
            Self::Completed => "SERVICE_DEPLOYMENT_COMPLETED",
            Self::Failed => "SERVICE_DEPLOYMENT_FAILED",
        }
    }

    const fn level(self) -> &'static str {
        if matches!(self, Self::Failed) { "ERROR" } else { "INFO" }
    }
}

impl Model {
    /// The PRIMARY deployment has begun, or is gone back to.
    pub(in crate::model) fn announce_deployment_begins(&mut self, key: &EcsServiceKey) {
        self.announce_deployment(key, Stage::InProgress);
    }

    /// The PRIMARY deployment is complete.
    pub(in crate::model) fn announce_deployment_completed(&mut self, key: &EcsServiceKey) {
        self.announce_deployment(key, Stage::Completed);
    }

    /// The PRIMARY deployment has failed.
    pub(in crate::model) fn announce_deployment_failed(&mut self, key: &EcsServiceKey) {
        self.announce_deployment(key, Stage::Failed);
    }

    fn announce_deployment(&mut self, key: &EcsServiceKey, stage: Stage) {
        if !self.is_heard() {
            return;
        }
        let Some(service) = self.service(key) else { return };
        let Some(primary) = service.primary() else { return };
        let told_as_change = stage != Stage::Failed || service.settings.breaker.enable;
        let mut detail = json!({
            "eventType": stage.level(),
            "eventName": stage.name(),
            "deploymentId": primary.id,
            "updatedAt": seconds(self.now),
            "reason": primary.reason,
        });
        if self.events.deployment_names_cluster {
            detail["clusterArn"] = self.arns.cluster(&key.cluster).into();
        }
        let mut action = action(stage.level(), stage.name());
        action["deploymentId"] = detail["deploymentId"].clone();
        action["reason"] = detail["reason"].clone();
        if told_as_change {
            self.announce(Announcement {
                promise: Promise::Durable,
                source: "aws.ecs",
                detail_type: "ECS Deployment State Change",
                resources: vec![self.arns.service(key)],
                detail,
            });
        }
        self.announce_action(key, action);
    }

    /// A pause hook of the newest service deployment asks, or was answered. Its page shows the level INFO alone (ECS
    /// Developer Guide: hook state change events).
    pub(in crate::model) fn announce_hook(&mut self, key: &EcsServiceKey, hook: &str, name: &str) {
        if !self.is_heard() {
            return;
        }
        let Some(record) = self.service(key).and_then(|service| service.record()) else { return };
        let Some(met) = record.hooks.iter().find(|met| met.detail.hook_id == hook) else { return };
        let deployment = record.arn.clone();
        let mut detail = action("INFO", name);
        detail["hookId"] = hook.into();
        detail["hookType"] = met.detail.target_type.as_str().into();
        detail["lifecycleStage"] = met.stage.as_str().into();
        if let Some(expires_at) = met.detail.expires_at {
            detail["expiresAt"] = seconds(expires_at).into();
        }
        detail["clusterArn"] = self.arns.cluster(&key.cluster).into();
        detail["serviceArn"] = self.arns.service(key).into();
        detail["serviceDeploymentArn"] = deployment.clone().into();
        detail["updatedAt"] = milliseconds(self.now).into();
        self.announce(Announcement {
            promise: Promise::Durable,
            source: "aws.ecs",
            detail_type: "ECS Hook State Change",
            resources: vec![deployment],
            detail,
        });
    }

    /// All tasks that are wanted run, and no others.
    pub(in crate::model) fn announce_steady_state(&mut self, key: &EcsServiceKey) {
        if self.is_heard() {
            self.announce_action(key, action("INFO", "SERVICE_STEADY_STATE"));
        }
    }

    /// Tasks fail to start, again and again.
    pub(in crate::model) fn announce_start_impaired(&mut self, key: &EcsServiceKey) {
        if self.is_heard() {
            self.announce_action(key, action("WARN", "SERVICE_TASK_START_IMPAIRED"));
        }
    }

    /// There is no place for a task.
    pub(in crate::model) fn announce_placement_failure(&mut self, key: &EcsServiceKey) {
        if !self.is_heard() {
            return;
        }
        let spec = self.service(key).and_then(|service| service.primary());
        let launch_type = spec.and_then(|primary| primary.revision.spec.launch_type.clone());
        let mut action = action("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE");
        action["reason"] = match launch_type.as_deref() {
            Some("FARGATE") => "RESOURCE:FARGATE".into(),
            _ => "NO_INSTANCES".into(),
        };
        self.announce_action(key, action);
    }

    fn announce_action(&mut self, key: &EcsServiceKey, mut detail: Value) {
        detail["clusterArn"] = self.arns.cluster(&key.cluster).into();
        detail["createdAt"] = milliseconds(self.now).into();
        self.announce(Announcement {
            promise: Promise::Durable,
            source: "aws.ecs",
            detail_type: "ECS Service Action",
            resources: vec![self.arns.service(key)],
            detail,
        });
    }
}

fn action(level: &str, name: &str) -> Value {
    json!({ "eventType": level, "eventName": name })
}
