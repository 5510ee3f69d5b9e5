//! One service over time: what it was, what was asked of it, and since when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eastwest_core::declaration::tag;
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::declaration::tagged::Tagged;
use serde_json::Value;

use super::effective::{Effective, Taken};
use crate::model::{DeploymentRecord, EcsServiceKey, EcsServiceState};
use crate::shapes::Time;
use crate::shapes::ecs::{
    DeploymentStatus, EcsServiceStatus, RolloutState, ServiceDeploymentStatus,
};

/// Every service that there was, over time.
pub(super) type Histories = BTreeMap<EcsServiceKey, ServiceHistory>;

/// One service at one time.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) since: Time,
    pub(super) created_at: Time,
    pub(super) status: EcsServiceStatus,
    pub(super) primary: String,
    pub(super) rollout: RolloutState,
    /// How many deployments there are; fewer may free names.
    deployments: usize,
    pub(super) tags: Arc<BTreeMap<String, String>>,
    /// What the tags say by themselves.
    pub(super) tagged: Option<Arc<Tagged>>,
    pub(super) effective: Option<Arc<Effective>>,
    pub(super) task_definition: String,
    /// Names of every deployment that has tasks or may get some.
    pub(super) taken: BTreeSet<Taken>,
}

impl Moment {
    pub(super) fn of(state: &EcsServiceState, since: Time, before: Option<&Self>) -> Self {
        let primary = state.primary();
        let tags = Arc::clone(&state.tags);
        let known = before.filter(|before| Arc::ptr_eq(&before.tags, &tags));
        let tagged = known.map_or_else(
            || tag::read(&TagPrefix::default(), &tags).map(Arc::new),
            |before| before.tagged.clone(),
        );
        let shown = state.deployments.iter();
        let shown = shown.filter(|each| each.status != DeploymentStatus::Inactive);
        let configurations = shown.filter_map(|each| each.connect());
        let spec = primary.map(|primary| &primary.revision.spec);
        Self {
            since,
            created_at: state.created_at,
            status: state.status,
            primary: primary.map(|primary| primary.id.clone()).unwrap_or_default(),
            rollout: primary.map_or(RolloutState::Completed, |primary| primary.rollout_state),
            deployments: state.deployments.len(),
            tags,
            tagged,
            effective: spec
                .and_then(|spec| spec.connect.as_deref())
                .map(|connect| Arc::new(Effective::of(connect))),
            task_definition: spec.map(|spec| spec.task_definition.arn.clone()).unwrap_or_default(),
            taken: configurations
                .flat_map(|c| Effective::of(c).taken().collect::<Vec<_>>())
                .collect(),
        }
    }

    /// Whether the service is still as it was at this moment.
    pub(super) fn still(&self, state: &EcsServiceState) -> bool {
        let same_primary = match state.primary() {
            Some(primary) => primary.id == self.primary && primary.rollout_state == self.rollout,
            None => self.primary.is_empty(),
        };
        same_primary
            && self.status == state.status
            && self.created_at == state.created_at
            && self.deployments == state.deployments.len()
            && Arc::ptr_eq(&self.tags, &state.tags)
    }

    pub(super) fn is_rolling(&self) -> bool {
        self.rollout == RolloutState::InProgress && !self.primary.is_empty()
    }
}

/// A configuration that ECS rolled back, with its task definition.
#[derive(Debug, Clone)]
pub(super) struct FailedConfiguration {
    pub(super) at: Time,
    pub(super) record: String,
    pub(super) effective: Option<Effective>,
    pub(super) task_definition: String,
}

/// A write of ours that took effect.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastWrite {
    pub(super) at: Time,
    /// How far back its evidence may reach.
    pub(super) from: Time,
    /// The same of what concerns every service.
    pub(super) from_for_all: Time,
}

/// A rollout that failed, or that ECS took back.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) at: Time,
    pub(super) deployment: String,
    pub(super) namespace: String,
}

/// One service over time.
#[derive(Debug, Clone, Default)]
pub(super) struct ServiceHistory {
    pub(super) moments: Vec<Moment>,
    pub(super) failed_configurations: Vec<FailedConfiguration>,
    pub(super) failures: Vec<Failure>,
    /// When something other than our writes changed the service or its tags.
    pub(super) causes: Vec<Time>,
    /// Deployments that our writes started.
    pub(super) ours: BTreeSet<String>,
    /// Deployments that the present controller started.
    pub(super) ours_since_start: BTreeSet<String>,
    /// Our last write that took effect.
    pub(super) last_write: Option<LastWrite>,
    /// Our last refused write, if the controller got the refusal.
    pub(super) refused: Option<(Time, Value)>,
}

