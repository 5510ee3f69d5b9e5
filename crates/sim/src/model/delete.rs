//! `DeleteService`: DRAINING, then INACTIVE, then forgotten.
//!
//! Invariants: a service that wants tasks is deleted only by force; from the call on no list shows it
//! (API:DeleteService). Its service deployments and its Cloud Map services go with it
//! (DG:service-deployment); a namespace never does.

use super::records::Event;
use super::refusals::service_not_found;
use super::rollout::{remember, stopped};
use super::{EcsServiceKey, Model};
use crate::shapes::ecs::{DeleteServiceRequest, EcsServiceStatus, ServiceAnswer};
use crate::shapes::{ApiError, Time};

impl Model {
    /// `DeleteService`.
    pub fn delete_service(
        &mut self,
        request: DeleteServiceRequest,
    ) -> Result<ServiceAnswer, ApiError> {
        self.logged("ecs.DeleteService", request, |model, request| {
            let key = model.key(request.cluster.as_deref(), &request.service)?;
            let service = model.service(&key).ok_or_else(service_not_found)?;
            if service.status == EcsServiceStatus::Inactive {
                return Err(service_not_found());
            }
            if service.desired > 0 && request.force != Some(true) {
                let text = "The service cannot be stopped while it is scaled above 0.";
                return Err(ApiError::invalid_parameter(text));
            }
            model.drain(&key);
            Ok(model.service_answer(&key))
        })
    }

    fn drain(&mut self, key: &EcsServiceKey) {
        let now = self.now;
        let state = self.change(key);
        state.status = EcsServiceStatus::Draining;
        state.desired = 0;
        state.rollout = None;
        state.generation += 1;
        let created_at = state.created_at;
        let mut ended = Vec::new();
        for deployment in &mut state.deployments {
            let tasks = std::mem::take(&mut deployment.tasks);
            ended.extend(tasks.into_iter().map(|task| stopped(deployment, task, now)));
        }
        for task in ended {
            remember(state, task);
        }
        self.sync_instances(key);
        let at = now.plus_seconds(self.timings.drain_seconds);
        self.schedule(at, Event::Drained { key: key.clone(), created_at });
    }

    pub(super) fn drained(&mut self, key: &EcsServiceKey, created_at: Time) {
        let same = |each: &super::EcsServiceState| each.created_at == created_at;
        if !self.service(key).is_some_and(same) {
            return;
        }
        let state = self.change(key);
        state.status = EcsServiceStatus::Inactive;
        state.deployments.clear();
        state.records.clear();
        state.revisions.clear();
        self.settle_connect(key);
        let at = self.now.plus_seconds(self.timings.inactive_seconds);
        self.schedule(at, Event::Forgotten { key: key.clone(), created_at });
    }

    pub(super) fn forgotten(&mut self, key: &EcsServiceKey, created_at: Time) {
        let gone = |each: &super::EcsServiceState| {
            each.created_at == created_at && each.status == EcsServiceStatus::Inactive
        };
        if self.service(key).is_some_and(gone) {
            self.services.remove(key);
        }
    }
}
