//! What became of a service's recent rollouts.
//!
//! ECS says nothing to whoever sent a configuration that it later rolls back; the memory of it lies in the
//! service deployments, and what it was in the service revisions they aimed at.
//!
//! **Invariant:** a failed rollout whose revision cannot be read makes the whole history unknown. Without it
//! the same configuration could be sent again, to be rolled back again.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ServiceDeploymentBrief, ServiceDeploymentStatus, ServiceRevision};
use eastwest_core::fault::{Fault, FaultKind};
use eastwest_core::name::{Arn, ServiceKey};
use eastwest_core::time::AwsTime;
use eastwest_core::view::{FailedRevision, History, Seen};

use crate::World;
use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;

/// As many as `DescribeServiceRevisions` takes at once, and more failures in a row than anybody sits through.
const LATEST: i32 = 20;

/// Everything but SUCCESSFUL and STOPPED: what is under way, and what was given up. STOPPED is no failure: a
/// newer deployment, or a person, took its place.
const OF_INTEREST: [ServiceDeploymentStatus; 7] = [
    ServiceDeploymentStatus::Pending,
    ServiceDeploymentStatus::InProgress,
    ServiceDeploymentStatus::StopRequested,
    ServiceDeploymentStatus::RollbackRequested,
    ServiceDeploymentStatus::RollbackInProgress,
    ServiceDeploymentStatus::RollbackSuccessful,
    ServiceDeploymentStatus::RollbackFailed,
];

impl World {
    /// The service's recent rollouts; absent where ECS says that there is no such service.
    pub(crate) async fn history(&self, key: &ServiceKey) -> Seen<History> {
        let listed = match self.list_deployments(key).await {
            Ok(listed) => listed,
            Err(fault) if fault.kind == FaultKind::NotFound => return Seen::Absent,
            Err(fault) => return Seen::Unknown(fault),
        };
        let rolling = listed.iter().any(|deployment| is_under_way(deployment.status()));
        let mut failed: Vec<_> = listed.into_iter().filter(|d| is_failed(d.status())).collect();
        failed.sort_by_key(|d| std::cmp::Reverse(convert::time(d.created_at, AwsTime(0))));
        match self.failed_revisions(&failed).await {
            Ok(failed) => Seen::Known(History { failed, rolling }),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn list_deployments(
        &self,
        key: &ServiceKey,
    ) -> Result<Vec<ServiceDeploymentBrief>, Fault> {
        let request = self
            .ecs
            .list_service_deployments()
            .cluster(key.cluster.as_str())
            .service(key.name.as_str())
            .set_status(Some(OF_INTEREST.to_vec()))
            .max_results(LATEST);
        let sent = request.send();
        let answer = self.call(Operation::ListServiceDeployments, Lane::Urgent, sent).await?;
        answer.service_deployments.ok_or_else(|| {
            unreadable(Operation::ListServiceDeployments, "the answer holds no list")
        })
    }

    async fn failed_revisions(
        &self,
        failed: &[ServiceDeploymentBrief],
    ) -> Result<Vec<FailedRevision>, Fault> {
        let mut targets: Vec<_> = failed.iter().map(target).collect::<Result<_, _>>()?;
        targets.sort_unstable();
        targets.dedup();
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let arns = targets.into_iter().map(str::to_owned).collect();
        let request = self.ecs.describe_service_revisions().set_service_revision_arns(Some(arns));
        let sent = request.send();
        let answer = self.call(Operation::DescribeRevisions, Lane::Urgent, sent).await?;
        let revisions = answer.service_revisions.unwrap_or_default();
        let revisions: BTreeMap<&str, &ServiceRevision> =
            revisions.iter().filter_map(|r| Some((r.service_revision_arn()?, r))).collect();
        failed.iter().map(|deployment| failed_revision(deployment, &revisions)).collect()
    }
}

fn failed_revision(
    deployment: &ServiceDeploymentBrief,
    revisions: &BTreeMap<&str, &ServiceRevision>,
) -> Result<FailedRevision, Fault> {
    let revision = revisions.get(target(deployment)?).ok_or_else(|| {
        unreadable(
            Operation::DescribeRevisions,
            "a revision that failed is missing from the answer",
        )
    })?;
    Ok(FailedRevision {
        connect: revision.service_connect_configuration().and_then(convert::connect::read),
        task_definition: Arn::as_read(revision.task_definition().unwrap_or_default()),
        status: deployment.status().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        reason: deployment.status_reason().unwrap_or_default().to_owned(),
    })
}

fn target(deployment: &ServiceDeploymentBrief) -> Result<&str, Fault> {
    deployment.target_service_revision_arn().ok_or_else(|| {
        unreadable(Operation::ListServiceDeployments, "a failed deployment names no revision")
    })
}

fn is_failed(status: Option<&ServiceDeploymentStatus>) -> bool {
    status.is_some_and(|status| status.as_str().starts_with("ROLLBACK_"))
}

/// A status we do not know is one more way of not being done.
fn is_under_way(status: Option<&ServiceDeploymentStatus>) -> bool {
    use ServiceDeploymentStatus::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
    !matches!(status, Some(RollbackFailed | RollbackSuccessful | Stopped | Successful))
}

fn unreadable(operation: Operation, message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, operation.id(), message)
}
