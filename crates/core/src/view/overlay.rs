//! Readings as they will be once a tool has done what it is about to do: with other tags, without the services that go,
//! and with those that come.
//!
//! A service that comes has no task definition yet that could be read. It is taken to be in order, with the ports that its
//! tags name: what a plan says of it follows from the tags alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reading::ClusterReading;
use crate::declaration::declared::PortSelector;
use crate::declaration::proposed::{Deed, Proposed};
use crate::declaration::tag;
use crate::declaration::tag_prefix::TagPrefix;
use crate::ecs::environment::EnvironmentHosts;
use crate::ecs::name::{Arn, ClusterName, DeploymentId, NamespaceRef, Port, PortName};
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::past::Past;
use crate::ecs::seen::Seen;
use crate::ecs::service::{
    Deployment, DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceStatus,
    Strategy,
};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::ecs::time::AwsTime;

/// What a tool is about to do, laid over what is read.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    proposed: Vec<Proposed>,
    prefix: TagPrefix,
    /// The Cloud Map services of services that go.
    freed: BTreeSet<Arn>,
    /// The default namespaces of clusters that nobody reads, if each is taken to have one.
    has_defaults: bool,
}

impl Overlay {
    /// What a tool is about to do to what is there.
    pub fn new(proposed: Vec<Proposed>, prefix: TagPrefix) -> Self {
        Self { proposed, prefix, freed: BTreeSet::new(), has_defaults: false }
    }

    /// What a tool is about to do where nothing is known of what is there: every service comes, and each cluster whose
    /// name is known has a default namespace of its own.
    pub fn alone(proposed: Vec<Proposed>, prefix: TagPrefix) -> Self {
        let comes = proposed.into_iter().map(|one| match one.deed {
            Deed::Update => Proposed { deed: Deed::Create, ..one },
            Deed::Create | Deed::Replace | Deed::Delete => one,
        });
        Self { has_defaults: true, ..Self::new(comes.collect(), prefix) }
    }

    /// The default namespaces that clusters are taken to have.
    pub fn namespaces(&self) -> BTreeSet<NamespaceRef> {
        self.clusters().filter_map(|cluster| self.default_of(cluster)).collect()
    }

    fn default_of(&self, cluster: &ClusterName) -> Option<NamespaceRef> {
        let is_known = cluster.as_str() != crate::declaration::proposed::UNKNOWN_CLUSTER;
        (self.has_defaults && is_known)
            .then(|| NamespaceRef::as_read(&format!("the default namespace of {cluster}")))
    }

    fn clusters(&self) -> impl Iterator<Item = &ClusterName> {
        self.proposed.iter().filter(|one| one.comes()).map(|one| &one.cluster)
    }

    /// A cluster as it will be.
    pub(crate) fn on_sweep(&mut self, reading: &mut ClusterReading) {
        // What is known already is changed here, too.
        let unchanged = std::mem::take(&mut reading.unchanged).into_iter();
        let unchanged =
            unchanged.map(|(key, known)| (key, Seen::Known(Arc::unwrap_or_clone(known))));
        reading.services.extend(unchanged);
        for key in self.gone(reading.services.keys()) {
            let Some(Seen::Known(service)) = reading.services.remove(&key) else { continue };
            let names = service.deployments.iter().flat_map(|deployment| &deployment.cloud_map);
            self.freed.extend(names.map(|(_, arn)| arn.clone()));
        }
        let known = reading.services.values_mut().filter_map(|seen| match seen {
            Seen::Known(service) => Some(service),
            Seen::Absent | Seen::Unknown(_) => None,
        });
        known.for_each(|service| self.on_service(service));
        let coming = self.proposed.iter().filter(|one| one.cluster == reading.cluster);
        for one in coming.filter(|one| one.comes()) {
            let service = service_of(one);
            reading.services.insert(service.key.clone(), Seen::Known(service));
        }
    }

