//! ECS services: create, update, delete, describe, list.
//!
//! Invariant: the Service Connect configuration is a member of a deployment, never of the service
//! (API:Service, API:Deployment). What decides nothing in the simulator is raw JSON.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use std::sync::Arc;

use serde_json::Value;

use super::{Failure, ServiceConnectConfiguration, ServiceConnectServiceResource, Tag};
use crate::shapes::{Time, shapes, words};

words! {
    /// `Service.status`.
    EcsServiceStatus { Active = "ACTIVE", Draining = "DRAINING", Inactive = "INACTIVE" }

    /// `Deployment.status`: PRIMARY is the newest, ACTIVE an older one that still has tasks.
    DeploymentStatus { Primary = "PRIMARY", Active = "ACTIVE", Inactive = "INACTIVE" }

    /// `Deployment.rolloutState`.
    RolloutState { InProgress = "IN_PROGRESS", Completed = "COMPLETED", Failed = "FAILED" }
}

shapes! { "camelCase";
    /// A service in answers: AWS's `Service`.
    EcsService {
        service_arn: String,
        service_name: String,
        cluster_arn: String,
        load_balancers: Value,
        service_registries: Value,
        status: EcsServiceStatus,
        desired_count: u32,
        running_count: u32,
        pending_count: u32,
        launch_type: Option<String>,
        capacity_provider_strategy: Option<Value>,
        platform_version: Option<String>,
        platform_family: Option<String>,
        task_definition: String,
        deployment_configuration: Arc<Value>,
        deployments: Vec<EcsDeployment>,
        role_arn: Option<String>,
        /// Seen in AWS's own answers as 0 though no SDK models it; written only by a switch.
        version: Option<u32>,
        events: Vec<Arc<ServiceEvent>>,
        created_at: Time,
        current_service_deployment: Option<String>,
        current_service_revisions: Option<Vec<ServiceCurrentRevisionSummary>>,
        placement_constraints: Value,
        placement_strategy: Value,
        network_configuration: Option<Value>,
        health_check_grace_period_seconds: Option<u32>,
        scheduling_strategy: String,
        deployment_controller: DeploymentController,
        tags: Option<Vec<Tag>>,
        created_by: Option<String>,
        #[serde(rename = "enableECSManagedTags")]
        enable_ecs_managed_tags: bool,
        propagate_tags: String,
        enable_execute_command: bool,
        availability_zone_rebalancing: Option<String>,
    }

    /// One deployment in answers: AWS's `Deployment`.
    EcsDeployment {
        id: String,
        status: DeploymentStatus,
        task_definition: String,
        desired_count: u32,
        pending_count: u32,
        running_count: u32,
        failed_tasks: u32,
        created_at: Time,
        updated_at: Time,
        capacity_provider_strategy: Option<Value>,
        launch_type: Option<String>,
        platform_version: Option<String>,
        platform_family: Option<String>,
        network_configuration: Option<Value>,
        rollout_state: Option<RolloutState>,
        rollout_state_reason: Option<String>,
        service_connect_configuration: Option<Arc<ServiceConnectConfiguration>>,
        service_connect_resources: Option<Vec<ServiceConnectServiceResource>>,
        volume_configurations: Option<Value>,
        vpc_lattice_configurations: Option<Value>,
    }

    /// One of the last hundred things a service did.
    #[derive(Eq)]
    ServiceEvent { id: String, created_at: Time, message: String }

    /// One revision that has tasks now.
    #[derive(Eq)]
    ServiceCurrentRevisionSummary {
        arn: String,
        requested_task_count: u32,
        running_task_count: u32,
        pending_task_count: u32,
    }

    /// Who rolls the service out.
    #[derive(Eq)]
    DeploymentController { #[serde(rename = "type")] kind: String }

    /// `CreateService`.
    CreateServiceRequest {
        cluster: Option<String>,
        service_name: String,
        task_definition: Option<String>,
        availability_zone_rebalancing: Option<String>,
        load_balancers: Option<Value>,
        service_registries: Option<Value>,
        desired_count: Option<u32>,
        client_token: Option<String>,
        launch_type: Option<String>,
        capacity_provider_strategy: Option<Value>,
        platform_version: Option<String>,
        role: Option<String>,
        deployment_configuration: Option<Value>,
        placement_constraints: Option<Value>,
        placement_strategy: Option<Value>,
        network_configuration: Option<Value>,
        health_check_grace_period_seconds: Option<u32>,
        scheduling_strategy: Option<String>,
        deployment_controller: Option<DeploymentController>,
        tags: Option<Vec<Tag>>,
        #[serde(rename = "enableECSManagedTags")]
        enable_ecs_managed_tags: Option<bool>,
        propagate_tags: Option<String>,
        enable_execute_command: Option<bool>,
        service_connect_configuration: Option<ServiceConnectConfiguration>,
        volume_configurations: Option<Value>,
        vpc_lattice_configurations: Option<Value>,
    }

    /// `UpdateService`: a member that is absent leaves the service as it is.
    UpdateServiceRequest {
        cluster: Option<String>,
        service: String,
        desired_count: Option<u32>,
        task_definition: Option<String>,
        capacity_provider_strategy: Option<Value>,
        deployment_configuration: Option<Value>,
        availability_zone_rebalancing: Option<String>,
        network_configuration: Option<Value>,
        placement_constraints: Option<Value>,
        placement_strategy: Option<Value>,
        platform_version: Option<String>,
        force_new_deployment: Option<bool>,
        health_check_grace_period_seconds: Option<u32>,
        deployment_controller: Option<DeploymentController>,
        enable_execute_command: Option<bool>,
        #[serde(rename = "enableECSManagedTags")]
        enable_ecs_managed_tags: Option<bool>,
        load_balancers: Option<Value>,
        propagate_tags: Option<String>,
        service_registries: Option<Value>,
        service_connect_configuration: Option<ServiceConnectConfiguration>,
        volume_configurations: Option<Value>,
        vpc_lattice_configurations: Option<Value>,
    }

    /// `DeleteService`.
    #[derive(Eq)]
    DeleteServiceRequest { cluster: Option<String>, service: String, force: Option<bool> }

    /// The answer of `CreateService`, `UpdateService` and `DeleteService`.
    ServiceAnswer { service: EcsService }

    /// `DescribeServices`.
    #[derive(Eq)]
    DescribeServicesRequest { cluster: Option<String>, services: Vec<String>, include: Option<Vec<String>> }

    /// The answer of `DescribeServices`.
    DescribeServicesAnswer { services: Vec<EcsService>, failures: Vec<Failure> }

    /// `ListServices`.
    #[derive(Eq)]
    ListServicesRequest {
        cluster: Option<String>,
        next_token: Option<String>,
        max_results: Option<u32>,
        launch_type: Option<String>,
        scheduling_strategy: Option<String>,
    }

    /// `ListServicesByNamespace`.
    #[derive(Eq)]
    ListServicesByNamespaceRequest {
        namespace: String,
        next_token: Option<String>,
        max_results: Option<u32>,
    }

    /// The answer of `ListServices` and `ListServicesByNamespace`.
    #[derive(Eq)]
    ListServicesAnswer { service_arns: Vec<String>, next_token: Option<String> }
}
