//! What each service wants, as far as its tags and its entry say, and whether a configuration grants it.
//!
//! It does not compute the configuration that a service should have, which is core's business. It asks of the one that
//! the service has whether it does what each tag says.

use std::collections::BTreeSet;
use std::sync::Arc;

use eastwest_core::declaration::declared::{
    Declaration, EndpointDeclaration, Mode, Pause, PortSelector,
};
use eastwest_core::declaration::document::Document;
use eastwest_core::declaration::intent::Layers;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::declaration::tag;
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::ecs::name::{NamespaceRef, PortName};
use serde_json::Value;

use super::effective::{Effective, EffectiveEndpoint, Taken};
use super::keys::{is_watched, service_path};
use super::parameter_history::intent;
use crate::model::{DeploymentRecord, EcsServiceKey, EcsServiceState, Model, NamedPort};
use crate::shapes::cloud_map::ListRequest;
use crate::shapes::ecs::{
    DescribeClustersRequest, EcsServiceStatus, RolloutState, ServiceDeploymentStatus,
};

/// A namespace, and its names.
struct NamespaceNames {
    id: String,
    name: String,
    http_name: String,
}

pub(super) struct Truth<'a> {
    pub(super) model: &'a Model,
    pub(super) settings: &'a Settings,
    document: Option<&'a Document>,
    namespaces: Vec<NamespaceNames>,
}

/// A discovery name in its namespace.
struct Named<'a> {
    discovery: &'a str,
    home: &'a NamespaceNames,
}

/// What one service wants, as far as its tags say.
pub(super) struct Wish {
    pub(super) declaration: Declaration,
    pub(super) namespace: String,
    /// The declared endpoints, each with its port.
    pub(super) endpoints: Vec<(EndpointDeclaration, NamedPort)>,
    /// The names that it wants; others may have them.
    pub(super) names: BTreeSet<Taken>,
    /// The discovery names that it wants, each with its port.
    pub(super) served: Vec<(String, NamedPort)>,
}

impl<'a> Truth<'a> {
    pub(super) fn new(
        model: &'a Model,
        settings: &'a Settings,
        document: Option<&'a Document>,
    ) -> Self {
        let request = ListRequest { max_results: Some(100), ..ListRequest::default() };
        let all = model.list_namespaces(&request).map(|answer| answer.namespaces);
        let namespaces = all.unwrap_or_default().into_iter().map(|each| NamespaceNames {
            id: each.id,
            name: each.name,
            http_name: each.properties.http_properties.http_name,
        });
        Self { model, settings, document, namespaces: namespaces.collect() }
    }
}

