//! Which endpoints there are to call, which are on their way, and who offers them.
//!
//! An endpoint counts once a deployment that has it COMPLETED, whether its service is ours or not: tasks learn only of
//! endpoints that were there when their own deployment began (DG:service-connect-concepts-deploy), and at which
//! instant within the server's rollout an endpoint comes to be is not documented.

use std::collections::BTreeMap;

use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::ground::Ground;
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceId, Port, PortName, ServiceKey};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{Deployment, DeploymentStatus, EcsService, Rollout, ServiceStatus};
use crate::ecs::time::AwsTime;
use crate::planner::candidate::Candidate;
use crate::planner::service::settle::Desired;
use crate::planner::world::World;

/// One endpoint that somebody offers, or is to offer.
#[derive(Debug)]
pub(crate) struct Offer<'c> {
    /// Who.
    pub(crate) service: &'c EcsService,
    /// As it is configured.
    pub(crate) endpoint: &'c Endpoint,
    pub(crate) discovery: DiscoveryName,
    /// What clients call.
    pub(crate) host: DnsName,
    /// Not known where the alias does not say and the task definition was not read.
    pub(crate) port: Option<Port>,
    pub(crate) stands: Stands,
}

/// How far an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// A deployment that has it completed, by then at the latest.
    Complete(AwsTime),
    /// The first deployment that has it is not over, or was given up.
    Rolling,
    /// It is only wanted.
    Wanted,
}

/// What answers at a host: a port, where it is known, and the discovery name behind it.
type AtHost = (Option<Port>, DiscoveryName);

/// All offers, by namespace and name.
#[derive(Debug, Default)]
pub(crate) struct Offers<'c> {
    names: BTreeMap<(NamespaceId, DiscoveryName), Vec<Offer<'c>>>,
    /// The discovery names by what clients call, in lower case.
    hosts: BTreeMap<(NamespaceId, Box<str>), Vec<AtHost>>,
    /// Who is to serve the port of a name under another one.
    successors: BTreeMap<(NamespaceId, DiscoveryName), Vec<(DiscoveryName, &'c ServiceKey)>>,
}

