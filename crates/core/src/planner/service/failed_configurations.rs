//! Configurations that ECS gave up. eastwest does not send one again until it or the task definition changes, a person
//! asks for it, or a later deployment of the service completes.
//!
//! A rollback brings the old configuration back, so a controller that only compares would send the failed one again for
//! ever. The service's own deployments are the memory, so a restart forgets nothing.

use crate::ecs::canonical::{Canonical, canonical};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::Arn;
use crate::ecs::service::{EcsService, Rollout};
use crate::ecs::text::printable;
use crate::plan::hold::Hold;
use crate::view::history::History;
use crate::view::rollout::RolloutSpan;

/// The hold if ECS gave exactly this configuration up on this task definition and no deployment has completed since.
/// `connect` is what would be sent; for a refresh, what is deployed.
pub(crate) fn failed_before(
    connect: Option<&Canonical>,
    task_definition: &Arn,
    history: &History,
    defaults: &Defaults<'_>,
) -> Option<Hold> {
    let failed = history.failed.iter().find(|failed| {
        let before = failed.connect.as_ref().map(|connect| canonical(connect, defaults));
        before.as_ref() == connect && failed.task_definition == *task_definition
    })?;
    Some(rolled_back(&failed.status, &failed.reason, failed.span))
}

/// The same for a deployment that is still there: it failed and was not rolled back, or its rollback runs. Its record may
/// say only that it was stopped.
pub(crate) fn failing(
    connect: Option<&Canonical>,
    service: &EcsService,
    defaults: &Defaults<'_>,
) -> Option<Hold> {
    let failed = service.deployments.iter().find(|deployment| {
        let before = deployment.connect.as_ref().map(|connect| canonical(connect, defaults));
        deployment.rollout == Rollout::Failed
            && before.as_ref() == connect
            && deployment.task_definition == service.task_definition
    })?;
    // The rollback that runs has not ended.
    let span = RolloutSpan { began: failed.created_at, ended: None };
    Some(rolled_back("FAILED", &failed.rollout_reason, span))
}

fn rolled_back(status: &str, reason: &str, span: RolloutSpan) -> Hold {
    Hold::RolledBack { status: printable(status, 40), reason: printable(reason, 200), span }
}

#[cfg(test)]
mod tests;
