//! What must be made before services can be as they shall be: namespaces, and revisions that name a port.

use std::collections::BTreeMap;

use super::service::eligible::room_for_namespace;
use crate::declaration::document::escaped;
use crate::declaration::issue::Issue;
use crate::ecs::name::{Arn, EcsServiceName, ServiceKey};
use crate::ecs::namespace::NewNamespace;
use crate::ecs::seen::Seen;
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::ecs::text::nearest;
use crate::plan::Missing;
use crate::plan::entry::Entry;
use crate::plan::hold::{Hold, Naming, Unseen};
use crate::plan::prerequisite::{NamedPort, NamedPorts, Prerequisite};
use crate::view::View;
use crate::view::reading::Question;

/// Everything the document has us make and that is not there, in a stable order. What cannot be seen is not missing.
pub(super) fn missing(view: &View, entries: &BTreeMap<ServiceKey, Entry>) -> Vec<Missing> {
    let mut wanted: Vec<Prerequisite> = namespaces(view).collect();
    let mut revisions: BTreeMap<&Arn, NamedPorts> = BTreeMap::new();
    for hold in entries.values().filter_map(Entry::hold) {
        let Hold::UnnamedPort(named, Naming::ByUs) = hold else { continue };
        let none = NamedPorts { ports: Vec::new(), ..(**named).clone() };
        let revision = revisions.entry(&named.task_definition).or_insert(none);
        revision.ports.extend(named.ports.iter().cloned());
    }
    wanted.extend(revisions.into_values().map(|mut revision| {
        revision.ports.sort();
        revision.ports.dedup();
        Prerequisite::NamedPorts(revision)
    }));
    let known = view.namespaces.as_ref().and_then(Seen::known);
    let room = known.and_then(|known| room_for_namespace(known, account(view)));
    let missing = |prerequisite: Prerequisite| {
        let is_namespace = matches!(prerequisite, Prerequisite::Namespace(_));
        Missing { prerequisite, hold: None, note: room.clone().filter(|_| is_namespace) }
    };
    wanted.into_iter().map(missing).collect()
}

/// The account that the services run in: the fifth part of an ARN.
fn account(view: &View) -> Option<&str> {
    let (_, service) = view.services().find(|(_, service)| service.last.is_some())?;
    service.last.as_ref()?.arn.as_str().split(':').nth(4)
}

/// The namespaces to create: those of the document that nobody has, under their name or the name that ECS knows.
fn namespaces(view: &View) -> impl Iterator<Item = Prerequisite> {
    let known = view.namespaces.as_ref().and_then(Seen::known);
    let new = view.document.iter().flat_map(|document| document.namespaces.values());
    new.filter_map(move |new| {
        let is_there = known?.iter().any(|n| n.name == new.name || n.http_name == new.name);
        (!is_there).then(|| Prerequisite::Namespace(new.clone()))
    })
}

/// What the document says of a namespace and is otherwise: it is taken as it is, for Service Connect works with any
/// type, and a type never changes.
pub fn namespaces_that_differ(view: &View) -> Vec<Issue> {
    let known = view.known_namespaces();
    let new = view.document.iter().flat_map(|document| document.namespaces.values());
    let differs = |new: &NewNamespace| {
        let there = known.iter().find(|n| n.name == new.name)?;
        let (wanted, kind) = match new.vpc {
            Some(_) => ("private-dns", "DNS_PRIVATE"),
            None => ("http", "HTTP"),
        };
        (there.kind != kind).then(|| {
            let place = format!("#/namespaces/{}/type", escaped(new.name.as_str()));
            let words = format!(
                "the namespace that is there, {}, is of the type {}, and a type never changes: it is taken as it is; write what it is, or choose another name",
                there.id, there.kind
            );
            Issue::new(&place, wanted, words).advice()
        })
    };
    new.filter_map(differs).collect()
}

/// The entries of the document whose service is not there, in clusters that were seen whole: most likely misspelt. A
/// cluster that is not watched may be another eastwest's.
pub fn entries_for_nobody(view: &View) -> Vec<Issue> {
    let entries = view.document.iter().flat_map(|document| document.services.keys());
    let nobody = |key: &ServiceKey| {
        let cluster = view.clusters.get(&key.cluster)?;
        let is_there = cluster.complete_at.is_none() || cluster.services.contains_key(&key.name);
        (!is_there).then(|| {
            let place = format!("#/services/{}", escaped(&key.to_string()));
            let words = format!(
                "cluster {} has no ECS service of this name: the entry waits until there is one, or mend its name",
                key.cluster
            );
            let near = nearest(key.name.as_str(), cluster.services.keys().map(EcsServiceName::as_str));
            let near = near.map(|name| format!("{}/{name}", key.cluster));
            Issue { nearest: near, ..Issue::new(&place, &key.to_string(), words) }.advice()
        })
    };
    entries.filter_map(nobody).collect()
}

/// Who names a port that has no name: a person, unless the document has us do it. It is done on the latest
/// revision of the family, because that is what the next deployment of its pipeline begins from.
pub(super) fn naming(view: &View, hold: Hold) -> Hold {
    let Hold::UnnamedPort(mut named, Naming::ByHand) = hold else { return hold };
    if !view.document.as_ref().is_some_and(|document| document.name_ports) {
        return Hold::UnnamedPort(named, Naming::ByHand);
    }
    let family = named.task_definition.family();
    let question = || Question::LatestRevision(family.clone());
    match view.latest_revisions.get(&family).map(|(_, seen)| seen) {
        None => Hold::until_answered(question()),
        Some(Seen::Unknown(fault)) => {
            Hold::NotSeen(Unseen::Answer(question(), Some(fault.clone())))
        }
        Some(Seen::Absent) => Hold::UnnamedPort(named, Naming::ByHand),
        Some(Seen::Known(latest)) => {
            let naming = naming_in(latest, &named);
            if naming == Naming::ByUs {
                named.task_definition = latest.arn.clone();
            }
            Hold::UnnamedPort(named, naming)
        }
    }
}

fn naming_in(latest: &TaskDefinition, named: &NamedPorts) -> Naming {
    let mapping = |port: &NamedPort| {
        let same = |mapping: &&PortMapping| {
            mapping.container == port.container
                && mapping.container_port == Some(port.container_port)
                && mapping.protocol == port.protocol
        };
        latest.ports.iter().find(same)
    };
    let all: Option<Vec<&PortMapping>> = named.ports.iter().map(mapping).collect();
    match all {
        // The latest revision has no such port any more: what it should be called is not ours to say.
        None => Naming::ByHand,
        Some(all) if all.iter().all(|mapping| mapping.name.is_some()) => {
            Naming::In(latest.arn.clone())
        }
        Some(_) => Naming::ByUs,
    }
}
