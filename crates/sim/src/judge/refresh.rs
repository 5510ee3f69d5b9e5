//! I4 of a refresh: no service is redeployed that knows all the names it needs, and none for names that came just now.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::intent::Intent;

use super::needs::{Names, in_namespace};
use super::sent_write::{Broken, SentWrite, ms};
use super::service_history::Moment;
use crate::model::{DeploymentRecord, EcsServiceState, Endpoint};
use crate::shapes::Time;
use crate::shapes::ecs::{EcsServiceStatus, ServiceDeploymentStatus};

/// I4 of a refresh: a name that the service needs was completed after its deployment was created, or went. The
/// controller learns by the next sweep that a server is gone. Somebody else may deploy the service between the reading
/// that the refresh rests on and its arrival, so it is judged by every deployment of its window.
pub(super) fn needless(sent: &SentWrite<'_>) -> Broken {
    if !sent.is_refresh {
        return None;
    }
    let asked = sent.asked();
    let names: Vec<Names<'_>> = asked.iter().filter_map(Intent::declared).map(Names::of).collect();
    let mut broken = None;
    for before in sent.history.since(sent.from) {
        broken = Some(needless_after(sent, before, &names)?);
    }
    broken
}

/// The same, if the refresh rests on what the service was at one time of its window.
fn needless_after(sent: &SentWrite<'_>, before: &Moment, names: &[Names<'_>]) -> Broken {
    let state = sent.model.service(sent.key)?;
    let record = state.records.iter().find(|record| record.deployment == before.primary)?;
    let namespace = &before.effective.as_ref()?.namespace;
    if has_just_gone(sent, namespace, names) {
        return None;
    }
    let others = sent.model.services().filter(|(other, _)| *other != sent.key);
    let is_cause = |completion: &Completion| {
        let is_needed = completion.names.iter().any(|name| names.iter().any(|of| of.has(name)));
        is_needed && record.created_at <= completion.at
    };
    let completed = others.flat_map(|(_, server)| completions(server, namespace));
    let causes: Vec<Completion> = completed.filter(is_cause).collect();
    if causes.is_empty() {
        return sent.says(true, "I4", "redeployed though it knows all that it needs");
    }
    let every = ms(sent.settings.timing.refresh_every);
    let is_early = causes.iter().all(|cause| sent.now.since_ms(cause.began) < every);
    sent.says(is_early, "I4", "redeployed for names that came just now")
}

/// Whether a server of a needed name was deleted so lately that the controller need not know it yet. AWS forgets with it
/// when its endpoints came.
fn has_just_gone(sent: &SentWrite<'_>, namespace: &str, names: &[Names<'_>]) -> bool {
    let from = sent.from.minus_ms(ms(sent.settings.timing.interval));
    let was_offered = |moment: &Moment| {
        let there = moment.effective.as_ref().filter(|there| there.namespace == namespace);
        let mut endpoints = there.into_iter().flat_map(|there| &there.endpoints);
        moment.status == EcsServiceStatus::Active
            && endpoints.any(|each| names.iter().any(|names| names.has(&each.discovery_name)))
    };
    let mut others = sent.others();
    others.any(|(_, history)| {
        history.now().is_some_and(|now| now.status != EcsServiceStatus::Active)
            && history.since(from).iter().any(was_offered)
    })
}

/// An endpoint was completed. It may be needed by its own name, and by the names that it replaced on its port.
struct Completion {
    names: BTreeSet<String>,
    /// When the deployment that brought it began.
    began: Time,
    at: Time,
}

/// Every time that a service newly completed an endpoint in a namespace.
fn completions(server: &EcsServiceState, namespace: &str) -> Vec<Completion> {
    let mut known: &[Endpoint] = &[];
    let mut before: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    // With a deferred cleanup, the deployment completes before its service deployment does.
    let is_done = |record: &DeploymentRecord| {
        let mut deployments = server.deployments.iter();
        record.status == ServiceDeploymentStatus::Successful
            || deployments.any(|each| each.id == record.deployment && each.completed_once)
    };
    for record in server.records.iter().filter(|record| is_done(record)) {
        let target = server.revisions.iter().find(|revision| revision.arn == record.target);
        let connect = target.and_then(|revision| revision.spec.connect.as_deref());
        let endpoints = connect.map_or(&[][..], |connect| in_namespace(connect, namespace));
        for endpoint in endpoints {
            let is_same = |old: &Endpoint| {
                old.discovery_name == endpoint.discovery_name && old.alias == endpoint.alias
            };
            let names = before.entry(endpoint.port_name.clone()).or_default();
            names.insert(endpoint.discovery_name.clone());
            if !known.iter().any(is_same) {
                let at = record.finished_at.unwrap_or(record.updated_at);
                found.push(Completion { names: names.clone(), began: record.created_at, at });
            }
        }
        known = endpoints;
    }
    found
}
