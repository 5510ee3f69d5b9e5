//! What became of a service's recent rollouts.
//!
//! ECS says nothing to whoever sent a configuration that it later rolls back; the memory of it lies in the
//! service deployments, and what it was in the service revisions they aimed at.
//!
//! **Invariant:** a failed rollout whose revision cannot be read makes the whole history unknown. Without it
//! the same configuration could be sent again, to be rolled back again. What else may be missing, [`remembered`] says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentLifecycleHookTargetType, ServiceDeploymentBrief, ServiceDeploymentStatus,
    ServiceRevision,
};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ServiceKey};
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::time::AwsTime;

use crate::World;
use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;

/// The revisions that an answer tells of, by ARN; `None` for one that AWS says it does not have.
type Revisions = BTreeMap<String, Option<ServiceRevision>>;

/// As many as `DescribeServiceRevisions` takes at once, and more failures in a row than anybody sits through.
const LATEST: i32 = 20;

impl World {
    /// The service's recent rollouts; absent where ECS says that there is no such service.
    pub(crate) async fn history(&self, key: &ServiceKey) -> Seen<Vec<Past>> {
        match self.past(key).await {
            Ok(pasts) => Seen::Known(pasts),
            Err(fault) if is_gone(&fault) => Seen::Absent,
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn past(&self, key: &ServiceKey) -> Result<Vec<Past>, Fault> {
        let listed = self.list_deployments(key).await?;
        let revisions = self.revisions(&listed).await?;
        let listed = remembered(&listed, &revisions)?;
        let mut pasts: Vec<Past> =
            listed.iter().map(|brief| past(brief, &revisions)).collect::<Result<_, _>>()?;
        if let Some(at) = pasts.iter().position(Past::is_under_way) {
            (pasts[at].stage, pasts[at].paused_at) = self.stage(&listed[at]).await?;
        }
        Ok(pasts)
    }

    /// The latest service deployments, newest first.
    async fn list_deployments(
        &self,
        key: &ServiceKey,
    ) -> Result<Vec<ServiceDeploymentBrief>, Fault> {
        let request = self
            .ecs
            .list_service_deployments()
            .cluster(key.cluster.as_str())
            .service(key.name.as_str())
            .max_results(LATEST);
        let sent = request.send();
        let answer = self.call(Operation::ListServiceDeployments, Lane::Urgent, sent).await?;
        let unread = |message| unreadable(Operation::ListServiceDeployments, message);
        let mut listed =
            answer.service_deployments.ok_or_else(|| unread("the answer holds no list"))?;
        // What came first and what last decides how old an endpoint is; a guess would redeploy clients for nothing.
        if listed.iter().any(|brief| brief.created_at.is_none()) {
            return Err(unread("a deployment has no time of creation"));
        }
        listed.sort_by_key(|brief| Reverse(brief.created_at));
        listed.truncate(LATEST.unsigned_abs() as usize);
        Ok(listed)
    }

    async fn revisions(&self, listed: &[ServiceDeploymentBrief]) -> Result<Revisions, Fault> {
        let arns: BTreeSet<String> =
            listed.iter().filter_map(|d| d.target_service_revision_arn.clone()).collect();
        if arns.is_empty() {
            return Ok(Revisions::new());
        }
        let arns = arns.into_iter().collect();
        let request = self.ecs.describe_service_revisions().set_service_revision_arns(Some(arns));
        let sent = request.send();
        let answer = self.call(Operation::DescribeRevisions, Lane::Urgent, sent).await?;
        let missing = answer.failures.into_iter().flatten();
        let missing = missing.filter(|failure| failure.reason() == Some("MISSING"));
        let missing = missing.filter_map(|failure| Some((failure.arn?, None)));
        let found = answer.service_revisions.into_iter().flatten();
        let found = found.filter_map(|r| Some((r.service_revision_arn.clone()?, Some(r))));
        Ok(missing.chain(found).collect())
    }

    /// How far a rollout under way is, and the stage at which a PAUSE lifecycle hook holds it.
    async fn stage(
        &self,
        brief: &ServiceDeploymentBrief,
    ) -> Result<(String, Option<String>), Fault> {
        let Some(arn) = brief.service_deployment_arn() else { return Ok((String::new(), None)) };
        let request = self.ecs.describe_service_deployments().service_deployment_arns(arn);
        let answer =
            self.call(Operation::DescribeDeployments, Lane::Urgent, request.send()).await?;
        let Some(deployment) = answer.service_deployments().first() else {
            return Ok((String::new(), None));
        };
        let stage = deployment.lifecycle_stage().map(|s| s.as_str().to_owned()).unwrap_or_default();
        let paused = deployment.lifecycle_hook_details().iter().any(awaits_somebody);
        let paused_at = paused.then(|| stage.clone());
        Ok((stage, paused_at))
    }
}

fn awaits_somebody(hook: &DeploymentLifecycleHookDetail) -> bool {
    hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause)
        && hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction)
}

/// The deployments, newest first, as far back as their revisions can be read.
///
/// ECS promises nowhere to keep a revision for as long as it lists the deployment that aimed at it. What it says it does
/// not have at the far end therefore shortens the past, as if AWS listed no more; were it all unknown, nothing
/// could be written to the service until newer deployments had pushed those out. Three things may not be gone: what
/// **failed**, for it would be sent again; the **newest**, and the newest that **completed**, for those say what stands
/// and what a rollback goes back to. Nor is a gap forgetting: behind one that is missing none may be readable, or
/// endpoints would look younger than they are. A revision of which the answer says nothing was not read.
fn remembered<'a>(
    listed: &'a [ServiceDeploymentBrief],
    revisions: &Revisions,
) -> Result<&'a [ServiceDeploymentBrief], Fault> {
    use ServiceDeploymentStatus::{Stopped, Successful};
    let revision =
        |brief: &ServiceDeploymentBrief| revisions.get(brief.target_service_revision_arn()?);
    let end = listed.iter().rposition(|brief| !matches!(revision(brief), Some(None)));
    let (kept, gone) = listed.split_at(end.map_or(0, |last| last + 1));
    let completed = |brief: &ServiceDeploymentBrief| brief.status() == Some(&Successful);
    let harmless = gone.iter().all(|brief| matches!(brief.status(), Some(Successful | Stopped)));
    let stands = !kept.is_empty() && (kept.iter().any(completed) || !gone.iter().any(completed));
    if gone.is_empty() || (harmless && stands) { Ok(kept) } else { Err(missing_revision()) }
}

fn past(brief: &ServiceDeploymentBrief, revisions: &Revisions) -> Result<Past, Fault> {
    let target = brief.target_service_revision_arn().ok_or_else(|| {
        unreadable(Operation::ListServiceDeployments, "a deployment names no revision")
    })?;
    let revision = revisions.get(target).and_then(Option::as_ref).ok_or_else(missing_revision)?;
    Ok(Past {
        connect: revision.service_connect_configuration().and_then(convert::connect::read),
        task_definition: Arn::as_read(revision.task_definition().unwrap_or_default()),
        status: brief.status().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        reason: brief.status_reason().unwrap_or_default().to_owned(),
        created_at: convert::time(brief.created_at, AwsTime(0)),
        finished_at: brief.finished_at.map(|at| convert::time(Some(at), AwsTime(0))),
        stage: String::new(),
        paused_at: None,
    })
}

fn is_gone(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound && *fault.operation == *Operation::ListServiceDeployments.id()
}

fn missing_revision() -> Fault {
    unreadable(Operation::DescribeRevisions, "a revision is missing from the answer")
}

fn unreadable(operation: Operation, message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, operation.id(), message)
}
