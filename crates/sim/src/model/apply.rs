//! How a deployment begins: revision, record, endpoint list, and what becomes of the one before.
//!
//! Invariants: the new deployment is PRIMARY and all others ACTIVE; a service deployment that was running
//! goes `STOP_REQUESTED` and then STOPPED (DG:service-deployment). A superseded deployment starts no more
//! tasks: its pending ones end, its running ones serve until the new ones do.

use std::sync::Arc;

use super::records::Event;
use super::{
    Breaker, DeploySpec, Deployment, DeploymentRecord, EcsServiceKey, EcsServiceState, Model,
    Revision, RolloutKind,
};
use crate::shapes::Time;
use crate::shapes::ecs::{
    BreakerStatus, DeploymentStatus, RolloutState, ServiceDeploymentStatus, ServiceEvent,
};

/// API:ServiceDeployment: ECS keeps them for 90 days; a hundred are plenty here.
const RECORDS_MAX: usize = 100;

impl Model {
    /// Makes a deployment of that specification the PRIMARY one, and begins its rollout.
    pub(super) fn start_deployment(
        &mut self,
        key: &EcsServiceKey,
        mut spec: DeploySpec,
        kind: RolloutKind,
    ) {
        let task_definition = Arc::clone(&spec.task_definition);
        if let Some(connect) = spec.connect.take() {
            spec.connect = Some(self.ensure_cloud_map(key, &connect, &task_definition));
        }
        let list = self.endpoint_list(spec.connect.as_deref());
        let arn = self.arns.service_revision(key, self.ids.digits());
        let revision = Arc::new(Revision { arn, created_at: self.now, spec });
        let id = format!("ecs-svc/{}", self.ids.digits());
        self.supersede(key);
        self.begin_record(key, &id, &revision);
        let deployment = Deployment {
            reason: format!("ECS deployment {id} in progress."),
            id: id.clone(),
            status: DeploymentStatus::Primary,
            revision: Arc::clone(&revision),
            created_at: self.now,
            updated_at: self.now,
            rollout_state: RolloutState::InProgress,
            failed_tasks: 0,
            completed_once: false,
            lists: vec![list],
            tasks: Vec::new(),
        };
        let state = self.change(key);
        state.revisions.push(revision);
        state.deployments.insert(0, deployment);
        self.started = Some(id);
        self.announce_deployment_begins(key);
        self.begin_rollout(key, kind);
    }

    /// What runs so far steps back.
    fn supersede(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        for deployment in &mut state.deployments {
            if deployment.status == DeploymentStatus::Primary {
                deployment.status = DeploymentStatus::Active;
                deployment.updated_at = now;
            }
        }
        let mut stopped = Vec::new();
        for record in &mut state.records {
            if running(record.status) {
                let record = Arc::make_mut(record);
                record.status = ServiceDeploymentStatus::StopRequested;
                record.reason =
                    Some("Service deployment was stopped because a newer one started.".to_owned());
                record.updated_at = now;
                stopped.push(record.arn.clone());
            }
        }
        for arn in stopped {
            let event = Event::RecordStopped { key: key.clone(), arn };
            self.schedule(now.plus_seconds(1), event);
        }
        self.end_pending(key);
    }

    fn begin_record(&mut self, key: &EcsServiceKey, id: &str, revision: &Revision) {
        let now = self.now;
        let arn = self.arns.service_deployment(key, &self.ids.deployment());
        let state = self.change(key);
        let enabled = state.settings.breaker.enable;
        let sources = state.deployments.iter().filter(|each| !each.tasks.is_empty());
        let record = DeploymentRecord {
            arn: arn.clone(),
            deployment: id.to_owned(),
            status: ServiceDeploymentStatus::Pending,
            reason: None,
            created_at: now,
            target: revision.arn.clone(),
            sources: sources.map(|each| each.revision.arn.clone()).collect(),
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: now,
            rollback: None,
            breaker: if enabled { BreakerStatus::Monitoring } else { BreakerStatus::Disabled },
            failures: 0,
            threshold: Breaker::threshold(state.desired),
            lifecycle_stage: None,
            hooks: Vec::new(),
        };
        state.records.push(Arc::new(record));
        if state.records.len() > RECORDS_MAX {
            state.records.remove(0);
        }
        self.schedule(now.plus_seconds(1), Event::RecordBegins { key: key.clone(), arn });
    }

    pub(super) fn record_begins(&mut self, key: &EcsServiceKey, arn: &str) {
        let now = self.now;
        self.change_record(key, arn, |record| {
            if record.status == ServiceDeploymentStatus::Pending {
                record.status = ServiceDeploymentStatus::InProgress;
                record.started_at = Some(now);
                record.updated_at = now;
            }
        });
    }

    pub(super) fn record_stopped(&mut self, key: &EcsServiceKey, arn: &str) {
        let now = self.now;
        self.change_record(key, arn, |record| {
            if record.status == ServiceDeploymentStatus::StopRequested {
                end_record(record, ServiceDeploymentStatus::Stopped, now);
                record.stopped_at = Some(now);
            }
        });
    }

    fn change_record(
        &mut self,
        key: &EcsServiceKey,
        arn: &str,
        change: impl FnOnce(&mut DeploymentRecord),
    ) {
        if !self.services.contains_key(key) {
            return;
        }
        let mut records = self.change(key).records.iter_mut();
        if let Some(record) = records.find(|record| record.arn == arn) {
            change(Arc::make_mut(record));
        }
    }

    /// Changes the newest record, which is the one that runs.
    pub(super) fn change_newest_record(
        &mut self,
        key: &EcsServiceKey,
        change: impl FnOnce(&mut DeploymentRecord),
    ) {
        if let Some(record) = self.change(key).records.last_mut() {
            change(Arc::make_mut(record));
        }
    }

    /// Adds a service event; a hundred are kept (API:Service).
    pub(super) fn say(&mut self, key: &EcsServiceKey, text: &str) {
        let event = ServiceEvent {
            id: self.ids.uuid(),
            created_at: self.now,
            message: format!("(service {}) {text}", key.name),
        };
        let state: &mut EcsServiceState = self.change(key);
        state.events.push_back(Arc::new(event));
        if state.events.len() > 100 {
            state.events.pop_front();
        }
    }
}

/// Whether a service deployment is still under way.
pub(super) const fn running(status: ServiceDeploymentStatus) -> bool {
    use ServiceDeploymentStatus as Status;
    matches!(
        status,
        Status::Pending
            | Status::InProgress
            | Status::RollbackRequested
            | Status::RollbackInProgress
    )
}

/// Ends a record, and drops the hooks at which it waits.
pub(super) fn end_record(
    record: &mut DeploymentRecord,
    status: ServiceDeploymentStatus,
    now: Time,
) {
    record.hooks.retain(|hook| !hook.is_awaiting());
    record.status = status;
    record.finished_at = Some(now);
    record.updated_at = now;
}
