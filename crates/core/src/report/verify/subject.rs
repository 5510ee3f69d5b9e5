//! What is to be verified: the services that opted in, the endpoints that are wanted of them, and their calls; and what
//! must be read for that.

use std::collections::{BTreeMap, BTreeSet};

use super::Evidence;
use super::finding::{Check, Finding};
use super::probes::{self, Probe};
use crate::declaration::intent::Intent;
use crate::declaration::settings::Settings;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{Arn, ClusterName, DiscoveryName, EcsServiceName, HttpPath, Port};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::call::{Call, Offered};
use crate::plan::entry::{Entry, Verdict};
use crate::planner::traffic;
use crate::view::View;

/// Up to so many services of a cluster AWS is asked for their tasks one by one. For more, the tasks of the whole cluster
/// are fewer calls.
pub const MOST_ALONE: usize = 10;

/// One look, and what of it is to be verified.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// What was seen.
    pub view: &'a View,
    /// What it was seen with.
    pub settings: &'a Settings,
    /// The plan for it.
    pub plan: &'a Plan,
    /// The one service to verify; none for all that opted in.
    pub only: Option<&'a ServiceKey>,
}

/// What is to be verified.
#[derive(Debug)]
pub struct Subjects {
    pub(super) services: Vec<Subject>,
    /// Every service of the look that is not gone: a call may be to any.
    pub(super) endpoints: BTreeMap<ServiceKey, Vec<WantedEndpoint>>,
    /// Who calls each service, within what is verified or to it.
    pub(super) callers: BTreeMap<ServiceKey, BTreeSet<ServiceKey>>,
}

/// One service that is verified.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) service: EcsService,
    /// What its instances are asked for.
    pub(super) check: Option<HttpPath>,
    /// Why it is not known what is wanted, or that nothing is.
    pub(super) unsure: Option<Finding>,
    pub(super) endpoints: Vec<WantedEndpoint>,
    /// Its calls; if it is the only one that is verified, also the calls of others to it.
    pub(super) calls: Vec<VerifiedCall>,
}

/// A call, with why nobody knows whether it succeeds, where nobody does.
#[derive(Debug)]
pub(super) struct VerifiedCall {
    pub(super) call: Call,
    pub(super) unread: Vec<String>,
}

/// One endpoint that is wanted.
#[derive(Debug, Clone)]
pub(super) struct WantedEndpoint {
    pub(super) name: DiscoveryName,
    /// The host that clients call; none where nobody knows the namespace.
    pub(super) host: Option<String>,
    /// The port that clients call; none where only an unread task definition tells.
    pub(super) port: Option<Port>,
    pub(super) stage: Stage,
    /// Its Cloud Map service, where ECS names one.
    pub(super) cloud_map: Option<Arn>,
    pub(super) listens: Listens,
    pub(super) speaks: Speaks,
    pub(super) is_encrypted: bool,
}

/// Whether an endpoint is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// A deployment that has it completed.
    Ready,
    /// The first deployment that has it has not completed.
    Rolling,
    /// It is wanted and not deployed, for this reason.
    Wanted(String),
}

/// Where the proxy of a task listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listens {
    /// On this port of the task's own interface.
    On(Port),
    /// On a port that ECS chooses for each task (DG:service-connect-concepts-deploy, bridge mode).
    Anywhere,
    /// Its task definition was not read.
    Unread,
}

/// What an endpoint speaks, by the `appProtocol` of its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaks {
    /// HTTP/1.1.
    Http,
    /// Nothing that the proxy looks into.
    Tcp,
    /// `http2` or `grpc`.
    Other(String),
    /// Its task definition was not read.
    Unread,
}

/// Tasks to read: of one service, or of a whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TasksOf {
    /// The cluster.
    pub cluster: ClusterName,
    /// The service; none for the whole cluster.
    pub service: Option<EcsServiceName>,
    /// The services that they are wanted for.
    pub wanted: BTreeSet<ServiceKey>,
}

