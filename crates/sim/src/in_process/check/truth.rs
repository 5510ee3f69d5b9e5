//! The truth about one service over time: what it was, what was asked of it, and since when.
//!
//! Invariant: read from the model's own resolution of a configuration, never from core's canonical form, so
//! that a mistake in the one cannot hide behind the same mistake in the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eastwest_core::tag::{self, TagPrefix, Tagged};
use serde_json::{Value, json};

use crate::model::{Connect, EcsServiceState};
use crate::shapes::Time;
use crate::shapes::ecs::{DeploymentStatus, EcsServiceStatus, RolloutState};

/// A configuration in force with nothing left to defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The namespace's id.
    pub namespace: String,
    /// What is served, in order of discovery names.
    pub endpoints: Vec<EffectiveEndpoint>,
    /// The proxy's logs and access logs.
    pub logs: [Value; 2],
    /// Members that eastwest does not know.
    pub unknown: Value,
}

/// One endpoint with nothing left to defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveEndpoint {
    /// Its discovery name.
    pub discovery_name: String,
    /// The port mapping's name.
    pub port_name: String,
    /// The container's port.
    pub container_port: u32,
    /// What clients call.
    pub alias: Option<(String, u32)>,
    /// Ingress port, time-outs, TLS, test rules: what goes along.
    pub rest: Value,
}

/// A name only one service of a namespace may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// A discovery name, by namespace id.
    Discovery(String, String),
    /// An alias, by namespace id.
    Alias(String, String, u32),
}

impl Effective {
    /// What the model made of a configuration.
    pub fn of(connect: &Connect) -> Self {
        let sent = connect.sent.services.iter().flatten();
        let mut endpoints: Vec<_> = connect
            .endpoints
            .iter()
            .zip(sent)
            .map(|(endpoint, entry)| EffectiveEndpoint {
                discovery_name: endpoint.discovery_name.clone(),
                port_name: endpoint.port_name.clone(),
                container_port: endpoint.container_port,
                alias: endpoint.alias.clone(),
                rest: json!([
                    entry.ingress_port_override,
                    entry.timeout,
                    entry.tls,
                    entry
                        .client_aliases
                        .iter()
                        .flatten()
                        .filter_map(|alias| alias.test_traffic_rules.as_ref())
                        .collect::<Vec<_>>(),
                ]),
            })
            .collect();
        endpoints.sort_by(|a, b| a.discovery_name.cmp(&b.discovery_name));
        let mut logs = json!(connect.sent.log_configuration);
        if let Some(logs) = logs.as_object_mut() {
            logs.retain(|_, value| *value != json!([]) && *value != json!({}));
            // Their order means nothing, and core keeps them by name.
            if let Some(secrets) = logs.get_mut("secretOptions").and_then(Value::as_array_mut) {
                secrets.sort_by_key(ToString::to_string);
            }
        }
        let mut access_logs = json!(connect.sent.access_log_configuration);
        if let Some(access_logs) = access_logs.as_object_mut() {
            // The default.
            access_logs.retain(|_, value| *value != json!("DISABLED"));
        }
        Self {
            namespace: connect.namespace.clone(),
            endpoints,
            logs: [logs, access_logs],
            unknown: json!(connect.sent.container_configurations),
        }
    }

    /// The names it takes up.
    pub fn taken(&self) -> impl Iterator<Item = Taken> {
        self.endpoints.iter().flat_map(|endpoint| {
            let namespace = &self.namespace;
            let alias = endpoint.alias.as_ref();
            let alias =
                alias.map(|(host, port)| Taken::Alias(namespace.clone(), host.clone(), *port));
            let discovery = Taken::Discovery(namespace.clone(), endpoint.discovery_name.clone());
            [Some(discovery), alias].into_iter().flatten()
        })
    }
}

/// One service at one time.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) since: Time,
    pub(super) created_at: Time,
    pub(super) status: EcsServiceStatus,
    pub(super) primary: String,
    pub(super) rollout: RolloutState,
    /// How many deployments there are: a change may free names.
    deployments: usize,
    pub(super) tags: Arc<BTreeMap<String, String>>,
    /// What they say by themselves.
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

    /// Whether nothing worth a new moment has happened.
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

/// A configuration that ECS gave up, on a task definition.
#[derive(Debug, Clone)]
pub(super) struct GivenUp {
    pub(super) at: Time,
    pub(super) record: String,
    pub(super) effective: Option<Effective>,
    pub(super) task_definition: String,
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
pub(super) struct Life {
    pub(super) moments: Vec<Moment>,
    pub(super) given_up: Vec<GivenUp>,
    pub(super) failures: Vec<Failure>,
    /// When something other than our writes changed what it is or should be.
    pub(super) causes: Vec<Time>,
    /// Deployments that our writes started.
    pub(super) ours: BTreeSet<String>,
    /// Those of them that the controller which runs now has started.
    pub(super) ours_since_start: BTreeSet<String>,
    /// When our last write took effect, how far back its evidence may reach, and how far that of what concerns all.
    pub(super) last_write: Option<(Time, Time, Time)>,
    /// Our last refused write whose refusal was told.
    pub(super) refused: Option<(Time, Value)>,
}

impl Life {
    pub(super) fn now(&self) -> Option<&Moment> {
        self.moments.last()
    }

    /// What it was from that instant on: everything a read could still show.
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

    /// Takes in the present state; says what befell the service, by the kinds of [`super::super::catalogue`].
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
            kinds.extend(befell(before, &next, by_us));
            let was = |moment: &Moment| moment.primary == next.primary;
            let failed = if before.primary == next.primary {
                next.rollout == RolloutState::Failed
            } else {
                // What was there before is there again.
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
        let given_up = self.given_up.len();
        self.note_given_up(state, now);
        if self.given_up.len() > given_up {
            kinds.push("rolled back by ECS");
        }
        kinds
    }

    /// Notes what ECS has given up, as far as it can be read: a way back that somebody's deployment cuts short
    /// becomes STOPPED, like any other, and nothing tells any more that it was one.
    fn note_given_up(&mut self, state: &EcsServiceState, now: Time) {
        let is_back = |arn: &str| {
            let record = state.records.iter().find(|record| record.arn == arn);
            record.is_some_and(|record| record.status.as_str().starts_with("ROLLBACK"))
        };
        self.given_up.retain(|given| is_back(&given.record));
        for record in &state.records {
            let known = self.given_up.iter().any(|given| given.record == record.arn);
            if known || !record.status.as_str().starts_with("ROLLBACK") {
                continue;
            }
            let target = state.revisions.iter().find(|each| each.arn == record.target);
            let Some(target) = target else { continue };
            self.given_up.push(GivenUp {
                at: now,
                record: record.arn.clone(),
                effective: target.spec.connect.as_deref().map(Effective::of),
                task_definition: target.spec.task_definition.arn.clone(),
            });
        }
    }
}

/// What befell a service between two moments, where ECS or somebody else is behind it.
fn befell(before: &Moment, after: &Moment, by_us: bool) -> Vec<&'static str> {
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
        kinds.push("made anew under its name");
    }
    kinds
}
