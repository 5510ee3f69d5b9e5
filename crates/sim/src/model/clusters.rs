//! Clusters, and the namespace that new services of a cluster get.
//!
//! Invariants: a cluster, and only a cluster, makes a namespace by naming one that does not exist: an HTTP
//! one, and the cluster stays PROVISIONING until it is there (DG:service-connect-concepts). Changing the
//! default moves no service that exists (API:ClusterServiceConnectDefaultsRequest). The empty string
//! clears the default. A namespace is never deleted with its cluster.

use std::sync::Arc;

use super::ids::last_part;
use super::page::take;
use super::tags::{tag_list, tag_map};
use super::{EcsServiceKey, Model};
use crate::model::records::{ClusterState, ClusterStatus, DefaultNamespace};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    Attachment, Cluster, ClusterAnswer, ClusterServiceConnectDefaults, CreateClusterRequest,
    DeleteClusterRequest, DescribeClustersAnswer, DescribeClustersRequest, EcsServiceStatus,
    Failure, KeyValuePair, ListClustersAnswer, ListClustersRequest, UpdateClusterRequest,
};

impl Model {
    /// `CreateCluster`; one that exists is answered as it is.
    pub fn create_cluster(
        &mut self,
        request: CreateClusterRequest,
    ) -> Result<ClusterAnswer, ApiError> {
        self.logged("ecs.CreateCluster", request, Self::try_create_cluster)
    }

    fn try_create_cluster(
        &mut self,
        request: CreateClusterRequest,
    ) -> Result<ClusterAnswer, ApiError> {
        let name = request.cluster_name.unwrap_or_else(|| "default".to_owned());
        let tags = Arc::new(tag_map(request.tags.unwrap_or_default())?);
        if self.clusters.get(&name).is_some_and(ClusterState::exists) {
            return Ok(self.cluster_answer(&name));
        }
        self.check_default(request.service_connect_defaults.as_ref())?;
        let cluster = ClusterState {
            arn: self.arns.cluster(&name),
            name: name.clone(),
            status: ClusterStatus::Active,
            tags: Arc::clone(&tags),
            settings: request.settings,
            configuration: request.configuration,
            capacity_providers: request.capacity_providers.unwrap_or_default(),
            strategy: request.default_capacity_provider_strategy.unwrap_or_default(),
            default: None,
        };
        self.clusters.insert(name.clone(), cluster);
        self.announce_first_tags(&self.arns.cluster(&name), &tags);
        self.set_default(&name, request.service_connect_defaults.as_ref());
        Ok(self.cluster_answer(&name))
    }

    /// `UpdateCluster`.
    pub fn update_cluster(
        &mut self,
        request: UpdateClusterRequest,
    ) -> Result<ClusterAnswer, ApiError> {
        self.logged("ecs.UpdateCluster", request, Self::try_update_cluster)
    }

    fn try_update_cluster(
        &mut self,
        request: UpdateClusterRequest,
    ) -> Result<ClusterAnswer, ApiError> {
        let name = self.cluster(Some(&request.cluster))?.name.clone();
        self.check_default(request.service_connect_defaults.as_ref())?;
        let cluster = self.clusters.get_mut(&name).expect("the cluster was just found");
        cluster.settings = request.settings.or(cluster.settings.take());
        cluster.configuration = request.configuration.or(cluster.configuration.take());
        self.set_default(&name, request.service_connect_defaults.as_ref());
        Ok(self.cluster_answer(&name))
    }

    /// `DeleteCluster`; refused while services are not INACTIVE (API:DeleteCluster).
    pub fn delete_cluster(
        &mut self,
        request: DeleteClusterRequest,
    ) -> Result<ClusterAnswer, ApiError> {
        self.logged("ecs.DeleteCluster", request, |model, request| {
            let name = model.cluster(Some(&request.cluster))?.name.clone();
            if model.count_services(&name) > 0 {
                let text = "The Cluster cannot be deleted while Services are active.";
                return Err(ApiError::new("ClusterContainsServicesException", text));
            }
            let cluster = model.clusters.get_mut(&name).expect("the cluster was just found");
            cluster.status = ClusterStatus::Inactive;
            cluster.default = None;
            Ok(model.cluster_answer(&name))
        })
    }

