//! Cloud Map namespaces: how they are made, deleted and shown.
//!
//! Invariants: making and deleting are asynchronous (`operations`). `CreatorRequestId` makes a repeated request the same request. A namespace is deleted
//! only when no service is in it. A name that was used before gets a hashed `HttpName`
//! (SD:DiscoverInstancesRequest, cdk#25616), which is why only ids and ARNs are safe keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Model;
use super::filters::check_filters;
use super::namespace_state::NamespaceState;
use super::page::take;
use crate::model::records::{Change, OperationState};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    CreateHttpNamespaceRequest, CreatePrivateDnsNamespaceRequest, DeleteNamespaceRequest,
    GetNamespaceAnswer, GetNamespaceRequest, HttpProperties, ListNamespacesAnswer, ListRequest,
    Namespace, NamespaceProperties, NamespaceType, OperationIdAnswer, Tag,
};

/// What both kinds of creation have in common.
struct Draft {
    name: String,
    kind: NamespaceType,
    vpc: Option<String>,
    creator_request_id: Option<String>,
    description: Option<String>,
    tags: Vec<Tag>,
}

impl Model {
    /// `CreateHttpNamespace`.
    pub fn create_http_namespace(
        &mut self,
        request: CreateHttpNamespaceRequest,
    ) -> Result<OperationIdAnswer, ApiError> {
        self.logged("servicediscovery.CreateHttpNamespace", request, |model, request| {
            model.create_namespace(Draft {
                name: request.name,
                kind: NamespaceType::Http,
                vpc: None,
                creator_request_id: request.creator_request_id,
                description: request.description,
                tags: request.tags.unwrap_or_default(),
            })
        })
    }

    /// `CreatePrivateDnsNamespace`.
    pub fn create_private_dns_namespace(
        &mut self,
        request: CreatePrivateDnsNamespaceRequest,
    ) -> Result<OperationIdAnswer, ApiError> {
        self.logged("servicediscovery.CreatePrivateDnsNamespace", request, |model, request| {
            if request.vpc.is_empty() {
                return Err(ApiError::invalid_input("Vpc is required."));
            }
            model.create_namespace(Draft {
                name: request.name,
                kind: NamespaceType::DnsPrivate,
                vpc: Some(request.vpc),
                creator_request_id: request.creator_request_id,
                description: request.description,
                tags: request.tags.unwrap_or_default(),
            })
        })
    }

    fn create_namespace(&mut self, draft: Draft) -> Result<OperationIdAnswer, ApiError> {
        // SD: HTTP names up to 1024 characters, DNS names up to 253.
        let most = if draft.kind == NamespaceType::Http { 1024 } else { 253 };
        if draft.name.is_empty() || draft.name.len() > most {
            return Err(ApiError::invalid_input("Namespace name is invalid."));
        }
        if let Some(operation_id) = self.same_request(draft.creator_request_id.as_deref()) {
            return Ok(OperationIdAnswer { operation_id });
        }
        self.check_unique(&draft)?;
        let mut namespace = self.new_namespace(&draft.name, draft.kind);
        namespace.description = draft.description;
        namespace.vpc = draft.vpc;
        namespace.creator_request_id.clone_from(&draft.creator_request_id);
        namespace.tags = Arc::new(draft.tags.into_iter().map(|tag| (tag.key, tag.value)).collect());
        let operation_id =
            self.begin(Change::Create { namespace: Box::new(namespace), cluster: None });
        if let Some(state) = self.operations.get_mut(&operation_id) {
            state.creator_request_id = draft.creator_request_id;
        }
        Ok(OperationIdAnswer { operation_id })
    }

    /// The operation that an equal `CreatorRequestId` began.
    fn same_request(&self, creator_request_id: Option<&str>) -> Option<String> {
        let wanted = creator_request_id?;
        let mut operations = self.operations.iter();
        let same = operations.find(|(_, each)| each.creator_request_id.as_deref() == Some(wanted));
        same.map(|(id, _)| id.clone())
    }

    fn check_unique(&self, draft: &Draft) -> Result<(), ApiError> {
        let alike = |each: &NamespaceState| {
            let same = each.name == draft.name && each.kind == draft.kind && each.vpc == draft.vpc;
            same && each.is_own()
        };
        if let Some(twin) = self.namespaces.values().find(|each| alike(each)) {
            let error = ApiError::new("NamespaceAlreadyExists", "Namespace already exists.")
                .with("NamespaceId", twin.id.clone());
            return Err(match &twin.creator_request_id {
                Some(id) => error.with("CreatorRequestId", id.clone()),
                None => error,
            });
        }
        let kind = if draft.kind == NamespaceType::Http {
            "CreateHttpNamespace"
        } else {
            "CreatePrivateDnsNamespace"
        };
        self.check_not_running(
            kind,
            |state| matches!(&state.change, Change::Create { namespace, .. } if alike(namespace)),
        )
    }

