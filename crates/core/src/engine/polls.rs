//! Which services are read between two sweeps: those with a write to read back, those whose reading is old or partial,
//! and those whose rollout runs.
//!
//! **Invariant:** a poll of a cluster names at most [`AT_ONCE`] services, and the writes to read back come first, then what
//! messages point at. A
//! hundred rollouts that never end do not keep us from reading back a write.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::guard::writes::Writes;
use crate::plan::Plan;
use crate::plan::hold::{Hold, Unseen};

/// How many services one poll reads: ten calls.
const AT_ONCE: usize = 100;

/// The services to poll, by cluster.
#[derive(Debug, Default)]
pub(super) struct Polls {
    clusters: BTreeMap<ClusterName, BTreeSet<ServiceKey>>,
}

impl Polls {
    /// The services to poll under this plan.
    pub(super) fn new<'a>(
        writes: &Writes,
        plan: &Plan,
        nudged: impl Iterator<Item = &'a ServiceKey>,
        rolling: impl Iterator<Item = &'a ServiceKey>,
    ) -> Self {
        let mut polls = Self::default();
        polls.add_all(writes.to_read_back());
        polls.add_all(nudged);
        polls.add_all(held_for(plan, is_lagging));
        polls.add_all(held_for(plan, is_partly_read));
        polls.add_all(rolling);
        polls
    }

    fn add_all<'a>(&mut self, services: impl Iterator<Item = &'a ServiceKey>) {
        for key in services {
            let services = self.clusters.entry(key.cluster.clone()).or_default();
            if services.len() < AT_ONCE {
                services.insert(key.clone());
            }
        }
    }

    /// The clusters with services to poll.
    pub(super) fn clusters(&self) -> impl Iterator<Item = &ClusterName> {
        self.clusters.keys()
    }

    /// Takes out the services of one cluster.
    pub(super) fn take(&mut self, cluster: &ClusterName) -> Option<BTreeSet<ServiceKey>> {
        self.clusters.remove(cluster)
    }
}

/// The services that wait for such a hold.
fn held_for(plan: &Plan, is_such: fn(&Hold) -> bool) -> impl Iterator<Item = &ServiceKey> {
    plan.holds().filter_map(move |(key, hold)| is_such(hold).then_some(key))
}

/// AWS still answers with a state from before the last write.
fn is_lagging(hold: &Hold) -> bool {
    matches!(hold, Hold::NotSeen(Unseen::Lagging))
}

/// The service was read before the document named it, and too little of that reading was kept.
fn is_partly_read(hold: &Hold) -> bool {
    matches!(hold, Hold::NotSeen(Unseen::Partly))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::action::Action;
    use crate::plan::entry::Entry;
    use crate::testing::{fault, key};

    /// What a poll of the cluster prod reads.
    fn polled(mut polls: Polls) -> Vec<String> {
        let names = polls.take(&key("web").cluster).unwrap_or_default();
        names.iter().map(|key| key.name.to_string()).collect()
    }

    fn held(name: &str, unseen: Unseen) -> (ServiceKey, Entry) {
        (key(name), Entry::held(Hold::NotSeen(unseen)))
    }

    #[test]
    fn services_are_polled_that_lag_were_read_partly_or_roll() {
        let mut plan = Plan::default();
        plan.entries.extend([
            held("lags", Unseen::Lagging),
            held("partly", Unseen::Partly),
            held("unlisted", Unseen::Unlisted),
        ]);
        let rolls = key("rolls");
        let polls = Polls::new(&Writes::default(), &plan, [].into_iter(), [&rolls].into_iter());
        assert_eq!(polls.clusters().map(ClusterName::as_str).collect::<Vec<_>>(), ["prod"]);
        assert_eq!(polled(polls), ["lags", "partly", "rolls"]);
    }

    #[test]
    fn a_write_to_read_back_has_its_place_before_a_hundred_rollouts() {
        let rolling: Vec<ServiceKey> = (0..150).map(|number| key(&format!("a{number}"))).collect();
        let mut writes = Writes::default();
        let action = Action::Disconnect { service: key("web") };
        writes.sent(&action);
        let lost = fault(crate::ecs::fault::FaultKind::TimedOut);
        let timing = crate::declaration::settings::Timing::default();
        writes.ended(
            &action,
            Err(lost),
            crate::declaration::settings::Moment { timing: &timing, now: crate::testing::at(0) },
        );
        let names = polled(Polls::new(&writes, &Plan::default(), [].into_iter(), rolling.iter()));
        assert_eq!(names.len(), AT_ONCE);
        assert!(names.contains(&"web".to_owned()), "{names:?}");
    }

    #[test]
    fn services_of_one_cluster_are_taken_once() {
        let rolls = key("stage/rolls");
        let mut polls =
            Polls::new(&Writes::default(), &Plan::default(), [].into_iter(), [&rolls].into_iter());
        assert_eq!(polls.take(&key("web").cluster), None);
        assert_eq!(polls.take(&rolls.cluster), Some([rolls.clone()].into()));
        assert_eq!(polls.take(&rolls.cluster), None);
    }
}
