//! Cloud Map's asynchronous operations, on namespaces and on instances.
//!
//! Invariants: an operation is SUBMITTED, then PENDING, then SUCCESS or FAIL (SD:GetOperation). What it was begun
//! for takes effect at its end, and a second one for the same thing is refused until then.

use std::collections::BTreeMap;

use super::Model;
use super::filters::check_filters;
use super::page::take;
use super::records::{Change, Event, OperationState};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    GetOperationAnswer, GetOperationRequest, ListOperationsAnswer, ListRequest, Operation,
    OperationStatus, OperationSummary, OperationType,
};

impl Change {
    fn kind(&self) -> OperationType {
        match self {
            Self::Create { .. } => OperationType::CreateNamespace,
            Self::Delete { .. } => OperationType::DeleteNamespace,
            Self::Register { .. } => OperationType::RegisterInstance,
            Self::Deregister { .. } => OperationType::DeregisterInstance,
        }
    }

    /// What it is about, by id.
    fn targets(&self) -> BTreeMap<String, String> {
        let targets = match self {
            Self::Create { namespace, .. } => vec![("NAMESPACE", &namespace.id)],
            Self::Delete { id } => vec![("NAMESPACE", id)],
            Self::Register { service, instance, .. } | Self::Deregister { service, instance } => {
                vec![("SERVICE", service), ("INSTANCE", instance)]
            }
        };
        targets.into_iter().map(|(what, id)| (what.to_owned(), id.clone())).collect()
    }
}

impl Model {
    /// Begins an operation for a change and answers its id.
    pub(super) fn begin(&mut self, change: Change) -> String {
        let id = self.ids.uuid();
        let operation = Operation {
            id: id.clone(),
            kind: change.kind(),
            status: OperationStatus::Submitted,
            error_message: None,
            error_code: None,
            create_date: self.now,
            update_date: self.now,
            targets: change.targets(),
        };
        let state = OperationState { operation, change, creator_request_id: None };
        self.operations.insert(id.clone(), state);
        let span = self.timings.operation_seconds * 1000;
        self.schedule(self.now.plus_ms(span / 3), Event::OperationPending { id: id.clone() });
        self.schedule(self.now.plus_ms(span), Event::OperationEnds { id: id.clone() });
        id
    }

    pub(super) fn operation_pending(&mut self, id: &str) {
        let now = self.now;
        let submitted =
            |state: &&mut OperationState| state.operation.status == OperationStatus::Submitted;
        if let Some(state) = self.operations.get_mut(id).filter(submitted) {
            state.operation.status = OperationStatus::Pending;
            state.operation.update_date = now;
        }
    }

    pub(super) fn operation_ends(&mut self, id: &str) {
        let now = self.now;
        let Some(state) = self.operations.get_mut(id).filter(|state| unfinished(state)) else {
            return;
        };
        state.operation.update_date = now;
        state.operation.status = OperationStatus::Success;
        let change = state.change.clone();
        let failure = self.take_effect(change);
        let Some(state) = self.operations.get_mut(id).filter(|_| failure.is_some()) else { return };
        state.operation.status = OperationStatus::Fail;
        state.operation.error_code = Some("INTERNAL_FAILURE".to_owned());
        state.operation.error_message = failure;
    }

    /// Does what an operation was begun for, or says why it cannot be done any more.
    fn take_effect(&mut self, change: Change) -> Option<String> {
        match change {
            Change::Create { namespace, cluster } => {
                self.namespaces.insert(namespace.id.clone(), *namespace);
                let waiting = cluster.and_then(|cluster| self.clusters.get_mut(&cluster));
                if let Some(cluster) = waiting.filter(|cluster| cluster.exists()) {
                    cluster.status = super::records::ClusterStatus::Active;
                }
                None
            }
            Change::Delete { id } => {
                if self.namespaces.get(&id).is_some_and(|each| each.services > 0) {
                    return Some("The namespace has services.".to_owned());
                }
                self.namespaces.remove(&id);
                None
            }
            Change::Register { service, instance, registered } => {
                self.registered(&service, instance, registered)
            }
            Change::Deregister { service, instance } => self.deregistered(&service, &instance),
        }
    }

    /// Refuses a request while an operation for the same thing runs.
    pub(super) fn check_not_running(
        &self,
        call: &str,
        is_same: impl Fn(&OperationState) -> bool,
    ) -> Result<(), ApiError> {
        let mut operations = self.operations.iter();
        let running = operations.find(|(_, state)| unfinished(state) && is_same(state));
        running.map_or(Ok(()), |(id, _)| {
            let text = format!("Another operation of type {call} and id {id} is in progress");
            Err(ApiError::new("DuplicateRequest", text).with("DuplicateOperationId", id.clone()))
        })
    }

    /// `GetOperation`.
    pub fn get_operation(
        &self,
        request: &GetOperationRequest,
    ) -> Result<GetOperationAnswer, ApiError> {
        let gone = || ApiError::new("OperationNotFound", "Operation not found.");
        let state = self.operations.get(&request.operation_id).ok_or_else(gone)?;
        Ok(GetOperationAnswer { operation: state.operation.clone() })
    }

    /// `ListOperations`; filters `NAMESPACE_ID`, `SERVICE_ID`, `STATUS` and `TYPE`.
    pub fn list_operations(&self, request: &ListRequest) -> Result<ListOperationsAnswer, ApiError> {
        let filters = request.filters.as_deref().unwrap_or_default();
        check_filters(filters, &["NAMESPACE_ID", "SERVICE_ID", "STATUS", "TYPE", "UPDATE_DATE"])?;
        let rules = self.cloud_map_pages("ListOperations");
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let wanted = |each: &&Operation| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "NAMESPACE_ID" => each.targets.get("NAMESPACE").is_some_and(|id| filter.admits(id)),
                "SERVICE_ID" => each.targets.get("SERVICE").is_some_and(|id| filter.admits(id)),
                "STATUS" => filter.admits(each.status.as_str()),
                "TYPE" => filter.admits(each.kind.as_str()),
                _ => true,
            })
        };
        let all = self.operations.values().map(|state| &state.operation).filter(wanted);
        let (taken, next_token) = take(&rules, &page, all, |each| each.id.clone());
        let line = |each: &Operation| OperationSummary { id: each.id.clone(), status: each.status };
        Ok(ListOperationsAnswer { operations: taken.into_iter().map(line).collect(), next_token })
    }
}

fn unfinished(state: &OperationState) -> bool {
    matches!(state.operation.status, OperationStatus::Submitted | OperationStatus::Pending)
}