/// What of a look is to be verified.
pub fn subjects(scope: Scope<'_>) -> Subjects {
    let traffic: Vec<_> = traffic(scope.view, scope.settings).into_values().collect();
    let ready: BTreeSet<(&ServiceKey, &DiscoveryName)> = traffic
        .iter()
        .flat_map(|each| &each.offers)
        .filter(|offered| offered.is_ready)
        .map(|Offered { name, server, .. }| (server, name))
        .collect();
    let is_ready =
        |key: &ServiceKey, name: &DiscoveryName| -> bool { ready.contains(&(key, name)) };
    let calls = traffic.iter().flat_map(|each| &each.calls);
    let mut by_service: BTreeMap<&ServiceKey, Vec<&Call>> = BTreeMap::new();
    let mut callers: BTreeMap<ServiceKey, BTreeSet<ServiceKey>> = BTreeMap::new();
    for call in calls {
        by_service.entry(&call.client).or_default().push(call);
        if let Some(server) = &call.server {
            callers.entry(server.clone()).or_default().insert(call.client.clone());
            if scope.only == Some(server) {
                by_service.entry(server).or_default().push(call);
            }
        }
    }
    let mut endpoints = BTreeMap::new();
    for service in scope.view.all_services().filter(|service| !service.is_gone()) {
        let entry = scope.plan.entries.get(&service.key);
        endpoints
            .insert(service.key.clone(), wanted_endpoints(scope.view, service, entry, is_ready));
    }
    let entries = scope.plan.entries.iter();
    let asked = entries.filter(|(key, _)| scope.only.is_none_or(|only| only == *key));
    let services = asked.filter_map(|(key, entry)| {
        let view = scope.view.service(key)?;
        let calls = by_service.get(key).into_iter().flatten();
        Some(Subject {
            service: view.last.as_deref()?.clone(),
            check: match &view.intent {
                Intent::Declared(declaration) => declaration.check.clone(),
                _ => None,
            },
            unsure: unsure(entry),
            endpoints: endpoints.get(key).cloned().unwrap_or_default(),
            calls: calls.map(|call| verified(scope.plan, call)).collect(),
        })
    });
    let services: Vec<Subject> = services.collect();
    Subjects { services, endpoints, callers }
}

fn verified(plan: &Plan, call: &Call) -> VerifiedCall {
    let doubts = plan.entries.get(&call.client).map_or(&[][..], |entry| &entry.doubts);
    let unread = doubts.iter().filter(|doubt| doubt.is_unread()).map(ToString::to_string);
    VerifiedCall { call: call.clone(), unread: unread.collect() }
}

/// Why it is not known what is wanted, or that nothing is.
fn unsure(entry: &Entry) -> Option<Finding> {
    match &entry.verdict {
        Verdict::Hold { hold, action: None } => {
            let message =
                format!("what is wanted is not known: {hold}; what is deployed is verified");
            Some(Finding::unknown(Check::Wanted, message).advised(hold.ends()))
        }
        Verdict::Step { action: Action::Disconnect { .. } }
        | Verdict::Hold { action: Some(Action::Disconnect { .. }), .. } => {
            Some(Finding::note(Check::Wanted, "Service Connect is to be switched off"))
        }
        _ => None,
    }
}

/// The configuration that is wanted of a service: the one that a step would set, else the one in force.
fn wanted<'a>(service: &'a EcsService, entry: Option<&'a Entry>) -> Option<&'a Connect> {
    let action = entry.and_then(|entry| match &entry.verdict {
        Verdict::Step { action } => Some(action),
        Verdict::Hold { action, .. } => action.as_ref(),
        Verdict::InSync => None,
    });
    match action {
        Some(Action::Connect { connect, .. }) => Some(connect),
        Some(Action::Disconnect { .. }) => None,
        Some(Action::Refresh { .. }) | None => service.connect(),
    }
}

fn wanted_endpoints(
    view: &View,
    service: &EcsService,
    entry: Option<&Entry>,
    is_ready: impl Fn(&ServiceKey, &DiscoveryName) -> bool,
) -> Vec<WantedEndpoint> {
    let Some(connect) = wanted(service, entry) else { return Vec::new() };
    let defaults = view.defaults_with_ports(service);
    let namespace = defaults.namespace_of(connect);
    let standing = service.connect().filter(|standing| {
        namespace.is_none()
            || defaults.namespace_of(standing).map(|n| &n.id) == namespace.map(|n| &n.id)
    });
    let endpoint = |endpoint: &Endpoint| {
        let name = endpoint.discovery();
        let called = |each: &Endpoint| (each.host(namespace), each.client_port(&defaults));
        let is_same =
            |each: &Endpoint| each.discovery() == name && called(each) == called(endpoint);
        let is_deployed = standing.is_some_and(|standing| standing.endpoints.iter().any(is_same));
        let stage = match (is_deployed, is_ready(&service.key, &name)) {
            (true, true) => Stage::Ready,
            (true, false) => Stage::Rolling,
            (false, _) => Stage::Wanted(why_wanted(entry)),
        };
        of_endpoint(service, endpoint, &defaults, Place { namespace, stage })
    };
    connect.endpoints.iter().map(endpoint).collect()
}

/// What an endpoint's surroundings say of it.
struct Place<'a> {
    namespace: Option<&'a Namespace>,
    stage: Stage,
}

