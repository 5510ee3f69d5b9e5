//! The instances of Cloud Map services: one for each running task behind a Service Connect name.
//!
//! Invariants: ECS registers a task when it runs and takes it away when it stops; nobody else does here.
//! Only `AWS_INSTANCE_IPV4` and `AWS_INSTANCE_PORT` are known of an instance that Service Connect
//! registered; further attributes are undocumented and must not be read, so there are none.

use std::collections::BTreeMap;

use super::page::take;
use super::records::CloudMapServiceState;
use super::{EcsServiceKey, Model};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    DiscoverInstancesAnswer, DiscoverInstancesRequest, GetInstanceAnswer, GetInstanceRequest,
    HttpInstanceSummary, Instance, ListInstancesAnswer, ListInstancesRequest,
};

/// A task's address: any, but always the same for the same task.
pub(super) fn address(task: u128) -> String {
    let bytes = task.to_be_bytes();
    format!("10.{}.{}.{}", bytes[1], bytes[2], bytes[3])
}

fn attributes(task: u128, port: u32) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("AWS_INSTANCE_IPV4".to_owned(), address(task)),
        ("AWS_INSTANCE_PORT".to_owned(), port.to_string()),
    ])
}

impl Model {
    /// Makes the instances of a service's Cloud Map services what its running tasks say.
    pub(super) fn sync_instances(&mut self, key: &EcsServiceKey) {
        let Some(kept) = self.services.get(key) else { return };
        let service = kept.get();
        for id in &service.owned {
            let Some(cloud_map) = self.cloud_map.get_mut(id) else { continue };
            let mut wanted = BTreeMap::new();
            for deployment in &service.deployments {
                let Some(endpoint) =
                    deployment.endpoints().iter().find(|each| each.cloud_map == *id)
                else {
                    continue;
                };
                let running = deployment.tasks.iter().filter(|task| task.started_at.is_some());
                wanted.extend(running.map(|task| (task.id, endpoint.container_port)));
            }
            if cloud_map.instances != wanted {
                cloud_map.instances = wanted;
                cloud_map.instances_revision += 1;
            }
        }
    }

    /// `ListInstances`.
    pub fn list_instances(
        &self,
        request: &ListInstancesRequest,
    ) -> Result<ListInstancesAnswer, ApiError> {
        let service = self.cloud_map_service(&request.service_id)?;
        let scope = format!("ListInstances {}", service.id);
        let rules = self.cloud_map_pages(&scope);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let all = service.instances.iter();
        let (taken, next_token) = take(&rules, &page, all, |(task, _)| format!("{task:032x}"));
        let instances = taken.into_iter().map(|(task, port)| self.instance(*task, *port)).collect();
        let resource_owner = Some(self.arns.account.clone());
        Ok(ListInstancesAnswer { resource_owner, instances, next_token })
    }

    /// `GetInstance`.
    pub fn get_instance(
        &self,
        request: &GetInstanceRequest,
    ) -> Result<GetInstanceAnswer, ApiError> {
        let service = self.cloud_map_service(&request.service_id)?;
        let task = u128::from_str_radix(&request.instance_id, 16).ok();
        let found = task.and_then(|task| service.instances.get_key_value(&task));
        let gone = || ApiError::new("InstanceNotFound", "Instance not found.");
        let (task, port) = found.ok_or_else(gone)?;
        let resource_owner = Some(self.arns.account.clone());
        Ok(GetInstanceAnswer { resource_owner, instance: self.instance(*task, *port) })
    }

    fn instance(&self, task: u128, port: u32) -> Instance {
        Instance {
            id: format!("{task:032x}"),
            attributes: attributes(task, port),
            created_by_account: Some(self.arns.account.clone()),
        }
    }

    /// `DiscoverInstances`; the namespace goes by its `HttpName`, and services ECS made are found too.
    pub fn discover_instances(
        &self,
        request: &DiscoverInstancesRequest,
    ) -> Result<DiscoverInstancesAnswer, ApiError> {
        let most = request.max_results.unwrap_or(100);
        if most == 0 || most > 1000 {
            return Err(ApiError::invalid_input("MaxResults must be between 1 and 1000."));
        }
        let mut namespaces = self.namespaces.values().filter(|each| each.is_own());
        let namespace = namespaces.find(|each| each.http_name == request.namespace_name);
        let gone = || ApiError::new("NamespaceNotFound", "Namespace not found.");
        let namespace = namespace.ok_or_else(gone)?;
        let place = (namespace.id.clone(), request.service_name.clone());
        let found = self.cloud_map_names.get(&place).and_then(|id| self.cloud_map.get(id));
        let service =
            found.ok_or_else(|| ApiError::new("ServiceNotFound", "Service not found."))?;
        let taken = service.instances.iter().take(most as usize);
        let instances = taken.map(|(task, port)| discovered(request, *task, *port)).collect();
        Ok(DiscoverInstancesAnswer { instances, instances_revision: revision(service) })
    }
}

fn revision(service: &CloudMapServiceState) -> u64 {
    service.instances_revision
}

fn discovered(request: &DiscoverInstancesRequest, task: u128, port: u32) -> HttpInstanceSummary {
    HttpInstanceSummary {
        instance_id: format!("{task:032x}"),
        namespace_name: request.namespace_name.clone(),
        service_name: request.service_name.clone(),
        health_status: "HEALTHY".to_owned(),
        attributes: attributes(task, port),
    }
}
