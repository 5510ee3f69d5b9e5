//! Service deployments and service revisions: the most reliable record of what became of an update.
//!
//! Invariant: a revision is immutable; a rollback reuses the earlier one (API:ServiceDeployment).
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use std::sync::Arc;

use serde_json::{Number, Value};

use super::{Failure, ServiceConnectConfiguration};
use crate::shapes::{Time, shapes, words};

words! {
    /// `ServiceDeployment.status`.
    ServiceDeploymentStatus {
        Pending = "PENDING",
        InProgress = "IN_PROGRESS",
        StopRequested = "STOP_REQUESTED",
        Stopped = "STOPPED",
        Successful = "SUCCESSFUL",
        RollbackRequested = "ROLLBACK_REQUESTED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        RollbackFailed = "ROLLBACK_FAILED",
    }

    /// How far the circuit breaker of one service deployment got.
    BreakerStatus {
        Disabled = "DISABLED",
        Monitoring = "MONITORING",
        MonitoringComplete = "MONITORING_COMPLETE",
        Triggered = "TRIGGERED",
    }

    /// `ServiceDeployment.lifecycleStage`, in the order in which they come.
    ServiceDeploymentLifecycleStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        ScaleUp = "SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
        BakeTime = "BAKE_TIME",
        CleanUp = "CLEAN_UP",
    }

    /// Where a lifecycle hook can stand: not the same words as the stages a deployment shows.
    DeploymentLifecycleHookStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        PreProductionTrafficShift = "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
    }

    /// What a lifecycle hook does.
    DeploymentLifecycleHookTargetType { AwsLambda = "AWS_LAMBDA", Pause = "PAUSE" }

    /// How far a lifecycle hook got.
    DeploymentLifecycleHookStatus {
        AwaitingAction = "AWAITING_ACTION",
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
        TimedOut = "TIMED_OUT",
    }

    /// What becomes of a paused deployment.
    DeploymentLifecycleHookAction { Rollback = "ROLLBACK", Continue = "CONTINUE" }

    /// `deploymentConfiguration.strategy`.
    DeploymentStrategy {
        Rolling = "ROLLING",
        BlueGreen = "BLUE_GREEN",
        Linear = "LINEAR",
        Canary = "CANARY",
    }

    /// When the tasks of the source revisions go.
    ServiceRevisionCleanup { Blocking = "BLOCKING", Deferred = "DEFERRED" }
}

