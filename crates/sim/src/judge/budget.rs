//! I3: never more rollouts of our making at once than the budget; never one onto a rollout of that service.

use eastwest_core::declaration::document::Limits;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::Settings;

use super::parameter_history::Evidence;
use super::sent_write::{Broken, SentWrite, Violation, ms};
use super::service_history::{Histories, Moment, ServiceHistory};
use crate::model::{EcsServiceKey, EcsServiceState, Model};
use crate::shapes::ecs::{EcsServiceStatus, RolloutState, ServiceDeploymentStatus};

/// I3 of the service itself.
pub(super) fn onto_a_rollout(sent: &SentWrite<'_>) -> Broken {
    sent.says(sent.throughout(Moment::is_rolling), "I3", "a write onto a rollout of that service")
}

/// What rollouts there are, and how many there may be.
pub(super) struct Budget<'a> {
    pub(super) model: &'a Model,
    pub(super) histories: &'a Histories,
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) settings: &'a Settings,
}

impl Budget<'_> {
    /// I3: rollouts of our making, by cluster and by namespace, the one of `key` that has just begun included.
    pub(super) fn exceeded(&self, key: &EcsServiceKey) -> Broken {
        let stall = ms(self.settings.timing.stall);
        let now = self.model.now();
        let namespace = self.namespace_of(key);
        let (mut in_cluster, mut in_namespace) = (Vec::new(), Vec::new());
        let services = self.model.services();
        for (other, state) in services.filter(|(_, s)| s.status == EcsServiceStatus::Active) {
            let ours = |history: &&ServiceHistory| self.is_ours(other, state, history);
            let Some(history) = self.histories.get(other).filter(ours) else { continue };
            let began = history.rolling_since().unwrap_or(now);
            if other != key && now.since_ms(began) >= stall {
                continue;
            }
            if other.cluster == key.cluster {
                in_cluster.push(other.to_string());
            }
            if namespace.is_some() && self.namespace_of(other) == namespace {
                in_namespace.push(other.to_string());
            }
        }
        let flags = &self.settings.budget;
        let per_cluster = self.most(|limits| limits.rollouts_per_cluster, flags.per_cluster);
        let per_namespace = self.most(|limits| limits.rollouts_per_namespace, flags.per_namespace);
        let text = if in_cluster.len() > per_cluster {
            format!("{} roll at once in a cluster", in_cluster.join(", "))
        } else if in_namespace.len() > per_namespace {
            format!("{} roll at once in a namespace", in_namespace.join(", "))
        } else {
            return None;
        };
        Some(Violation { rule: "I3", text })
    }

    /// Whether the rollout that runs now is one of our making, or the way back from one, and the controller can know
    /// it: after a restart it can tell only by the tags.
    fn is_ours(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        history: &ServiceHistory,
    ) -> bool {
        let Some(primary) = state.primary() else { return false };
        if primary.rollout_state != RolloutState::InProgress {
            return false;
        }
        let back = state.records.last();
        let back = back.filter(|r| r.status == ServiceDeploymentStatus::RollbackInProgress);
        let begun = back.map_or(&primary.id, |record| &record.deployment);
        let since = primary.created_at.min(primary.updated_at);
        let asked = |moment: &Moment| self.evidence.intents(key, moment.tagged.as_deref());
        let mut asked = history.since(since).iter().flat_map(asked);
        let opted_in = asked.all(|intent| intent != Intent::NotOptedIn);
        history.ours_since_start.contains(begun) || (history.ours.contains(begun) && opted_in)
    }

    /// The namespace that a service is in, or was in just before.
    fn namespace_of(&self, key: &EcsServiceKey) -> Option<String> {
        let mut latest = self.histories.get(key)?.moments.iter().rev().take(2);
        latest.find_map(|moment| Some(moment.effective.as_ref()?.namespace.clone()))
    }

    /// The highest limit that a document may have set; what it does not say, the flag does.
    fn most(&self, limit: fn(&Limits) -> Option<usize>, flag: usize) -> usize {
        let documents = self.evidence.documents.iter().flatten();
        documents.map(|document| limit(&document.limits).unwrap_or(flag)).max().unwrap_or(flag)
    }
}