    /// `DescribeClusters`.
    pub fn describe_clusters(
        &self,
        request: &DescribeClustersRequest,
    ) -> Result<DescribeClustersAnswer, ApiError> {
        let default = vec!["default".to_owned()];
        let names = request.clusters.as_ref().unwrap_or(&default);
        if names.len() > 100 {
            return Err(ApiError::invalid_parameter(
                "Clusters cannot have more than 100 elements.",
            ));
        }
        let mut answer = DescribeClustersAnswer::default();
        for reference in names {
            match self.clusters.get(last_part(reference)) {
                Some(cluster) => {
                    answer.clusters.push(self.shown_cluster(cluster, request.include.as_deref()));
                }
                None => answer.failures.push(Failure {
                    arn: Some(self.arns.cluster(last_part(reference))),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(answer)
    }

    /// `ListClusters`.
    pub fn list_clusters(
        &self,
        request: &ListClustersRequest,
    ) -> Result<ListClustersAnswer, ApiError> {
        let rules = self.ecs_pages("ListClusters", 100, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let clusters = self.clusters.values().filter(|cluster| cluster.exists());
        let (taken, next_token) = take(&rules, &page, clusters, |cluster| cluster.name.clone());
        let cluster_arns = taken.into_iter().map(|cluster| cluster.arn.clone()).collect();
        Ok(ListClustersAnswer { cluster_arns, next_token })
    }

    /// Refuses an ARN that names nothing, and a name no namespace may have.
    fn check_default(
        &self,
        defaults: Option<&ClusterServiceConnectDefaults>,
    ) -> Result<(), ApiError> {
        let Some(given) = defaults.and_then(|defaults| defaults.namespace.as_deref()) else {
            return Ok(());
        };
        if given.starts_with("arn:") && self.namespace(given).is_none() {
            let text = format!("Failed to retrieve namespace for {given}");
            return Err(ApiError::new("NamespaceNotFoundException", text));
        }
        // API:ClusterServiceConnectDefaultsRequest: at most 1024 characters, none of < > " /.
        let bad = |c: char| matches!(c, '<' | '>' | '"' | '/');
        if !given.starts_with("arn:") && (given.len() > 1024 || given.contains(bad)) {
            return Err(ApiError::invalid_parameter("The namespace name is invalid."));
        }
        Ok(())
    }

    fn set_default(&mut self, name: &str, defaults: Option<&ClusterServiceConnectDefaults>) {
        let Some(given) = defaults.and_then(|defaults| defaults.namespace.clone()) else { return };
        let mut status = ClusterStatus::Active;
        let default = if given.is_empty() {
            None
        } else if let Some(namespace) = self.namespace(&given) {
            Some(DefaultNamespace { id: namespace.id.clone(), given })
        } else {
            status = ClusterStatus::Provisioning;
            let id = self.begin_cluster_namespace(&given, name);
            Some(DefaultNamespace { given, id })
        };
        if let Some(cluster) = self.clusters.get_mut(name) {
            cluster.default = default;
            cluster.status = status;
        }
    }

    /// How many services of a cluster are not INACTIVE.
    fn count_services(&self, cluster: &str) -> usize {
        let services = self.services_of(cluster, "");
        services.filter(|(_, kept)| kept.get().status != EcsServiceStatus::Inactive).count()
    }

    fn cluster_answer(&self, name: &str) -> ClusterAnswer {
        let all = ["TAGS", "SETTINGS", "CONFIGURATIONS", "ATTACHMENTS"].map(str::to_owned);
        let cluster = self.clusters.get(name).map(|state| self.shown_cluster(state, Some(&all)));
        ClusterAnswer { cluster: cluster.unwrap_or_default() }
    }

    fn shown_cluster(&self, state: &ClusterState, include: Option<&[String]>) -> Cluster {
        let included =
            |word: &str| include.is_some_and(|words| words.iter().any(|each| each == word));
        let services = self.services_of(&state.name, "");
        let count = |of: fn(&super::EcsServiceState) -> u32| -> u32 {
            self.services_of(&state.name, "").map(|(_, kept)| of(kept.get())).sum()
        };
        let active =
            services.filter(|(_, kept)| kept.get().status == EcsServiceStatus::Active).count();
        let provisioning = state.status == ClusterStatus::Provisioning;
        let attaching = included("ATTACHMENTS") && provisioning;
        Cluster {
            cluster_arn: state.arn.clone(),
            cluster_name: state.name.clone(),
            configuration: state.configuration.clone().filter(|_| included("CONFIGURATIONS")),
            status: match state.status {
                ClusterStatus::Active => "ACTIVE",
                ClusterStatus::Provisioning => "PROVISIONING",
                ClusterStatus::Inactive => "INACTIVE",
            }
            .to_owned(),
            running_tasks_count: count(super::EcsServiceState::running),
            pending_tasks_count: count(super::EcsServiceState::pending),
            active_services_count: super::count(active),
            tags: if included("TAGS") { tag_list(&state.tags) } else { Vec::new() },
            settings: state.settings.clone().filter(|_| included("SETTINGS")),
            capacity_providers: state.capacity_providers.clone(),
            default_capacity_provider_strategy: state.strategy.clone(),
            attachments: attaching.then(|| vec![namespace_attachment(state)]),
            attachments_status: attaching.then(|| "UPDATE_IN_PROGRESS".to_owned()),
            service_connect_defaults: state.default.as_ref().map(|default| {
                ClusterServiceConnectDefaults { namespace: Some(self.namespace_arn(&default.id)) }
            }),
            ..Cluster::default()
        }
    }

    /// The namespace of a cluster's default, in the form a service's configuration echoes.
    pub(super) fn default_namespace(&self, key: &EcsServiceKey) -> Option<&DefaultNamespace> {
        self.clusters.get(&key.cluster).and_then(|cluster| cluster.default.as_ref())
    }
}

/// How a namespace that is being made shows on its cluster.
fn namespace_attachment(state: &ClusterState) -> Attachment {
    let given = state.default.as_ref().map(|default| default.given.clone()).unwrap_or_default();
    Attachment {
        id: format!("{}-sc", state.name),
        kind: "sc".to_owned(),
        status: "CREATING".to_owned(),
        details: vec![KeyValuePair { name: "namespaceName".to_owned(), value: given }],
    }
}
