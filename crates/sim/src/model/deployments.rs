//! Reading service deployments and service revisions.
//!
//! Invariants: newest first; at most twenty ARNs are described at a time (API). A revision shows the
//! configuration that was deployed, unchanged for ever: comparing it with what a service has now tells a
//! rollback from drift. They are deleted with their service (DG:service-deployment).

use std::sync::Arc;

use super::describe::{platform_family, platform_version};
use super::key::part_key;
use super::page::take;
use super::{AsOf, DeploymentRecord, EcsServiceState, Model, Revision};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    ContainerImage, DescribeServiceDeploymentsAnswer, DescribeServiceDeploymentsRequest,
    DescribeServiceRevisionsAnswer, DescribeServiceRevisionsRequest, EcsServiceStatus, Failure,
    ListServiceDeploymentsAnswer, ListServiceDeploymentsRequest, ServiceDeployment,
    ServiceDeploymentBrief, ServiceDeploymentCircuitBreaker, ServiceRevision,
    ServiceRevisionSummary,
};

/// API:DescribeServiceDeployments, API:DescribeServiceRevisions.
const DESCRIBED_MAX: usize = 20;

impl Model {
    /// `ListServiceDeployments`: twenty on a page, at most a hundred, newest first.
    pub fn list_service_deployments(
        &self,
        as_of: AsOf,
        request: &ListServiceDeploymentsRequest,
    ) -> Result<ListServiceDeploymentsAnswer, ApiError> {
        let (key, service) = self.found(as_of, request.cluster.as_deref(), &request.service)?;
        let scope = format!("ListServiceDeployments {key}");
        let rules = self.ecs_pages(&scope, 20, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let statuses = request.status.as_deref().unwrap_or_default();
        let created = request.created_at.clone().unwrap_or_default();
        let wanted = |record: &&Arc<DeploymentRecord>| {
            let status = record.status.as_str();
            (statuses.is_empty() || statuses.iter().any(|each| each == status))
                && created.before.is_none_or(|before| record.created_at <= before)
                && created.after.is_none_or(|after| record.created_at >= after)
        };
        // Newest first: the key falls with time, and with the place for those of one instant.
        let records = service.records.iter().enumerate().rev().filter(|(_, each)| wanted(each));
        let falling = |(at, record): &(usize, &Arc<DeploymentRecord>)| {
            format!("{:020}{:010}{}", u64::MAX - record.created_at.0, usize::MAX - at, record.arn)
        };
        let (taken, next_token) = take(&rules, &page, records, falling);
        let cluster_arn = self.arns.cluster(&key.cluster);
        let brief = |record: &DeploymentRecord| ServiceDeploymentBrief {
            service_deployment_arn: record.arn.clone(),
            service_arn: service.arn.clone(),
            cluster_arn: cluster_arn.clone(),
            started_at: record.started_at,
            created_at: record.created_at,
            finished_at: record.finished_at,
            target_service_revision_arn: record.target.clone(),
            status: record.status,
            status_reason: record.reason.clone(),
        };
        let service_deployments = taken.into_iter().map(|(_, record)| brief(record)).collect();
        Ok(ListServiceDeploymentsAnswer { service_deployments, next_token })
    }

    /// `DescribeServiceDeployments`.
    pub fn describe_service_deployments(
        &self,
        as_of: AsOf,
        request: &DescribeServiceDeploymentsRequest,
    ) -> Result<DescribeServiceDeploymentsAnswer, ApiError> {
        check_count(request.service_deployment_arns.len())?;
        let mut answer = DescribeServiceDeploymentsAnswer::default();
        for arn in &request.service_deployment_arns {
            let service = self.part_owner(as_of, arn, "service-deployment");
            let found = service.and_then(|service| {
                let record = service.records.iter().find(|record| record.arn == *arn)?;
                Some(self.shown_record(arn, service, record))
            });
            match found {
                Some(shown) => answer.service_deployments.push(shown),
                None => answer.failures.push(missing(arn)),
            }
        }
        Ok(answer)
    }

    /// `DescribeServiceRevisions`.
    pub fn describe_service_revisions(
        &self,
        as_of: AsOf,
        request: &DescribeServiceRevisionsRequest,
    ) -> Result<DescribeServiceRevisionsAnswer, ApiError> {
        check_count(request.service_revision_arns.len())?;
        let mut answer = DescribeServiceRevisionsAnswer::default();
        for arn in &request.service_revision_arns {
            let service = self.part_owner(as_of, arn, "service-revision");
            let found = service.and_then(|service| {
                let revision = service.revisions.iter().find(|revision| revision.arn == *arn)?;
                Some(self.shown_revision(service, revision))
            });
            match found {
                Some(shown) => answer.service_revisions.push(shown),
                None => answer.failures.push(missing(arn)),
            }
        }
        Ok(answer)
    }

    fn part_owner(&self, as_of: AsOf, arn: &str, kind: &str) -> Option<&EcsServiceState> {
        let service = self.services.get(&part_key(arn, kind)?)?.at(as_of)?;
        (service.status != EcsServiceStatus::Inactive).then_some(service)
    }

    fn shown_record(
        &self,
        arn: &str,
        service: &EcsServiceState,
        record: &DeploymentRecord,
    ) -> ServiceDeployment {
        let cluster =
            part_key(arn, "service-deployment").map(|key| key.cluster).unwrap_or_default();
        let revision = |arn: &String| summary(service, arn);
        ServiceDeployment {
            service_deployment_arn: record.arn.clone(),
            service_arn: service.arn.clone(),
            cluster_arn: self.arns.cluster(&cluster),
            created_at: record.created_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            stopped_at: record.stopped_at,
            updated_at: record.updated_at,
            source_service_revisions: record.sources.iter().map(revision).collect(),
            target_service_revision: revision(&record.target),
            status: record.status,
            status_reason: record.reason.clone(),
            lifecycle_stage: record.lifecycle_stage,
            lifecycle_hook_details: (!record.hooks.is_empty())
                .then(|| record.hooks.iter().map(|hook| hook.detail.clone()).collect()),
            deployment_configuration: Arc::clone(&service.settings.deployment_configuration),
            rollback: record.rollback.clone(),
            deployment_circuit_breaker: ServiceDeploymentCircuitBreaker {
                status: record.breaker,
                failure_count: record.failures,
                threshold: record.threshold,
            },
        }
    }

    fn shown_revision(&self, service: &EcsServiceState, revision: &Revision) -> ServiceRevision {
        let spec = &revision.spec;
        let cluster = part_key(&revision.arn, "service-revision").map(|key| key.cluster);
        let image = |(name, image): &(String, Option<String>)| ContainerImage {
            container_name: name.clone(),
            image: image.clone(),
            image_digest: None,
        };
        ServiceRevision {
            service_revision_arn: revision.arn.clone(),
            service_arn: service.arn.clone(),
            cluster_arn: self.arns.cluster(&cluster.unwrap_or_default()),
            task_definition: spec.task_definition.arn.clone(),
            capacity_provider_strategy: spec.capacity_provider_strategy.clone(),
            launch_type: spec.launch_type.clone(),
            platform_version: platform_version(revision),
            platform_family: platform_family(revision),
            load_balancers: spec.load_balancers.clone(),
            service_registries: spec.service_registries.clone(),
            network_configuration: spec.network_configuration.clone(),
            container_images: spec.task_definition.containers.iter().map(image).collect(),
            guard_duty_enabled: false,
            service_connect_configuration: spec.shown_connect(),
            volume_configurations: spec.volume_configurations.clone(),
            created_at: revision.created_at,
            vpc_lattice_configurations: spec.vpc_lattice_configurations.clone(),
        }
    }
}

fn check_count(count: usize) -> Result<(), ApiError> {
    if (1..=DESCRIBED_MAX).contains(&count) {
        return Ok(());
    }
    let text = format!("Between 1 and {DESCRIBED_MAX} ARNs can be described.");
    Err(ApiError::invalid_parameter(text))
}

fn missing(arn: &str) -> Failure {
    Failure { arn: Some(arn.to_owned()), reason: Some("MISSING".to_owned()), detail: None }
}

fn summary(service: &EcsServiceState, arn: &str) -> ServiceRevisionSummary {
    let deployment = service.deployments.iter().find(|each| each.revision.arn == arn);
    let newest = service.deployments.first().is_some_and(|each| each.revision.arn == arn);
    let running = deployment.map_or(0, super::Deployment::running);
    ServiceRevisionSummary {
        arn: arn.to_owned(),
        requested_task_count: if newest { service.desired } else { running },
        running_task_count: running,
        pending_task_count: deployment.map_or(0, super::Deployment::pending),
    }
}
