//! `GET /api/v1/services`: every service of the watched clusters, with its status.

use std::collections::BTreeMap;

use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::issue::Issue;
use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::connect::Endpoint;
use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::service::{EcsService, Rollout};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::leader::NotLeader;
use eastwest_core::plan::need::{MissingEndpoint, Need};
use eastwest_core::report::standing::{Standing, standing};
use eastwest_core::report::status::Status;
use eastwest_core::view::ServiceView;
use serde::Serialize;

use super::is_whole;
use super::issues::issues;
use super::shape;
use crate::daemon::clock::Clock;

/// `GET /api/v1/services`: what it is made of. [`super::listing`] makes it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct ServicesPage {
    /// The clusters watched.
    pub(crate) clusters: Vec<ClusterRow>,
    /// Every service of theirs, or those that are asked for.
    pub(crate) services: Vec<ServiceRow>,
    /// The queue whose messages bring looks forward, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<QueueRow>,
    /// The sums; none where all services are shown.
    #[serde(flatten)]
    pub(crate) sums: Option<Sums>,
}

/// The sums of what was asked for.
#[derive(Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Sums {
    /// How many rows match.
    pub(crate) total: usize,
    /// How many were passed over.
    pub(crate) offset: usize,
    /// How many are shown at most.
    pub(crate) limit: usize,
    /// How many match by standing, whatever standing is asked for.
    pub(crate) standings: BTreeMap<Standing, usize>,
}

/// The queue.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct QueueRow {
    /// Its URL.
    pub(crate) url: String,
    /// Why its messages cannot be received or deleted, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

/// One cluster.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterRow {
    /// Its name.
    pub(crate) name: String,
    /// When a sweep last covered all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) swept_at: Option<jiff::Timestamp>,
    /// Why the last one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
    /// Who leads it, or why that is not known; absent without a lease table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leader: Option<String>,
}

/// One service.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceRow {
    /// `cluster/name`.
    #[schemars(with = "String")]
    pub(crate) service: ServiceKey,
    /// Its ARN, once read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) arn: Option<Arn>,
    /// Whether it opted in.
    pub(crate) managed: bool,
    /// What is declared for it; absent where nothing is declared or the declaration is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Declaration>")]
    pub(crate) declared: Option<Intent>,
    /// Whether a person must act.
    pub(crate) standing: Standing,
    /// Its status, if it opted in.
    #[serde(flatten)]
    pub(crate) status: Option<Status>,
    /// Since when the status is so: as AWS remembers it where it speaks of a rollout, else as this process saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Its issues, advice included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Issue>")]
    pub(crate) issues: Vec<Issue>,
    /// The names it calls: as declared, else as inferred from its environment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Need>")]
    pub(crate) needs: Vec<Need>,
    /// The endpoints that it needs and that its tasks do not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::MissingEndpoint>")]
    pub(crate) lacks: Vec<MissingEndpoint>,
    /// How many more it lacks.
    #[serde(skip_serializing_if = "is_whole")]
    pub(crate) lacks_more: usize,
    /// Where it differs from what is wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Change>")]
    pub(crate) changes: Vec<Change>,
    /// The services that want a name it has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub(crate) contested_by: Vec<ServiceKey>,
    /// How many more want one.
    #[serde(skip_serializing_if = "is_whole")]
    pub(crate) contested_by_more: usize,
    /// A remark on what is planned for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The configuration in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deployed: Option<Deployed>,
}

/// The configuration in force: the PRIMARY deployment's.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Deployed {
    /// The deployment.
    pub(crate) deployment: String,
    /// The state of its rollout.
    #[schemars(with = "shape::Rollout")]
    pub(crate) rollout: Rollout,
    /// Whether Service Connect is on.
    pub(crate) enabled: bool,
    /// The namespace as ECS shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// The endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Endpoint>")]
    pub(crate) endpoints: Vec<Endpoint>,
}

impl ClusterRow {
    /// Every cluster that is watched.
    pub(crate) fn all(engine: &Engine, clock: Clock) -> Vec<Self> {
        let clusters = engine.view().clusters.iter().map(|(name, cluster)| Self {
            name: name.to_string(),
            swept_at: cluster.complete_at.map(|at| clock.calendar(at)),
            trouble: cluster.trouble.as_ref().map(ToString::to_string),
            leader: engine
                .leader(name, clock.now())
                .map(|leader| NotLeader { cluster: name.clone(), leader }.to_string()),
        });
        clusters.collect()
    }
}

/// The queue, where there is one.
pub(crate) fn queue_row(engine: &Engine) -> Option<QueueRow> {
    engine.settings().queue.as_ref().map(|queue| QueueRow {
        url: queue.to_string(),
        trouble: engine.queue_trouble().map(ToString::to_string),
    })
}

impl ServiceRow {
    /// The row of one service.
    pub(crate) fn of(engine: &Engine, clock: Clock, key: &ServiceKey, view: &ServiceView) -> Self {
        let published = engine.status(key);
        // What AWS remembers, a restart does not forget.
        let told = published.and_then(|published| published.status.began?.calendar());
        let since = told.or(published.map(|published| clock.calendar(published.since)));
        let status = published.map(|published| published.status.clone());
        let standing = standing_of(engine, key, view);
        let service = key.clone();
        let plan = engine.plan();
        let entry = plan.entries.get(&service);
        Self {
            standing,
            arn: view.last.as_ref().map(|last| last.arn.clone()),
            managed: view.intent != Intent::NotOptedIn,
            declared: matches!(view.intent, Intent::Declared(_)).then(|| view.intent.clone()),
            status,
            since,
            issues: issues(&service, view, plan).cloned().collect(),
            needs: plan.needs.get(&service).cloned().unwrap_or_default(),
            lacks: entry.map(|entry| entry.lacks.clone()).unwrap_or_default(),
            lacks_more: entry.map_or(0, |entry| entry.lacks_more),
            changes: entry.map(|entry| entry.changes.clone()).unwrap_or_default(),
            contested_by: entry.map(|entry| entry.contested_by.clone()).unwrap_or_default(),
            contested_by_more: entry.map_or(0, |entry| entry.contested_by_more),
            note: entry.and_then(|entry| entry.note.clone()),
            deployed: view.last.as_deref().and_then(Deployed::new),
            service,
        }
    }
}

/// How a service stands.
pub(crate) fn standing_of(engine: &Engine, key: &ServiceKey, view: &ServiceView) -> Standing {
    if view.intent == Intent::NotOptedIn {
        return Standing::NotOptedIn;
    }
    let status = engine.status(key).map(|published| &published.status);
    standing(status, engine.plan().entries.get(key))
}

impl Deployed {
    fn new(service: &EcsService) -> Option<Self> {
        let primary = service.primary()?;
        let connect = primary.connect.as_ref();
        Some(Self {
            deployment: primary.id.to_string(),
            rollout: primary.rollout,
            enabled: connect.is_some(),
            namespace: connect.and_then(|c| c.namespace.as_ref()).map(ToString::to_string),
            endpoints: connect.map(|connect| connect.endpoints.clone()).unwrap_or_default(),
        })
    }
}
