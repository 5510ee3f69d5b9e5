//! What became of a service's recent rollouts.
//!
//! ECS does not inform the caller whose configuration it later rolls back; the memory of it lies in the
//! service deployments, and what it was in the service revisions they aimed at.
//!
//! **Invariant:** a failed rollout whose revision cannot be read makes the whole history unknown. Without it
//! the same configuration could be sent again, to be rolled back again. What else may be missing is decided by [`history::known_past`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentLifecycleHookTargetType, ServiceDeploymentBrief, ServiceRevision,
};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::view::history;
use eastwest_core::view::history::{Listed, RevisionAnswer};

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::World;

/// The revisions of an answer, by ARN; `None` for one that AWS reports as missing.
type Revisions = BTreeMap<String, Option<ServiceRevision>>;

/// As many as `DescribeServiceRevisions` takes at once, and more failures in a row than anyone waits for.
const LATEST: i32 = 20;

/// How far a rollout under way is.
#[derive(Default)]
struct Stage {
    /// Its lifecycle stage; empty where AWS does not give it.
    name: String,
    /// The stage at which a PAUSE lifecycle hook holds it.
    paused_at: Option<String>,
}

impl World {
    /// The service's recent rollouts; absent where ECS reports that there is no such service.
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
        let listed = told(&listed, &revisions)?;
        let mut pasts: Vec<Past> =
            listed.iter().map(|brief| past(brief, &revisions)).collect::<Result<_, _>>()?;
        if let Some(at) = pasts.iter().position(Past::is_under_way) {
            let Stage { name, paused_at } = self.stage(&listed[at]).await?;
            (pasts[at].stage, pasts[at].paused_at) = (name, paused_at);
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
    async fn stage(&self, brief: &ServiceDeploymentBrief) -> Result<Stage, Fault> {
        let Some(arn) = brief.service_deployment_arn() else { return Ok(Stage::default()) };
        let request = self.ecs.describe_service_deployments().service_deployment_arns(arn);
        let answer =
            self.call(Operation::DescribeDeployments, Lane::Urgent, request.send()).await?;
        let Some(deployment) = answer.service_deployments().first() else {
            return Ok(Stage::default());
        };
        let name = deployment.lifecycle_stage().map(|s| s.as_str().to_owned()).unwrap_or_default();
        let paused = deployment.lifecycle_hook_details().iter().any(awaits_a_person);
        let paused_at = paused.then(|| name.clone());
        Ok(Stage { name, paused_at })
    }
}

fn awaits_a_person(hook: &DeploymentLifecycleHookDetail) -> bool {
    hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause)
        && hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction)
}

/// The deployments, newest first, as far back as their past can be told.
fn told<'a>(
    listed: &'a [ServiceDeploymentBrief],
    revisions: &Revisions,
) -> Result<&'a [ServiceDeploymentBrief], Fault> {
    let answers: Vec<Listed> = listed.iter().map(|brief| answer(brief, revisions)).collect();
    let count = history::known_past(&answers).ok_or_else(missing_revision)?;
    Ok(&listed[..count])
}

fn answer(brief: &ServiceDeploymentBrief, revisions: &Revisions) -> Listed {
    let revision = brief.target_service_revision_arn().and_then(|arn| revisions.get(arn));
    Listed {
        status: status(brief),
        revision: match revision {
            Some(Some(_)) => RevisionAnswer::Read,
            Some(None) => RevisionAnswer::Gone,
            None => RevisionAnswer::Unmentioned,
        },
    }
}

fn status(brief: &ServiceDeploymentBrief) -> String {
    brief.status().map(|status| status.as_str().to_owned()).unwrap_or_default()
}

fn past(brief: &ServiceDeploymentBrief, revisions: &Revisions) -> Result<Past, Fault> {
    let target = brief.target_service_revision_arn().ok_or_else(|| {
        unreadable(Operation::ListServiceDeployments, "a deployment names no revision")
    })?;
    let revision = revisions.get(target).and_then(Option::as_ref).ok_or_else(missing_revision)?;
    Ok(Past {
        connect: revision.service_connect_configuration().and_then(convert::connect::read),
        task_definition: Arn::as_read(revision.task_definition().unwrap_or_default()),
        status: status(brief),
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
