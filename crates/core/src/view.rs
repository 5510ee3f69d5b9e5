//! What we know of the world, and how well.
//!
//! **Invariant:** only [`Seen::Known`] justifies a change. A page that failed, an entry of `failures[]` or
//! a refused call makes [`Seen::Unknown`], never [`Seen::Absent`].
//!
//! **Invariant:** the last thing known of a service is kept while it cannot be read, so that a name it
//! holds stays held, and it is forgotten only after two complete listings without it, some time apart.
//!
//! Types first; how readings are merged into the view is in [`crate::merge`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::canonical::Ground;
use crate::connect::Connect;
use crate::contended::Tool;
use crate::declare::{Intent, Layers};
use crate::document::Document;
use crate::fault::Fault;
use crate::history::History;
use crate::in_force::{InForce, Named};
use crate::issue::Issue;
use crate::mention::Mentions;
use crate::name::{
    Arn, ClusterName, DeploymentId, DiscoveryName, EcsServiceName, Family, NamespaceId,
    NamespaceName, NamespaceRef, ParameterName, Port, PortName, ServiceKey,
};
use crate::tag::Tagged;
use crate::time::{AwsTime, Now};

/// The result of looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// It is there and this is what it is.
    Known(T),
    /// We looked, completely, and it is not there.
    Absent,
    /// We could not tell.
    Unknown(Fault),
}

impl<T> Seen<T> {
    /// The thing, if it was seen.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(thing) => Some(thing),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The same with the thing, if it was seen, turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Known(thing) => Seen::Known(turn(thing)),
            Self::Absent => Seen::Absent,
            Self::Unknown(fault) => Seen::Unknown(fault),
        }
    }
}

/// An ECS service as `DescribeServices` with `include=TAGS` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsService {
    /// Its ARN.
    pub arn: Arn,
    /// Its cluster and name.
    pub key: ServiceKey,
    /// When it was created; the older of two claimants wins.
    pub created_at: AwsTime,
    /// Whether it is in use.
    pub status: ServiceStatus,
    /// Its tags, as written. Emptied once parsed.
    pub tags: BTreeMap<String, String>,
    /// Who rolls it out.
    pub controller: DeploymentController,
    /// How ECS rolls it out.
    pub strategy: Strategy,
    /// What ECS said of it last, newest first; kept only while a rollout runs or has failed.
    pub events: Vec<ServiceEvent>,
    /// `FARGATE`, `EC2`, `EXTERNAL`, `MANAGED_INSTANCES`; empty where capacity providers decide.
    pub launch_type: String,
    /// `Linux`, `Windows Server 2022 Core`, …; empty where not given.
    pub platform_family: String,
    /// A Fargate platform version such as `1.4.0`; empty where not given.
    pub platform_version: String,
    /// How many tasks it should run.
    pub desired_count: u32,
    /// The task definition in force.
    pub task_definition: Arn,
    /// The Cloud Map services where its tasks register without Service Connect (`serviceRegistries`).
    pub registries: Vec<Arn>,
    /// Its deployments, PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Members of the PRIMARY's `serviceConnectConfiguration` in the raw answer that this version does
    /// not know, as paths. Filled only by the read before a write.
    pub unknown_members: Vec<String>,
}

/// API:Service.status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ServiceStatus {
    /// In use.
    Active,
    /// Being deleted; its names are still taken.
    Draining,
    /// Deleted.
    Inactive,
}

/// API:DeploymentController.type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DeploymentController {
    /// ECS itself: rolling, blue/green, linear or canary.
    Ecs,
    /// AWS `CodeDeploy`; it accepts no Service Connect.
    CodeDeploy,
    /// Task sets made by somebody else; it accepts no Service Connect.
    External,
}

/// How ECS rolls a service out (API:DeploymentConfiguration).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// Whether the new tasks stand beside the old ones before traffic moves: `BLUE_GREEN`, `LINEAR` and `CANARY`, and
    /// whatever else is not `ROLLING`.
    pub shifts: bool,
    /// For how many minutes both stand when all traffic has moved (`bakeTimeInMinutes`).
    pub bake_minutes: u32,
    /// For how many minutes each step of a shift lasts.
    pub step_minutes: u32,
    /// How much of the traffic a step moves, in percent; 0 where it moves at once.
    pub step_percent: u32,
}

impl Strategy {
    /// How long its steps and its bake take by plan. Nothing seems to move meanwhile.
    pub fn bakes(&self) -> Duration {
        let steps = if self.step_percent == 0 { 0 } else { 100_u32.div_ceil(self.step_percent) };
        let minutes = self.bake_minutes.saturating_add(self.step_minutes.saturating_mul(steps));
        Duration::from_mins(minutes.into())
    }
}

/// API:ServiceEvent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceEvent {
    /// When ECS said it.
    pub at: AwsTime,
    /// What.
    pub message: String,
}

