//! Cloud Map services: those ECS makes for Service Connect names, and those others make by hand.
//!
//! Invariants: names are unique within a namespace. A service ECS made carries the tag `AmazonECSManaged`
//! and is of type HTTP whatever its namespace is, so it has no DNS record (roadmap#2374). A service with
//! instances cannot be deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Model;
use super::bus::TagChange;
use super::filters::check_filters;
use super::page::{PageRules, take};
use crate::model::records::{CloudMapServiceState, EndpointOwner};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    CloudMapService, CloudMapServiceType, CreateServiceRequest, EmptyAnswer, ListRequest,
    ListServicesAnswer, ListTagsForResourceAnswer, ListTagsForResourceRequest, ServiceAnswer,
    ServiceIdRequest, Tag, TagResourceRequest, UntagResourceRequest,
};

impl Model {
    /// How Cloud Map pages: 100 lines (SD).
    pub(super) fn cloud_map_pages<'a>(&self, scope: &'a str) -> PageRules<'a> {
        PageRules {
            scope,
            default: 100,
            most: 100,
            code: "InvalidInput",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        }
    }

    /// Cloud Map's `CreateService`; synchronous.
    pub fn create_cloud_map_service(
        &mut self,
        request: CreateServiceRequest,
    ) -> Result<ServiceAnswer, ApiError> {
        self.logged("servicediscovery.CreateService", request, |model, request| {
            let dns = request.dns_config.as_ref().and_then(|dns| dns.get("NamespaceId"));
            let named = request.namespace_id.as_deref().or_else(|| dns.and_then(Value::as_str));
            let namespace = model.namespace_by_id(named.unwrap_or_default())?.id.clone();
            if request.name.is_empty() || request.name.len() > 127 {
                return Err(ApiError::invalid_input("Service name is invalid."));
            }
            let place = (namespace.clone(), request.name.clone());
            if let Some(id) = model.cloud_map_names.get(&place) {
                let error = ApiError::new("ServiceAlreadyExists", "Service already exists.");
                let error = error.with("ServiceId", id.clone());
                return Err(error.with("ServiceArn", model.arns.cloud_map_service(id)));
            }
            let id = model.insert_cloud_map_service(namespace, request.name, None);
            let service = model.cloud_map.get_mut(&id).expect("it was just inserted");
            let http = request.kind.as_deref() == Some("HTTP") || request.dns_config.is_none();
            service.kind =
                if http { CloudMapServiceType::Http } else { CloudMapServiceType::DnsHttp };
            service.description = request.description;
            service.dns_config = request.dns_config;
            service.health_check = request.health_check_config;
            service.custom_health_check = request.health_check_custom_config;
            service.creator_request_id = request.creator_request_id;
            let tags = request.tags.unwrap_or_default();
            service.tags = Arc::new(tags.into_iter().map(|tag| (tag.key, tag.value)).collect());
            model.cloud_map_answer(&id)
        })
    }

    /// Makes a Cloud Map service; for an owner it is one of ECS's own.
    pub(super) fn insert_cloud_map_service(
        &mut self,
        namespace: String,
        name: String,
        owner: Option<EndpointOwner>,
    ) -> String {
        let id = format!("srv-{}", self.ids.lower(16));
        let mut tags = BTreeMap::new();
        if owner.is_some() {
            tags.insert("AmazonECSManaged".to_owned(), "true".to_owned());
        }
        if let Some(state) = self.namespaces.get_mut(&namespace) {
            state.services += 1;
        }
        self.cloud_map_names.insert((namespace.clone(), name.clone()), id.clone());
        let service = CloudMapServiceState {
            id: id.clone(),
            arn: self.arns.cloud_map_service(&id),
            name,
            namespace,
            created_at: self.now,
            owner,
            tags: Arc::new(tags),
            instances: BTreeMap::new(),
            registered: BTreeMap::new(),
            instances_revision: 1,
            attributes: BTreeMap::new(),
            kind: CloudMapServiceType::Http,
            description: None,
            dns_config: None,
            health_check: None,
            custom_health_check: None,
            creator_request_id: None,
        };
        self.cloud_map.insert(id.clone(), service);
        id
    }

    pub(super) fn remove_cloud_map_service(&mut self, id: &str) {
        let Some(service) = self.cloud_map.remove(id) else { return };
        self.cloud_map_names.remove(&(service.namespace.clone(), service.name));
        if let Some(state) = self.namespaces.get_mut(&service.namespace) {
            state.services = state.services.saturating_sub(1);
        }
    }

    /// Cloud Map's `DeleteService`.
    pub fn delete_cloud_map_service(
        &mut self,
        request: ServiceIdRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("servicediscovery.DeleteService", request, |model, request| {
            let service = model.cloud_map_service(&request.id)?;
            let id = service.id.clone();
            if service.instance_count() > 0 {
                // roadmap#1746
                let text = format!("Service {id} contains registered instances; delete the instances before deleting the service");
                return Err(ApiError::new("ResourceInUse", text));
            }
            model.remove_cloud_map_service(&id);
            Ok(EmptyAnswer {})
        })
    }

    /// A Cloud Map service by id or ARN.
    pub(super) fn cloud_map_service(
        &self,
        reference: &str,
    ) -> Result<&CloudMapServiceState, ApiError> {
        let id = super::ids::last_part(reference);
        let gone = || ApiError::new("ServiceNotFound", format!("Service {id} not found"));
        self.cloud_map.get(id).ok_or_else(gone)
    }

    /// Cloud Map's `GetService`.
    pub fn get_cloud_map_service(
        &self,
        request: &ServiceIdRequest,
    ) -> Result<ServiceAnswer, ApiError> {
        self.cloud_map_answer(&request.id)
    }

    fn cloud_map_answer(&self, id: &str) -> Result<ServiceAnswer, ApiError> {
        let service = self.shown_cloud_map_service(self.cloud_map_service(id)?);
        Ok(ServiceAnswer { service })
    }

    /// Cloud Map's `ListServices`; filters `NAMESPACE_ID` and `RESOURCE_OWNER`.
    pub fn list_cloud_map_services(
        &self,
        request: &ListRequest,
    ) -> Result<ListServicesAnswer, ApiError> {
        let filters = request.filters.as_deref().unwrap_or_default();
        check_filters(filters, &["NAMESPACE_ID", "RESOURCE_OWNER"])?;
        let rules = self.cloud_map_pages("ListServices");
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let wanted = |each: &&CloudMapServiceState| {
            // SD:ServiceFilter: the id or, the only form for a shared namespace, the ARN.
            filters.iter().filter(|filter| filter.name == "NAMESPACE_ID").all(|filter| {
                filter.admits(&each.namespace)
                    || filter.admits(&self.namespace_arn(&each.namespace))
            })
        };
        let all = self.cloud_map.values().filter(wanted);
        let (taken, next_token) = take(&rules, &page, all, |each| each.id.clone());
        let services = taken.into_iter().map(|each| CloudMapService {
            // A line of the list has neither (SD:ServiceSummary).
            namespace_id: None,
            creator_request_id: None,
            ..self.shown_cloud_map_service(each)
        });
        Ok(ListServicesAnswer { services: services.collect(), next_token })
    }

    fn shown_cloud_map_service(&self, state: &CloudMapServiceState) -> CloudMapService {
        CloudMapService {
            id: state.id.clone(),
            arn: state.arn.clone(),
            resource_owner: Some(self.arns.account.clone()),
            name: state.name.clone(),
            namespace_id: Some(state.namespace.clone()),
            description: state.description.clone(),
            instance_count: super::count(state.instance_count()),
            dns_config: state.dns_config.clone(),
            kind: state.kind,
            health_check_config: state.health_check.clone(),
            health_check_custom_config: state.custom_health_check.clone(),
            create_date: state.created_at,
            creator_request_id: state.creator_request_id.clone(),
            created_by_account: Some(self.arns.account.clone()),
        }
    }

    /// Cloud Map's `TagResource`, for services and namespaces.
    pub fn tag_cloud_map_resource(
        &mut self,
        request: TagResourceRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("servicediscovery.TagResource", request, |model, request| {
            let arn = request.resource_arn;
            let tags = model.cloud_map_tags_mut(&arn)?;
            let before = Arc::clone(tags);
            let mut all = tags.as_ref().clone();
            all.extend(request.tags.into_iter().map(|tag| (tag.key, tag.value)));
            if all.len() > 50 {
                return Err(ApiError::new("TooManyTagsException", "Too many tags."));
            }
            *tags = Arc::new(all);
            let after = Arc::clone(tags);
            model.announce_tags(TagChange { arn: &arn, before: &before, after: &after });
            Ok(EmptyAnswer {})
        })
    }

    /// Cloud Map's `UntagResource`.
    pub fn untag_cloud_map_resource(
        &mut self,
        request: UntagResourceRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("servicediscovery.UntagResource", request, |model, request| {
            let arn = request.resource_arn;
            let tags = model.cloud_map_tags_mut(&arn)?;
            let before = Arc::clone(tags);
            Arc::make_mut(tags).retain(|key, _| !request.tag_keys.contains(key));
            let after = Arc::clone(tags);
            model.announce_tags(TagChange { arn: &arn, before: &before, after: &after });
            Ok(EmptyAnswer {})
        })
    }

    /// Cloud Map's `ListTagsForResource`.
    pub fn list_tags_for_cloud_map_resource(
        &self,
        request: &ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceAnswer, ApiError> {
        let id = super::ids::last_part(&request.resource_arn);
        let service = self.cloud_map.get(id).map(|service| &service.tags);
        let tags = service.or_else(|| self.namespaces.get(id).map(|each| &each.tags));
        let tags = tags.ok_or_else(resource_not_found)?;
        let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
        Ok(ListTagsForResourceAnswer { tags: tags.iter().map(tag).collect() })
    }

    fn cloud_map_tags_mut(
        &mut self,
        arn: &str,
    ) -> Result<&mut Arc<BTreeMap<String, String>>, ApiError> {
        let id = super::ids::last_part(arn);
        let service = self.cloud_map.get_mut(id).map(|service| &mut service.tags);
        let tags = service.or_else(|| self.namespaces.get_mut(id).map(|each| &mut each.tags));
        tags.ok_or_else(resource_not_found)
    }
}

fn resource_not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The resource was not found.")
}
