//! The words that say more of a service than its tags, its configuration and its task definition do.

use std::time::Duration;

use super::read::{read_connect, read_past};
use super::{Stage, fault};
use crate::ecs::defaults::Defaults;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::{Arn, DeploymentId, DiscoveryName};
use crate::ecs::seen::Seen;
use crate::ecs::service::{
    DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceEvent, ServiceStatus,
};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::view::history::{FailedRevision, History, Ongoing};
use crate::view::rollout::RolloutSpan;

impl Stage {
    /// The facts about what we know of a service, beyond what it is.
    pub(super) fn facts(&mut self, key: &ServiceKey, facts: &[&str]) {
        let now = self.now;
        let mut history = Seen::Known(History::default());
        let cluster = self.view.clusters.get_mut(&key.cluster).expect("a cluster");
        let view = cluster.services.get_mut(key).expect("a service");
        for word in facts {
            match word.split_once('=').unwrap_or((word, "")) {
                ("unread", _) => view.trouble = Some(fault(FaultKind::Throttled)),
                ("unlisted", _) => view.missing_since = Some(now),
                ("lagging", _) => view.stale_since = Some(now),
                ("rolling", seconds) if !seconds.is_empty() => {
                    let ago = Duration::from_secs(seconds.parse().expect("seconds"));
                    let since_start = now.since_start.saturating_sub(ago);
                    view.rolling_since = Some(Now { since_start, ..now });
                }
                ("history", "?") => history = Seen::Absent,
                ("history", "!") => history = Seen::Unknown(fault(FaultKind::Denied)),
                ("history", "rolling") => {
                    let ongoing = Ongoing {
                        status: "IN_PROGRESS".to_owned(),
                        stage: String::new(),
                        paused_at: None,
                    };
                    history = Seen::Known(History { ongoing: Some(ongoing), ..History::default() });
                }
                ("past", _) => {
                    let pasts = facts.iter().filter_map(|word| word.strip_prefix("past="));
                    let last = view.last.as_ref().expect("a reading");
                    let pasts = pasts.map(|text| read_past(text, &last.task_definition)).collect();
                    let defaults = Defaults {
                        namespaces: &[],
                        default_namespace: None,
                        task_definition: None,
                    };
                    history = Seen::Known(History::of(pasts, last.created_at, &defaults));
                }
                ("primary", seconds) => {
                    let ago = Duration::from_secs(seconds.parse().expect("seconds"));
                    let since_start = now.since_start.saturating_sub(ago);
                    view.primary_since = Some(Now { since_start, ..now });
                }
                ("failed-before", what) => {
                    let last = view.last.as_ref().expect("a reading");
                    let (task_definition, what) = match what.strip_prefix("old:") {
                        Some(what) => (Arn::as_read("arn:old"), what),
                        None => (last.task_definition.clone(), what),
                    };
                    let failed = vec![FailedRevision {
                        connect: read_connect(&what.replace('_', " ")),
                        task_definition,
                        status: "ROLLBACK_SUCCESSFUL".to_owned(),
                        reason: "tasks failed to start".to_owned(),
                        span: RolloutSpan { began: AwsTime(10), ended: Some(AwsTime(20)) },
                    }];
                    history = Seen::Known(History { failed, ..History::default() });
                }
                _ => {}
            }
        }
        if history != Seen::Absent {
            self.view.histories.insert(key.clone(), (now, history));
        }
    }
}

/// A fact about the service itself.
pub(super) fn fact(service: &mut EcsService, word: &str) {
    let primary = &mut service.deployments[0];
    match word.split_once('=').unwrap_or((word, "")) {
        ("rolling", _) => primary.rollout = Rollout::InProgress,
        ("failed", _) => primary.rollout = Rollout::Failed,
        ("draining", _) => service.status = ServiceStatus::Draining,
        ("inactive", _) => service.status = ServiceStatus::Inactive,
        ("code-deploy", _) => service.controller = DeploymentController::CodeDeploy,
        ("external", _) => service.controller = DeploymentController::External,
        ("launch", launch) => launch.clone_into(&mut service.launch_type),
        ("platform", family) => family.clone_into(&mut service.platform_family),
        ("version", version) => version.clone_into(&mut service.platform_version),
        ("deployed", second) => {
            let at = AwsTime(second.parse::<i64>().expect("a second") * 1000);
            (primary.created_at, primary.updated_at) = (at, at);
        }
        ("shifts", _) => service.strategy.shifts = true,
        ("early", _) => service.strategy.early_success = true,
        ("runs", count) => primary.running_count = count.parse().expect("a number"),
        ("bakes", minutes) => service.strategy.bake_minutes = minutes.parse().expect("minutes"),
        ("event", message) => {
            // `@12:` before it says when; else it belongs to the PRIMARY.
            let dated = message.strip_prefix('@').and_then(|rest| rest.split_once(':'));
            let (at, message) = match dated {
                Some((at, message)) => (AwsTime(at.parse().expect("a number")), message),
                None => (primary.created_at, message),
            };
            let message = message.replace('_', " ");
            service.events.push(ServiceEvent { at, message });
        }
        ("tasks", count) => service.desired_count = count.parse().expect("a number"),
        ("registry", arn) => service.registries.push(Arn::as_read(arn)),
        ("age", age) => service.created_at = AwsTime(age.parse().expect("a number")),
        ("unknown", member) => service.unknown_members.push(member.to_owned()),
        ("cloud-map", arn) => {
            primary.cloud_map.push((DiscoveryName::as_read("any"), Arn::as_read(arn)));
        }
        ("before", what) => {
            let mut old = primary.clone();
            old.id = DeploymentId::as_read("ecs-svc/0");
            old.status = DeploymentStatus::Active;
            old.connect = read_connect(&what.replace('_', " "));
            service.deployments.push(old);
        }
        ("before-failed", _) => {
            let old = service.deployments.last_mut().expect("a deployment before");
            old.rollout = Rollout::Failed;
        }
        (
            "unread" | "unlisted" | "lagging" | "history" | "failed-before" | "elsewhere"
            | "made-with" | "before-made-with" | "past" | "primary",
            _,
        ) => {}
        (other, _) => panic!("no such fact: {other}"),
    }
}
