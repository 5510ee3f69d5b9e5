//! Which hosts a service may answer to.
//!
//! ECS writes a client alias into the tasks of every client of the namespace, and takes almost any host for one. So a
//! person who may only tag one service could lead every client's calls for `sts.amazonaws.com` to it. By default an
//! alias is one label, or ends with the namespace's name. What is deployed already may stay, and the document can allow
//! more. Addresses, `localhost` and malformed names are never written.

use crate::declaration::document::{Document, HostPattern};
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::host::BadHost;
use crate::ecs::name::{DnsName, Port};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;

/// What decides which hosts a service may answer to in a namespace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AliasRule<'a> {
    /// The service as it was read.
    pub(crate) service: &'a EcsService,
    /// The namespace that it is to be in.
    pub(crate) namespace: &'a Namespace,
    /// What its deployed configurations depend on.
    pub(crate) defaults: Defaults<'a>,
    /// The document in force.
    pub(crate) document: Option<&'a Document>,
}

impl AliasRule<'_> {
    /// Why each alias of a configuration that must not be written must not be.
    pub(crate) fn refusals(&self, connect: &Connect) -> Vec<String> {
        connect.endpoints.iter().filter_map(|endpoint| self.refusal(endpoint)).collect()
    }

    fn refusal(&self, endpoint: &Endpoint) -> Option<String> {
        let host = endpoint.host_in(self.namespace);
        let port = endpoint.alias.as_ref().map(|alias| alias.port);
        let alias = port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        // "The DNS name that you provided is invalid". A default alias ends in the namespace's name, which may be longer
        // than a host may be, or in capitals.
        if let Err(refused) = DnsName::parse(host.as_str()) {
            return Some(format!(
                "its alias {host} is no host name that ECS takes ({}): set a host in the alias tag",
                refused.allowed
            ));
        }
        if let Some(why) = BadHost::of(&host) {
            return Some(format!(
                "its alias {alias} can be no alias, whatever the document says: {why}; set another host in the alias tag"
            ));
        }
        let may_be = self.is_own(&host) || self.is_allowed(&host) || self.is_deployed(&host, port);
        (!may_be).then(|| self.words(&alias, &host))
    }

    fn words(&self, alias: &str, host: &DnsName) -> String {
        let Self { service, namespace, .. } = self;
        let (namespace, path) = (&namespace.name, service.key.path());
        format!(
            "its alias {alias} is neither one label nor ends with .{namespace}, and would lead the calls of every client in namespace {namespace} for {host} to this service: set such an alias, or let the document allow this one: add {host:?} to aliases in its entry namespaces/{namespace} or services/{path}"
        )
    }

    /// Whether the host is one that every service may take if it is free.
    fn is_own(&self, host: &DnsName) -> bool {
        let host = host.as_str().to_ascii_lowercase();
        let namespace = self.namespace.name.as_str().to_ascii_lowercase();
        let above = host.strip_suffix(&namespace).and_then(|above| above.strip_suffix('.'));
        !host.contains('.') || above.is_some_and(|above| !above.is_empty())
    }

    /// Whether the document allows it, for the namespace or for the service.
    fn is_allowed(&self, host: &DnsName) -> bool {
        let Some(aliases) = self.document.map(|document| &document.aliases) else { return false };
        let of_namespace = aliases.namespaces.get(&self.namespace.name);
        let of_service = aliases.services.get(&self.service.key.path());
        let mut patterns = of_namespace.into_iter().chain(of_service).flatten();
        patterns.any(|pattern: &HostPattern| pattern.allows(host))
    }

    /// Whether clients in the namespace call this very service by it already.
    fn is_deployed(&self, host: &DnsName, port: Option<Port>) -> bool {
        let connects = self.service.running().filter_map(|each| each.connect.as_ref());
        let here = connects.filter(|connect| self.defaults.is_in(connect, &self.namespace.id));
        here.flat_map(|connect| &connect.endpoints).any(|old| {
            let old_port = old.alias.as_ref().map(|alias| alias.port);
            old.host_in(self.namespace) == *host && old_port == port
        })
    }
}
