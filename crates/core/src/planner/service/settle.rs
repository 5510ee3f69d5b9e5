//! Turns what a service declares into the whole configuration that is wanted for it.
//!
//! **Invariant:** What is not declared is carried over from the PRIMARY deployment. So opting in a service that already
//! uses Service Connect changes nothing, and a removed tag renames nothing.
//!
//! **Invariant:** The namespace is always named by ARN, and every endpoint has an explicit alias. AWS's documents
//! disagree on what omitting them does, so it must not matter to us.
//!
//! A question that only a task definition answers holds the service until the task definition is read. A converged
//! service with explicit aliases raises no such question.

use std::fmt::Display;

use super::choice::{FieldPath, Observer, Source};
use super::eligible;
use super::no_namespace::no_namespace;
use super::ports::{named_port, no_port, only_named_port};
use super::remaining::Remaining;
use crate::declaration::declared::{
    Declaration, EndpointDeclaration, LogsDeclaration, Mode, PortSelector,
};
use crate::declaration::document::Document;
use crate::declaration::settings::Policy;
use crate::ecs::connect::{AccessLogs, ClientAlias, Connect, Endpoint, ProxyLogs, Timeout, Tls};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceRef, Port, PortName, Refused};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;
use crate::ecs::task_definition::TaskDefinition;
use crate::plan::action::Action;
use crate::plan::hold::{Hold, Naming};
use crate::plan::prerequisite::NamedPorts;

/// What one service is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Desired {
    /// Service Connect off.
    Off,
    /// Exactly this configuration, in this namespace.
    On(Box<Connect>, Namespace),
}

impl Desired {
    /// The call that makes it so.
    pub(crate) fn action(&self, service: &EcsService) -> Action {
        let service = service.key.clone();
        match self {
            Self::Off => Action::Disconnect { service },
            Self::On(connect, _) => Action::Connect { service, connect: (**connect).clone() },
        }
    }
}

/// Everything beside the declaration that decides what a service is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// Namespaces, defaults and the task definition.
    pub(crate) defaults: Defaults<'a>,
    /// The document in force.
    pub(crate) document: Option<&'a Document>,
    /// The namespace flag.
    pub(crate) namespace: Option<&'a NamespaceRef>,
    /// Whether deployed endpoints that are not declared are removed.
    pub(crate) policy: Policy,
    /// What stood before others changed what is deployed, if that was seen.
    pub(crate) stood: Option<&'a Connect>,
}

/// The configuration that is wanted for a service, or why it cannot be told.
pub(crate) fn settle(
    service: &EcsService,
    declaration: &Declaration,
    terms: &Terms<'_>,
) -> Result<Desired, Hold> {
    settle_observed(&(), service, declaration, terms)
}

/// The same, while `observer` sees each choice.
pub(crate) fn settle_observed<O: Observer>(
    observer: &O,
    service: &EcsService,
    declaration: &Declaration,
    terms: &Terms<'_>,
) -> Result<Desired, Hold> {
    if declaration.mode == Some(Mode::Off) {
        return Ok(Desired::Off);
    }
    let deployed = service.connect();
    let namespace = namespace(observer, service, declaration, terms)?;
    let builder = Builder { service, deployed, namespace, terms, observer };
    let mut endpoints = builder.endpoints(declaration)?;
    for endpoint in &mut endpoints {
        builder.test_header(declaration, endpoint);
    }
    let (logs, access_logs) = builder.logs(declaration);
    let connect = Connect {
        namespace: Some(NamespaceRef::Arn(namespace.arn.clone(), namespace.id.clone())),
        endpoints,
        logs,
        access_logs,
        log_level: deployed.and_then(|connect| connect.log_level.clone()),
    };
    Ok(Desired::On(Box::new(connect), namespace.clone()))
}