    pub(super) fn new_namespace(&mut self, name: &str, kind: NamespaceType) -> NamespaceState {
        let id = format!("ns-{}", self.ids.lower(16));
        let taken = self.namespaces.values().any(|each| each.http_name == name && each.is_own());
        let hash = if taken { format!("-{}", self.ids.lower(16)) } else { String::new() };
        let dns = kind != NamespaceType::Http;
        NamespaceState {
            arn: self.arns.namespace(&id),
            id,
            name: name.to_owned(),
            http_name: format!("{name}{hash}"),
            kind,
            description: None,
            created_at: self.now,
            creator_request_id: None,
            hosted_zone: dns.then(|| format!("Z{}", self.ids.lower(19).to_uppercase())),
            vpc: None,
            tags: Arc::default(),
            services: 0,
            account: self.arns.account.clone(),
            share: None,
        }
    }

    /// Begins the HTTP namespace that a cluster's default names; the answer is the namespace's id to be.
    pub(super) fn begin_cluster_namespace(&mut self, name: &str, cluster: &str) -> String {
        let mut namespace = self.new_namespace(name, NamespaceType::Http);
        // The service-linked role may create namespaces only with this tag.
        namespace.tags =
            Arc::new(BTreeMap::from([("AmazonECSManaged".to_owned(), "true".to_owned())]));
        let id = namespace.id.clone();
        let cluster = Some(cluster.to_owned());
        let name = namespace.name.clone();
        self.begin(Change::Create { namespace: Box::new(namespace), cluster });
        self.announce_call_by_ecs("servicediscovery.CreateHttpNamespace", || json!({"Name": name}));
        id
    }

    /// `DeleteNamespace`.
    pub fn delete_namespace(
        &mut self,
        request: DeleteNamespaceRequest,
    ) -> Result<OperationIdAnswer, ApiError> {
        self.logged("servicediscovery.DeleteNamespace", request, |model, request| {
            let namespace = model.namespace_by_id(&request.id)?;
            let id = namespace.id.clone();
            if !namespace.is_own() {
                let text = "The namespace belongs to another account.";
                return Err(ApiError::new("AccessDeniedException", text));
            }
            if namespace.services > 0 {
                let text = format!(
                    "Namespace {id} has services; delete the services before deleting the namespace"
                );
                return Err(ApiError::new("ResourceInUse", text));
            }
            let deletes = |state: &OperationState| {
                matches!(&state.change, Change::Delete { id: gone } if *gone == id)
            };
            model.check_not_running("DeleteNamespace", deletes)?;
            Ok(OperationIdAnswer { operation_id: model.begin(Change::Delete { id }) })
        })
    }

    /// A namespace by id or ARN, or Cloud Map's refusal.
    pub(super) fn namespace_by_id(&self, reference: &str) -> Result<&NamespaceState, ApiError> {
        let id = super::ids::last_part(reference);
        let gone = || ApiError::new("NamespaceNotFound", format!("Namespace {id} not found"));
        self.namespaces.get(id).filter(|each| each.is_there()).ok_or_else(gone)
    }

    /// `GetNamespace`.
    pub fn get_namespace(
        &self,
        request: &GetNamespaceRequest,
    ) -> Result<GetNamespaceAnswer, ApiError> {
        let namespace = shown_namespace(self.namespace_by_id(&request.id)?);
        Ok(GetNamespaceAnswer { namespace })
    }

    /// `ListNamespaces`; filters `TYPE`, `NAME`, `HTTP_NAME` and `RESOURCE_OWNER`.
    pub fn list_namespaces(&self, request: &ListRequest) -> Result<ListNamespacesAnswer, ApiError> {
        let filters = request.filters.as_deref().unwrap_or_default();
        let known = ["TYPE", "NAME", "HTTP_NAME", "RESOURCE_OWNER"];
        check_filters(filters, &known)?;
        let rules = self.cloud_map_pages("ListNamespaces");
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let wanted = |each: &&NamespaceState| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "TYPE" => filter.admits(each.kind.as_str()),
                "NAME" => filter.admits(&each.name),
                "HTTP_NAME" => filter.admits(&each.http_name),
                _ => filter.admits(if each.is_own() { "SELF" } else { "OTHER_ACCOUNTS" }),
            })
        };
        let all = self.namespaces.values().filter(|each| each.is_there()).filter(wanted);
        let (taken, next_token) = take(&rules, &page, all, |each| each.id.clone());
        let namespaces = taken.into_iter().map(|each| Namespace {
            // A line of the list has none (SD:NamespaceSummary).
            creator_request_id: None,
            ..shown_namespace(each)
        });
        let namespaces = namespaces.collect();
        Ok(ListNamespacesAnswer { namespaces, next_token })
    }
}

fn shown_namespace(state: &NamespaceState) -> Namespace {
    let zone = |id: &String| -> Value { json!({"HostedZoneId": id, "SOA": {"TTL": 15}}) };
    Namespace {
        id: state.id.clone(),
        arn: state.arn.clone(),
        resource_owner: Some(state.account.clone()),
        name: state.name.clone(),
        kind: state.kind,
        description: state.description.clone(),
        service_count: state.services,
        properties: NamespaceProperties {
            dns_properties: state.hosted_zone.as_ref().map(zone),
            http_properties: HttpProperties { http_name: state.http_name.clone() },
        },
        create_date: state.created_at,
        creator_request_id: state.creator_request_id.clone(),
    }
}