/// One deployment: an entry of `deployments[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whether it is the newest, an older one, or gone.
    pub status: DeploymentStatus,
    /// How far it is.
    pub rollout: Rollout,
    /// Why, in ECS's words.
    pub rollout_reason: String,
    /// When it was created.
    pub created_at: AwsTime,
    /// When it last changed.
    pub updated_at: AwsTime,
    /// What its tasks run.
    pub task_definition: Arn,
    /// Its Service Connect configuration; `None` is "off": absent and `enabled: false` are one
    /// (DescribeServices shows nothing after `enabled: false`).
    pub connect: Option<Connect>,
    /// The Cloud Map services it uses, by discovery name.
    pub cloud_map: Vec<(DiscoveryName, Arn)>,
}

/// API:Deployment.status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DeploymentStatus {
    /// The newest.
    Primary,
    /// An older one with tasks still running.
    Active,
    /// Replaced.
    Inactive,
}

/// API:Deployment.rolloutState.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Rollout {
    /// Under way, or with no circuit breaker perhaps stuck.
    InProgress,
    /// Done.
    Completed,
    /// Given up by the circuit breaker or an alarm.
    Failed,
}

impl EcsService {
    /// The PRIMARY deployment: where the configuration in force is read.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// The configuration in force; `None`: off.
    pub fn connect(&self) -> Option<&Connect> {
        self.primary()?.connect.as_ref()
    }

    /// Whether a rollout is under way, ours or anybody's.
    ///
    /// Older deployments may linger for two weeks beside a COMPLETED one
    /// (DG:early-success-criteria), so their presence alone says nothing.
    pub fn is_rolling(&self) -> bool {
        self.primary().is_none_or(|primary| primary.rollout == Rollout::InProgress)
    }

    /// The latest change AWS wrote into any deployment: readings with a smaller one are older.
    pub fn version(&self) -> Option<AwsTime> {
        self.deployments.iter().map(|d| d.updated_at.max(d.created_at)).max()
    }
}

/// What we keep of one listed service.
#[derive(Debug, Clone)]
pub struct ServiceView {
    /// The last thing known of it; shared, because plans and statuses look at it too.
    pub last: Option<Arc<EcsService>>,
    /// When that was read; as long as nothing was, when the service was first listed.
    pub read_at: Now,
    /// Why it could not be read the last time, if so.
    pub trouble: Option<Fault>,
    /// What its tags say by themselves; none where it has none of ours.
    pub tagged: Option<Arc<Tagged>>,
    /// What tells the tags that were read from others; nothing before any were.
    pub fingerprint: Option<[u64; 2]>,
    /// What it asks for in all.
    pub intent: Intent,
    /// What of that cannot be honoured.
    pub issues: Vec<Issue>,
    /// Whether what only matters for services that opted in was dropped from the last reading.
    pub is_slim: bool,
    /// Since when complete listings have missed it.
    pub missing_since: Option<Now>,
    /// Since when its present PRIMARY deployment has been seen rolling.
    pub rolling_since: Option<Now>,
    /// Since when its present PRIMARY deployment has been seen.
    pub primary_since: Option<Now>,
    /// What seems to own it, as its tags tell.
    pub tool: Tool,
    /// Since when older readings than the last one have been turned away.
    pub stale_since: Option<Now>,
}

/// One cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterView {
    /// Its services by name.
    pub services: BTreeMap<EcsServiceName, ServiceView>,
    /// Its default namespace for Service Connect, once read.
    pub default_namespace: Option<NamespaceRef>,
    /// When a sweep last covered all of it.
    pub complete_at: Option<Now>,
    /// When that sweep began: nothing in it is older, but for what AWS may lag.
    pub complete_from: Option<Now>,
    /// What the last sweep could not read and no service's own trouble tells, if anything.
    pub trouble: Option<Fault>,
}

/// A Cloud Map namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its id.
    pub id: NamespaceId,
    /// Its ARN: what we send.
    pub arn: Arn,
    /// Its name: the suffix of default aliases.
    pub name: NamespaceName,
    /// The name ECS resolves a short name by; differs from `name` where the name was used before
    /// (SD:DiscoverInstancesRequest.NamespaceName).
    pub http_name: NamespaceName,
    /// `HTTP`, `DNS_PRIVATE` or `DNS_PUBLIC`.
    pub kind: String,
    /// The account that owns it, where that was told; another one's is shared with this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A Cloud Map service: a taken discovery name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudMapService {
    /// Its ARN.
    pub arn: Arn,
    /// Its name.
    pub name: DiscoveryName,
    /// When it was created.
    pub created_at: AwsTime,
}

/// Who uses a namespace, over all clusters: what is read before a new name is claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceUse {
    /// Its Cloud Map services.
    pub cloud_map: Vec<CloudMapService>,
    /// The ECS services in it that run in clusters we do not watch, as far as they could be read.
    pub elsewhere: Vec<EcsService>,
    /// Every ECS service in it, clients included: ECS allows 300 (GR:ecs-service).
    pub members: BTreeSet<Arn>,
}

