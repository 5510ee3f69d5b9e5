//! Which endpoints can be called, which are to come, and which services offer them.
//!
//! An endpoint counts once a deployment that has it COMPLETED, and runs its tasks if it COMPLETED early, whether its
//! service opted in or not. Tasks know only the endpoints that were there when their own deployment began
//! (DG:service-connect-concepts-deploy). AWS does not document at which moment of the server's rollout an endpoint is
//! there.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceId, Port, PortName};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{Deployment, DeploymentStatus, EcsService, Rollout, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;
use crate::planner::candidate::Candidate;
use crate::planner::input::PlannerInput;
use crate::planner::service::settle::Desired;

/// One endpoint that a service offers or is to offer.
#[derive(Debug)]
pub(crate) struct Offer<'c> {
    /// The service that offers it.
    pub(crate) service: &'c EcsService,
    /// Its configuration.
    pub(crate) endpoint: &'c Endpoint,
    pub(crate) discovery: DiscoveryName,
    /// What clients call.
    pub(crate) host: DnsName,
    /// Not known if the alias does not say it and the task definition was not read.
    pub(crate) port: Option<Port>,
    pub(crate) state: EndpointState,
}

/// Whether an endpoint can be called yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointState {
    /// A deployment that has it completed, at this time or before.
    Complete(AwsTime),
    /// The first deployment that has it still runs, or failed.
    Rolling,
    /// The first deployment that has it completed early, and some of its tasks are still to start.
    Filling,
    /// It is only wanted.
    Wanted,
}

/// What answers at a host: a port, if it is known, and the discovery name behind it.
#[derive(Debug)]
struct HostEntry {
    port: Option<Port>,
    name: DiscoveryName,
    /// Whether it is there already, and not only wanted.
    is_in_force: bool,
}

/// A name that takes the place of another on the same port of a service.
#[derive(Debug)]
struct Successor<'c> {
    name: DiscoveryName,
    server: &'c ServiceKey,
}

/// All offers, by namespace and name.
#[derive(Debug, Default)]
pub(crate) struct Offers<'c> {
    names: BTreeMap<(NamespaceId, DiscoveryName), Vec<Offer<'c>>>,
    /// The discovery names by what clients call, in lower case.
    hosts: BTreeMap<(NamespaceId, Box<str>), Vec<HostEntry>>,
    /// The names that are to serve the port of a name, by that name.
    successors: BTreeMap<(NamespaceId, DiscoveryName), Vec<Successor<'c>>>,
}

impl<'c> Offers<'c> {
    /// What every service in view has in force, and what these are to have.
    pub(crate) fn new<'a: 'c>(
        input: &PlannerInput<'a>,
        wanting: impl Iterator<Item = &'c Candidate<'a>>,
    ) -> Self {
        let mut offers = Self::default();
        for service in input.view.all_services() {
            let still = shifts_still(input, service).then_some(EndpointState::Rolling);
            let still = still.or(service.is_filling().then_some(EndpointState::Filling));
            offers.note_in_force(service, &input.defaults_of(service), still);
        }
        for candidate in wanting {
            offers.note_wanted(candidate);
        }
        offers
    }

    /// The offers of a name: none, one, or several while a change runs.
    pub(crate) fn of(&self, namespace: &NamespaceId, name: &DiscoveryName) -> &[Offer<'c>] {
        self.names.get(&(namespace.clone(), name.clone())).map_or(&[], Vec::as_slice)
    }