/// The declared namespace, else the deployed one, else the document's default, the flag's, or the cluster's default.
fn namespace<'a, O: Observer>(
    observer: &O,
    service: &'a EcsService,
    declaration: &'a Declaration,
    terms: &Terms<'a>,
) -> Result<&'a Namespace, Hold> {
    let deployed = service.connect();
    // A configuration without a namespace is in the cluster's default, and stays there.
    let kept = deployed.and_then(|c| c.namespace.as_ref().or(terms.defaults.default_namespace));
    let chain = [
        (Source::Declared, declaration.namespace.as_ref()),
        (Source::Deployed, kept),
        (Source::DocumentDefault, terms.document.and_then(|d| d.defaults.namespace.as_ref())),
        (Source::Flag, terms.namespace),
        (Source::ClusterDefault, terms.defaults.default_namespace),
    ];
    let reference = observer.first(FieldPath::service("namespace"), chain.into_iter()).ok_or_else(|| {
        Hold::NoNamespace(
            "no namespace: set the namespace tag, --namespace, or the cluster's Service Connect default".to_owned(),
        )
    })?;
    terms
        .defaults
        .resolve(reference)
        .ok_or_else(|| no_namespace(service, reference, terms.defaults.namespaces, terms.document))
}

struct Builder<'a, O> {
    service: &'a EcsService,
    deployed: Option<&'a Connect>,
    namespace: &'a Namespace,
    terms: &'a Terms<'a>,
    observer: &'a O,
}

impl<'a, O: Observer> Builder<'a, O> {
    /// Sets the test header, which is the same for every endpoint.
    fn test_header(&self, declaration: &Declaration, endpoint: &mut Endpoint) {
        let port = endpoint.port_name.clone();
        let Some(alias) = &mut endpoint.alias else { return };
        let chain = [
            (Source::Declared, declaration.test_header.as_ref()),
            (Source::Deployed, alias.test_header.as_ref()),
        ];
        alias.test_header = self
            .observer
            .first(FieldPath::endpoint("test-header", &port), chain.into_iter())
            .cloned();
    }

    /// Where the proxy logs, and how it logs requests. Without the first, the second goes too, unless it is declared.
    fn logs(&self, declaration: &Declaration) -> (Option<ProxyLogs>, Option<AccessLogs>) {
        let deployed = self.deployed.and_then(|connect| connect.logs.as_ref());
        let declared = declaration.logs.clone().map(|logs| match (logs, deployed) {
            (LogsDeclaration::InPart(logs), Some(deployed)) => {
                LogsDeclaration::InPart(logs.with_options_of(deployed))
            }
            (logs, _) => logs,
        });
        let kept = deployed.cloned().map(LogsDeclaration::To);
        let chain = [(Source::Declared, declared), (Source::Deployed, kept)];
        let logs = match self.observer.first(FieldPath::service("logs"), chain.into_iter()) {
            Some(LogsDeclaration::To(logs) | LogsDeclaration::InPart(logs)) => Some(logs),
            Some(LogsDeclaration::Off) | None => None,
        };
        let kept = self.deployed.and_then(|connect| connect.access_logs.as_ref());
        let chain = [
            (Source::Declared, declaration.access_logs.as_ref()),
            (Source::Deployed, kept.filter(|_| logs.is_some())),
        ];
        let access_logs =
            self.observer.first(FieldPath::service("access-logs"), chain.into_iter()).cloned();
        (logs, access_logs)
    }

    /// The whole list of endpoints.
    fn endpoints(&self, declaration: &Declaration) -> Result<Vec<Endpoint>, Hold> {
        let standing = self.deployed.map_or(&[][..], |connect| &connect.endpoints);
        let implied = [EndpointDeclaration::default()];
        let declared = match declaration.mode {
            Some(Mode::Client | Mode::Off) => &[][..],
            Some(Mode::ClientServer) if !declaration.endpoints.is_empty() => {
                &declaration.endpoints[..]
            }
            Some(Mode::ClientServer) if standing.is_empty() => &implied,
            Some(Mode::ClientServer) | None => {
                return standing.iter().map(|e| self.standing(e)).collect();
            }
        };
        let mut rest = Remaining { endpoints: standing.iter().collect(), declared };
        let mut endpoints = Vec::with_capacity(declared.len());
        for (wanted, port) in declared.iter().zip(self.ports(declared, standing)?) {
            let same = rest.take(&port, wanted);
            endpoints.push(self.endpoint(wanted, port, same)?);
        }
        if self.terms.policy == Policy::UpsertOnly {
            for endpoint in rest.endpoints {
                endpoints.push(self.standing(endpoint)?);
            }
        }
        Ok(endpoints)
    }

