//! What services are to each other, in the truth: who offers what since when, who needs it, and who can call it.
//!
//! | rule | says |
//! |---|---|
//! | I4 | nobody is redeployed who knows all that it needs |
//! | I13 | no client is rolled out while a server that it declares to need has never completed |
//! | rename | no name that a client declares to need goes in the write that brings what takes its place |
//! | reach | at rest every declared need that is offered can be called |

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::{Declaration, EndpointDeclaration, Mode, RefreshWhen};
use eastwest_core::declare::Intent;
use eastwest_core::name::DiscoveryName;
use eastwest_core::settings::{Policy, Settings};

use super::rules::{Broken, Sent};
use super::truth::{Effective, EffectiveEndpoint, Life, Moment};
use super::{is_watched, ms};
use crate::model::{
    Connect, Deployment, DeploymentRecord, EcsServiceKey, EcsServiceState, Endpoint, Model,
};
use crate::shapes::Time;
use crate::shapes::ecs::{EcsServiceStatus, RolloutState, ServiceDeploymentStatus};

/// Which names have a service redeployed.
enum Names<'d> {
    Any,
    These(BTreeSet<&'d str>),
}

impl<'d> Names<'d> {
    fn of(declaration: &'d Declaration) -> Self {
        let needs = declaration.needs.as_deref();
        let these = || needs.into_iter().flatten().map(DiscoveryName::as_str).collect();
        match declaration.refresh.unwrap_or(RefreshWhen::Declared) {
            RefreshWhen::Never => Self::These(BTreeSet::new()),
            RefreshWhen::Always => Self::Any,
            // What its environment names is core's business; that something came is checked all the same.
            RefreshWhen::Inferred if needs.is_none() => Self::Any,
            RefreshWhen::Inferred | RefreshWhen::Declared => Self::These(these()),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.contains(name),
        }
    }
}

/// I4 of a refresh: something that it needs came to be complete after its deployment was created. That its server is
/// gone is known from the next sweep on.
pub(super) fn needless(
    model: &Model,
    sent: &Sent<'_>,
    (settings, lives): (&Settings, &BTreeMap<EcsServiceKey, Life>),
) -> Broken {
    let before = sent.life.now()?;
    let state = model.service(sent.key)?;
    let record = state.records.iter().find(|record| record.deployment == before.primary)?;
    let namespace = &before.effective.as_ref()?.namespace;
    let asked = sent.asked();
    let declared = asked.iter().filter_map(Intent::declared);
    let names: Vec<Names<'_>> = declared.map(Names::of).collect();
    let others = model.services().filter(|(other, _)| *other != sent.key);
    let caused = others.flat_map(|(_, server)| completions(server, namespace)).any(|completion| {
        let needed = names.iter().any(|names| completion.names.iter().any(|name| names.has(name)));
        needed && record.created_at <= completion.at
    });
    let from = sent.from.minus_ms(ms(settings.timing.interval));
    let was_offered = |moment: &Moment| {
        let there = moment.effective.as_ref().filter(|there| there.namespace == *namespace);
        let mut endpoints = there.into_iter().flat_map(|there| &there.endpoints);
        moment.status == EcsServiceStatus::Active
            && endpoints.any(|each| names.iter().any(|names| names.has(&each.discovery_name)))
    };
    let mut others = lives.iter().filter(|(other, _)| *other != sent.key);
    let just_gone = others.any(|(_, life)| {
        life.now().is_some_and(|now| now.status != EcsServiceStatus::Active)
            && life.since(from).iter().any(was_offered)
    });
    sent.says(!caused && !just_gone, "I4", "redeployed though it knows all that it needs")
}

/// That an endpoint came to be complete, and the names under which it may be needed: its own, and those that it took
/// the place of on its port.
struct Completion {
    names: BTreeSet<String>,
    at: Time,
}

/// Every time that a service newly completed an endpoint in a namespace.
fn completions(server: &EcsServiceState, namespace: &str) -> Vec<Completion> {
    let mut known: Vec<(Endpoint, bool)> = Vec::new();
    let mut before: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    // Where tasks are cleaned up later, the deployment is done before its service deployment is.
    let is_done = |record: &DeploymentRecord| {
        let mut deployments = server.deployments.iter();
        record.status == ServiceDeploymentStatus::Successful
            || deployments.any(|each| each.id == record.deployment && each.completed_once)
    };
    for record in server.records.iter().filter(|record| is_done(record)) {
        let target = server.revisions.iter().find(|revision| revision.arn == record.target);
        let connect = target.and_then(|revision| revision.spec.connect.as_deref());
        let endpoints = connect.map_or_else(Vec::new, |connect| {
            let all = in_namespace(connect, namespace).iter();
            all.map(|endpoint| (endpoint.clone(), is_said(connect, endpoint))).collect()
        });
        for (endpoint, said) in &endpoints {
            let is_same = |(old, was_said): &(Endpoint, bool)| {
                old.discovery_name == endpoint.discovery_name
                    && (&old.alias, was_said) == (&endpoint.alias, said)
            };
            let names = before.entry(endpoint.port_name.clone()).or_default();
            names.insert(endpoint.discovery_name.clone());
            if !known.iter().any(is_same) {
                let at = record.finished_at.unwrap_or(record.updated_at);
                found.push(Completion { names: names.clone(), at });
            }
        }
        known = endpoints;
    }
    found
}

