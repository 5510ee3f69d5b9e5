//! Rollouts seen running, and how they ended.
//!
//! **Invariant:** each rollout that was seen running ends once. It completed or failed only if its own deployment says
//! so. It was rolled back if an older deployment is PRIMARY again. A newer deployment says only that it took the place.

use std::collections::BTreeMap;

use crate::declaration::intent::Intent;
use crate::ecs::name::DeploymentId;
use crate::ecs::service::{Deployment, Rollout, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::report::news::{News, RolloutEnd};
use crate::view::rollout::is_rolling_back;
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
            if let Some(end) = before.end(view.service(&key)) {
                ended.push(News::RolledOut(key, now.since(before.since), end));
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
        // The deployment of a service that was deleted stays IN_PROGRESS for as long as AWS shows it.
        let last = service.last.as_ref().filter(|last| last.status == ServiceStatus::Active)?;
        let primary = last.primary()?;
        Some(Self {
            since,
            deployment: primary.id.clone(),
            created_at: primary.created_at,
            is_rollback: before.is_some_and(|before| before.is_rolled_back_by(primary))
                || is_rolling_back(last),
        })
    }

    /// Whether the PRIMARY is an earlier deployment: the circuit breaker rolled this one back.
    fn is_rolled_back_by(&self, primary: &Deployment) -> bool {
        let is_older = primary.created_at < self.created_at;
        if self.deployment == primary.id { self.is_rollback } else { is_older }
    }

    /// How it ended; nothing where it still runs, and nothing for a rollback.
    fn end(&self, service: Option<&ServiceView>) -> Option<RolloutEnd> {
        if self.is_rollback {
            return None;
        }
        let Some(service) = service else { return Some(RolloutEnd::Deleted) };
        let last = service.last.as_ref()?;
        let is_own = |each: &&Deployment| each.id == self.deployment;
        match (last.deployments.iter().find(is_own).map(|own| own.rollout), last.primary()) {
            (Some(Rollout::Completed), _) => Some(RolloutEnd::Completed),
            _ if last.status != ServiceStatus::Active => Some(RolloutEnd::Deleted),
            (_, Some(primary)) if self.is_rolled_back_by(primary) => Some(RolloutEnd::RolledBack),
            (Some(Rollout::Failed), _) => Some(RolloutEnd::Failed),
            (_, Some(primary)) if primary.id != self.deployment => Some(RolloutEnd::Superseded),
            (Some(Rollout::InProgress) | None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::service::DeploymentStatus;
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

    fn rolled_out(end: RolloutEnd) -> Vec<News> {
        vec![News::RolledOut(key("web"), std::time::Duration::from_secs(30), end)]
    }

    #[test]
    fn a_rollout_is_published_once_when_it_ends() {
        use Rollout::{Completed, Failed, InProgress};
        let ended = news(&[("b", 2, InProgress), ("b", 2, Completed), ("b", 2, Completed)]);
        assert_eq!(ended, rolled_out(RolloutEnd::Completed));
        assert_eq!(news(&[("b", 2, InProgress), ("b", 2, Failed)]), rolled_out(RolloutEnd::Failed));
        assert_eq!(news(&[("b", 2, Completed)]), [], "nobody saw it run");
    }

    #[test]
    fn a_service_that_is_deleted_while_it_rolls_is_told_once() {
        let mut rollouts = Rollouts::default();
        let mut stage = stage("b", 2, Rollout::InProgress);
        assert_eq!(rollouts.observe(&stage.view, at(40)), []);
        stage.change(&key("web"), |service| service.status = ServiceStatus::Inactive);
        let cluster = stage.view.clusters.get_mut(&key("web").cluster).expect("a cluster");
        cluster.services.get_mut(&key("web")).expect("a service").rolling_since = Some(at(10));
        assert_eq!(rollouts.observe(&stage.view, at(40)), rolled_out(RolloutEnd::Deleted));
        assert_eq!(rollouts.observe(&stage.view, at(41)), []);
    }

    #[test]
    fn a_rollback_is_one_failure_and_its_own_end_is_silent() {
        use Rollout::{Completed, InProgress};
        let readings = [("b", 2, InProgress), ("a", 1, InProgress), ("a", 1, Completed)];
        assert_eq!(news(&readings), rolled_out(RolloutEnd::RolledBack));
    }

    #[test]
    fn a_rollback_that_runs_at_the_start_completes_in_silence() {
        let mut rollouts = Rollouts::default();
        let observe = |rollouts: &mut Rollouts, rollout| {
            let mut stage = stage("a", 1, rollout);
            stage.change(&key("web"), |service| {
                let mut failed = service.deployments[0].clone();
                (failed.id, failed.created_at) = (DeploymentId::as_read("b"), AwsTime(2));
                (failed.status, failed.rollout) = (DeploymentStatus::Active, Rollout::Failed);
                service.deployments.push(failed);
            });
            rollouts.observe(&stage.view, at(40))
        };
        assert_eq!(observe(&mut rollouts, Rollout::InProgress), []);
        assert_eq!(observe(&mut rollouts, Rollout::Completed), []);
    }

    #[test]
    fn a_newer_deployment_takes_the_place_of_the_one_before() {
        use Rollout::{Completed, InProgress};
        for newer in [InProgress, Completed] {
            let ended = news(&[("b", 2, InProgress), ("c", 3, newer)]);
            assert_eq!(ended, rolled_out(RolloutEnd::Superseded));
        }
    }

    #[test]
    fn a_deployment_that_is_still_listed_says_itself_how_it_ended() {
        for (own, end) in
            [(Rollout::Completed, RolloutEnd::Completed), (Rollout::Failed, RolloutEnd::Failed)]
        {
            let mut rollouts = Rollouts::default();
            rollouts.observe(&stage("b", 2, Rollout::InProgress).view, at(20));
            let mut stage = stage("c", 3, Rollout::InProgress);
            stage.change(&key("web"), |service| {
                let mut before = service.deployments[0].clone();
                (before.id, before.created_at) = (DeploymentId::as_read("b"), AwsTime(2));
                (before.status, before.rollout) = (DeploymentStatus::Active, own);
                service.deployments.push(before);
            });
            assert_eq!(rollouts.observe(&stage.view, at(40)), rolled_out(end));
        }
    }

    #[test]
    fn the_rollout_of_a_service_that_is_deleted_ends_with_it() {
        let mut rollouts = Rollouts::default();
        rollouts.observe(&stage("b", 2, Rollout::InProgress).view, at(20));
        assert_eq!(rollouts.observe(&View::default(), at(40)), rolled_out(RolloutEnd::Deleted));
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
