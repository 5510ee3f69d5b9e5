//! What we know of AWS, how old it is, and how sure.
//!
//! **Invariant:** only [`Seen::Known`] justifies a change. A page that failed, an entry of `failures[]` or
//! a refused call makes [`Seen::Unknown`], never [`Seen::Absent`].
//!
//! **Invariant:** the last reading of a service is kept while the service cannot be read, so that its names stay taken.
//! A service is forgotten only after two complete listings without it, some time apart.
//!
//! Types first; how readings are merged into the view is in [`crate::view::merge`].

pub mod reading;
pub mod hint;
pub mod history;
pub mod rollout;
pub(crate) mod in_force;
pub(crate) mod layers;
pub mod former;
pub mod foreign;
mod kept;
pub mod overlay;
pub mod merge;
mod unchanged;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::declaration::document::Document;
use crate::declaration::intent::{Intent, Layers};
use crate::declaration::issue::Issue;
use crate::declaration::settings::Timing;
use crate::declaration::tagged::Tagged;
use crate::ecs::defaults::Defaults;
use crate::ecs::fault::Fault;
use crate::ecs::name::{Arn, ClusterName, Family, NamespaceId, NamespaceRef, ParameterName};
use crate::ecs::namespace::{Namespace, NamespaceUse};
use crate::ecs::namespace_names::NamespaceNames;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::ecs::task_definition::TaskDefinition;
use crate::ecs::time::Now;
use crate::ecs::tool::Tool;
use foreign::{ForeignChange, OwnRollout};
use former::{FormerNames, Replaced};
use history::History;
use in_force::{InForce, NamedParameter};
use layers::BesideTags;
use reading::Question;

/// What we keep of one listed service.
#[derive(Debug, Clone)]
pub struct ServiceView {
    /// Its last good reading; shared, because plans and statuses use it too.
    pub last: Option<Arc<EcsService>>,
    /// When that was read; before the first reading, when the service was first listed.
    pub read_at: Now,
    /// Why it could not be read the last time, if so.
    pub trouble: Option<Fault>,
    /// What its tags say, without the document; none if it has no tag of ours.
    pub tagged: Option<Arc<Tagged>>,
    /// The fingerprint of the tags that were read last; none before the first reading.
    pub fingerprint: Option<[u64; 2]>,
    /// What it asks for in total.
    pub intent: Intent,
    /// What is wrong with that.
    pub issues: Vec<Issue>,
    /// Whether the last reading was cut down because the service did not opt in.
    pub is_slim: bool,
    /// Since when complete listings have missed it.
    pub missing_since: Option<Now>,
    /// Since when its present PRIMARY deployment has been seen rolling.
    pub rolling_since: Option<Now>,
    /// Since when its present PRIMARY deployment has been seen.
    pub primary_since: Option<Now>,
    /// The tool that owns it, if its tags show it.
    pub tool: Tool,
    /// Since when readings that are older than the last one have been ignored.
    pub stale_since: Option<Now>,
    /// Whether a person asked to send once more what ECS gave up, and no deployment began since.
    pub is_to_retry: bool,
}

impl ServiceView {
    /// Whether the `retry` tag has another value now than at the last reading. A value that was there before the first
    /// reading asks for nothing: it may have been answered long ago.
    fn is_asked_again(&self, now: Option<&Tagged>) -> bool {
        let old = self.tagged.as_deref().and_then(|tagged| tagged.retry.as_ref());
        let new = now.and_then(|tagged| tagged.retry.as_ref());
        self.last.is_some() && new.is_some() && new != old
    }
}

/// One cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterView {
    /// Its services.
    pub services: BTreeMap<ServiceKey, ServiceView>,
    /// Its default namespace for Service Connect, once read.
    pub default_namespace: Option<NamespaceRef>,
    /// When a sweep last covered all of it.
    pub complete_at: Option<Now>,
    /// When that sweep began: nothing in it is older, but for what AWS may lag.
    pub complete_from: Option<Now>,
    /// What the last sweep could not read, if no service shows it.
    pub trouble: Option<Fault>,
}

