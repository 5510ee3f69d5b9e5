//! Names that the document keeps for some services.
//!
//! Without claims, a person who may write tags on one service could take any free name and receive the calls that are
//! meant for another. A claim covers the discovery name in every namespace, and every alias by which clients of that
//! name call: the bare name, and the name followed by a namespace's name.

use std::collections::BTreeSet;

use crate::declaration::document::Document;
use crate::ecs::claim::Claim;
use crate::ecs::name::{DiscoveryName, DnsName};
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServicePath;

/// The claims in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims<'a> {
    /// The document that lists them.
    pub(crate) document: Option<&'a Document>,
    /// The namespaces of the account and region.
    pub(crate) namespaces: &'a [Namespace],
}

impl<'a> Claims<'a> {
    /// The services that may newly take a name; `None` if every service may.
    pub(crate) fn on(&self, claim: &Claim) -> Option<&'a BTreeSet<ServicePath>> {
        let claims = self.document.map(|document| &document.claims)?;
        if claims.is_empty() {
            return None;
        }
        match claim {
            Claim::Discovery(name) => claims.get(name),
            Claim::Alias(host, _) => claims.get(&self.called_by(host)?),
        }
    }

    /// The discovery name that a host stands for.
    fn called_by(&self, host: &DnsName) -> Option<DiscoveryName> {
        // A resolver treats `name.` as `name`, and reads names without regard to case.
        let host = host.as_str().trim_end_matches('.');
        let (name, rest) = host.split_once('.').unwrap_or((host, ""));
        let known = rest.is_empty()
            || self.namespaces.iter().any(|n| n.name.as_str().eq_ignore_ascii_case(rest));
        known.then(|| DiscoveryName::as_read(name))
    }
}