/// Whether its service says an endpoint's alias: where it does not, an answer may not show what ECS made of that, so
/// one that is written out is as good as new.
fn is_said(connect: &Connect, endpoint: &Endpoint) -> bool {
    let mut entries = connect.sent.services.iter().flatten();
    let entry = entries.find(|entry| entry.port_name == endpoint.port_name);
    entry.is_some_and(|entry| entry.client_aliases.iter().flatten().next().is_some())
}

fn in_namespace<'c>(connect: &'c Connect, namespace: &str) -> &'c [Endpoint] {
    if connect.namespace == namespace { &connect.endpoints } else { &[] }
}

/// I13: what was rolling out all the while, and never completed, was not there to be called. A rollout of somebody
/// else's is known from the next sweep on.
pub(super) fn too_early(
    model: &Model,
    sent: &Sent<'_>,
    (settings, lives): (&Settings, &BTreeMap<EcsServiceKey, Life>),
) -> Broken {
    let namespace = &sent.after?.namespace;
    let asked = sent.asked();
    let needs = |intent: &Intent| {
        intent.declared().and_then(|declaration| declaration.needs.clone()).unwrap_or_default()
    };
    let mut all = asked
        .iter()
        .map(|intent| needs(intent).iter().map(ToString::to_string).collect::<BTreeSet<String>>());
    let first = all.next()?;
    let names = all.fold(first, |kept, names| kept.intersection(&names).cloned().collect());
    let others = model.services().filter(|(key, _)| *key != sent.key);
    for (key, server) in others.filter(|(_, s)| s.status == EcsServiceStatus::Active) {
        let rolling = lives.get(key).is_some_and(|life| {
            let now = life.now().map(|moment| &moment.primary);
            let ours = now.is_some_and(|primary| life.ours_since_start.contains(primary));
            let from =
                if ours { sent.from } else { sent.from.minus_ms(ms(settings.timing.interval)) };
            let was_there = life.moments.first().is_some_and(|first| first.since <= from);
            let mut window = life.since(from).iter();
            (ours || was_there)
                && window.all(|moment| moment.is_rolling() && Some(&moment.primary) == now)
        });
        let offers = |each: &Deployment, name: &str| {
            let endpoints = each.connect().map_or(&[][..], |c| in_namespace(c, namespace));
            endpoints.iter().any(|endpoint| endpoint.discovery_name == name)
        };
        let complete = |server: &EcsServiceState, name: &str| {
            server.deployments.iter().any(|each| each.completed_once && offers(each, name))
        };
        let incomplete = |name: &&String| {
            server.primary().is_some_and(|primary| offers(primary, name))
                && !model.services().any(|(_, server)| complete(server, name))
        };
        if rolling && let Some(name) = names.iter().find(incomplete) {
            let text = format!("rolled out before {key}, which it needs as {name}, is complete");
            return sent.says(true, "I13", &text);
        }
    }
    None
}

/// A name that a client needs goes only once what takes its place is there and known to it.
pub(super) fn renamed_at_once(
    sent: &Sent<'_>,
    (settings, lives): (&Settings, &BTreeMap<EcsServiceKey, Life>),
) -> Broken {
    let (before, after) = (sent.before()?, sent.after?);
    let says_which = |intent: &Intent| {
        intent.declared().is_some_and(|declaration| !declaration.endpoints.is_empty())
    };
    let is_no_rename = before.namespace != after.namespace
        || settings.policy != Policy::Sync
        || !sent.asked().iter().all(says_which);
    let old = before.endpoints.iter().find(|old| is_replaced(old, before, after))?;
    if is_no_rename || is_sought(old, sent, lives) {
        return None;
    }
    let name = DiscoveryName::as_read(&old.discovery_name);
    let needs = |intent: &Intent| {
        intent.declared().is_some_and(|declaration| {
            declaration.needs.as_ref().is_some_and(|needs| needs.contains(&name))
                && declaration.refresh != Some(RefreshWhen::Never)
                && declaration.mode != Some(Mode::Off)
        })
    };
    let calls = |(other, life): &(&EcsServiceKey, &Life)| {
        life.since(sent.from).iter().all(|moment| {
            let there = moment.effective.as_ref();
            let asked = sent.evidence.intents(other, moment.tagged.as_deref());
            moment.status == EcsServiceStatus::Active
                && moment.rollout == RolloutState::Completed
                && there.is_some_and(|there| there.namespace == before.namespace)
                && !asked.is_empty()
                && asked.iter().all(needs)
        })
    };
    let others = lives.iter().filter(|(other, _)| *other != sent.key);
    let mut others = others.filter(|(other, _)| is_watched(settings, other));
    let (client, _) = others.find(calls)?;
    let text = format!("{name} goes at once with what takes its place, and {client} needs it");
    sent.says(true, "rename", &text)
}

