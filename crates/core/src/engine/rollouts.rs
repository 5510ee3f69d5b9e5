//! Rollouts seen running, and how they ended.
//!
//! **Invariant:** a rollout has an outcome only if its own deployment, or the one that it was rolled back to, was read.
//! A newer deployment that takes its place says nothing about it.

use std::collections::BTreeMap;

use crate::declaration::intent::Intent;
use crate::ecs::name::DeploymentId;
use crate::ecs::service::{Deployment, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::report::news::News;
use crate::view::{ServiceView, View};

/// The rollouts of services that opted in, as of the last step.
#[derive(Debug, Clone, Default)]
pub(super) struct Rollouts {
    running: BTreeMap<ServiceKey, Running>,
}

/// A rollout seen running.
#[derive(Debug, Clone)]
struct Running {
    since: Now,
    deployment: DeploymentId,
    created_at: AwsTime,
    /// Whether it is a rollback. The rollout that failed was published already.
    is_rollback: bool,
}

impl Rollouts {
    /// The services whose rollout runs.
    pub(super) fn services(&self) -> impl Iterator<Item = &ServiceKey> {
        self.running.keys()
    }

    /// Takes in the latest readings. Returns the rollouts that ended.
    pub(super) fn observe(&mut self, view: &View, now: Now) -> Vec<News> {
        let mut running = BTreeMap::new();
        for (key, service) in view.services() {
            if let Some(rollout) = Running::read(service, self.running.get(key)) {
                running.insert(key.clone(), rollout);
            }
        }
        let mut ended = Vec::new();
        for (key, before) in std::mem::replace(&mut self.running, running) {
            let primary = view.service(&key).and_then(|service| service.last.as_ref()?.primary());
            if let Some(completed) = primary.and_then(|primary| before.outcome(primary)) {
                ended.push(News::RolledOut(key, now.since(before.since), completed));
            }
        }
        ended
    }
}

impl Running {
    /// The rollout that a service shows, if it opted in and one runs.
    fn read(service: &ServiceView, before: Option<&Self>) -> Option<Self> {
        let since = service.rolling_since?;
        if service.intent == Intent::NotOptedIn {
            return None;
        }
        let primary = service.last.as_ref()?.primary()?;
        Some(Self {
            since,
            deployment: primary.id.clone(),
            created_at: primary.created_at,
            is_rollback: before.is_some_and(|before| before.is_rolled_back_by(primary)),
        })
    }

    /// Whether the PRIMARY is an earlier deployment: the circuit breaker rolled this one back.
    fn is_rolled_back_by(&self, primary: &Deployment) -> bool {
        let is_older = primary.created_at < self.created_at;
        if self.deployment == primary.id { self.is_rollback } else { is_older }
    }

    /// Whether it completed, if it ended; nothing where a newer deployment took its place.
    fn outcome(&self, primary: &Deployment) -> Option<bool> {
        if self.is_rollback {
            return None;
        }
        if self.deployment != primary.id {
            return self.is_rolled_back_by(primary).then_some(false);
        }
        match primary.rollout {
            Rollout::InProgress => None,
            Rollout::Completed => Some(true),
            Rollout::Failed => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Stage, at, key};

    /// A service that opted in, whose PRIMARY deployment is this one.
    fn stage(deployment: &str, created_at: i64, rollout: Rollout) -> Stage {
        let mut stage = Stage::read("web mode=client");
        let key = key("web");
        stage.change(&key, |service| {
            let primary = &mut service.deployments[0];
            primary.id = DeploymentId::as_read(deployment);
            (primary.created_at, primary.rollout) = (AwsTime(created_at), rollout);
        });
        let cluster = stage.view.clusters.get_mut(&key.cluster).expect("a cluster");
        let service = cluster.services.get_mut(&key).expect("a service");
        service.rolling_since = (rollout == Rollout::InProgress).then(|| at(10));
        stage
    }

    /// What is published when these readings follow one another.
    fn news(readings: &[(&str, i64, Rollout)]) -> Vec<News> {
        let mut rollouts = Rollouts::default();
        let observe = |(deployment, created_at, rollout): &(&str, i64, Rollout)| {
            rollouts.observe(&stage(deployment, *created_at, *rollout).view, at(40))
        };
        readings.iter().flat_map(observe).collect()
    }

    fn rolled_out(completed: bool) -> Vec<News> {
        vec![News::RolledOut(key("web"), std::time::Duration::from_secs(30), completed)]
    }

    #[test]
    fn a_rollout_is_published_once_when_it_ends() {
        use Rollout::{Completed, Failed, InProgress};
        let ended = news(&[("b", 2, InProgress), ("b", 2, Completed), ("b", 2, Completed)]);
        assert_eq!(ended, rolled_out(true));
        assert_eq!(news(&[("b", 2, InProgress), ("b", 2, Failed)]), rolled_out(false));
        assert_eq!(news(&[("b", 2, Completed)]), [], "nobody saw it run");
    }

    #[test]
    fn a_rollback_is_one_failure_and_its_own_end_is_silent() {
        use Rollout::{Completed, InProgress};
        let readings = [("b", 2, InProgress), ("a", 1, InProgress), ("a", 1, Completed)];
        assert_eq!(news(&readings), rolled_out(false));
    }

    #[test]
    fn a_newer_deployment_says_nothing_about_the_one_before() {
        use Rollout::{Completed, InProgress};
        assert_eq!(news(&[("b", 2, InProgress), ("c", 3, InProgress)]), []);
        assert_eq!(news(&[("b", 2, InProgress), ("c", 3, Completed)]), []);
    }

    #[test]
    fn the_services_that_roll_are_those_that_opted_in() {
        let mut rollouts = Rollouts::default();
        let mut stage = stage("b", 2, Rollout::InProgress);
        rollouts.observe(&stage.view, at(20));
        assert_eq!(rollouts.services().collect::<Vec<_>>(), [&key("web")]);
        stage.retag("web", &std::collections::BTreeMap::new());
        rollouts.observe(&stage.view, at(30));
        assert_eq!(rollouts.services().count(), 0);
    }
}
