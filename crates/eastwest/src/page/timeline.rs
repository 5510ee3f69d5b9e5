//! The deployments of a service as one line of time: those that ECS has now, those that ended, and what ECS said.
//!
//! All times are AWS's, and are compared only with each other.

use std::cmp::Reverse;

use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::service::{Deployment, DeploymentStatus, EcsService, Rollout};
use eastwest_core::ecs::text::printable;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::view::history::History;

use super::words::{Moment, span};

/// The longest text of ECS, in characters.
const LONGEST: usize = 400;
/// The most points that are shown.
const MOST: usize = 30;

/// One point of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    /// When.
    pub(crate) at: Option<Moment>,
    /// What it is: a deployment's state, or that ECS said something.
    pub(crate) state: &'static str,
    /// A shape and a colour for it, by a standing's name.
    pub(crate) look: &'static str,
    /// What it is about.
    pub(crate) title: String,
    /// What ECS said.
    pub(crate) reason: String,
    /// What else is to be said.
    pub(crate) fine: String,
}

/// The points, newest first.
pub(super) fn points(service: &EcsService, history: Option<&History>) -> Vec<Point> {
    let mut points: Vec<(AwsTime, Point)> = Vec::new();
    for deployment in &service.deployments {
        points.push((deployment.created_at, of_deployment(deployment, service.desired_count)));
    }
    let shown = |past: &&Past| {
        !service.deployments.iter().any(|deployment| deployment.created_at == past.created_at)
    };
    for past in history.into_iter().flat_map(|history| &history.lately).filter(shown) {
        points.push((past.created_at, of_past(past)));
    }
    for event in &service.events {
        let point = Point {
            at: event.at.calendar().map(Moment::of_aws),
            state: "ECS says",
            look: "notOptedIn",
            title: String::new(),
            reason: printable(&event.message, LONGEST),
            fine: String::new(),
        };
        points.push((event.at, point));
    }
    points.sort_by_key(|(at, _)| Reverse(*at));
    points.truncate(MOST);
    points.into_iter().map(|(_, point)| point).collect()
}

fn of_deployment(deployment: &Deployment, desired: u32) -> Point {
    let (state, look) = match (deployment.rollout, deployment.status) {
        (Rollout::InProgress, _) => ("in progress", "changing"),
        (Rollout::Completed, DeploymentStatus::Primary) => ("in force", "inOrder"),
        (Rollout::Completed, _) => ("replaced", "notOptedIn"),
        (Rollout::Failed, _) => ("failed", "broken"),
    };
    let status = match deployment.status {
        DeploymentStatus::Primary => "PRIMARY",
        DeploymentStatus::Active => "ACTIVE",
        DeploymentStatus::Inactive => "INACTIVE",
    };
    let connect = match &deployment.connect {
        Some(connect) if connect.endpoints.is_empty() => "Service Connect as a client",
        Some(_) => "Service Connect with endpoints",
        None => "no Service Connect",
    };
    let running = deployment.running_count;
    Point {
        at: deployment.created_at.calendar().map(Moment::of_aws),
        state,
        look,
        title: deployment.id.to_string(),
        reason: printable(&deployment.rollout_reason, LONGEST),
        fine: format!(
            "{status}, {running} of {desired} tasks, {}, {connect}",
            deployment.task_definition.resource()
        ),
    }
}

fn of_past(past: &Past) -> Point {
    let (state, look) = match past {
        past if past.is_completed() => ("completed", "notOptedIn"),
        past if past.is_taken_back() && past.is_under_way() => ("rolling back", "broken"),
        past if past.is_taken_back() => ("rolled back", "broken"),
        past if past.is_failed() => ("failed", "broken"),
        past if past.is_under_way() => ("in progress", "changing"),
        _ => ("stopped", "held"),
    };
    let took = past.took().map(|took| format!(", took {}", span(took)));
    Point {
        at: past.created_at.calendar().map(Moment::of_aws),
        state,
        look,
        title: String::new(),
        reason: printable(&past.reason, LONGEST),
        fine: format!(
            "{}, {}{}",
            past.status,
            past.task_definition.resource(),
            took.unwrap_or_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use eastwest_core::ecs::name::Arn;

    use super::*;

    fn state(status: &str, reason: &str) -> &'static str {
        let (status, reason) = (status.to_owned(), reason.to_owned());
        let task_definition = Arn::as_read("arn:aws:ecs:eu-west-1:1:task-definition/web:1");
        of_past(&Past {
            connect: None,
            task_definition,
            status,
            reason,
            created_at: AwsTime(1000),
            finished_at: None,
            stage: String::new(),
            paused_at: None,
        })
        .state
    }

    #[test]
    fn a_past_rollout_is_called_what_became_of_it() {
        let broke = "ECS deployment circuit breaker: tasks failed to start.";
        for (status, reason, expected) in [
            ("SUCCESSFUL", "", "completed"),
            ("ROLLBACK_IN_PROGRESS", broke, "rolling back"),
            ("ROLLBACK_SUCCESSFUL", broke, "rolled back"),
            ("ROLLBACK_FAILED", broke, "rolled back"),
            ("STOPPED", broke, "failed"),
            ("STOPPED", "superseded", "stopped"),
            ("PENDING", "", "in progress"),
        ] {
            assert_eq!(state(status, reason), expected, "{status} {reason}");
        }
    }
}