/// Whether an endpoint goes, could stay beside what comes, and something new serves its port. A default host may have
/// been said by nobody; such a one cannot be told from the others of its port.
fn is_replaced(old: &EffectiveEndpoint, before: &Effective, after: &Effective) -> bool {
    let clashes = |new: &EffectiveEndpoint| {
        new.discovery_name == old.discovery_name || new.alias == old.alias
    };
    let replaces =
        |new: &EffectiveEndpoint| new.port_name == old.port_name && !before.endpoints.contains(new);
    let default = format!("{}.", old.discovery_name);
    old.rest[0].is_null()
        && old.alias.as_ref().is_some_and(|(host, _)| !host.starts_with(&default))
        && !after.endpoints.iter().any(clashes)
        && after.endpoints.iter().any(replaces)
}

/// Whether somebody else may want what an endpoint has: then it is not kept.
fn is_sought(
    old: &EffectiveEndpoint,
    sent: &Sent<'_>,
    lives: &BTreeMap<EcsServiceKey, Life>,
) -> bool {
    let host = old.alias.as_ref().map(|(host, _)| host.as_str());
    let wants = |endpoint: &EndpointDeclaration| {
        let alias = endpoint.alias.as_ref().and_then(|alias| alias.dns_name.as_ref());
        endpoint.discovery_name.as_ref().is_some_and(|name| name.as_str() == old.discovery_name)
            || alias.is_some_and(|alias| Some(alias.as_str()) == host)
    };
    let name = DiscoveryName::as_read(&old.discovery_name);
    let mut documents = sent.evidence.documents.iter().flatten();
    documents.any(|document| document.claims.contains_key(&name))
        || lives.iter().filter(|(other, _)| *other != sent.key).any(|(other, life)| {
            other.name == old.discovery_name
                || life.since(sent.from).iter().any(|moment| {
                    let asked = sent.evidence.intents(other, moment.tagged.as_deref());
                    let mut endpoints =
                        asked.iter().filter_map(Intent::declared).flat_map(|d| &d.endpoints);
                    endpoints.any(wants)
                })
        })
}

/// What a service that is as it shall be cannot call though it needs it and somebody offers it.
pub(super) fn unreached(
    model: &Model,
    (key, state): (&EcsServiceKey, &EcsServiceState),
    declaration: &Declaration,
) -> Option<String> {
    let namespace = &state.connect()?.namespace;
    // Tasks of an older deployment that are cleaned up later do not know what the newest ones know.
    if state.running() == 0 || state.deployments.len() > 1 {
        return None;
    }
    let names = Names::of(declaration);
    let names = match (&names, &declaration.refresh) {
        // Of what is inferred the truth knows nothing.
        (Names::Any, Some(RefreshWhen::Inferred)) => return None,
        _ => names,
    };
    let others = model.services().filter(|(other, server)| *other != key && serves(server));
    let offered = others.flat_map(|(_, server)| {
        server.connect().map_or(&[][..], |connect| in_namespace(connect, namespace))
    });
    let needed = offered.filter(|endpoint| names.has(&endpoint.discovery_name));
    let mut aliases = needed.filter_map(|endpoint| endpoint.alias.as_ref());
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

/// Whether a name that it declares to need is offered by nobody's completed deployment.
pub(super) fn unoffered<'d>(
    model: &Model,
    key: &EcsServiceKey,
    (declaration, namespace): (&'d Declaration, &str),
) -> Vec<&'d str> {
    let needs = declaration.needs.iter().flatten().map(DiscoveryName::as_str);
    let offered = |name: &str| {
        model.services().filter(|(other, _)| *other != key).any(|(_, server)| {
            server.deployments.iter().filter(|each| each.completed_once).any(|each| {
                let endpoints = each.connect().map_or(&[][..], |c| in_namespace(c, namespace));
                endpoints.iter().any(|endpoint| endpoint.discovery_name == name)
            })
        })
    };
    needs.filter(|name| !offered(name)).collect()
}

/// Whether somebody is to offer a name, now or once a person has mended something. Who is told no name keeps the one it
/// has, even elsewhere.
pub(super) fn would_offer(
    (key, state): (&EcsServiceKey, &EcsServiceState),
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
