//! Who needs which name, who offers it, and who can call it.

use std::collections::BTreeSet;

use eastwest_core::declaration::declared::{Declaration, EndpointDeclaration, Mode, RefreshWhen};
use eastwest_core::ecs::name::DiscoveryName;

use crate::model::{Connect, Deployment, EcsServiceKey, EcsServiceState, Endpoint, Model};
use crate::shapes::ecs::{EcsServiceStatus, RolloutState};

/// The names for which a service is redeployed.
pub(super) enum Names<'d> {
    Any,
    These(BTreeSet<&'d str>),
}

impl<'d> Names<'d> {
    pub(super) fn of(declaration: &'d Declaration) -> Self {
        let needs = declaration.needs.as_deref();
        let these = || needs.into_iter().flatten().map(DiscoveryName::as_str).collect();
        match declaration.refresh.unwrap_or(RefreshWhen::Declared) {
            RefreshWhen::Never => Self::These(BTreeSet::new()),
            RefreshWhen::Always => Self::Any,
            // The judge does not read environments. It still checks that some server came.
            RefreshWhen::Inferred if needs.is_none() => Self::Any,
            RefreshWhen::Inferred | RefreshWhen::Declared => Self::These(these()),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.contains(name),
        }
    }
}

/// The endpoints of a configuration, if it is of that namespace.
pub(super) fn in_namespace<'c>(connect: &'c Connect, namespace: &str) -> &'c [Endpoint] {
    if connect.namespace == namespace { &connect.endpoints } else { &[] }
}

/// A name that a converged service needs, that somebody offers, and that it cannot call.
pub(super) fn unreached(
    model: &Model,
    key: &EcsServiceKey,
    state: &EcsServiceState,
    declaration: &Declaration,
) -> Option<String> {
    let namespace = &state.connect()?.namespace;
    // Tasks of an older deployment that are cleaned up later do not know what the newest ones know.
    if state.running() == 0 || state.deployments.len() > 1 {
        return None;
    }
    let names = Names::of(declaration);
    let names = match (&names, &declaration.refresh) {
        // The truth does not say what eastwest infers.
        (Names::Any, Some(RefreshWhen::Inferred)) => return None,
        _ => names,
    };
    let others = model.services().filter(|(other, server)| *other != key && serves(server));
    let offered = others.flat_map(|(_, server)| {
        server.connect().map_or(&[][..], |connect| in_namespace(connect, namespace))
    });
    let needed = offered.filter(|endpoint| names.has(&endpoint.discovery_name));
    let mut aliases = needed.map(|endpoint| &endpoint.alias);
    aliases.find_map(|(host, port)| {
        let reach = model.reach(&key.to_string(), host, *port);
        (!reach.ok).then(|| format!("cannot call {host}:{port}: {}", reach.why))
    })
}

fn serves(server: &EcsServiceState) -> bool {
    let completed = |primary: &Deployment| primary.rollout_state == RolloutState::Completed;
    server.status == EcsServiceStatus::Active
        && server.running() > 0
        && server.primary().is_some_and(completed)
}

/// The names that a service declares to need and that no completed deployment offers. What a service is about to give
/// up, because its newest deployment does not have it, counts for nothing.
pub(super) fn unoffered<'d>(
    model: &Model,
    key: &EcsServiceKey,
    declaration: &'d Declaration,
    namespace: &str,
) -> Vec<&'d str> {
    let needs = declaration.needs.iter().flatten().map(DiscoveryName::as_str);
    let has = |deployment: &Deployment, name: &str| {
        let endpoints = deployment.connect().map_or(&[][..], |c| in_namespace(c, namespace));
        endpoints.iter().any(|endpoint| endpoint.discovery_name == name)
    };
    let offered = |name: &str| {
        model.services().filter(|(other, _)| *other != key).any(|(_, server)| {
            let mut completed = server.deployments.iter().filter(|each| each.completed_once);
            server.primary().is_some_and(|primary| has(primary, name))
                && completed.any(|each| has(each, name))
        })
    };
    needs.filter(|name| !offered(name)).collect()
}

/// Whether a service is declared to offer a name, now or once a person has mended something. A service that declares no
/// name keeps the one it has, even in another namespace.
pub(super) fn would_offer(
    key: &EcsServiceKey,
    state: &EcsServiceState,
    declaration: &Declaration,
    name: &str,
) -> bool {
    let mut standing = state.connect().into_iter().flat_map(|connect| &connect.endpoints);
    let unnamed = key.name == name || standing.any(|endpoint| endpoint.discovery_name == name);
    let mut endpoints = declaration.endpoints.iter();
    let named = |each: &EndpointDeclaration| match &each.discovery_name {
        Some(discovery) => discovery.as_str() == name,
        None => unnamed,
    };
    declaration.mode == Some(Mode::ClientServer)
        && (endpoints.any(named) || (declaration.endpoints.is_empty() && unnamed))
}
