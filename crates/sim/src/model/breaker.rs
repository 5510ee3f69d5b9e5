//! A deployment whose tasks fail to start: the circuit breaker, and the rollback.
//!
//! **Invariant:** without the breaker the deployment stays `IN_PROGRESS` for ever. With the breaker it becomes FAILED.
//! With rollback, the latest COMPLETED deployment becomes PRIMARY again, with its configuration, and is `IN_PROGRESS`
//! until it has completed again. If there is no such deployment, the service stalls (DG:deployment-circuit-breaker). The
//! caller of `UpdateService` is not told (tf#20858); EventBridge is.

use super::apply::{end_record, running};
use super::{Deployment, EcsServiceKey, EcsServiceState, Model, RolloutKind};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    BreakerStatus, DeploymentStatus, Rollback, RolloutState, ServiceDeploymentStatus,
    StopServiceDeploymentAnswer, StopServiceDeploymentRequest,
};

impl Model {
    /// The PRIMARY deployment's failures reached the threshold.
    pub(super) fn failed(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        let shifting = state.rollout.take().is_some_and(|rollout| !rollout.phases.is_empty());
        let breaker = state.settings.breaker;
        self.say(key, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.");
        self.announce_start_impaired(key);
        if !breaker.enable && !shifting {
            return;
        }
        let prefix =
            if breaker.enable { "ECS deployment circuit breaker" } else { "ECS deployment" };
        let reason = format!("{prefix}: tasks failed to start.");
        let state = self.change(key);
        let Some(primary) = state.deployments.first_mut() else { return };
        primary.rollout_state = RolloutState::Failed;
        primary.reason.clone_from(&reason);
        primary.updated_at = now;
        let id = primary.id.clone();
        self.end_pending(key);
        self.say(key, &format!("(deployment {id}) deployment failed: tasks failed to start."));
        self.announce_deployment_failed(key);
        if breaker.enable {
            self.change_newest_record(key, |record| record.breaker = BreakerStatus::Triggered);
        }
        if (breaker.rollback || shifting) && self.roll_back(key, prefix) {
            return;
        }
        self.change_newest_record(key, |record| {
            end_record(record, ServiceDeploymentStatus::Stopped, now);
            record.stopped_at = Some(now);
            record.reason = Some(reason);
        });
    }

    /// Gives the PRIMARY deployment up for the latest COMPLETED one; if there is none, the service stalls.
    pub(super) fn abandon(&mut self, key: &EcsServiceKey, prefix: &str) {
        let now = self.now;
        let reason = format!("{prefix}: the deployment was stopped.");
        let state = self.change(key);
        state.rollout = None;
        if let Some(primary) = state.deployments.first_mut() {
            primary.rollout_state = RolloutState::Failed;
            primary.reason.clone_from(&reason);
            primary.updated_at = now;
        }
        self.end_pending(key);
        let back = self.roll_back(key, prefix);
        self.change_newest_record(key, |record| {
            record.stopped_at = Some(now);
            if !back {
                end_record(record, ServiceDeploymentStatus::Stopped, now);
                record.reason = Some(reason);
            }
        });
    }

    /// Goes back to the latest COMPLETED deployment; false when there is none.
    fn roll_back(&mut self, key: &EcsServiceKey, prefix: &str) -> bool {
        let now = self.now;
        let state = self.change(key);
        let Some(at) = state.deployments.iter().position(is_completed) else { return false };
        for deployment in &mut state.deployments {
            deployment.status = DeploymentStatus::Active;
        }
        let mut target = state.deployments.remove(at);
        target.status = DeploymentStatus::Primary;
        target.rollout_state = RolloutState::InProgress;
        target.reason = format!("{prefix}: rolling back to deploymentId {}.", target.id);
        target.updated_at = now;
        let (reason, revision) = (target.reason.clone(), target.revision.clone());
        let id = target.id.clone();
        state.deployments.insert(0, target);
        if self.switches.rollback_takes_snapshot {
            let list = self.endpoint_list(revision.spec.connect.as_deref());
            if let Some(target) = self.change(key).deployments.first_mut() {
                target.lists.push(list);
            }
        }
        self.change_newest_record(key, |record| {
            record.status = ServiceDeploymentStatus::RollbackInProgress;
            record.reason = Some(reason.clone());
            record.updated_at = now;
            record.rollback = Some(Rollback {
                reason: Some(reason),
                started_at: Some(now),
                service_revision_arn: Some(revision.arn.clone()),
            });
        });
        self.say(key, &format!("rolling back to deployment {id}."));
        self.announce_deployment_begins(key);
        self.begin_rollout(key, RolloutKind::Rollback);
        true
    }

    /// A failed deployment has been shown for long enough.
    pub(super) fn failed_gone(&mut self, key: &EcsServiceKey, deployment: &str) {
        if !self.services.contains_key(key) {
            return;
        }
        self.change(key).deployments.retain(|each| {
            each.id != deployment
                || each.status == DeploymentStatus::Primary
                || !each.tasks.is_empty()
        });
        self.settle_connect(key);
    }

    /// `StopServiceDeployment`: back to the latest COMPLETED deployment.
    pub fn stop_service_deployment(
        &mut self,
        request: StopServiceDeploymentRequest,
    ) -> Result<StopServiceDeploymentAnswer, ApiError> {
        self.logged("ecs.StopServiceDeployment", request, |model, request| {
            let arn = request.service_deployment_arn;
            model.try_stop(&arn, request.stop_type.as_deref())?;
            Ok(StopServiceDeploymentAnswer { service_deployment_arn: arn })
        })
    }

    fn try_stop(&mut self, arn: &str, stop_type: Option<&str>) -> Result<(), ApiError> {
        let (key, service, record) = self.service_deployment(arn)?;
        if stop_type.is_some_and(|word| word != "ROLLBACK") {
            // API:StopServiceDeployment: ABORT is in the model; rolling back is the only way described.
            let text = "Only the stop type ROLLBACK is supported.";
            return Err(ApiError::new("UnsupportedFeatureException", text));
        }
        let newest = service.records.last().is_some_and(|last| last.arn == arn);
        let rolling = record.rollback.is_some();
        if !newest || rolling || !running(record.status) {
            let text = "The service deployment is not in a state in which it can be stopped.";
            return Err(ApiError::new("ConflictException", text));
        }
        if !service.can_go_back() {
            return Err(ApiError::client(
                "There is no completed service deployment to roll back to.",
            ));
        }
        self.abandon(&key, "ECS deployment stopped");
        Ok(())
    }
}

impl EcsServiceState {
    /// Whether there is a COMPLETED deployment to go back to.
    pub fn can_go_back(&self) -> bool {
        self.deployments.iter().skip(1).any(is_completed)
    }
}

fn is_completed(deployment: &Deployment) -> bool {
    deployment.rollout_state == RolloutState::Completed
}
