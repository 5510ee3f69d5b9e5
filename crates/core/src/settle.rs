//! From what a service declares to the whole configuration it shall have.
//!
//! **Invariant:** what is not declared is carried over from the PRIMARY deployment, so that opting in a
//! service that already uses Service Connect changes nothing and a removed tag renames nothing.
//!
//! **Invariant:** the namespace is always named by ARN and every endpoint has an explicit alias: AWS's
//! documents disagree on what omitting them does, so it must not matter to us.
//!
//! A question that only a task definition answers holds the service until it is read; for a converged
//! service with explicit aliases none arises.

use crate::action::Action;
use crate::canonical::Ground;
use crate::connect::{ClientAlias, Connect, Endpoint, Timeout, Tls};
use crate::declaration::{Declaration, EndpointDeclaration, LogsDeclaration, Mode, PortSelector};
use crate::effect::Question;
use crate::hold::{Hold, Unseen};
use crate::issue::nearest;
use crate::name::{DiscoveryName, DnsName, NamespaceRef, Port, PortName};
use crate::settings::Policy;
use crate::view::{EcsService, Namespace, PortMapping, TaskDefinition};

/// What one service shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Desired {
    /// Service Connect off.
    Off,
    /// Exactly this configuration, in this namespace.
    On(Box<Connect>, Namespace),
}

impl Desired {
    /// The call that makes it so.
    pub fn action(&self, service: &EcsService) -> Action {
        let service = service.key.clone();
        match self {
            Self::Off => Action::Disconnect { service },
            Self::On(connect, _) => Action::Connect { service, connect: (**connect).clone() },
        }
    }
}

/// What a service is settled against.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Namespaces, defaults and the task definition.
    pub ground: Ground<'a>,
    /// The namespace flag.
    pub namespace: Option<&'a NamespaceRef>,
    /// Whether endpoints that stand and are not declared go.
    pub policy: Policy,
}

/// The configuration a service shall have, or why that cannot be said.
pub fn settle(
    service: &EcsService,
    declaration: &Declaration,
    terms: &Terms<'_>,
) -> Result<Desired, Hold> {
    if declaration.mode == Some(Mode::Off) {
        return Ok(Desired::Off);
    }
    let deployed = service.primary().and_then(|primary| primary.connect.as_ref());
    let namespace = namespace(declaration, deployed, terms)?;
    let builder = Builder { service, deployed, namespace, terms };
    let mut endpoints = builder.endpoints(declaration)?;
    if let Some(header) = &declaration.test_header {
        for alias in endpoints.iter_mut().filter_map(|endpoint| endpoint.alias.as_mut()) {
            alias.test_header = Some(header.clone());
        }
    }
    let logs = match &declaration.logs {
        None => deployed.and_then(|connect| connect.logs.clone()),
        Some(LogsDeclaration::Off) => None,
        Some(LogsDeclaration::To(logs)) => Some(logs.clone()),
    };
    let access_logs = declaration
        .access_logs
        .clone()
        .or_else(|| deployed?.access_logs.clone())
        .filter(|_| logs.is_some() || declaration.access_logs.is_some());
    let connect = Connect {
        namespace: Some(NamespaceRef::Arn(namespace.arn.clone(), namespace.id.clone())),
        endpoints,
        logs,
        access_logs,
        log_level: deployed.and_then(|connect| connect.log_level.clone()),
    };
    Ok(Desired::On(Box::new(connect), namespace.clone()))
}

/// Tag, else what is deployed, else the flag, else the cluster's default.
fn namespace<'a>(
    declaration: &'a Declaration,
    deployed: Option<&'a Connect>,
    terms: &Terms<'a>,
) -> Result<&'a Namespace, Hold> {
    // A configuration without a namespace is in the cluster's default, and stays there.
    let kept = deployed.and_then(|c| c.namespace.as_ref().or(terms.ground.default_namespace));
    let reference = declaration
        .namespace
        .as_ref()
        .or(kept)
        .or(terms.namespace)
        .or(terms.ground.default_namespace)
        .ok_or_else(|| {
            Hold::NoNamespace(
                "no namespace: set the namespace tag, --namespace, or the cluster's Service Connect default".to_owned(),
            )
        })?;
    terms.ground.resolve(reference).ok_or_else(|| no_namespace(reference, terms.ground.namespaces))
}

fn no_namespace(reference: &NamespaceRef, known: &[Namespace]) -> Hold {
    let text = reference.to_string();
    let twins: Vec<&str> =
        known.iter().filter(|n| n.name.as_str() == text).map(|n| n.id.as_str()).collect();
    if !twins.is_empty() {
        return Hold::NoNamespace(format!(
            "several namespaces are named {text}: {}; name one by its id",
            twins.join(", ")
        ));
    }
    let near = nearest(&text, known.iter().map(|n| n.name.as_str()));
    let hint = near.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    Hold::NoNamespace(format!(
        "there is no namespace {text} in this account and region{hint}; create it in Cloud Map, or name another"
    ))
}

