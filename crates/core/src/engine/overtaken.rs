//! Deployments of others that begin right after one of ours.
//!
//! Two copies of eastwest write everything twice, and each waits for the rollouts of the other. AWS does not tell who
//! began a deployment. So the first reading that shows one of others so soon after ours is published once.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ecs::name::DeploymentId;
use crate::ecs::service_key::ServiceKey;
use crate::report::news::News;
use crate::view::View;

/// Two copies that read the same write within seconds of each other. A person needs longer to see a rollout and answer.
const SOON: Duration = Duration::from_mins(1);

/// The deployments that were published.
#[derive(Debug, Clone, Default)]
pub(super) struct Overtaken {
    published: BTreeMap<ServiceKey, DeploymentId>,
}

impl Overtaken {
    /// Takes in the latest readings. Returns what was not published before.
    pub(super) fn observe(&mut self, view: &View) -> Vec<News> {
        let mut news = Vec::new();
        for (key, own) in &view.own_rollouts {
            let last = view.service(key).and_then(|service| service.last.as_ref());
            let (Some(own), Some(primary)) = (own.last(), last.and_then(|last| last.primary()))
            else {
                continue;
            };
            let after = primary.created_at.since(own.created_at);
            // ECS goes back to a deployment that is older than ours.
            let is_older = primary.created_at < own.created_at;
            if is_older || after > SOON || view.is_own(key, &primary.id) {
                continue;
            }
            let published = self.published.insert(key.clone(), primary.id.clone());
            if published.as_ref() != Some(&primary.id) {
                news.push(News::Overtaken(key.clone(), after));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::time::AwsTime;
    use crate::testing::{Stage, key};
    use crate::view::foreign::OwnRollout;

    /// A service whose own rollouts began at these seconds, and whose PRIMARY is this one.
    fn stage(own: &[(&str, i64)], (primary, at): (&str, i64)) -> Stage {
        let mut stage = Stage::read("web mode=client");
        stage.change(&key("web"), |service| {
            let deployment = &mut service.deployments[0];
            deployment.id = DeploymentId::as_read(primary);
            deployment.created_at = AwsTime(at * 1000);
        });
        let begun = own.iter().map(|(id, at)| OwnRollout {
            deployment: DeploymentId::as_read(id),
            created_at: AwsTime(at * 1000),
        });
        stage.view.own_rollouts.insert(key("web"), begun.collect());
        stage
    }

    fn news(stage: &Stage) -> Vec<News> {
        Overtaken::default().observe(&stage.view)
    }

    #[test]
    fn a_deployment_of_others_right_after_ours_is_published_once() {
        let stage = stage(&[("a", 100)], ("b", 101));
        let mut overtaken = Overtaken::default();
        let expected = News::Overtaken(key("web"), Duration::from_secs(1));
        assert_eq!(overtaken.observe(&stage.view), [expected]);
        assert_eq!(overtaken.observe(&stage.view), []);
    }

    #[test]
    fn our_own_deployments_rollbacks_and_later_ones_of_others_are_no_news() {
        assert_eq!(news(&stage(&[("a", 100)], ("a", 100))), []);
        assert_eq!(news(&stage(&[("a", 90), ("b", 100)], ("a", 90))), []);
        assert_eq!(news(&stage(&[("b", 100)], ("a", 40))), [], "ECS went back");
        assert_eq!(news(&stage(&[("a", 100)], ("b", 161))), [], "a person may have done that");
        assert_eq!(news(&stage(&[], ("b", 101))), []);
    }
}
