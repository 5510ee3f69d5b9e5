//! The deployments of a service, its tasks, and the proxy of each task.

use std::collections::BTreeMap;

use super::finding::{Check, Finding};
use super::subject::Subject;
use crate::ecs::fault::Fault;
use crate::ecs::name::DeploymentId;
use crate::ecs::service::{Deployment, DeploymentStatus, EcsService, Rollout};
use crate::ecs::task::{ProxyHealth, Task, TaskPhase};
use crate::ecs::text::{first_of, printable};

/// What its tasks tell.
pub(super) fn findings(subject: &Subject, seen: Option<&Result<Vec<Task>, Fault>>) -> Vec<Finding> {
    let service = &subject.service;
    let tasks = match seen {
        Some(Ok(tasks)) => tasks,
        Some(Err(fault)) => {
            return vec![Finding::unknown(
                Check::Tasks,
                format!("its tasks were not read: {fault}"),
            )];
        }
        None => return vec![Finding::unknown(Check::Tasks, "its tasks were not read")],
    };
    let Some(primary) = service.primary() else {
        return vec![Finding::unknown(Check::Tasks, "ECS shows no PRIMARY deployment of it")];
    };
    let counts = Counts::of(tasks);
    let mut findings = vec![of_primary(subject, primary, counts.of_deployment(&primary.id))];
    findings.extend(of_older(service, primary, &counts));
    findings.extend(proxies(service, tasks));
    findings
}

/// How many tasks of a deployment are how far.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    running: usize,
    starting: usize,
}

struct Counts<'t>(BTreeMap<&'t DeploymentId, Count>);

impl<'t> Counts<'t> {
    fn of(tasks: &'t [Task]) -> Self {
        let mut counts: BTreeMap<&DeploymentId, Count> = BTreeMap::new();
        for task in tasks {
            let count = counts.entry(&task.deployment).or_default();
            match task.phase {
                TaskPhase::Running => count.running += 1,
                TaskPhase::Starting => count.starting += 1,
                TaskPhase::Stopping => {}
            }
        }
        Self(counts)
    }

    fn of_deployment(&self, id: &DeploymentId) -> Count {
        self.0.get(id).copied().unwrap_or_default()
    }
}

/// Whether PRIMARY has the tasks that it should have.
fn of_primary(subject: &Subject, primary: &Deployment, count: Count) -> Finding {
    let desired = usize::try_from(subject.service.desired_count).unwrap_or(usize::MAX);
    let Count { running, starting } = count;
    let id = &primary.id;
    let run = format!("{running} of {desired} tasks of deployment {id} run");
    if primary.rollout == Rollout::Failed {
        let reason = printable(&primary.rollout_reason, usize::MAX);
        let why = if reason.is_empty() { reason } else { format!(": {reason}") };
        return Finding::broken(Check::Tasks, format!("ECS gave deployment {id} up{why}; {run}"));
    }
    if desired == 0 {
        let message = format!("it is scaled to 0 tasks (deployment {id})");
        let is_server = !subject.endpoints.is_empty();
        return if is_server {
            Finding::broken(Check::Tasks, format!("{message}: nobody answers its callers"))
        } else {
            Finding::note(Check::Tasks, message)
        };
    }
    if primary.rollout == Rollout::InProgress {
        return Finding::unknown(Check::Tasks, format!("its rollout runs: {run}"))
            .advised("verify again once the rollout has completed");
    }
    if running >= desired {
        return Finding::ok(Check::Tasks, run);
    }
    if running > 0 && running + starting >= desired {
        return Finding::unknown(Check::Tasks, format!("{run}, {starting} start"))
            .advised("verify again once they run");
    }
    let missing = if starting == 0 { run } else { format!("{run}, {starting} start") };
    Finding::broken(Check::Tasks, missing)
        .advised("the events of the service say why: aws ecs describe-services")
}

/// Tasks of older deployments beside a completed one: with early success on they may stay for two weeks
/// (DG:early-success-criteria).
fn of_older(service: &EcsService, primary: &Deployment, counts: &Counts<'_>) -> Option<Finding> {
    let older = service.deployments.iter().filter(|each| each.status != DeploymentStatus::Primary);
    let older = older.map(|each| (&each.id, counts.of_deployment(&each.id).running));
    let older: Vec<_> = older.filter(|(_, running)| *running > 0).collect();
    // While a rollout runs, that is as it should be, and it is said that the rollout runs.
    if older.is_empty() || primary.rollout == Rollout::InProgress {
        return None;
    }
    let sum: usize = older.iter().map(|(_, running)| running).sum();
    let ids = first_of(older.iter().map(|(id, _)| id), ", ");
    let message = format!(
        "older deployments still run {sum} of its tasks ({ids}), which know only the endpoints of their own deployment"
    );
    Some(Finding::unknown(Check::Tasks, message))
}

/// The proxies of the tasks whose deployment has Service Connect.
fn proxies(service: &EcsService, tasks: &[Task]) -> Vec<Finding> {
    let connected = |task: &&Task| {
        let mut deployments = service.deployments.iter();
        deployments.any(|each| each.id == task.deployment && each.connect.is_some())
    };
    let alive = tasks.iter().filter(|task| task.phase != TaskPhase::Stopping);
    let alive: Vec<&Task> = alive.filter(connected).collect();
    let of = |is: &dyn Fn(&Task) -> bool| -> Vec<&Task> {
        alive.iter().copied().filter(|task| is(task)).collect()
    };
    let healthy = of(&|task| health(task) == Some(ProxyHealth::Healthy));
    let is_running = |task: &Task| task.phase == TaskPhase::Running;
    let running = of(&is_running);
    let words = |what: &str, found: &[&Task]| {
        let names = first_of(found.iter().map(|task| &task.id), ", ");
        format!("{} of {} tasks {what}: {names}", found.len(), alive.len())
    };
    let mut findings = Vec::new();
    for (state, what) in [
        (ProxyHealth::Unhealthy, "have an unhealthy proxy"),
        (ProxyHealth::Stopped, "have a stopped proxy"),
    ] {
        let found = of(&|task| health(task) == Some(state));
        if !found.is_empty() {
            let finding = Finding::broken(Check::Proxies, words(what, &found));
            findings.push(finding.advised(PROXY_ADVICE));
        }
    }
    let bare = of(&|task| is_running(task) && health(task).is_none());
    if !bare.is_empty() {
        let what = "run without a proxy, though their deployment has Service Connect on";
        findings.push(Finding::broken(Check::Proxies, words(what, &bare)));
    }
    let unknown = of(&|task| is_running(task) && health(task) == Some(ProxyHealth::Unknown));
    if !unknown.is_empty() {
        let what = "run a proxy whose health ECS does not know";
        findings.push(Finding::unknown(Check::Proxies, words(what, &unknown)));
    }
    if findings.is_empty() && !running.is_empty() {
        let message =
            format!("the proxies of {} of {} tasks are healthy", healthy.len(), alive.len());
        findings.push(Finding::ok(Check::Proxies, message));
    }
    findings
}

const PROXY_ADVICE: &str = "read the logs of the container ecs-service-connect-… (eastwest/logs sends them to a log group), and compare the memory and CPU of the task with what the proxy needs";

fn health(task: &Task) -> Option<ProxyHealth> {
    task.proxy.as_ref().map(|proxy| proxy.health)
}
