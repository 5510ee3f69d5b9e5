//! Reads the past deployments of a service, and how far a rollout under way is.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service_key::ServiceKey;
use serde_json::Value;

use super::calls::Aws;
use super::convert;
use super::pages::unreadable;
use crate::shapes::ecs::{
    DescribeServiceDeploymentsRequest, DescribeServiceRevisionsRequest,
    ListServiceDeploymentsRequest, ServiceDeploymentBrief, ServiceRevision,
};

impl Aws {
    pub(super) async fn history(&self, key: &ServiceKey) -> Seen<Vec<Past>> {
        let listed = match self.list_deployments(key).await {
            Ok(listed) => listed,
            Err(fault) if fault.kind == FaultKind::NotFound => return Seen::Absent,
            Err(fault) => return Seen::Unknown(fault),
        };
        match self.pasts(&listed).await {
            Ok(pasts) => Seen::Known(pasts),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn list_deployments(
        &self,
        key: &ServiceKey,
    ) -> Result<Vec<ServiceDeploymentBrief>, Fault> {
        let op = "ecs.ListServiceDeployments";
        let request = ListServiceDeploymentsRequest {
            service: key.name.to_string(),
            cluster: Some(key.cluster.to_string()),
            max_results: Some(20),
            ..ListServiceDeploymentsRequest::default()
        };
        let read = self.read(op, |model, reading| {
            let answer = model.list_service_deployments(reading.as_of, &request)?;
            Ok(reading.cut.is_none().then_some(answer.service_deployments))
        });
        read.await?.ok_or_else(|| unreadable(op, "the answer holds no list"))
    }

    async fn pasts(&self, listed: &[ServiceDeploymentBrief]) -> Result<Vec<Past>, Fault> {
        let revisions = self.revisions(listed).await?;
        let gone = "a revision is missing from the answer";
        let revision = |each: &ServiceDeploymentBrief| {
            let arn = &each.target_service_revision_arn;
            let found = revisions.iter().find(|revision| revision.service_revision_arn == *arn);
            let gone = || unreadable("ecs.DescribeServiceRevisions", gone);
            found.map(|revision| past(each, revision)).ok_or_else(gone)
        };
        let mut pasts = listed.iter().map(revision).collect::<Result<Vec<Past>, Fault>>()?;
        if let Some(at) = pasts.iter().position(Past::is_under_way) {
            self.stage(&listed[at], &mut pasts[at]).await?;
        }
        Ok(pasts)
    }

    async fn revisions(
        &self,
        listed: &[ServiceDeploymentBrief],
    ) -> Result<Vec<ServiceRevision>, Fault> {
        let op = "ecs.DescribeServiceRevisions";
        let targets: BTreeSet<String> =
            listed.iter().map(|each| each.target_service_revision_arn.clone()).collect();
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let request = DescribeServiceRevisionsRequest {
            service_revision_arns: targets.into_iter().collect(),
        };
        let read = self.read(op, |model, reading| {
            let mut answer = model.describe_service_revisions(reading.as_of, &request)?;
            if reading.cut.is_some() {
                answer.service_revisions.pop();
            }
            Ok(answer.service_revisions)
        });
        read.await
    }

    /// How far a rollout under way is.
    async fn stage(&self, brief: &ServiceDeploymentBrief, past: &mut Past) -> Result<(), Fault> {
        let request = DescribeServiceDeploymentsRequest {
            service_deployment_arns: vec![brief.service_deployment_arn.clone()],
        };
        let read = self.read("ecs.DescribeServiceDeployments", |model, reading| {
            let mut answer = model.describe_service_deployments(reading.as_of, &request)?;
            if reading.cut.is_some() {
                answer.service_deployments.pop();
            }
            Ok(answer.service_deployments)
        });
        let told = serde_json::to_value(read.await?.first()).unwrap_or_default();
        let text = |value: &Value, member: &str| {
            value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        past.stage = text(&told, "lifecycleStage");
        let hooks = told.get("lifecycleHookDetails").and_then(Value::as_array);
        let awaits = |hook: &Value| {
            text(hook, "targetType") == "PAUSE" && text(hook, "status") == "AWAITING_ACTION"
        };
        let paused = hooks.into_iter().flatten().any(awaits);
        past.paused_at = paused.then(|| past.stage.clone());
        Ok(())
    }
}

fn past(brief: &ServiceDeploymentBrief, revision: &ServiceRevision) -> Past {
    let connect = revision.service_connect_configuration.as_deref();
    Past {
        connect: connect.and_then(convert::connect::read),
        task_definition: Arn::as_read(&revision.task_definition),
        status: brief.status.as_str().to_owned(),
        reason: brief.status_reason.clone().unwrap_or_default(),
        created_at: convert::time(brief.created_at),
        finished_at: brief.finished_at.map(convert::time),
        stage: String::new(),
        paused_at: None,
    }
}