/// What matters here of a task definition revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Its ARN with the revision.
    pub arn: Arn,
    /// `awsvpc`, `bridge`, `host` or `none`; empty where not given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub network_mode: String,
    /// Whether it runs Windows containers (`runtimePlatform`).
    pub windows: bool,
    /// Task-level memory in MiB, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// The sum of its containers' hard memory limits in MiB.
    pub container_memory_mib: u32,
    /// Whether it sets task-level CPU.
    pub has_cpu: bool,
    /// The containers that set `links`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// The containers that set `hostname`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hostnames: Vec<String>,
    /// Its port mappings, named or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortMapping>,
    /// The images its containers run, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The hosts that its environment values may name.
    #[serde(skip)]
    pub mentions: Mentions,
}

/// API:PortMapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// The container it belongs to.
    pub container: String,
    /// Its name; a Service Connect endpoint needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<PortName>,
    /// The port the application listens on; absent where it is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<Port>,
    /// The range, `8000-8010`, where the mapping has one (`containerPortRange`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `http`, `http2` or `grpc`; absent means plain TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}

/// Everything we know.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Since when we have been awake, counted from our start: zero, unless we were stopped for so long meanwhile that
    /// whatever was being read may be old.
    pub awake_since: Duration,
    /// The clusters we watch.
    pub clusters: BTreeMap<ClusterName, ClusterView>,
    /// The document in force: the last good one. None where none is configured, or none was good yet.
    pub document: Option<Arc<Document>>,
    /// What is known of the document's sources.
    pub in_force: InForce,
    /// The parameters that services name in their tags.
    pub named: BTreeMap<ParameterName, Named>,
    /// The namespaces of this account and region, once read.
    pub namespaces: Option<Seen<Vec<Namespace>>>,
    /// When they were read.
    pub namespaces_at: Option<Now>,
    /// Who uses a namespace, where it was asked.
    pub uses: BTreeMap<NamespaceId, (Now, Seen<NamespaceUse>)>,
    /// Task definitions by ARN; a revision never changes.
    pub task_definitions: BTreeMap<Arn, Seen<Arc<TaskDefinition>>>,
    /// The latest active revisions of families, where they were asked.
    pub latest_revisions: BTreeMap<Family, (Now, Seen<Arc<TaskDefinition>>)>,
    /// When AWS says that the latest rollouts of our own were created, since our start, oldest first.
    pub begun: BTreeMap<ServiceKey, Vec<AwsTime>>,
    /// Recent rollouts of services about to be changed.
    pub histories: BTreeMap<ServiceKey, (Now, Seen<History>)>,
}

impl View {
    /// For how long we had been awake then.
    pub(crate) fn awake_for(&self, at: Now) -> Duration {
        at.since_start.saturating_sub(self.awake_since)
    }

    /// What is known of one service.
    pub fn service(&self, key: &ServiceKey) -> Option<&ServiceView> {
        self.clusters.get(&key.cluster)?.services.get(&key.name)
    }

    /// The namespaces that are known; none where they could not be read.
    pub fn known_namespaces(&self) -> &[Namespace] {
        self.namespaces.as_ref().and_then(Seen::known).map_or(&[], Vec::as_slice)
    }

    /// What defaults in a cluster depend on, but for a task definition.
    pub(crate) fn ground(&self, cluster: &ClusterName) -> Ground<'_> {
        let cluster = self.clusters.get(cluster);
        Ground {
            namespaces: self.known_namespaces(),
            default_namespace: cluster.and_then(|known| known.default_namespace.as_ref()),
            task_definition: None,
        }
    }

    /// Every service that is seen: of the clusters we watch, and of others as far as namespaces told of them.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = &EcsService> {
        let watched = self.clusters.values().flat_map(|cluster| cluster.services.values());
        let uses = self.uses.values().filter_map(|(_, seen)| seen.known());
        let elsewhere = uses.flat_map(|names| &names.elsewhere);
        watched.filter_map(|view| view.last.as_deref()).chain(elsewhere)
    }

    /// Everything that is said of one service, in the order of precedence.
    pub fn layers(&self, key: &ServiceKey) -> Layers<'_> {
        let tagged = self.service(key).and_then(|service| service.tagged.as_deref());
        layers(key, tagged, (self.document.as_deref(), &self.named))
    }

    /// Every service of every watched cluster, in order.
    pub fn services(&self) -> impl Iterator<Item = (ServiceKey, &ServiceView)> {
        self.clusters.iter().flat_map(|(cluster, view)| {
            view.services.iter().map(|(name, service)| (ServiceKey::new(cluster, name), service))
        })
    }
}

/// Everything that is said of one service, where its tags and what stands beside them are at hand.
pub(crate) fn layers<'a>(
    key: &ServiceKey,
    tagged: Option<&'a Tagged>,
    (document, named): (Option<&'a Document>, &'a BTreeMap<ParameterName, Named>),
) -> Layers<'a> {
    let tags = tagged.and_then(|tagged| tagged.declaration.as_ref());
    let named = tags.and_then(|tags| named.get(tags.document.as_ref()?));
    let entry = document.and_then(|document| document.services.get(key));
    Layers { entry, tagged, rest: named.map(|named| &named.rest) }
}