impl Truth<'_> {
    pub(super) fn is_watched(&self, key: &EcsServiceKey) -> bool {
        is_watched(self.settings, key)
    }

    /// The declaration of a service, if no person holds the service.
    pub(super) fn due(&self, key: &EcsServiceKey, state: &EcsServiceState) -> Option<Declaration> {
        let declaration = self.declaration(key, state)?;
        let is_held =
            self.settings.policy == Policy::Observe || self.is_held_by_people(state, &declaration);
        (!is_held).then_some(declaration)
    }

    pub(super) fn declaration(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
    ) -> Option<Declaration> {
        let tagged = tag::read(&TagPrefix::default(), &state.tags);
        let tagged = tagged.as_ref().filter(|_| self.settings.sources.tags);
        let entry = self.document.and_then(|document| document.services.get(&service_path(key)));
        intent(&Layers { entry, tagged, rest: None }).declared().cloned()
    }

    /// Whether a service is paused, rolled out by another controller, or has members that eastwest must not touch.
    pub(super) fn is_held_by_people(
        &self,
        state: &EcsServiceState,
        declaration: &Declaration,
    ) -> bool {
        let now = i64::try_from(self.model.now().0).unwrap_or(i64::MAX);
        let paused = match declaration.pause {
            Some(Pause::Open) => true,
            Some(Pause::Until(until)) => until.as_millisecond() > now,
            None => false,
        };
        let unknown = state.connect().is_some_and(|c| Effective::of(c).unknown != Value::Null);
        paused || unknown || state.settings.controller != "ECS"
    }

    /// Whether ECS rolled back such a configuration on the present task definition.
    pub(super) fn given_up(
        state: &EcsServiceState,
        such: impl Fn(&Option<Effective>) -> bool,
    ) -> bool {
        let Some(primary) = state.primary() else { return true };
        let arn = &primary.revision.spec.task_definition.arn;
        let given_up = |each: &&Arc<DeploymentRecord>| {
            let broke = each.reason.as_deref().is_some_and(|why| why.contains("circuit breaker"));
            each.status.as_str().starts_with("ROLLBACK")
                || (broke && each.status == ServiceDeploymentStatus::Stopped)
        };
        let targets =
            state.records.iter().filter(given_up).filter_map(|each| {
                state.revisions.iter().find(|revision| revision.arn == each.target)
            });
        // A deployment that was superseded after it failed has no record of its failure.
        let failed = state.deployments.iter().filter(|d| d.rollout_state == RolloutState::Failed);
        targets.chain(failed.map(|deployment| &deployment.revision)).any(|revision| {
            revision.spec.task_definition.arn == *arn
                && such(&revision.spec.connect.as_deref().map(Effective::of))
        })
    }

    fn namespace(&self, reference: &NamespaceRef) -> Option<&NamespaceNames> {
        match reference {
            NamespaceRef::Id(id) | NamespaceRef::Arn(_, id) => {
                self.namespaces.iter().find(|each| each.id == id.as_str())
            }
            NamespaceRef::Name(name) => {
                let by_http = self.namespaces.iter().find(|each| each.http_name == name.as_str());
                by_http.or_else(|| self.namespaces.iter().find(|each| each.name == name.as_str()))
            }
        }
    }

    /// The namespace that a service belongs in; `None` if it does not exist.
    fn home(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        wanted: &Declaration,
    ) -> Option<&NamespaceNames> {
        if let Some(reference) = &wanted.namespace {
            return self.namespace(reference);
        }
        if let Some(connect) = state.connect() {
            return self.namespaces.iter().find(|each| each.id == connect.namespace);
        }
        let default = self.document.and_then(|document| document.defaults.namespace.as_ref());
        if let Some(reference) = default.or(self.settings.namespace.as_ref()) {
            return self.namespace(reference);
        }
        let clusters = Some(vec![key.cluster.clone()]);
        let request = DescribeClustersRequest { clusters, include: None };
        let answer = self.model.describe_clusters(&request).ok()?;
        let default = answer.clusters.into_iter().next()?.service_connect_defaults?.namespace?;
        self.namespace(&NamespaceRef::as_read(&default))
    }

    /// What a service wants; `None` if ECS would refuse it.
    pub(super) fn wish(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        declaration: Declaration,
    ) -> Option<Wish> {
        let spec = &state.primary()?.revision.spec;
        if !is_fit(&spec.task_definition.json) {
            return None;
        }
        let home = self.home(key, state, &declaration)?;
        let standing = state.connect().map(|connect| Effective::of(connect));
        let standing = standing.map(|effective| effective.endpoints).unwrap_or_default();
        let ports = &spec.task_definition.ports;
        if standing.iter().any(|old| !ports.iter().any(|port| port.name == old.port_name))
            && declaration.endpoints.is_empty()
            && declaration.mode == Some(Mode::ClientServer)
        {
            return None;
        }
        let implied = [EndpointDeclaration::default()];
        let declared = match declaration.mode {
            Some(Mode::ClientServer) if !declaration.endpoints.is_empty() => {
                &declaration.endpoints[..]
            }
            Some(Mode::ClientServer) if standing.is_empty() => &implied,
            Some(_) | None => &[],
        };
        let mut names = BTreeSet::new();
        let (mut endpoints, mut served) = (Vec::new(), Vec::new());
        for wanted in declared {
            let port = meant(wanted, &standing, ports)?.clone();
            let old = standing.iter().find(|old| old.port_name == port.name);
            let discovery = wanted.discovery_name.as_ref().map(ToString::to_string);
            let discovery = discovery.or_else(|| old.map(|old| old.discovery_name.clone()));
            let discovery = discovery.unwrap_or_else(|| self.default_name(key, &port));
            names.insert(Taken::Discovery(home.id.clone(), discovery.clone()));
            served.push((discovery.clone(), port.clone()));
            let (host, number) =
                self.alias(wanted, &Named { discovery: &discovery, home }, old, &port);
            names.insert(Taken::Alias(home.id.clone(), host, number));
            endpoints.push((wanted.clone(), port));
        }
        if self.settings.policy == Policy::UpsertOnly
            && is_twice(home, &names, &standing, |old| {
                endpoints.iter().any(|(_, port): &(_, NamedPort)| port.name == old.port_name)
            })
        {
            return None;
        }
        for old in self.undeclared(&declaration, declared, &standing, &endpoints) {
            names.insert(Taken::Discovery(home.id.clone(), old.discovery_name.clone()));
            let nothing = EndpointDeclaration::default();
            let port = ports.iter().find(|port| port.name == old.port_name)?;
            served.push((old.discovery_name.clone(), port.clone()));
            let name = Named { discovery: &old.discovery_name, home };
            let (host, number) = self.alias(&nothing, &name, Some(old), port);
            names.insert(Taken::Alias(home.id.clone(), host, number));
        }
        Some(Wish { declaration, namespace: home.id.clone(), endpoints, names, served })
    }

    /// The endpoints that a service keeps though nothing declares them: under upsert-only, all of them. It needs their
    /// names in a new namespace, too.
    fn undeclared<'s>(
        &self,
        declaration: &Declaration,
        declared: &[EndpointDeclaration],
        standing: &'s [EffectiveEndpoint],
        endpoints: &[(EndpointDeclaration, NamedPort)],
    ) -> Vec<&'s EffectiveEndpoint> {
        let upserts = self.settings.policy == Policy::UpsertOnly;
        let keeps = match declaration.mode {
            Some(Mode::ClientServer) => declared.is_empty() || upserts,
            Some(Mode::Client) => upserts,
            Some(Mode::Off) | None => false,
        };
        let is_declared =
            |old: &EffectiveEndpoint| endpoints.iter().any(|(_, port)| port.name == old.port_name);
        standing.iter().filter(|old| keeps && !is_declared(old)).collect()
    }

    /// The default discovery name of an endpoint.
    fn default_name(&self, key: &EcsServiceKey, port: &NamedPort) -> String {
        let template = self.document.and_then(|document| document.defaults.discovery_name.as_ref());
        template.map_or_else(
            || key.name.clone(),
            |template| template.render(&service_path(key), &PortName::as_read(&port.name)),
        )
    }

    /// Whether the document keeps a name that it wants for others.
    pub(super) fn is_kept_for_others(&self, key: &EcsServiceKey, wish: &Wish) -> bool {
        let claims = self.document.map(|document| &document.claims);
        claims.into_iter().flatten().any(|(claimed, by)| {
            let is_called = |host: &str| host.split('.').next() == Some(claimed.as_str());
            let wants = wish.names.iter().any(|name| match name {
                Taken::Discovery(_, name) => name == claimed.as_str(),
                Taken::Alias(_, host, _) => is_called(host),
            });
            wants && !by.contains(&service_path(key))
        })
    }

    /// The alias an endpoint will have: declared, else chosen by somebody, else the default.
    fn alias(
        &self,
        wanted: &EndpointDeclaration,
        name: &Named<'_>,
        old: Option<&EffectiveEndpoint>,
        port: &NamedPort,
    ) -> (String, u32) {
        let declared = wanted.alias.as_ref();
        let standing = old.map(|old| &old.alias);
        let default = |host: &str, name: &str| {
            self.namespaces.iter().any(|each| host == format!("{name}.{}", each.name))
        };
        let chosen = standing
            .map(|(host, _)| host.clone())
            .filter(|host| !old.is_some_and(|old| default(host, &old.discovery_name)));
        let host = declared.and_then(|alias| alias.dns_name.as_ref()).map(ToString::to_string);
        let host =
            host.or(chosen).unwrap_or_else(|| format!("{}.{}", name.discovery, name.home.name));
        let number = declared.and_then(|alias| alias.port).map(|port| u32::from(port.number()));
        let number = number.or(standing.map(|(_, port)| *port)).unwrap_or(port.container_port);
        (host, number)
    }

    /// Whether a configuration does what is asked.
    pub(super) fn grants(&self, wish: &Wish, now: &Effective) -> bool {
        let Declaration { mode, .. } = &wish.declaration;
        let sync = self.settings.policy == Policy::Sync;
        if now.namespace != wish.namespace {
            return false;
        }
        if *mode == Some(Mode::Client) {
            return !sync || now.endpoints.is_empty();
        }
        let declared = !wish.declaration.endpoints.is_empty();
        let count =
            if declared && sync { now.endpoints.len() == wish.endpoints.len() } else { true };
        !now.endpoints.is_empty()
            && count
            && wish.endpoints.iter().all(|(wanted, port)| {
                now.endpoints.iter().any(|each| is_granted(wanted, port, each))
            })
    }

    /// Whether a name that it wants exists with another protocol than the port has. ECS never changes that protocol.
    pub(super) fn is_pinned(&self, wish: &Wish) -> bool {
        self.model.cloud_map_services().any(|(_, each)| {
            let Some(owner) = each.owner.as_ref().filter(|_| each.namespace == wish.namespace)
            else {
                return false;
            };
            wish.served.iter().any(|(name, port)| {
                *name == each.name
                    && (&owner.app_protocol, &owner.protocol)
                        != (&port.app_protocol, &port.protocol)
            })
        })
    }

    /// The other services that opted in.
    pub(super) fn others<'t>(
        &'t self,
        key: &'t EcsServiceKey,
    ) -> impl Iterator<Item = (&'t EcsServiceKey, &'t EcsServiceState, Declaration)> {
        let others = self.model.services().filter(move |(other, state)| {
            *other != key && self.is_watched(other) && state.status == EcsServiceStatus::Active
        });
        others.filter_map(|(other, state)| Some((other, state, self.declaration(other, state)?)))
    }

    /// Whether another service has a name that it wants, or comes before it.
    pub(super) fn is_outranked(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        wish: &Wish,
    ) -> bool {
        let own: BTreeSet<Taken> = state
            .deployments
            .iter()
            .filter_map(|each| each.connect())
            .flat_map(|each| Effective::of(each).taken().collect::<Vec<_>>())
            .collect();
        // Nobody gets a name that was left behind, not even the service that left it: nothing says which one that was.
        let leftover = self.model.cloud_map_services().any(|(_, each)| {
            let name = Taken::Discovery(each.namespace.clone(), each.name.clone());
            wish.names.contains(&name) && !own.contains(&name)
        });
        leftover
            || self.model.services().filter(|(other, _)| *other != key).any(|(other, rival)| {
                let holds =
                    rival.deployments.iter().filter_map(|each| each.connect()).any(|each| {
                        Effective::of(each).taken().any(|taken| wish.names.contains(&taken))
                    });
                holds || self.precedes(other, rival, state, wish)
            })
    }

    fn precedes(
        &self,
        other: &EcsServiceKey,
        rival: &EcsServiceState,
        state: &EcsServiceState,
        wish: &Wish,
    ) -> bool {
        let first = (rival.created_at, &rival.arn) < (state.created_at, &state.arn);
        if !first || !self.is_watched(other) || rival.status != EcsServiceStatus::Active {
            return false;
        }
        let theirs = self.declaration(other, rival).filter(|d| d.mode != Some(Mode::Off));
        let theirs = theirs.and_then(|declaration| self.wish(other, rival, declaration));
        theirs.is_some_and(|theirs| !theirs.names.is_disjoint(&wish.names))
    }
}