shapes! { "camelCase";
    /// A filter by time of creation.
    #[derive(Eq)]
    CreatedAt { before: Option<Time>, after: Option<Time> }

    /// `ListServiceDeployments`.
    #[derive(Eq)]
    ListServiceDeploymentsRequest {
        service: String,
        cluster: Option<String>,
        status: Option<Vec<String>>,
        created_at: Option<CreatedAt>,
        next_token: Option<String>,
        max_results: Option<u32>,
    }

    /// One line of `ListServiceDeployments`.
    #[derive(Eq)]
    ServiceDeploymentBrief {
        service_deployment_arn: String,
        service_arn: String,
        cluster_arn: String,
        started_at: Option<Time>,
        created_at: Time,
        finished_at: Option<Time>,
        target_service_revision_arn: String,
        status: ServiceDeploymentStatus,
        status_reason: Option<String>,
    }

    /// The answer of `ListServiceDeployments`.
    #[derive(Eq)]
    ListServiceDeploymentsAnswer {
        service_deployments: Vec<ServiceDeploymentBrief>,
        next_token: Option<String>,
    }

    /// `DescribeServiceDeployments`.
    #[derive(Eq)]
    DescribeServiceDeploymentsRequest { service_deployment_arns: Vec<String> }

    /// The answer of `DescribeServiceDeployments`.
    DescribeServiceDeploymentsAnswer { service_deployments: Vec<ServiceDeployment>, failures: Vec<Failure> }

    /// One service deployment in full.
    ServiceDeployment {
        service_deployment_arn: String,
        service_arn: String,
        cluster_arn: String,
        created_at: Time,
        started_at: Option<Time>,
        finished_at: Option<Time>,
        stopped_at: Option<Time>,
        updated_at: Time,
        source_service_revisions: Vec<ServiceRevisionSummary>,
        target_service_revision: ServiceRevisionSummary,
        status: ServiceDeploymentStatus,
        status_reason: Option<String>,
        lifecycle_stage: Option<ServiceDeploymentLifecycleStage>,
        lifecycle_hook_details: Option<Vec<DeploymentLifecycleHookDetail>>,
        deployment_configuration: Arc<Value>,
        rollback: Option<Rollback>,
        deployment_circuit_breaker: ServiceDeploymentCircuitBreaker,
    }

    /// One lifecycle hook that a service deployment has met.
    #[derive(Eq)]
    DeploymentLifecycleHookDetail {
        hook_id: String,
        target_type: DeploymentLifecycleHookTargetType,
        status: DeploymentLifecycleHookStatus,
        expires_at: Option<Time>,
        timeout_action: Option<DeploymentLifecycleHookAction>,
    }

    /// One entry of `deploymentConfiguration.lifecycleHooks`, as far as the simulator reads it.
    #[derive(Eq)]
    DeploymentLifecycleHook {
        target_type: DeploymentLifecycleHookTargetType,
        lifecycle_stages: Vec<DeploymentLifecycleHookStage>,
        timeout_configuration: Option<DeploymentLifecycleHookTimeoutConfiguration>,
    }

    /// How long a lifecycle hook waits, and for what.
    #[derive(Eq)]
    DeploymentLifecycleHookTimeoutConfiguration {
        timeout_in_minutes: Option<u32>,
        action: Option<DeploymentLifecycleHookAction>,
    }

    /// `deploymentConfiguration.linearConfiguration`.
    #[derive(Eq)]
    LinearConfiguration { step_percent: Option<Number>, step_bake_time_in_minutes: Option<u32> }

    /// `deploymentConfiguration.canaryConfiguration`.
    #[derive(Eq)]
    CanaryConfiguration { canary_percent: Option<Number>, canary_bake_time_in_minutes: Option<u32> }

    /// `deploymentConfiguration.earlySuccessCriteria`.
    #[derive(Eq)]
    DeploymentEarlySuccessCriteria {
        enable: bool,
        healthy_percent: Option<u32>,
        source_service_revision_cleanup: Option<ServiceRevisionCleanup>,
    }

    /// One revision's part in a service deployment.
    #[derive(Eq)]
    ServiceRevisionSummary {
        arn: String,
        requested_task_count: u32,
        running_task_count: u32,
        pending_task_count: u32,
    }

    /// Where a failed service deployment went back to.
    #[derive(Eq)]
    Rollback { reason: Option<String>, started_at: Option<Time>, service_revision_arn: Option<String> }

    /// Failures counted against the threshold.
    #[derive(Eq)]
    ServiceDeploymentCircuitBreaker { status: BreakerStatus, failure_count: u32, threshold: u32 }

    /// `DescribeServiceRevisions`.
    #[derive(Eq)]
    DescribeServiceRevisionsRequest { service_revision_arns: Vec<String> }

    /// The answer of `DescribeServiceRevisions`.
    DescribeServiceRevisionsAnswer { service_revisions: Vec<ServiceRevision>, failures: Vec<Failure> }

    /// What a deployment was made of; never changes.
    ServiceRevision {
        service_revision_arn: String,
        service_arn: String,
        cluster_arn: String,
        task_definition: String,
        capacity_provider_strategy: Option<Value>,
        launch_type: Option<String>,
        platform_version: Option<String>,
        platform_family: Option<String>,
        load_balancers: Option<Value>,
        service_registries: Option<Value>,
        network_configuration: Option<Value>,
        container_images: Vec<ContainerImage>,
        guard_duty_enabled: bool,
        service_connect_configuration: Option<Arc<ServiceConnectConfiguration>>,
        volume_configurations: Option<Value>,
        created_at: Time,
        vpc_lattice_configurations: Option<Value>,
    }

    /// The image a container of a revision runs.
    #[derive(Eq)]
    ContainerImage { container_name: String, image: Option<String>, image_digest: Option<String> }

    /// `StopServiceDeployment`.
    #[derive(Eq)]
    StopServiceDeploymentRequest { service_deployment_arn: String, stop_type: Option<String> }

    /// The answer of `StopServiceDeployment`.
    #[derive(Eq)]
    StopServiceDeploymentAnswer { service_deployment_arn: String }

    /// `ContinueServiceDeployment`.
    #[derive(Eq)]
    ContinueServiceDeploymentRequest {
        service_deployment_arn: String,
        hook_id: String,
        action: Option<DeploymentLifecycleHookAction>,
    }

    /// The answer of `ContinueServiceDeployment`.
    #[derive(Eq)]
    ContinueServiceDeploymentAnswer { service_deployment_arn: String }
}