    /// Every name that is offered in a namespace, with its offers.
    pub(crate) fn in_namespace(
        &self,
        namespace: &NamespaceId,
    ) -> impl Iterator<Item = (&DiscoveryName, &[Offer<'c>])> {
        let first = (namespace.clone(), DiscoveryName::as_read(""));
        let here = self.names.range(first..).take_while(move |((id, _), _)| id == namespace);
        here.map(|((_, name), offers)| (name, offers.as_slice()))
    }

    /// The names behind a host; those of any port if `port` is none.
    pub(crate) fn at_host(
        &self,
        namespace: &NamespaceId,
        host: &str,
        port: Option<Port>,
    ) -> impl Iterator<Item = &DiscoveryName> {
        let found = self.hosts.get(&(namespace.clone(), host.into()));
        let matches = move |at: &&HostEntry| port.is_none() || at.port.is_none() || at.port == port;
        found.into_iter().flatten().filter(matches).map(|at| &at.name)
    }

    /// Whether anything is offered at a host, or is to be.
    pub(crate) fn has_host(&self, namespace: &NamespaceId, host: &str) -> bool {
        self.hosts.contains_key(&(namespace.clone(), host.into()))
    }

    /// The ports that are served at a host now; none if nothing answers there yet, or if a port is not known.
    pub(crate) fn ports_at(&self, namespace: &NamespaceId, host: &str) -> Option<BTreeSet<Port>> {
        let found = self.hosts.get(&(namespace.clone(), host.into()))?;
        let in_force = found.iter().filter(|at| at.is_in_force);
        let ports: BTreeSet<Port> = in_force.map(|at| at.port).collect::<Option<_>>()?;
        (!ports.is_empty()).then_some(ports)
    }

    /// The offers that take the place of a name: for each server that is to give it up, what it offers on the same port.
    pub(crate) fn successors(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> impl Iterator<Item = Vec<&Offer<'c>>> {
        let named = self.successors.get(&(namespace.clone(), name.clone()));
        named.into_iter().flatten().map(|new| {
            let offers = self.of(namespace, &new.name).iter();
            offers.filter(|offer| offer.service.key == *new.server).collect()
        })
    }

    /// The offers of a name, and those that take its place. A client that needs a name that is renamed will need the new
    /// name.
    pub(crate) fn called(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> impl Iterator<Item = &Offer<'c>> {
        self.of(namespace, name).iter().chain(self.successors(namespace, name).flatten())
    }

    /// A service that offers a name in another namespace.
    pub(crate) fn elsewhere(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> Option<&ServiceKey> {
        let mut others = self.names.iter().filter(|((id, n), _)| id != namespace && n == name);
        others.find_map(|(_, offers)| offers.first()).map(|offer| &offer.service.key)
    }

    /// Notes what a service has in force. `still` says what its newest deployment is still at, though it may be
    /// COMPLETED already.
    fn note_in_force(
        &mut self,
        service: &'c EcsService,
        defaults: &Defaults<'_>,
        still: Option<EndpointState>,
    ) {
        if service.status != ServiceStatus::Active {
            return;
        }
        let Some(connect) = service.connect() else { return };
        let Some(namespace) = defaults.namespace_of(connect) else { return };
        for endpoint in &connect.endpoints {
            let done = service.deployments.iter().filter(|each| {
                each.rollout == Rollout::Completed
                    && !(still.is_some() && each.status == DeploymentStatus::Primary)
            });
            let state = completed(done, endpoint, namespace, defaults)
                .map_or(still.unwrap_or(EndpointState::Rolling), EndpointState::Complete);
            self.note(namespace, offer(service, endpoint, namespace, defaults, state));
        }
    }

    fn note_wanted(&mut self, candidate: &'c Candidate<'_>) {
        let Desired::On(connect, namespace) = &candidate.desired else { return };
        for endpoint in &connect.endpoints {
            let Candidate { service, defaults, .. } = candidate;
            let wanted = offer(service, endpoint, namespace, defaults, EndpointState::Wanted);
            let is_there = self.of(&namespace.id, &wanted.discovery).iter().any(|each| {
                each.service.arn == candidate.service.arn
                    && (&each.host, each.port) == (&wanted.host, wanted.port)
            });
            if !is_there {
                self.note(namespace, wanted);
            }
        }
        let server = &candidate.service.key;
        for Renamed { old, new: name } in renamed(candidate) {
            let named = self.successors.entry((namespace.id.clone(), old)).or_default();
            named.push(Successor { name, server });
        }
    }

    fn note(&mut self, namespace: &Namespace, offer: Offer<'c>) {
        let id = namespace.id.clone();
        let host: Box<str> = offer.host.as_str().to_ascii_lowercase().into();
        let known = self.hosts.entry((id.clone(), host)).or_default();
        known.push(HostEntry {
            port: offer.port,
            name: offer.discovery.clone(),
            is_in_force: offer.state != EndpointState::Wanted,
        });
        self.names.entry((id, offer.discovery.clone())).or_default().push(offer);
    }
}

/// A name that a service gives up, and one that serves the same port afterwards.
struct Renamed {
    old: DiscoveryName,
    new: DiscoveryName,
}

/// The names that a candidate gives up, each with every name that takes its place.
fn renamed(candidate: &Candidate<'_>) -> Vec<Renamed> {
    let Some((namespace, wanted)) = candidate.offers() else { return Vec::new() };
    let stays = |connect: &&Connect| candidate.defaults.is_in(connect, namespace);
    let standing = candidate.service.connect().filter(stays);
    let standing = standing.map_or(&[][..], |connect| &connect.endpoints);
    let on = |port: &PortName| {
        let port = port.clone();
        wanted.endpoints.iter().filter(move |each| each.port_name == port)
    };
    let gone = standing.iter().filter(|old| !candidate.will_offer(&old.discovery()));
    gone.flat_map(|old| {
        on(&old.port_name).map(|new| Renamed { old: old.discovery(), new: new.discovery() })
    })
    .collect()
}

fn offer<'c>(
    service: &'c EcsService,
    endpoint: &'c Endpoint,
    namespace: &Namespace,
    defaults: &Defaults<'_>,
    state: EndpointState,
) -> Offer<'c> {
    let discovery = endpoint.discovery();
    let host = endpoint.host_in(namespace);
    let port = endpoint.client_port(defaults);
    Offer { service, endpoint, discovery, host, port, state }
}

/// Whether a service still shifts traffic or bakes. Its deployments may say "done" already; its service deployments tell
/// (API:ServiceDeployment).
fn shifts_still(input: &PlannerInput<'_>, service: &EcsService) -> bool {
    let history = input.view.histories.get(&service.key).and_then(|(_, seen)| seen.known());
    service.strategy.shifts && history.is_some_and(|history| history.ongoing.is_some())
}

/// When the newest of these deployments that has the endpoint was last changed. During a rollout the deployment before it
/// still serves.
fn completed<'d>(
    done: impl Iterator<Item = &'d Deployment>,
    endpoint: &Endpoint,
    namespace: &Namespace,
    defaults: &Defaults<'_>,
) -> Option<AwsTime> {
    let has = |deployment: &&Deployment| {
        deployment.connect.as_ref().is_some_and(|connect| {
            defaults.is_in(connect, &namespace.id)
                && connect.endpoints.iter().any(|each| is_same(each, endpoint))
        })
    };
    done.filter(has).map(|deployment| deployment.updated_at).max()
}

/// Whether clients call both in the same way.
pub(crate) fn is_same(one: &Endpoint, other: &Endpoint) -> bool {
    one.discovery() == other.discovery() && one.called() == other.called()
}

impl Offer<'_> {
    /// `host:port`.
    pub(crate) fn alias(&self) -> String {
        self.port.map_or_else(|| format!("{}:?", self.host), |port| format!("{}:{port}", self.host))
    }
}
