//! Reading ECS services: describe, list, list by namespace, now or as of an earlier instant.
//!
//! Invariants: at most ten services are described at a time; what is not there is a failure `MISSING` and
//! never an error; tags come only when asked for. Lists show ACTIVE services alone (API:DeleteService).
//! The Service Connect configuration is shown on deployments, and not at all where it is switched off
//! (tf PR#43871). A page is a range of the map, so its cost does not grow with the number of services.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ids::uuid;
use super::key::arn_key;
use super::page::{PageRules, take};
use super::tags::tag_list;
use super::{
    AsOf, Connect, Deployment, EcsServiceKey, EcsServiceState, Model, Revision, Settings, Strategy,
    count,
};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    DeploymentController, DeploymentStatus, DescribeServicesAnswer, DescribeServicesRequest,
    EcsDeployment, EcsService, EcsServiceStatus, Failure, ListServicesAnswer,
    ListServicesByNamespaceRequest, ListServicesRequest, ServiceAnswer,
    ServiceConnectServiceResource, ServiceCurrentRevisionSummary, ServiceEvent,
};

/// API:DescribeServices.
const DESCRIBED_MAX: usize = 10;

impl Model {
    /// How ECS pages.
    pub(super) fn ecs_pages<'a>(&self, scope: &'a str, default: u32, most: u32) -> PageRules<'a> {
        PageRules {
            scope,
            default,
            most,
            code: "InvalidParameterException",
            now: self.now,
            token_seconds: self.timings.token_seconds,
        }
    }

    /// `DescribeServices`.
    pub fn describe_services(
        &self,
        as_of: AsOf,
        request: &DescribeServicesRequest,
    ) -> Result<DescribeServicesAnswer, ApiError> {
        let cluster = self.cluster(request.cluster.as_deref())?;
        if request.services.is_empty() {
            return Err(ApiError::invalid_parameter("Services cannot be empty."));
        }
        if request.services.len() > DESCRIBED_MAX {
            let text = format!("Services cannot have more than {DESCRIBED_MAX} elements.");
            return Err(ApiError::invalid_parameter(text));
        }
        let tags = request.include.iter().flatten().any(|word| word == "TAGS");
        let mut answer = DescribeServicesAnswer::default();
        for reference in &request.services {
            let key = arn_key(reference);
            let key = key.unwrap_or_else(|| EcsServiceKey::new(cluster.name.clone(), reference));
            let kept = self.services.get(&key).filter(|_| key.cluster == cluster.name);
            match kept.and_then(|kept| kept.at(as_of)) {
                Some(state) => {
                    let mut shown = self.shown(&key, state);
                    shown.tags = tags.then(|| tag_list(&state.tags));
                    answer.services.push(shown);
                }
                None => answer.failures.push(Failure {
                    arn: Some(self.arns.service(&key)),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(answer)
    }

    /// `ListServices`: ten on a page, at most a hundred.
    pub fn list_services(
        &self,
        as_of: AsOf,
        request: &ListServicesRequest,
    ) -> Result<ListServicesAnswer, ApiError> {
        let cluster = &self.cluster(request.cluster.as_deref())?.name;
        let scope = format!("ListServices {cluster}");
        let rules = self.ecs_pages(&scope, 10, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let services = self.services_of(cluster, page.after.as_deref().unwrap_or_default());
        let wanted =
            services.filter(|(_, kept)| kept.at(as_of).is_some_and(|state| listed(state, request)));
        let (taken, next_token) = take(&rules, &page, wanted, |(key, _)| key.name.clone());
        let service_arns = taken.into_iter().map(|(_, kept)| kept.get().arn.clone()).collect();
        Ok(ListServicesAnswer { service_arns, next_token })
    }

    /// `ListServicesByNamespace`: over all clusters, those that only call included.
    pub fn list_services_by_namespace(
        &self,
        as_of: AsOf,
        request: &ListServicesByNamespaceRequest,
    ) -> Result<ListServicesAnswer, ApiError> {
        let given = &request.namespace;
        let Some(namespace) = self.namespace(given) else {
            let text = format!("Failed to retrieve namespace for {given}");
            return Err(ApiError::new("NamespaceNotFoundException", text));
        };
        let scope = format!("ListServicesByNamespace {}", namespace.id);
        let rules = self.ecs_pages(&scope, 10, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let member = |connect: &Arc<Connect>| connect.namespace == namespace.id;
        let wanted = self.members.get(&namespace.id).into_iter().flatten().filter(|key| {
            let then = self.services.get(*key).and_then(|kept| kept.at(as_of));
            then.is_some_and(|state| {
                state.status == EcsServiceStatus::Active && state.connect().is_some_and(member)
            })
        });
        let (taken, next_token) = take(&rules, &page, wanted, |key| page_key(key));
        let service_arns = taken.into_iter().map(|key| self.arns.service(key)).collect();
        Ok(ListServicesAnswer { service_arns, next_token })
    }

    /// A service right after a call that changed it.
    pub(super) fn service_answer(&self, key: &EcsServiceKey) -> ServiceAnswer {
        let service = self.service(key).map(|state| EcsService {
            tags: Some(tag_list(&state.tags)),
            ..self.shown(key, state)
        });
        ServiceAnswer { service: service.unwrap_or_default() }
    }

    fn shown(&self, key: &EcsServiceKey, state: &EcsServiceState) -> EcsService {
        let settings: &Settings = &state.settings;
        let revision = state.primary().map(|primary| primary.revision.as_ref());
        let spec = revision.map(|revision| &revision.spec);
        let raw = |of: Option<&Value>| of.cloned().unwrap_or_else(|| json!([]));
        EcsService {
            service_arn: state.arn.clone(),
            service_name: key.name.clone(),
            cluster_arn: self.arns.cluster(&key.cluster),
            load_balancers: raw(spec.and_then(|spec| spec.load_balancers.as_ref())),
            service_registries: raw(spec.and_then(|spec| spec.service_registries.as_ref())),
            status: state.status,
            desired_count: state.desired,
            running_count: state.running(),
            pending_count: state.pending(),
            launch_type: spec.and_then(|spec| spec.launch_type.clone()),
            capacity_provider_strategy: spec
                .and_then(|spec| spec.capacity_provider_strategy.clone()),
            platform_version: spec.and_then(|spec| {
                let fargate = spec.launch_type.as_deref() == Some("FARGATE");
                let asked = spec.platform_version.clone();
                asked.or_else(|| fargate.then(|| "LATEST".to_owned()))
            }),
            platform_family: revision.and_then(platform_family),
            task_definition: spec.map(|spec| spec.task_definition.arn.clone()).unwrap_or_default(),
            deployment_configuration: Arc::clone(&settings.deployment_configuration),
            deployments: state
                .deployments
                .iter()
                .map(|each| self.shown_deployment(each, state))
                .collect(),
            role_arn: Some(settings.role.clone().unwrap_or_else(|| self.linked_role())),
            version: self.switches.echo.unmodelled_version.then_some(0),
            events: shown_events(key, state),
            created_at: state.created_at,
            current_service_deployment: current_record(state),
            current_service_revisions: current_revisions(state),
            placement_constraints: raw(settings.placement_constraints.as_ref()),
            placement_strategy: raw(settings.placement_strategy.as_ref()),
            network_configuration: spec.and_then(|spec| spec.network_configuration.clone()),
            health_check_grace_period_seconds: settings.grace_seconds,
            scheduling_strategy: settings.scheduling_strategy.clone(),
            deployment_controller: DeploymentController { kind: settings.controller.clone() },
            tags: None,
            created_by: Some(format!("arn:aws:iam::{}:role/deploy", self.arns.account)),
            enable_ecs_managed_tags: settings.managed_tags,
            propagate_tags: settings.propagate_tags.clone().unwrap_or_else(|| "NONE".to_owned()),
            enable_execute_command: settings.execute_command,
            availability_zone_rebalancing: settings.rebalancing.clone(),
        }
    }

    fn linked_role(&self) -> String {
        let account = &self.arns.account;
        format!(
            "arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        )
    }

    fn shown_deployment(&self, deployment: &Deployment, state: &EcsServiceState) -> EcsDeployment {
        let spec = &deployment.revision.spec;
        let connect = spec.connect.as_deref();
        let primary = deployment.status == DeploymentStatus::Primary;
        // API:Deployment: the rollout's state is reported for rolling updates by the ECS controller.
        let rolling = state.settings.conduct.strategy == Strategy::Rolling;
        let reported = state.settings.controller == "ECS"
            && (rolling || self.switches.non_rolling_state_shown);
        EcsDeployment {
            id: deployment.id.clone(),
            status: deployment.status,
            task_definition: spec.task_definition.arn.clone(),
            desired_count: if primary { state.desired } else { deployment.running() },
            pending_count: deployment.pending(),
            running_count: deployment.running(),
            failed_tasks: deployment.failed_tasks,
            created_at: deployment.created_at,
            updated_at: deployment.updated_at,
            capacity_provider_strategy: spec.capacity_provider_strategy.clone(),
            launch_type: spec.launch_type.clone(),
            platform_version: platform_version(&deployment.revision),
            platform_family: platform_family(&deployment.revision),
            network_configuration: spec.network_configuration.clone(),
            rollout_state: reported.then_some(deployment.rollout_state),
            rollout_state_reason: reported.then(|| deployment.reason.clone()),
            service_connect_configuration: spec.shown_connect(),
            service_connect_resources: connect
                .filter(|connect| !connect.endpoints.is_empty())
                .map(|connect| self.resources(connect)),
            volume_configurations: spec.volume_configurations.clone(),
            vpc_lattice_configurations: spec.vpc_lattice_configurations.clone(),
        }
    }

    fn resources(&self, connect: &Connect) -> Vec<ServiceConnectServiceResource> {
        let resource = |endpoint: &super::Endpoint| ServiceConnectServiceResource {
            discovery_name: endpoint.discovery_name.clone(),
            discovery_arn: self.arns.cloud_map_service(&endpoint.cloud_map),
        };
        connect.endpoints.iter().map(resource).collect()
    }
}

/// A key in the order of the map: cluster before name, with a separator below every letter.
fn page_key(key: &EcsServiceKey) -> String {
    format!("{}\u{1}{}", key.cluster, key.name)
}

fn listed(state: &EcsServiceState, request: &ListServicesRequest) -> bool {
    let spec = state.primary().map(|primary| &primary.revision.spec);
    let launch_type = spec.and_then(|spec| spec.launch_type.as_deref());
    let wanted = request.launch_type.as_deref();
    let strategy = request.scheduling_strategy.as_deref();
    state.status == EcsServiceStatus::Active
        && (wanted.is_none() || wanted == launch_type)
        && strategy.is_none_or(|wanted| wanted == state.settings.scheduling_strategy)
}

/// On Fargate `LATEST`, or nothing, comes back resolved.
pub(super) fn platform_version(revision: &Revision) -> Option<String> {
    let fargate = revision.spec.launch_type.as_deref() == Some("FARGATE");
    match revision.spec.platform_version.as_deref() {
        Some("LATEST") | None => fargate.then(|| "1.4.0".to_owned()),
        Some(version) => Some(version.to_owned()),
    }
}

pub(super) fn platform_family(revision: &Revision) -> Option<String> {
    let fargate = revision.spec.launch_type.as_deref() == Some("FARGATE");
    fargate.then(|| "Linux".to_owned())
}

/// The service deployment that runs; a service at rest has none.
fn current_record(state: &EcsServiceState) -> Option<String> {
    let running = |record: &&Arc<super::DeploymentRecord>| super::apply::running(record.status);
    state.records.last().filter(running).map(|record| record.arn.clone())
}

fn current_revisions(state: &EcsServiceState) -> Option<Vec<ServiceCurrentRevisionSummary>> {
    let shown =
        |each: &&Deployment| each.status == DeploymentStatus::Primary || !each.tasks.is_empty();
    let summary = |each: &Deployment| {
        let primary = each.status == DeploymentStatus::Primary;
        ServiceCurrentRevisionSummary {
            arn: each.revision.arn.clone(),
            requested_task_count: if primary { state.desired } else { each.running() },
            running_task_count: each.running(),
            pending_task_count: each.pending(),
        }
    };
    let all: Vec<_> = state.deployments.iter().filter(shown).map(summary).collect();
    (!all.is_empty()).then_some(all)
}

/// The newest events first, at most a hundred; those a populated service pretends to have come last.
fn shown_events(key: &EcsServiceKey, state: &EcsServiceState) -> Vec<Arc<ServiceEvent>> {
    let mut events: Vec<Arc<ServiceEvent>> = state.events.iter().rev().map(Arc::clone).collect();
    let room = 100_u32.saturating_sub(count(events.len()));
    for at in 0..state.old_events.min(room) {
        // A service at rest says so about every six hours.
        let created_at = state.created_at.minus_ms(u64::from(at) * 6 * 3_600_000);
        let bits = (u128::from(created_at.0) << 64)
            | u128::from(at) << 32
            | u128::from(count(key.name.len()));
        events.push(Arc::new(ServiceEvent {
            id: uuid(bits),
            created_at,
            message: format!("(service {}) has reached a steady state.", key.name),
        }));
    }
    events
}
