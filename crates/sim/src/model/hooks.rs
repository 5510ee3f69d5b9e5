//! Pause hooks: a deployment waits at a stage until a person lets it go on or back, or until the time-out of the hook.
//!
//! Invariants: each hook asks once at each place it stands at, under an id of its own; the deployment goes on
//! when every hook of that place is answered. Until then its service deployment is `IN_PROGRESS` and
//! nothing moves (DG:pause-lifecycle-hooks, DG:continue-service-deployment). AWS tells of it by an event on
//! `EventBridge` and writes no service event.

use super::{EcsServiceKey, MetHook, Model};
use crate::model::records::Event;
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    ContinueServiceDeploymentAnswer, ContinueServiceDeploymentRequest,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStage,
    DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType, ServiceDeploymentStatus,
};

/// Where in a rollout a hook stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    stage: DeploymentLifecycleHookStage,
    step: u64,
}

impl Model {
    /// Whether the newest service deployment must wait at that step, which stands at that stage; hooks that
    /// were not met yet begin to ask.
    pub(super) fn waits(
        &mut self,
        key: &EcsServiceKey,
        stage: DeploymentLifecycleHookStage,
        step: u64,
    ) -> bool {
        let Some(service) = self.service(key) else { return false };
        let met = service.record().map_or(&[][..], |record| &record.hooks);
        if met.iter().any(|hook| hook.step == step) {
            return met.iter().any(|hook| hook.step == step && hook.is_awaiting());
        }
        let pauses = &service.settings.conduct.pauses;
        let here = pauses.iter().filter(|pause| pause.stages.contains(&stage));
        let here: Vec<_> =
            here.map(|pause| (u64::from(pause.timeout_minutes) * 60, pause.on_timeout)).collect();
        for (seconds, action) in &here {
            self.ask(key, Standing { stage, step }, self.now.plus_seconds(*seconds), *action);
        }
        !here.is_empty()
    }

    fn ask(
        &mut self,
        key: &EcsServiceKey,
        standing: Standing,
        expires_at: crate::shapes::Time,
        timeout_action: DeploymentLifecycleHookAction,
    ) {
        let now = self.now;
        let hook_id = self.ids.hook();
        let detail = DeploymentLifecycleHookDetail {
            hook_id: hook_id.clone(),
            target_type: DeploymentLifecycleHookTargetType::Pause,
            status: DeploymentLifecycleHookStatus::AwaitingAction,
            expires_at: Some(expires_at),
            timeout_action: Some(timeout_action),
        };
        let Standing { stage, step } = standing;
        self.change_newest_record(key, |record| {
            record.hooks.push(MetHook { detail, stage, step });
            record.updated_at = now;
        });
        self.announce_hook(key, &hook_id, "HOOK_AWAITING_ACTION");
        self.schedule(expires_at, Event::HookExpires { key: key.clone(), hook: hook_id });
    }

    /// `ContinueServiceDeployment`.
    pub fn continue_service_deployment(
        &mut self,
        request: ContinueServiceDeploymentRequest,
    ) -> Result<ContinueServiceDeploymentAnswer, ApiError> {
        self.logged("ecs.ContinueServiceDeployment", request, |model, request| {
            let arn = request.service_deployment_arn;
            // API:ContinueServiceDeploymentRequest: without an action it continues.
            let action = request.action.unwrap_or(DeploymentLifecycleHookAction::Continue);
            model.try_continue(&arn, &request.hook_id, action)?;
            Ok(ContinueServiceDeploymentAnswer { service_deployment_arn: arn })
        })
    }

    fn try_continue(
        &mut self,
        arn: &str,
        hook: &str,
        action: DeploymentLifecycleHookAction,
    ) -> Result<(), ApiError> {
        let (key, service, record) = self.service_deployment(arn)?;
        let mut hooks = record.hooks.iter();
        let met = hooks.find(|met| met.detail.hook_id == hook).ok_or_else(|| {
            ApiError::invalid_parameter("The specified lifecycle hook was not found.")
        })?;
        let newest = service.records.last().is_some_and(|last| last.arn == arn);
        let running = record.status == ServiceDeploymentStatus::InProgress;
        if !newest || !running || !met.is_awaiting() {
            let text = "The service deployment does not wait for an action at this lifecycle hook.";
            return Err(ApiError::client(text));
        }
        if action == DeploymentLifecycleHookAction::Rollback && !service.can_go_back() {
            return Err(ApiError::client(
                "There is no completed service deployment to roll back to.",
            ));
        }
        self.answer_hook(&key, hook, DeploymentLifecycleHookStatus::Succeeded, action);
        Ok(())
    }

    /// A hook's time is up, unless it was answered or its deployment is over.
    pub(super) fn hook_expires(&mut self, key: &EcsServiceKey, hook: &str) {
        let record = self.service(key).and_then(|service| service.record());
        let hooks = record.into_iter().flat_map(|record| &record.hooks);
        let met = hooks.filter(|met| met.is_awaiting()).find(|met| met.detail.hook_id == hook);
        let Some(action) = met.and_then(|met| met.detail.timeout_action) else { return };
        self.answer_hook(key, hook, DeploymentLifecycleHookStatus::TimedOut, action);
    }

    fn answer_hook(
        &mut self,
        key: &EcsServiceKey,
        hook: &str,
        status: DeploymentLifecycleHookStatus,
        action: DeploymentLifecycleHookAction,
    ) {
        let now = self.now;
        self.change_newest_record(key, |record| {
            record.updated_at = now;
            let mut hooks = record.hooks.iter_mut();
            if let Some(met) = hooks.find(|met| met.detail.hook_id == hook) {
                met.detail.status = status;
            }
        });
        let timed_out = status == DeploymentLifecycleHookStatus::TimedOut;
        let name = match action {
            _ if timed_out => "HOOK_TIMED_OUT",
            DeploymentLifecycleHookAction::Continue => "HOOK_SUCCEEDED",
            DeploymentLifecycleHookAction::Rollback => "HOOK_FAILED",
        };
        self.announce_hook(key, hook, name);
        if action == DeploymentLifecycleHookAction::Rollback {
            self.change_newest_record(key, |record| record.hooks.retain(|met| !met.is_awaiting()));
            return self.abandon(key, "ECS deployment lifecycle hook");
        }
        if self.service(key).is_some_and(|service| !service.is_paused()) {
            self.resume(key);
            self.settle_connect(key);
        }
    }
}