    /// The port of each declared endpoint. One hold lists all ports without a name, so that one new revision can name all
    /// of them.
    fn ports(
        &self,
        declared: &[EndpointDeclaration],
        standing: &[Endpoint],
    ) -> Result<Vec<PortName>, Hold> {
        let mut ports = Vec::with_capacity(declared.len());
        let mut unnamed: Option<Box<NamedPorts>> = None;
        for wanted in declared {
            match (self.port(wanted.port.as_ref(), standing), &mut unnamed) {
                (Ok(port), _) => ports.push(port),
                (Err(Hold::UnnamedPort(named, _)), Some(all)) => all.ports.extend(named.ports),
                (Err(Hold::UnnamedPort(named, _)), none) => *none = Some(named),
                (Err(hold), _) => return Err(hold),
            }
        }
        unnamed.map_or(Ok(ports), |all| Err(Hold::UnnamedPort(all, Naming::ByHand)))
    }

    /// A deployed endpoint that stays.
    fn standing(&self, endpoint: &Endpoint) -> Result<Endpoint, Hold> {
        let nothing = EndpointDeclaration::default();
        self.endpoint(&nothing, endpoint.port_name.clone(), Some(endpoint))
    }

    /// One endpoint: each field as declared, else as deployed on that port, else the default.
    fn endpoint(
        &self,
        wanted: &EndpointDeclaration,
        port_name: PortName,
        standing: Option<&Endpoint>,
    ) -> Result<Endpoint, Hold> {
        let discovery = self.discovery(wanted, &port_name, standing)?;
        let alias = self.alias(wanted, &discovery, &port_name, standing)?;
        let kept = standing.map(|endpoint| endpoint.timeout).unwrap_or_default();
        let timeout = Timeout {
            idle_s: self.kept(
                FieldPath::endpoint("timeout idle", &port_name),
                wanted.timeout.idle_s,
                kept.idle_s,
            ),
            request_s: self.kept(
                FieldPath::endpoint("timeout request", &port_name),
                wanted.timeout.request_s,
                kept.request_s,
            ),
        };
        let kept = standing.and_then(kept_ingress_port);
        let ingress_port =
            self.kept(FieldPath::endpoint("ingress-port", &port_name), wanted.ingress_port, kept);
        let kept = standing.and_then(|endpoint| endpoint.tls.as_ref());
        let tls = self.tls(&port_name, wanted.tls.as_ref(), kept);
        let discovery_name = Some(discovery);
        Ok(Endpoint { port_name, discovery_name, alias: Some(alias), ingress_port, timeout, tls })
    }

    /// Encryption, member by member: what is declared, else what is deployed.
    fn tls(&self, port: &PortName, wanted: Option<&Tls>, standing: Option<&Tls>) -> Option<Tls> {
        if wanted.is_none() && standing.is_none() {
            return self.kept(FieldPath::endpoint("tls", port), None, None);
        }
        let authority = |tls: &Tls| tls.authority.clone();
        let kms_key = |tls: &Tls| tls.kms_key.clone();
        let role = |tls: &Tls| tls.role.clone();
        Some(Tls {
            authority: self.kept(
                FieldPath::endpoint("tls ca", port),
                wanted.and_then(authority),
                standing.and_then(authority),
            ),
            kms_key: self.kept(
                FieldPath::endpoint("tls key", port),
                wanted.and_then(kms_key),
                standing.and_then(kms_key),
            ),
            role: self.kept(
                FieldPath::endpoint("tls role", port),
                wanted.and_then(role),
                standing.and_then(role),
            ),
        })
    }