impl ServiceHistory {
    pub(super) fn now(&self) -> Option<&Moment> {
        self.moments.last()
    }

    /// The moments that a read of that instant or later could show.
    pub(super) fn since(&self, from: Time) -> &[Moment] {
        let first = self.moments.iter().rposition(|moment| moment.since <= from).unwrap_or(0);
        &self.moments[first..]
    }

    /// Since when its present PRIMARY deployment has been rolling.
    pub(super) fn rolling_since(&self) -> Option<Time> {
        let now = self.now()?;
        let same = |moment: &&Moment| moment.primary == now.primary && moment.is_rolling();
        self.moments.iter().rev().take_while(same).last().map(|moment| moment.since)
    }

    /// Takes in the present state, and returns what happened, by the kinds of [`crate::faults::CATALOGUE`].
    pub(super) fn observe(
        &mut self,
        state: &EcsServiceState,
        now: Time,
        by_us: bool,
    ) -> Vec<&'static str> {
        if self.now().is_some_and(|moment| moment.still(state)) {
            return Vec::new();
        }
        let next = Moment::of(state, now, self.now());
        let foreign = match self.now() {
            None => true,
            Some(before) => {
                before.created_at != next.created_at
                    || *before.tags != *next.tags
                    || (!by_us && before.primary != next.primary)
            }
        };
        if foreign {
            self.causes.push(now);
        }
        let mut kinds = Vec::new();
        if let Some(before) = self.now() {
            kinds.extend(what_happened(before, &next, by_us));
            let was = |moment: &Moment| moment.primary == next.primary;
            let failed = if before.primary == next.primary {
                next.rollout == RolloutState::Failed
            } else {
                // An earlier deployment is PRIMARY again.
                self.moments.iter().any(was)
            };
            if let Some(effective) =
                before.effective.as_ref().filter(|_| failed && before.is_rolling())
            {
                let (deployment, namespace) = (before.primary.clone(), effective.namespace.clone());
                self.failures.push(Failure { at: now, deployment, namespace });
            }
        }
        self.moments.push(next);
        let given_up = self.failed_configurations.len();
        self.note_failed_configurations(state, now);
        if self.failed_configurations.len() > given_up {
            kinds.push("rolled back by ECS");
        }
        kinds
    }

    /// Notes the configurations that ECS rolled back, as far as a read can show. If a new deployment cuts a rollback
    /// short, its record becomes STOPPED, and nothing shows any more that it was a rollback. One that completed later
    /// shows that the cause may be gone.
    fn note_failed_configurations(&mut self, state: &EcsServiceState, now: Time) {
        let is_back = |arn: &str| {
            let record = state.records.iter().find(|record| record.arn == arn);
            record.is_some_and(|record| record.status.as_str().starts_with("ROLLBACK"))
        };
        let successful = ServiceDeploymentStatus::Successful;
        let completed = state.records.iter().filter(|record| record.status == successful);
        let last_completed = completed.map(|record| record.created_at).max();
        let is_redeemed = |record: &DeploymentRecord| last_completed > Some(record.created_at);
        let redeemed =
            |arn: &str| state.records.iter().any(|record| record.arn == arn && is_redeemed(record));
        self.failed_configurations
            .retain(|given| is_back(&given.record) && !redeemed(&given.record));
        for record in state.records.iter().filter(|record| !is_redeemed(record)) {
            let known = self.failed_configurations.iter().any(|given| given.record == record.arn);
            if known || !record.status.as_str().starts_with("ROLLBACK") {
                continue;
            }
            let target = state.revisions.iter().find(|each| each.arn == record.target);
            let Some(target) = target else { continue };
            self.failed_configurations.push(FailedConfiguration {
                at: now,
                record: record.arn.clone(),
                effective: target.spec.connect.as_deref().map(Effective::of),
                task_definition: target.spec.task_definition.arn.clone(),
            });
        }
    }
}

/// What ECS or somebody else did to a service between two moments.
fn what_happened(before: &Moment, after: &Moment, by_us: bool) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let is_another = before.primary != after.primary;
    if is_another && !by_us && before.is_rolling() {
        kinds.push("superseded");
    }
    if after.rollout == RolloutState::Failed && before.rollout != RolloutState::Failed {
        kinds.push("failed for good");
    }
    if before.status == EcsServiceStatus::Active && after.status != EcsServiceStatus::Active {
        kinds.push("draining");
    }
    if before.created_at != after.created_at {
        kinds.push("made again under its name");
    }
    kinds
}
