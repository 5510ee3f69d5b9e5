//! A name that only one ECS service of a namespace can have.

use std::fmt;

use super::connect::Connect;
use super::defaults::Defaults;
use super::name::{DiscoveryName, DnsName, NamespaceId, Port};
use super::service::EcsService;

/// A name that only one ECS service of a namespace can have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A discovery name.
    Discovery(DiscoveryName),
    /// A client alias's host and port.
    Alias(DnsName, Port),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discovery(name) => write!(f, "discovery name {name}"),
            Self::Alias(host, port) => write!(f, "alias {host}:{port}"),
        }
    }
}

/// A name that a service has in force, and the discovery name of its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InForce {
    /// The namespace.
    pub(crate) namespace: NamespaceId,
    /// The name.
    pub(crate) claim: Claim,
    /// The discovery name of the endpoint that has it.
    pub(crate) discovery: DiscoveryName,
}

/// Every name that a service has in any deployment that still has tasks, because clients call those too.
pub(crate) fn in_force(service: &EcsService, defaults: &Defaults<'_>) -> Vec<InForce> {
    if service.is_gone() {
        return Vec::new();
    }
    let connects = service.running().filter_map(|deployment| deployment.connect.as_ref());
    connects.flat_map(|connect| of_configuration(connect, defaults)).collect()
}

/// The names of one configuration. It does not use the canonical form, because it is asked for every service there is.
fn of_configuration(connect: &Connect, defaults: &Defaults<'_>) -> Vec<InForce> {
    let Some(namespace) = defaults.namespace_of(connect) else { return Vec::new() };
    let mut names = Vec::with_capacity(2 * connect.endpoints.len());
    for endpoint in &connect.endpoints {
        let discovery = endpoint.discovery();
        let alias = |port| Claim::Alias(endpoint.host_in(namespace), port);
        let alias = endpoint.client_port(defaults).map(alias);
        let claims = [Some(Claim::Discovery(discovery.clone())), alias];
        names.extend(claims.into_iter().flatten().map(|claim| InForce {
            namespace: namespace.id.clone(),
            claim,
            discovery: discovery.clone(),
        }));
    }
    names
}