    /// The declared value, else the deployed one.
    fn kept<T: Display>(
        &self,
        field: FieldPath<'_>,
        declared: Option<T>,
        standing: Option<T>,
    ) -> Option<T> {
        let candidates = [(Source::Declared, declared), (Source::Deployed, standing)];
        self.observer.first(field, candidates.into_iter())
    }

    /// The declared name, else the name that this port has, else that of the document's template or the ECS service.
    fn discovery(
        &self,
        wanted: &EndpointDeclaration,
        port: &PortName,
        standing: Option<&Endpoint>,
    ) -> Result<DiscoveryName, Hold> {
        let known = [
            (Source::Declared, wanted.discovery_name.clone()),
            (Source::Deployed, standing.map(Endpoint::discovery)),
        ];
        let default = || {
            let default = self.default_discovery(port);
            (default.source, DiscoveryName::parse(&default.text).ok())
        };
        let candidates = known.into_iter().chain(std::iter::once_with(default));
        let chosen = self.observer.first(FieldPath::endpoint("discovery-name", port), candidates);
        if let Some(chosen) = chosen {
            return Ok(chosen);
        }
        let default = self.default_discovery(port);
        DiscoveryName::parse(&default.text).map_err(|refused| no_discovery_name(&default, refused))
    }

    /// The default name. ECS itself would take the port's name, but in real fleets the ports of all services have the
    /// same name.
    fn default_discovery(&self, port: &PortName) -> DefaultName {
        let key = &self.service.key;
        match self.terms.document.and_then(|document| document.defaults.discovery_name.as_ref()) {
            Some(template) => DefaultName {
                source: Source::DocumentDefault,
                whose: "the document's template",
                text: template.render(&key.path(), port),
            },
            None => DefaultName {
                source: Source::BuiltIn,
                whose: "the service's name",
                text: key.name.to_string(),
            },
        }
    }

    fn alias(
        &self,
        wanted: &EndpointDeclaration,
        discovery: &DiscoveryName,
        port_name: &PortName,
        standing: Option<&Endpoint>,
    ) -> Result<ClientAlias, Hold> {
        let declared = wanted.alias.as_ref();
        let default_before = self.default_before(port_name, discovery, standing);
        let test_header =
            standing.and_then(|standing| standing.alias.as_ref()?.test_header.clone());
        let standing = standing.filter(|_| default_before.is_none());
        let present = standing.and_then(|endpoint| endpoint.alias.as_ref());
        let built_in = || DnsName::of_endpoint(discovery, &self.namespace.name);
        let candidates = [
            (Source::Declared, declared.and_then(|alias| alias.dns_name.clone())),
            (Source::Deployed, standing.and_then(|standing| self.kept_host(standing, discovery))),
        ];
        let candidates = candidates
            .into_iter()
            .chain(std::iter::once_with(|| (Source::BuiltIn, Some(built_in()))));
        let host = self.observer.first(FieldPath::endpoint("alias host", port_name), candidates);
        let host = host.unwrap_or_else(built_in);
        let candidates = [
            (Source::Declared, declared.and_then(|alias| alias.port)),
            (Source::Deployed, present.map(|alias| alias.port)),
        ];
        let port_before = default_before.and_then(|endpoint| Some(endpoint.alias.as_ref()?.port));
        let container_port =
            || (Source::BuiltIn, port_before.or_else(|| self.container_port(port_name).ok()));
        let candidates = candidates.into_iter().chain(std::iter::once_with(container_port));
        let port =
            match self.observer.first(FieldPath::endpoint("alias port", port_name), candidates) {
                Some(port) => port,
                None => self.container_port(port_name)?,
            };
        Ok(ClientAlias { port, dns_name: Some(host), test_header })
    }