impl<'c> Offers<'c> {
    /// What every service in view has in force, and what the candidates are to have.
    pub(crate) fn new<'a: 'c>(world: &World<'a>, candidates: &'c [Candidate<'a>]) -> Self {
        let mut offers = Self::default();
        for service in world.view.everybody() {
            offers.note_in_force(service, &world.ground_of(service), shifts_still(world, service));
        }
        for candidate in candidates {
            offers.note_wanted(candidate);
        }
        offers
    }

    /// Who offers a name; nobody, several while a change is under way.
    pub(crate) fn of(&self, namespace: &NamespaceId, name: &DiscoveryName) -> &[Offer<'c>] {
        self.names.get(&(namespace.clone(), name.clone())).map_or(&[], Vec::as_slice)
    }

    /// Every name that is offered in a namespace, and by whom.
    pub(crate) fn in_namespace(
        &self,
        namespace: &NamespaceId,
    ) -> impl Iterator<Item = (&DiscoveryName, &[Offer<'c>])> {
        let first = (namespace.clone(), DiscoveryName::as_read(""));
        let here = self.names.range(first..).take_while(move |((id, _), _)| id == namespace);
        here.map(|((_, name), offers)| (name, offers.as_slice()))
    }

    /// The names behind a host; those of any port where none is given.
    pub(crate) fn at_host(
        &self,
        namespace: &NamespaceId,
        host: &str,
        port: Option<Port>,
    ) -> impl Iterator<Item = &DiscoveryName> {
        let found = self.hosts.get(&(namespace.clone(), host.into()));
        let matches =
            move |known: &Option<Port>| port.is_none() || known.is_none() || *known == port;
        found.into_iter().flatten().filter(move |(known, _)| matches(known)).map(|(_, name)| name)
    }

    /// What takes the place of a name: of each server that is to give it up, what it offers on the same port instead.
    pub(crate) fn successors(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> impl Iterator<Item = Vec<&Offer<'c>>> {
        let named = self.successors.get(&(namespace.clone(), name.clone()));
        named.into_iter().flatten().map(|(new, server)| {
            let offers = self.of(namespace, new).iter();
            offers.filter(|offer| offer.service.key == **server).collect()
        })
    }

    /// What is offered under a name, and what takes its place: who needs a name that is to get another will need that
    /// one.
    pub(crate) fn called(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> impl Iterator<Item = &Offer<'c>> {
        self.of(namespace, name).iter().chain(self.successors(namespace, name).flatten())
    }

    /// The other namespaces in which a name is offered.
    pub(crate) fn elsewhere(
        &self,
        namespace: &NamespaceId,
        name: &DiscoveryName,
    ) -> Option<&ServiceKey> {
        let mut others = self.names.iter().filter(|((id, n), _)| id != namespace && n == name);
        others.find_map(|(_, offers)| offers.first()).map(|offer| &offer.service.key)
    }

    /// Notes what a service has in force; `shifts`: whether its newest deployment still shifts traffic or bakes.
    fn note_in_force(&mut self, service: &'c EcsService, ground: &Ground<'_>, shifts: bool) {
        if service.status != ServiceStatus::Active {
            return;
        }
        let Some(connect) = service.connect() else { return };
        let Some(namespace) = ground.namespace_of(connect) else { return };
        for endpoint in &connect.endpoints {
            let done = service.deployments.iter().filter(|each| {
                each.rollout == Rollout::Completed
                    && !(shifts && each.status == DeploymentStatus::Primary)
            });
            let stands = completed(done, endpoint, namespace, ground)
                .map_or(Stands::Rolling, Stands::Complete);
            self.note(namespace, offer(service, endpoint, (namespace, ground), stands));
        }
    }

    fn note_wanted(&mut self, candidate: &'c Candidate<'_>) {
        let Desired::On(connect, namespace) = &candidate.desired else { return };
        for endpoint in &connect.endpoints {
            let place = (namespace, &candidate.ground);
            let wanted = offer(candidate.service, endpoint, place, Stands::Wanted);
            let stands = self.of(&namespace.id, &wanted.discovery).iter().any(|each| {
                each.service.arn == candidate.service.arn
                    && (&each.host, each.port) == (&wanted.host, wanted.port)
            });
            if !stands {
                self.note(namespace, wanted);
            }
        }
        for (old, new) in renamed(candidate) {
            let named = self.successors.entry((namespace.id.clone(), old)).or_default();
            named.push((new, &candidate.service.key));
        }
    }

    fn note(&mut self, namespace: &Namespace, offer: Offer<'c>) {
        let id = namespace.id.clone();
        let host: Box<str> = offer.host.as_str().to_ascii_lowercase().into();
        let known = self.hosts.entry((id.clone(), host)).or_default();
        known.push((offer.port, offer.discovery.clone()));
        self.names.entry((id, offer.discovery.clone())).or_default().push(offer);
    }
}

/// The names that a candidate gives up, each with those that serve the same port from then on.
fn renamed(candidate: &Candidate<'_>) -> Vec<(DiscoveryName, DiscoveryName)> {
    let Some((namespace, wanted)) = candidate.offers() else { return Vec::new() };
    let stays = |connect: &&Connect| {
        candidate.ground.namespace_of(connect).is_some_and(|found| found.id == *namespace)
    };
    let standing = candidate.service.connect().filter(stays);
    let standing = standing.map_or(&[][..], |connect| &connect.endpoints);
    let on = |port: &PortName| {
        let port = port.clone();
        wanted.endpoints.iter().filter(move |each| each.port_name == port)
    };
    let gone = standing.iter().filter(|old| !candidate.will_offer(&old.discovery()));
    gone.flat_map(|old| on(&old.port_name).map(|new| (old.discovery(), new.discovery()))).collect()
}

fn offer<'c>(
    service: &'c EcsService,
    endpoint: &'c Endpoint,
    (namespace, ground): (&Namespace, &Ground<'_>),
    stands: Stands,
) -> Offer<'c> {
    let discovery = endpoint.discovery();
    let host = endpoint.host_in(namespace);
    let port = endpoint.client_port(ground);
    Offer { service, endpoint, discovery, host, port, stands }
}

/// Whether a service that shifts traffic is still at it, or bakes, though its deployments may say "done": its service
/// deployments tell (API:ServiceDeployment).
fn shifts_still(world: &World<'_>, service: &EcsService) -> bool {
    let history = world.view.histories.get(&service.key).and_then(|(_, seen)| seen.known());
    service.strategy.shifts && history.is_some_and(|history| history.ongoing.is_some())
}

/// When the newest of these deployments that has the endpoint was last changed. During a rollout the one before still
/// serves.
fn completed<'d>(
    done: impl Iterator<Item = &'d Deployment>,
    endpoint: &Endpoint,
    namespace: &Namespace,
    ground: &Ground<'_>,
) -> Option<AwsTime> {
    let has = |deployment: &&Deployment| {
        deployment.connect.as_ref().is_some_and(|connect| {
            ground.namespace_of(connect).is_some_and(|found| found.id == namespace.id)
                && connect.endpoints.iter().any(|each| is_same(each, endpoint))
        })
    };
    done.filter(has).map(|deployment| deployment.updated_at).max()
}

/// Whether two are one endpoint to those who call it.
pub(crate) fn is_same(one: &Endpoint, other: &Endpoint) -> bool {
    one.discovery() == other.discovery() && one.called() == other.called()
}

impl Offer<'_> {
    /// `host:port`.
    pub(crate) fn alias(&self) -> String {
        self.port.map_or_else(|| format!("{}:?", self.host), |port| format!("{}:{port}", self.host))
    }
}