    fn gone<'k>(&self, keys: impl Iterator<Item = &'k ServiceKey>) -> Vec<ServiceKey> {
        let goes = |one: &Proposed| {
            one.deed == Deed::Delete || (one.deed == Deed::Replace && one.is_complete)
        };
        let is_gone =
            |key: &&ServiceKey| self.proposed.iter().any(|one| goes(one) && one.is_about(key));
        keys.filter(is_gone).cloned().collect()
    }

    /// A service with the tags that it will have.
    pub(crate) fn on_service(&self, service: &mut EcsService) {
        let is_changed = |one: &&Proposed| one.deed == Deed::Update && one.is_complete;
        let changed = self.proposed.iter().filter(is_changed);
        if let Some(one) = changed.into_iter().find(|one| one.is_about(&service.key)) {
            service.tags.clone_from(&one.tags);
        }
    }

    /// Who uses a namespace, without who goes.
    pub(crate) fn on_use(&self, names: &mut NamespaceUse) {
        let gone = self.gone(names.elsewhere.iter().map(|service| &service.key));
        names.elsewhere.retain(|service| !gone.contains(&service.key));
        names.elsewhere.iter_mut().for_each(|service| self.on_service(service));
        names.cloud_map.retain(|service| !self.freed.contains(&service.arn));
        let deleted = self.proposed.iter().filter(|one| one.deed == Deed::Delete);
        let deleted: BTreeSet<&Arn> = deleted.map(|one| &one.arn).collect();
        names.members.retain(|arn| !deleted.contains(arn));
    }

    /// The clusters that no sweep reads, because they are not there yet, or because nobody knows which they are.
    pub(crate) fn other_clusters(&self, swept: &BTreeSet<ClusterName>) -> Vec<ClusterReading> {
        let others: BTreeSet<&ClusterName> =
            self.clusters().filter(|cluster| !swept.contains(*cluster)).collect();
        let reading = |cluster: &ClusterName| ClusterReading {
            cluster: cluster.clone(),
            default_namespace: Seen::Known(self.default_of(cluster)),
            listing: Ok(()),
            services: BTreeMap::new(),
            unchanged: BTreeMap::new(),
        };
        others.into_iter().map(reading).collect()
    }

    /// The service of this key that is to come.
    pub(crate) fn service(&self, key: &ServiceKey) -> Option<EcsService> {
        let mut coming = self.proposed.iter().filter(|one| one.comes());
        coming.find(|one| one.is_about(key)).map(service_of)
    }

    /// The task definition of a service that is to come.
    pub(crate) fn task_definition(&self, arn: &Arn) -> Option<TaskDefinition> {
        let (at, one) = self.proposed.iter().enumerate().find(|(_, one)| revision(one) == *arn)?;
        Some(self.taken_to_be_in_order(at, one))
    }

    /// The past of a service that is to come: it was created.
    pub(crate) fn past(&self, key: &ServiceKey) -> Option<Vec<Past>> {
        let service = self.service(key)?;
        Some(vec![Past {
            connect: None,
            task_definition: service.task_definition,
            status: "SUCCESSFUL".to_owned(),
            reason: String::new(),
            created_at: NEWEST,
            finished_at: Some(NEWEST),
            stage: String::new(),
            paused_at: None,
        }])
    }

    /// A task definition with the ports that the tags name; a port that they do not name has a name that no other
    /// service's has.
    fn taken_to_be_in_order(&self, at: usize, one: &Proposed) -> TaskDefinition {
        let declared = tag::read(&self.prefix, &one.tags).and_then(|tagged| tagged.declaration);
        let endpoints = declared.as_ref().map_or(&[][..], |declared| &declared.endpoints);
        let mut ports: Vec<PortMapping> = endpoints
            .iter()
            .filter_map(|endpoint| match endpoint.port.as_ref()? {
                PortSelector::Name(name) => Some(port(name.clone(), None)),
                PortSelector::Number(number) => {
                    Some(port(PortName::as_read(&format!("port-{number}")), Some(*number)))
                }
            })
            .collect();
        if ports.is_empty() {
            ports.push(port(PortName::as_read(&format!("known-after-apply-{at}")), None));
        }
        TaskDefinition {
            arn: revision(one),
            network_mode: "awsvpc".to_owned(),
            windows: false,
            memory_mib: Some(4096),
            container_memory_mib: 0,
            has_cpu: true,
            links: Vec::new(),
            hostnames: Vec::new(),
            managed_instances: false,
            ports,
            images: Vec::new(),
            environment_hosts: EnvironmentHosts::default(),
        }
    }
}

/// A service as it is once it has come.
fn service_of(one: &Proposed) -> EcsService {
    EcsService {
        arn: one.arn.clone(),
        key: one.key(),
        created_at: NEWEST,
        status: ServiceStatus::Active,
        tags: one.tags.clone(),
        controller: DeploymentController::Ecs,
        strategy: Strategy::default(),
        events: Vec::new(),
        launch_type: "FARGATE".to_owned(),
        platform_family: String::new(),
        platform_version: String::new(),
        desired_count: one.tasks,
        task_definition: revision(one),
        registries: Vec::new(),
        deployments: vec![Deployment {
            id: DeploymentId::as_read("to come"),
            status: DeploymentStatus::Primary,
            rollout: Rollout::Completed,
            rollout_reason: String::new(),
            created_at: NEWEST,
            updated_at: NEWEST,
            running_count: one.tasks,
            task_definition: revision(one),
            connect: None,
            cloud_map: Vec::new(),
        }],
        unknown_members: Vec::new(),
    }
}

/// Younger than all that is there: who has a name keeps it.
const NEWEST: AwsTime = AwsTime(i64::MAX);

fn port(name: PortName, number: Option<Port>) -> PortMapping {
    PortMapping {
        container: "app".to_owned(),
        name: Some(name),
        container_port: number.or(Port::from_i32(8080)),
        range: None,
        protocol: "tcp".to_owned(),
        app_protocol: Some("http".to_owned()),
    }
}

/// The ARN of a revision that is not there yet.
fn revision(one: &Proposed) -> Arn {
    Arn::as_read(&format!("arn:to-come:ecs:::task-definition/{}:1", one.address))
}