    /// The endpoint that had this discovery name with the default alias before others changed both. When the discovery
    /// name is set right, the alias goes back with it.
    fn default_before(
        &self,
        port: &PortName,
        discovery: &DiscoveryName,
        standing: Option<&Endpoint>,
    ) -> Option<&'a Endpoint> {
        if standing?.discovery() == *discovery {
            return None;
        }
        let stood = self.terms.stood?;
        let namespace = self.terms.defaults.namespace_of(stood)?;
        stood.endpoints.iter().find(|endpoint| {
            endpoint.port_name == *port
                && endpoint.discovery() == *discovery
                && endpoint.host_in(namespace).is_of_endpoint(discovery, &namespace.name)
        })
    }

    /// The deployed host, if a person chose it. A default host follows the discovery name.
    fn kept_host(&self, standing: &Endpoint, discovery: &DiscoveryName) -> Option<DnsName> {
        let host = standing.alias.as_ref()?.dns_name.as_ref()?;
        let deployed = self.terms.defaults.namespace_of(self.deployed?);
        let was_default =
            deployed.is_some_and(|ns| host.is_of_endpoint(&standing.discovery(), &ns.name));
        let stays = !was_default || host.is_of_endpoint(discovery, &self.namespace.name);
        stays.then(|| host.clone())
    }

    fn container_port(&self, name: &PortName) -> Result<Port, Hold> {
        let task_definition = self.task_definition()?;
        let mapping = self.terms.defaults.port(name);
        if let Some(refused) = mapping.and_then(eligible::range) {
            return Err(Hold::Ineligible(refused));
        }
        mapping
            .and_then(|mapping| mapping.container_port)
            .ok_or_else(|| no_port(&PortSelector::Name(name.clone()), task_definition))
    }

    /// The name of the port to serve.
    fn port(&self, wanted: Option<&PortSelector>, standing: &[Endpoint]) -> Result<PortName, Hold> {
        let port = self.served(wanted, standing)?;
        let source = match wanted {
            Some(_) => Source::Declared,
            None if standing.len() == 1 => Source::Deployed,
            None => Source::BuiltIn,
        };
        self.observer
            .first(FieldPath::endpoint("port", &port), std::iter::once((source, Some(&port))));
        Ok(port)
    }

    fn served(
        &self,
        wanted: Option<&PortSelector>,
        standing: &[Endpoint],
    ) -> Result<PortName, Hold> {
        match (wanted, standing) {
            (None, [only]) => Ok(only.port_name.clone()),
            (Some(selector), _) => {
                let text = selector.to_string();
                let mut names = standing.iter().map(|endpoint| &endpoint.port_name);
                match names.find(|name| name.as_str() == text) {
                    Some(stands) => Ok(stands.clone()),
                    None => named_port(selector, self.task_definition()?, standing),
                }
            }
            (None, _) => only_named_port(self.task_definition()?),
        }
    }

    fn task_definition(&self) -> Result<&'a TaskDefinition, Hold> {
        let read = self.terms.defaults.task_definition;
        read.ok_or_else(|| eligible::unread_task_definition(self.service))
    }
}

/// The deployed ingress port. ECS refuses an override up to 1024 ("IngressPortOverride cannot use ports <= 1024."), so
/// such a port is the container's port that ECS filled in, and ECS would refuse it if it were sent back.
fn kept_ingress_port(standing: &Endpoint) -> Option<Port> {
    standing.ingress_port.filter(|port| port.number() > 1024)
}

/// A name that is taken if none is declared or deployed.
struct DefaultName {
    source: Source,
    whose: &'static str,
    text: String,
}

fn no_discovery_name(default: &DefaultName, refused: Refused) -> Hold {
    let DefaultName { whose, text, .. } = default;
    let hint = refused.nearest.map(|near| format!(", such as {near:?}")).unwrap_or_default();
    Hold::Ineligible(format!(
        "{whose} {text} cannot be its discovery name ({}): set the discovery-name tag{hint}",
        refused.allowed
    ))
}

#[cfg(test)]
mod tests;