struct Builder<'a> {
    service: &'a EcsService,
    deployed: Option<&'a Connect>,
    namespace: &'a Namespace,
    terms: &'a Terms<'a>,
}

impl<'a> Builder<'a> {
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
                return standing.iter().map(|e| self.kept(e)).collect();
            }
        };
        let mut taken = vec![false; standing.len()];
        let mut endpoints = Vec::with_capacity(declared.len());
        for wanted in declared {
            let port = self.port(wanted.port.as_ref(), standing)?;
            let same = matching(standing, (&port, wanted), declared, &taken);
            if let Some(at) = same {
                taken[at] = true;
            }
            endpoints.push(self.endpoint(wanted, port, same.map(|at| &standing[at]))?);
        }
        if self.terms.policy == Policy::UpsertOnly {
            for (endpoint, _) in standing.iter().zip(taken).filter(|(_, taken)| !taken) {
                endpoints.push(self.kept(endpoint)?);
            }
        }
        Ok(endpoints)
    }

    /// An endpoint that stands and stays.
    fn kept(&self, endpoint: &Endpoint) -> Result<Endpoint, Hold> {
        let nothing = EndpointDeclaration::default();
        self.endpoint(&nothing, endpoint.port_name.clone(), Some(endpoint))
    }

    /// One endpoint: what is declared, else what stands on that port, else the defaults.
    fn endpoint(
        &self,
        wanted: &EndpointDeclaration,
        port_name: PortName,
        standing: Option<&Endpoint>,
    ) -> Result<Endpoint, Hold> {
        let discovery = match (&wanted.discovery_name, standing) {
            (Some(declared), _) => declared.clone(),
            (None, Some(standing)) => standing.discovery(),
            (None, None) => self.default_discovery()?,
        };
        let alias = self.alias(wanted, &discovery, &port_name, standing)?;
        let kept = standing.map(|endpoint| endpoint.timeout).unwrap_or_default();
        Ok(Endpoint {
            port_name,
            discovery_name: Some(discovery),
            alias: Some(alias),
            ingress_port: wanted.ingress_port.or(standing.and_then(|e| e.ingress_port)),
            timeout: Timeout {
                idle_s: wanted.timeout.idle_s.or(kept.idle_s),
                request_s: wanted.timeout.request_s.or(kept.request_s),
            },
            tls: tls(wanted.tls.as_ref(), standing.and_then(|e| e.tls.as_ref())),
        })
    }

    /// The ECS service's name: ECS itself would take the port's name, and in real fleets every service
    /// calls its port the same.
    fn default_discovery(&self) -> Result<DiscoveryName, Hold> {
        let name = &self.service.key.name;
        DiscoveryName::parse(name.as_str()).map_err(|refused| {
            let hint = refused.nearest.map(|near| format!(", such as {near:?}")).unwrap_or_default();
            Hold::Ineligible(format!(
                "the service's name {name} cannot be its discovery name ({}): set the discovery-name tag{hint}",
                refused.allowed
            ))
        })
    }

    fn alias(
        &self,
        wanted: &EndpointDeclaration,
        discovery: &DiscoveryName,
        port_name: &PortName,
        standing: Option<&Endpoint>,
    ) -> Result<ClientAlias, Hold> {
        let declared = wanted.alias.as_ref();
        let present = standing.and_then(|endpoint| endpoint.alias.as_ref());
        let host = declared
            .and_then(|alias| alias.dns_name.clone())
            .or_else(|| self.kept_host(standing?, discovery))
            .unwrap_or_else(|| DnsName::of_endpoint(discovery, &self.namespace.name));
        let port = declared.and_then(|alias| alias.port).or(present.map(|alias| alias.port));
        let port = match port {
            Some(port) => port,
            None => self.container_port(port_name)?,
        };
        let test_header = present.and_then(|alias| alias.test_header.clone());
        Ok(ClientAlias { port, dns_name: Some(host), test_header })
    }

    /// The host of a standing alias if somebody chose it; a default host follows the discovery name.
    fn kept_host(&self, standing: &Endpoint, discovery: &DiscoveryName) -> Option<DnsName> {
        let host = standing.alias.as_ref()?.dns_name.as_ref()?;
        let deployed = self.terms.ground.namespace_of(self.deployed?);
        let was_default =
            deployed.is_some_and(|ns| host.is_of_endpoint(&standing.discovery(), &ns.name));
        let stays = !was_default || host.is_of_endpoint(discovery, &self.namespace.name);
        stays.then(|| host.clone())
    }

    fn container_port(&self, name: &PortName) -> Result<Port, Hold> {
        let task_definition = self.task_definition()?;
        let mapping = self.terms.ground.port(name);
        mapping
            .and_then(|mapping| mapping.container_port)
            .ok_or_else(|| no_port(&PortSelector::Name(name.clone()), task_definition))
    }

    /// The name of the port to serve.
    fn port(&self, wanted: Option<&PortSelector>, standing: &[Endpoint]) -> Result<PortName, Hold> {
        match (wanted, standing) {
            (Some(PortSelector::Name(name)), _)
                if standing.iter().any(|e| e.port_name == *name) =>
            {
                Ok(name.clone())
            }
            (None, [only]) => Ok(only.port_name.clone()),
            (Some(selector), _) => {
                let task_definition = self.task_definition()?;
                named_port(selector, task_definition)
            }
            (None, _) => only_named_port(self.task_definition()?),
        }
    }

    fn task_definition(&self) -> Result<&'a TaskDefinition, Hold> {
        self.terms.ground.task_definition.ok_or_else(|| {
            let arn = self.service.task_definition.clone();
            Hold::NotSeen(Unseen::Answer(Question::TaskDefinition(arn), None))
        })
    }
}