fn of_endpoint(
    service: &EcsService,
    endpoint: &Endpoint,
    defaults: &Defaults<'_>,
    Place { namespace, stage }: Place<'_>,
) -> WantedEndpoint {
    let name = endpoint.discovery();
    let mapping = defaults.port(&endpoint.port_name);
    let mode = defaults.task_definition.map(|definition| definition.network_mode.as_str());
    let listens = match (mode, endpoint.ingress_port, mapping.and_then(|m| m.container_port)) {
        (_, Some(port), _) | (Some("awsvpc"), None, Some(port)) => Listens::On(port),
        (Some("bridge"), None, _) => Listens::Anywhere,
        _ => Listens::Unread,
    };
    let speaks = match mapping.map(|mapping| mapping.app_protocol.as_deref()) {
        Some(Some("http")) => Speaks::Http,
        Some(None) => Speaks::Tcp,
        Some(Some(other)) => Speaks::Other(other.to_owned()),
        None => Speaks::Unread,
    };
    let used = service.running().flat_map(|deployment| &deployment.cloud_map);
    let cloud_map = used.filter(|(used, _)| *used == name).map(|(_, arn)| arn.clone()).next();
    WantedEndpoint {
        host: endpoint.host(namespace).map(|host| host.to_string()),
        port: endpoint.client_port(defaults),
        is_encrypted: endpoint.tls.is_some(),
        name,
        stage,
        cloud_map,
        listens,
        speaks,
    }
}

/// Why something that is wanted is not deployed.
fn why_wanted(entry: Option<&Entry>) -> String {
    match entry.map(|entry| &entry.verdict) {
        Some(Verdict::Hold { hold, .. }) => format!("held: {hold}; ends {}", hold.ends()),
        _ => "the plan deploys it: see eastwest plan".to_owned(),
    }
}

impl WantedEndpoint {
    /// What clients call, `host:port`, as far as it is known.
    pub(super) fn alias(&self) -> String {
        let host = self.host.as_deref().unwrap_or("?");
        self.port.map_or_else(|| format!("{host}:?"), |port| format!("{host}:{port}"))
    }
}

impl Subjects {
    /// Whether nothing is to be verified.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// The tasks that must be read: those of the services that are verified, of their clients (from which a call can be
    /// tried), and for security groups of whom they call.
    ///
    /// `most_alone` services of a cluster are asked one by one.
    pub fn tasks_to_read(&self, with_network: bool, most_alone: usize) -> BTreeSet<TasksOf> {
        let mut keys: BTreeSet<&ServiceKey> = BTreeSet::new();
        for subject in &self.services {
            keys.insert(&subject.service.key);
            keys.extend(self.callers.get(&subject.service.key).into_iter().flatten());
            let servers = subject.calls.iter().filter_map(|each| each.call.server.as_ref());
            keys.extend(servers.filter(|_| with_network));
        }
        let mut clusters: BTreeMap<&ClusterName, BTreeSet<ServiceKey>> = BTreeMap::new();
        for key in keys {
            clusters.entry(&key.cluster).or_default().insert(key.clone());
        }
        let of_cluster = |(cluster, wanted): (&ClusterName, BTreeSet<ServiceKey>)| {
            let cluster = cluster.clone();
            if wanted.len() > most_alone {
                return vec![TasksOf { cluster, service: None, wanted }];
            }
            let of_one = |key: ServiceKey| TasksOf {
                cluster: cluster.clone(),
                service: Some(key.name.clone()),
                wanted: BTreeSet::from([key]),
            };
            wanted.into_iter().map(of_one).collect()
        };
        clusters.into_iter().flat_map(of_cluster).collect()
    }

    /// The Cloud Map services whose instances must be read.
    pub fn instances_to_read(&self) -> BTreeSet<Arn> {
        let endpoints = self.services.iter().flat_map(|subject| &subject.endpoints);
        endpoints.filter_map(|endpoint| endpoint.cloud_map.clone()).collect()
    }

    /// The connections that are to be made, now that tasks and instances are known: a bounded number of them.
    pub fn probes(&self, evidence: &Evidence) -> BTreeSet<Probe> {
        let services = self.services.iter();
        let all = services.flat_map(|subject| {
            let endpoints = subject.endpoints.iter();
            endpoints.flat_map(move |endpoint| probes::of(subject, endpoint, evidence).asked)
        });
        all.take(probes::MOST).collect()
    }

    /// The endpoint of a service that clients call by this name.
    pub(super) fn endpoint(
        &self,
        server: &ServiceKey,
        name: &DiscoveryName,
    ) -> Option<&WantedEndpoint> {
        self.endpoints.get(server)?.iter().find(|endpoint| endpoint.name == *name)
    }
}
