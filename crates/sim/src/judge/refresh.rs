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
/// controller learns by the next sweep that a server is gone.
pub(super) fn needless(sent: &SentWrite<'_>) -> Broken {
    if !sent.is_refresh {
        return None;
    }
    let before = sent.history.now()?;
    let state = sent.model.service(sent.key)?;
    let record = state.records.iter().find(|record| record.deployment == before.primary)?;
    let namespace = &before.effective.as_ref()?.namespace;
    let asked = sent.asked();
    let declared = asked.iter().filter_map(Intent::declared);
    let names: Vec<Names<'_>> = declared.map(Names::of).collect();
    let others = sent.model.services().filter(|(other, _)| *other != sent.key);
    let causes =
        others.flat_map(|(_, server)| completions(server, namespace)).filter(|completion| {
            let needed =
                names.iter().any(|names| completion.names.iter().any(|name| names.has(name)));
            needed && record.created_at <= completion.at
        });
    let causes: Vec<Completion> = causes.collect();
    if has_just_gone(sent, namespace, &names) {
        return None;
    }
    let is_caused = !causes.is_empty();
    let every = ms(sent.settings.timing.refresh_every);
    if is_caused && causes.iter().all(|cause| sent.now.since_ms(cause.began) < every) {
        return sent.says(true, "I4", "redeployed for names that came just now");
    }
    sent.says(!is_caused, "I4", "redeployed though it knows all that it needs")
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