/// Encryption as declared; the members that are not declared stay as they are.
fn tls(wanted: Option<&Tls>, standing: Option<&Tls>) -> Option<Tls> {
    let (Some(wanted), Some(standing)) = (wanted, standing) else {
        return wanted.or(standing).cloned();
    };
    Some(Tls {
        authority: wanted.authority.clone().or_else(|| standing.authority.clone()),
        kms_key: wanted.kms_key.clone().or_else(|| standing.kms_key.clone()),
        role: wanted.role.clone().or_else(|| standing.role.clone()),
    })
}

/// The standing endpoint a declared one continues: same port and same name, else the first by name on the same
/// port that no other declaration names.
fn matching(
    standing: &[Endpoint],
    (port, wanted): (&PortName, &EndpointDeclaration),
    declared: &[EndpointDeclaration],
    taken: &[bool],
) -> Option<usize> {
    let free = |at: &usize| !taken[*at] && standing[*at].port_name == *port;
    let named = |by: &EndpointDeclaration, at: usize| {
        by.discovery_name.as_ref() == Some(&standing[at].discovery())
    };
    let unnamed = |at: &usize| !declared.iter().any(|by| named(by, *at));
    let same_name = (0..standing.len()).filter(free).find(|at| named(wanted, *at));
    // By name, not by place: the order in which ECS lists endpoints says nothing.
    let others = (0..standing.len()).filter(free).filter(unnamed);
    same_name.or_else(|| others.min_by_key(|at| standing[*at].discovery()))
}

fn named_port(selector: &PortSelector, task_definition: &TaskDefinition) -> Result<PortName, Hold> {
    let mapping = task_definition.ports.iter().find(|mapping| match selector {
        PortSelector::Name(name) => mapping.name.as_ref() == Some(name),
        PortSelector::Number(port) => mapping.container_port == Some(*port),
    });
    match mapping {
        Some(PortMapping { name: Some(name), .. }) => Ok(name.clone()),
        Some(unnamed) => Err(Hold::Ineligible(unnamed_port(unnamed, task_definition))),
        None => Err(no_port(selector, task_definition)),
    }
}

fn only_named_port(task_definition: &TaskDefinition) -> Result<PortName, Hold> {
    let mut named = task_definition.ports.iter().filter_map(|mapping| mapping.name.as_ref());
    match (named.next(), named.next(), task_definition.ports.first()) {
        (Some(only), None, _) => Ok(only.clone()),
        (Some(_), Some(_), _) => Err(Hold::Ineligible(format!(
            "{} has several named ports ({}): say which with the port tag",
            task_definition.arn.resource(),
            named_ports(task_definition)
        ))),
        (None, _, Some(unnamed)) => Err(Hold::Ineligible(unnamed_port(unnamed, task_definition))),
        (None, _, None) => Err(Hold::Ineligible(format!(
            "{} has no port mapping: a server needs one with a name; for a client set mode=client",
            task_definition.arn.resource()
        ))),
    }
}

/// Port mappings are never named by the API (API:PortMapping.name); the console proposes this form.
fn unnamed_port(mapping: &PortMapping, task_definition: &TaskDefinition) -> String {
    let port = mapping.container_port.map_or("?".to_owned(), |port| port.to_string());
    format!(
        "the port mapping {port} of container {container} in {} has no name: register a revision with \"name\": \"{container}-{port}-{protocol}\"",
        task_definition.arn.resource(),
        container = mapping.container,
        protocol = mapping.protocol,
    )
}

fn no_port(selector: &PortSelector, task_definition: &TaskDefinition) -> Hold {
    let text = selector.to_string();
    let near = nearest(
        &text,
        task_definition.ports.iter().filter_map(|m| m.name.as_ref().map(PortName::as_str)),
    );
    let hint = near.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    Hold::Ineligible(format!(
        "{} has no port {text}; its named ports are {}{hint}",
        task_definition.arn.resource(),
        named_ports(task_definition)
    ))
}

fn named_ports(task_definition: &TaskDefinition) -> String {
    let named: Vec<String> = task_definition
        .ports
        .iter()
        .filter_map(|mapping| {
            let name = mapping.name.as_ref()?;
            Some(mapping.container_port.map_or(name.to_string(), |port| format!("{name} ({port})")))
        })
        .collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}

#[cfg(test)]
mod tests;