/// What Service Connect needs of a task definition.
fn is_fit(raw: &Value) -> bool {
    let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let windows = text("/runtimePlatform/operatingSystemFamily").starts_with("WINDOWS");
    let container = |member: &str| raw.pointer(&format!("/containerDefinitions/0/{member}"));
    let room = container("memory")
        .and_then(Value::as_u64)
        .is_none_or(|limit| text("/memory").parse().is_ok_and(|memory: u64| limit < memory));
    !windows
        && ["awsvpc", "bridge"].contains(&text("/networkMode"))
        && !text("/memory").is_empty()
        && !text("/cpu").is_empty()
        && container("links").is_none()
        && room
}

/// The named port that an endpoint means; `None` if there is no such port.
fn meant<'a>(
    wanted: &EndpointDeclaration,
    standing: &[EffectiveEndpoint],
    ports: &'a [NamedPort],
) -> Option<&'a NamedPort> {
    match (&wanted.port, standing) {
        (Some(PortSelector::Name(name)), _) => ports.iter().find(|p| p.name == name.as_str()),
        (Some(PortSelector::Number(number)), _) => {
            ports.iter().find(|p| p.container_port == u32::from(number.number()))
        }
        (None, [only]) => ports.iter().find(|p| p.name == only.port_name),
        (None, _) if ports.len() == 1 => ports.first(),
        (None, _) => None,
    }
}

/// Whether a name would be there twice: under upsert-only an endpoint that nothing declares stays, so its name cannot
/// move to another port.
fn is_twice(
    home: &NamespaceNames,
    names: &BTreeSet<Taken>,
    standing: &[EffectiveEndpoint],
    is_declared: impl Fn(&EffectiveEndpoint) -> bool,
) -> bool {
    standing.iter().filter(|old| !is_declared(old)).any(|old| {
        let (host, number) = old.alias.clone();
        names.contains(&Taken::Discovery(home.id.clone(), old.discovery_name.clone()))
            || names.contains(&Taken::Alias(home.id.clone(), host, number))
    })
}

pub(super) fn is_granted(
    wanted: &EndpointDeclaration,
    port: &NamedPort,
    now: &EffectiveEndpoint,
) -> bool {
    let alias = wanted.alias.as_ref();
    let host = alias.and_then(|alias| alias.dns_name.as_ref());
    let number = alias.and_then(|alias| alias.port).map(|port| u32::from(port.number()));
    now.port_name == port.name
        && wanted.discovery_name.as_ref().is_none_or(|name| name.as_str() == now.discovery_name)
        && host.is_none_or(|host| host.as_str() == now.alias.0)
        && number.is_none_or(|number| number == now.alias.1)
}
