//! The instances of Cloud Map services: one for each running task behind a Service Connect name, and those that
//! people registered.
//!
//! Invariants: ECS registers a task when it runs and takes it away when it stops. Only `AWS_INSTANCE_IPV4` and
//! `AWS_INSTANCE_PORT` are known of an instance that Service Connect registered; further attributes are
//! undocumented and must not be read, so there are none.

use std::collections::BTreeMap;

use super::page::take;
use super::records::{CloudMapServiceState, Registered};
use super::task_facts::TaskFacts;
use super::{EcsServiceKey, Model};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    DiscoverInstancesAnswer, DiscoverInstancesRequest, GetInstanceAnswer, GetInstanceRequest,
    HttpInstanceSummary, Instance, ListInstancesAnswer, ListInstancesRequest,
};

/// The task that an instance id means, if ECS can have registered it.
pub(super) fn task_of(instance: &str) -> Option<u128> {
    (instance.len() == 32).then(|| u128::from_str_radix(instance, 16).ok())?
}

fn instance_of(task: u128) -> String {
    format!("{task:032x}")
}

fn attributes(address: String, port: u32) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("AWS_INSTANCE_IPV4".to_owned(), address),
        ("AWS_INSTANCE_PORT".to_owned(), port.to_string()),
    ])
}

impl CloudMapServiceState {
    /// Whether an instance of that id is there, whoever registered it.
    pub(super) fn has_instance(&self, id: &str) -> bool {
        let by_ecs = task_of(id).is_some_and(|task| self.instances.contains_key(&task));
        by_ecs || self.registered.contains_key(id)
    }

    /// All instances, by id.
    fn all_instances(&self, facts: &TaskFacts) -> BTreeMap<String, Registered> {
        let by_ecs = self.instances.iter().map(|(task, port)| {
            let attributes = attributes(facts.address(*task), *port);
            (instance_of(*task), Registered { attributes, creator_request_id: None })
        });
        let by_hand = self.registered.iter().map(|(id, each)| (id.clone(), each.clone()));
        by_ecs.chain(by_hand).collect()
    }

    /// How an instance fares. Only a health check of the service tells; in AWS's own example, an instance of a service
    /// without one is UNKNOWN. Nobody reports to a check here, so an instance stays as it began.
    fn health(&self, instance: &Registered) -> &'static str {
        let first = instance.attributes.get("AWS_INIT_HEALTH_STATUS").map(String::as_str);
        match (&self.custom_health_check, &self.health_check) {
            (Some(_), _) if first == Some("UNHEALTHY") => "UNHEALTHY",
            (Some(_), _) | (None, Some(_)) => "HEALTHY",
            (None, None) => "UNKNOWN",
        }
    }

    fn is_checked(&self) -> bool {
        self.custom_health_check.is_some() || self.health_check.is_some()
    }
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
        let all = service.all_instances(&self.task_facts).into_iter();
        let (taken, next_token) = take(&rules, &page, all, |(id, _)| id.clone());
        let instances = taken.into_iter().map(|(id, each)| Instance {
            // A line of the list has none (SD:InstanceSummary).
            creator_request_id: None,
            ..self.instance(id, each)
        });
        let resource_owner = Some(self.arns.account.clone());
        Ok(ListInstancesAnswer { resource_owner, instances: instances.collect(), next_token })
    }

    /// `GetInstance`.
    pub fn get_instance(
        &self,
        request: &GetInstanceRequest,
    ) -> Result<GetInstanceAnswer, ApiError> {
        let service = self.cloud_map_service(&request.service_id)?;
        let found = service.all_instances(&self.task_facts).remove_entry(&request.instance_id);
        let gone = || ApiError::new("InstanceNotFound", "Instance not found.");
        let (id, found) = found.ok_or_else(gone)?;
        let resource_owner = Some(self.arns.account.clone());
        Ok(GetInstanceAnswer { resource_owner, instance: self.instance(id, found) })
    }

    fn instance(&self, id: String, registered: Registered) -> Instance {
        Instance {
            id,
            creator_request_id: registered.creator_request_id,
            attributes: registered.attributes,
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
        let found = matching(service.all_instances(&self.task_facts), service, request)?;
        let shown = found.into_iter().take(most as usize).map(|(id, each)| HttpInstanceSummary {
            instance_id: id,
            namespace_name: request.namespace_name.clone(),
            service_name: request.service_name.clone(),
            health_status: service.health(&each).to_owned(),
            attributes: each.attributes,
        });
        let instances_revision = service.instances_revision;
        Ok(DiscoverInstancesAnswer { instances: shown.collect(), instances_revision })
    }
}

/// The instances that a question asks for: all query parameters must fit, the optional ones only if some fit both, and
/// health counts only where the service has a check (SD:DiscoverInstancesRequest).
fn matching(
    mut found: BTreeMap<String, Registered>,
    service: &CloudMapServiceState,
    request: &DiscoverInstancesRequest,
) -> Result<BTreeMap<String, Registered>, ApiError> {
    let none = BTreeMap::new();
    let asked = request.query_parameters.as_ref().unwrap_or(&none);
    found.retain(|_, each| fits(each, asked));
    let optional = request.optional_parameters.as_ref().unwrap_or(&none);
    if found.values().any(|each| fits(each, optional)) {
        found.retain(|_, each| fits(each, optional));
    }
    let is = |status: &'static str| move |each: &Registered| service.health(each) == status;
    let wanted = request.health_status.as_deref().unwrap_or("ALL");
    match wanted {
        "ALL" | "HEALTHY" | "UNHEALTHY" | "HEALTHY_OR_ELSE_ALL" if !service.is_checked() => {}
        "ALL" => {}
        "HEALTHY" => found.retain(|_, each| is("HEALTHY")(each)),
        "UNHEALTHY" => found.retain(|_, each| is("UNHEALTHY")(each)),
        "HEALTHY_OR_ELSE_ALL" => {
            if found.values().any(is("HEALTHY")) {
                found.retain(|_, each| is("HEALTHY")(each));
            }
        }
        other => {
            return Err(ApiError::invalid_input(format!("Invalid health status {other}")));
        }
    }
    Ok(found)
}

fn fits(instance: &Registered, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| instance.attributes.get(key) == Some(value))
}
