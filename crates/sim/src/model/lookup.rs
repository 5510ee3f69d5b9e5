//! From what a caller wrote (a name, an id, an ARN, or nothing) to the thing it names.
//!
//! Invariant: an omitted cluster is the one named `default` (API:UpdateServiceRequest). A namespace is found
//! by its id, its ARN or its `HttpName`, for ECS's "short name" is Cloud Map's `HttpName` and not its Name
//! (SD:DiscoverInstancesRequest). One of another account answers to its ARN alone.

use std::sync::Arc;

use super::ids::last_part;
use super::kept::Kept;
use super::key::{arn_key, part_key};
use super::namespace_state::NamespaceState;
use super::records::ClusterState;
use super::refusals::{cluster_not_found, service_not_found};
use super::{AsOf, DeploymentRecord, EcsServiceKey, EcsServiceState, Model, TaskDefinition};
use crate::shapes::ApiError;

impl Model {
    /// The service deployment that an ARN names, with its service.
    pub(super) fn service_deployment(
        &self,
        arn: &str,
    ) -> Result<(EcsServiceKey, &EcsServiceState, &DeploymentRecord), ApiError> {
        let gone = || {
            let text = "The specified service deployment was not found.";
            ApiError::new("ServiceDeploymentNotFoundException", text)
        };
        let key = part_key(arn, "service-deployment").ok_or_else(gone)?;
        let service = self.service(&key).ok_or_else(gone)?;
        let record = service.records.iter().find(|record| record.arn == arn).ok_or_else(gone)?;
        Ok((key, service, record))
    }

    /// The cluster a request names.
    pub(super) fn cluster(&self, reference: Option<&str>) -> Result<&ClusterState, ApiError> {
        let name = last_part(reference.unwrap_or("default"));
        self.clusters.get(name).filter(|cluster| cluster.exists()).ok_or_else(cluster_not_found)
    }

    /// The key of a service in a cluster that is there; whether the service is there is not looked at.
    pub(super) fn key(
        &self,
        cluster: Option<&str>,
        service: &str,
    ) -> Result<EcsServiceKey, ApiError> {
        let cluster = &self.cluster(cluster)?.name;
        let key = arn_key(service).unwrap_or_else(|| EcsServiceKey::new(cluster, service));
        if key.cluster == *cluster {
            return Ok(key);
        }
        let text = format!("Identifier is for {}. Your cluster is {cluster}", key.cluster);
        Err(ApiError::invalid_parameter(text))
    }

    /// A service at an instant, and its key.
    pub(super) fn found(
        &self,
        as_of: AsOf,
        cluster: Option<&str>,
        service: &str,
    ) -> Result<(EcsServiceKey, &EcsServiceState), ApiError> {
        let key = match (cluster, arn_key(service)) {
            (None, Some(key)) if self.clusters.contains_key(&key.cluster) => key,
            _ => self.key(cluster, service)?,
        };
        let kept = self.services.get(&key).ok_or_else(service_not_found)?;
        let service = kept.at(as_of).ok_or_else(service_not_found)?;
        Ok((key, service))
    }

    /// The services of one cluster, in order of name.
    pub(super) fn services_of(
        &self,
        cluster: &str,
        after: &str,
    ) -> impl Iterator<Item = (&EcsServiceKey, &Kept<EcsServiceState>)> {
        let first = EcsServiceKey::new(cluster, after);
        self.services.range(first..).take_while(move |(key, _)| key.cluster == cluster)
    }

    /// The ARN of a namespace, however it is named.
    #[cfg(feature = "wire")]
    pub(crate) fn arn_of_namespace(&self, reference: &str) -> Option<String> {
        self.namespace(reference).map(|namespace| namespace.arn.clone())
    }

    /// A namespace by id, ARN or `HttpName`.
    pub(super) fn namespace(&self, reference: &str) -> Option<&NamespaceState> {
        let id = last_part(reference);
        let by_id = reference.starts_with("arn:") || reference.starts_with("ns-");
        if let Some(namespace) = self.namespaces.get(id).filter(|_| by_id) {
            let named = namespace.is_own() || (namespace.is_there() && namespace.arn == reference);
            return Some(namespace).filter(|_| named);
        }
        let mut own = self.namespaces.values().filter(|namespace| namespace.is_own());
        own.find(|namespace| namespace.http_name == reference)
    }

    /// The task definition behind a family, `family:revision` or an ARN; a family means its latest
    /// ACTIVE revision (API:UpdateServiceRequest).
    pub(super) fn task_definition(&self, reference: &str) -> Option<&Arc<TaskDefinition>> {
        match last_part(reference).split_once(':') {
            Some((family, revision)) => {
                let index = revision.parse::<usize>().ok()?.checked_sub(1)?;
                self.families.get(family)?.get(index)
            }
            None => self.families.get(last_part(reference))?.iter().rfind(|each| each.active),
        }
    }

    /// The task definition a service is to run.
    pub(super) fn usable_task_definition(
        &self,
        reference: &str,
    ) -> Result<Arc<TaskDefinition>, ApiError> {
        let found = self.task_definition(reference);
        let found = found.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
        if !found.active {
            return Err(ApiError::client("TaskDefinition is inactive"));
        }
        Ok(Arc::clone(found))
    }
}
