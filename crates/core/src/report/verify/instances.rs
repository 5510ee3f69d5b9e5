//! Whether an endpoint is deployed, and whether the tasks behind it are instances of its Cloud Map service.
//!
//! An instance and a task are the same if they have one address. What id Service Connect gives to an instance is not
//! documented, so it is not compared. In bridge mode tasks have no address of their own, and an instance may have one that
//! cannot be read; then only numbers are compared.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Evidence;
use super::finding::{Check, Finding};
use super::subject::{Listens, Stage, Subject, WantedEndpoint};
use crate::ecs::fault::FaultKind;
use crate::ecs::namespace::Instance;
use crate::ecs::service::Rollout;
use crate::ecs::task::{Task, TaskPhase};
use crate::ecs::text::first_of;

/// What was found of an endpoint and its instances.
pub(super) fn findings(
    subject: &Subject,
    endpoint: &WantedEndpoint,
    evidence: &Evidence,
) -> Vec<Finding> {
    let deployed = match &endpoint.stage {
        Stage::Wanted(why) => {
            let message = format!("it is wanted and not deployed; {why}");
            return vec![Finding::broken(Check::Deployed, message)];
        }
        Stage::Rolling => {
            let message = "no deployment that has it has completed";
            Finding::unknown(Check::Deployed, message)
                .advised("verify again once the rollout has completed")
        }
        Stage::Ready => Finding::ok(Check::Deployed, "a deployment that has it has completed"),
    };
    vec![deployed, of_instances(subject, endpoint, evidence)]
}

fn of_instances(subject: &Subject, endpoint: &WantedEndpoint, evidence: &Evidence) -> Finding {
    let Some(arn) = &endpoint.cloud_map else {
        let message = format!("ECS names no Cloud Map service for {}", endpoint.name);
        return Finding::unknown(Check::Instances, message);
    };
    let instances = match evidence.instances.get(arn) {
        Some(Ok(instances)) => instances,
        Some(Err(fault)) if fault.kind == FaultKind::NotFound => {
            let message = format!("its Cloud Map service {} is gone", arn.resource());
            return Finding::broken(Check::Instances, message).advised(
                "deploy the service again: ECS makes the Cloud Map service of an endpoint",
            );
        }
        Some(Err(fault)) => {
            let message = format!("its instances were not read: {fault}");
            return Finding::unknown(Check::Instances, message);
        }
        None => return Finding::unknown(Check::Instances, "its instances were not read"),
    };
    compared(subject, endpoint, instances, evidence)
}

/// The instances beside the running tasks.
fn compared(
    subject: &Subject,
    endpoint: &WantedEndpoint,
    instances: &[Instance],
    evidence: &Evidence,
) -> Finding {
    let key = &subject.service.key;
    let is_read = matches!(evidence.tasks.get(key), Some(Ok(_)));
    let tasks = serving(subject, endpoint, evidence.tasks_of(key));
    let count = instances.len();
    if count == 0 {
        let message = match tasks.len() {
            _ if !is_read => "Cloud Map has no instance of it: nobody answers".to_owned(),
            0 => {
                "Cloud Map has no instance of it, and no task of it runs: nobody answers".to_owned()
            }
            running => {
                format!("Cloud Map has no instance of it, though {running} of its tasks run")
            }
        };
        return Finding::broken(Check::Instances, message);
    }
    if !is_read {
        let message = format!("{count} instances; its tasks were not read to compare");
        return Finding::unknown(Check::Instances, message);
    }
    if tasks.is_empty() {
        return differ(subject, format!("{count} instances, and no task of it runs"));
    }
    // An instance may have its address under a name that is not documented.
    let has_addresses = instances.iter().all(|each| each.address.is_some())
        && tasks.iter().all(|task| !task.addresses.is_empty());
    if endpoint.listens == Listens::Anywhere || !has_addresses {
        return by_number(subject, count, tasks.len());
    }
    by_address(subject, instances, &tasks)
}

fn by_number(subject: &Subject, instances: usize, tasks: usize) -> Finding {
    if instances == tasks {
        return Finding::ok(Check::Instances, format!("{instances}, as many as tasks run"));
    }
    differ(subject, format!("{instances}, but {tasks} tasks run"))
}

fn by_address(subject: &Subject, instances: &[Instance], tasks: &[&Task]) -> Finding {
    let registered: BTreeSet<IpAddr> = instances.iter().filter_map(|each| each.address).collect();
    let is_registered =
        |task: &&&Task| task.addresses.iter().any(|address| registered.contains(address));
    let absent: Vec<&&Task> = tasks.iter().filter(|task| !is_registered(task)).collect();
    if !absent.is_empty() {
        let names = first_of(absent.iter().map(|task| &task.id), ", ");
        let message = format!(
            "{} of {} running tasks are no instance of it: {names}",
            absent.len(),
            tasks.len()
        );
        return differ(subject, message);
    }
    let running: BTreeSet<&IpAddr> = tasks.iter().flat_map(|task| &task.addresses).collect();
    let is_left = |each: &&Instance| each.address.is_none_or(|address| !running.contains(&address));
    let left: Vec<&Instance> = instances.iter().filter(is_left).collect();
    if left.is_empty() {
        let message = format!("{}, one for each running task", instances.len());
        return Finding::ok(Check::Instances, message);
    }
    let names = first_of(left.iter().map(|each| &each.id), ", ");
    let message = format!(
        "every running task is one; {} more belong to no running task, left over or registered by hand: {names}",
        left.len()
    );
    Finding::note(Check::Instances, message)
}

/// A difference. While a rollout runs, tasks come and go.
fn differ(subject: &Subject, message: String) -> Finding {
    let primary = subject.service.primary();
    if primary.is_some_and(|primary| primary.rollout == Rollout::Completed) {
        Finding::broken(Check::Instances, message).advised(
            "verify again, in case a task has just started or ended; else deploy the service again",
        )
    } else {
        Finding::unknown(Check::Instances, message)
            .advised("verify again once the rollout has completed")
    }
}

/// The running tasks whose deployment has the endpoint.
pub(super) fn serving<'t>(
    subject: &Subject,
    endpoint: &WantedEndpoint,
    tasks: &'t [Task],
) -> Vec<&'t Task> {
    let has = |task: &&Task| {
        let mut deployments = subject.service.deployments.iter();
        deployments.any(|each| {
            let endpoints = each.connect.iter().flat_map(|connect| &connect.endpoints);
            each.id == task.deployment
                && endpoints.into_iter().any(|e| e.discovery() == endpoint.name)
        })
    };
    tasks.iter().filter(|task| task.phase == TaskPhase::Running).filter(has).collect()
}