/// Everything we know.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Since when the process has run without a long stop, counted from its start. After a long stop, an answer that
    /// was on its way may be old.
    pub awake_since: Duration,
    /// The clusters we watch.
    pub clusters: BTreeMap<ClusterName, ClusterView>,
    /// Why the clusters could not be listed the last time.
    pub clusters_trouble: Option<Fault>,
    /// The document in force: the last good one. None where none is configured, or none was good yet.
    pub document: Option<Arc<Document>>,
    /// What is known of the document's sources.
    pub in_force: InForce,
    /// The parameters that services name in their tags.
    pub named: BTreeMap<ParameterName, NamedParameter>,
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
    /// Our own latest rollouts since our start, oldest first.
    pub own_rollouts: BTreeMap<ServiceKey, Vec<OwnRollout>>,
    /// What stood in services before others changed it, since the start.
    pub foreign_changes: BTreeMap<ServiceKey, ForeignChange>,
    /// Names that were in use since the start and are not any more.
    pub former: FormerNames,
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
        self.clusters.get(&key.cluster)?.services.get(key)
    }

    /// The namespaces that are known; none where they could not be read.
    pub fn known_namespaces(&self) -> &[Namespace] {
        self.namespaces.as_ref().and_then(Seen::known).map_or(&[], Vec::as_slice)
    }

    /// The names by which people know them.
    pub fn namespace_names(&self) -> NamespaceNames<'_> {
        NamespaceNames::of(self.known_namespaces())
    }

    /// The namespace of the configuration that a service has in force, where it is known.
    pub fn namespace_in_force(&self, service: &EcsService) -> Option<&Namespace> {
        self.defaults(&service.key.cluster).namespace_of(service.connect()?)
    }

    /// What defaults in a cluster depend on, but for a task definition.
    pub(crate) fn defaults(&self, cluster: &ClusterName) -> Defaults<'_> {
        let cluster = self.clusters.get(cluster);
        Defaults {
            namespaces: self.known_namespaces(),
            default_namespace: cluster.and_then(|known| known.default_namespace.as_ref()),
            task_definition: None,
        }
    }

    /// What the defaults of a service depend on, with its task definition if it was read.
    pub(crate) fn defaults_with_ports(&self, service: &EcsService) -> Defaults<'_> {
        let seen = self.task_definitions.get(&service.task_definition);
        let task_definition = seen.and_then(Seen::known).map(|found| &**found);
        Defaults { task_definition, ..self.defaults(&service.key.cluster) }
    }

    /// For how long a name that was in use is kept from other services.
    pub(crate) fn name_quarantine(&self, timing: &Timing) -> Duration {
        let said = self.document.as_ref().and_then(|document| document.limits.name_quarantine);
        said.unwrap_or(timing.name_quarantine)
    }

    /// Every service that was read: those of the watched clusters, and those of other clusters in a namespace that was
    /// read.
    pub(crate) fn all_services(&self) -> impl Iterator<Item = &EcsService> {
        let watched = self.clusters.values().flat_map(|cluster| cluster.services.values());
        let uses = self.uses.values().filter_map(|(_, seen)| seen.known());
        let elsewhere = uses.flat_map(|names| &names.elsewhere);
        watched.filter_map(|view| view.last.as_deref()).chain(elsewhere)
    }

    /// All declarations of one service, in the order of precedence.
    pub fn layers(&self, key: &ServiceKey) -> Layers<'_> {
        let tagged = self.service(key).and_then(|service| service.tagged.as_deref());
        let beside = BesideTags { document: self.document.as_deref(), named: &self.named };
        beside.layers(key, tagged)
    }

    /// Every service of every watched cluster, in order.
    pub fn services(&self) -> impl Iterator<Item = (&ServiceKey, &ServiceView)> {
        self.clusters.values().flat_map(|cluster| &cluster.services)
    }

    /// The service that a person means by this path.
    pub fn at_path(&self, path: &ServicePath) -> Option<&ServiceKey> {
        let services = &self.clusters.get(&path.cluster)?.services;
        let (key, _) = services.range(path.least_key()..).next()?;
        (key.name == path.name).then_some(key)
    }
}

/// Notes what new readings of watched services show beside the readings themselves: names that became free, and changes
/// of others.
pub(crate) fn follow(view: &mut View, replaced: &[Replaced], now: Now) {
    former::follow(view, replaced, now);
    foreign::follow(view, replaced);
}

/// The known namespaces of a service's deployments. The one that it leaves counts until the rollout is over, even if it
/// goes to none.
pub(crate) fn deployed(view: &View, key: &ServiceKey) -> Vec<NamespaceId> {
    let last = view.service(key).and_then(|service| service.last.as_ref());
    let defaults = view.defaults(&key.cluster);
    let deployments = last.into_iter().flat_map(|last| &last.deployments);
    let connects = deployments.filter_map(|each| each.connect.as_ref());
    let found = connects.filter_map(|connect| defaults.namespace_of(connect));
    found.map(|namespace| namespace.id.clone()).collect()
}

/// The question who uses a namespace, outside the watched clusters.
pub(crate) fn users_of(view: &View, namespace: &Namespace) -> Question {
    let watched = view.clusters.keys().cloned().collect();
    Question::NamespaceUse(namespace.id.clone(), namespace.arn.clone(), watched)
}
