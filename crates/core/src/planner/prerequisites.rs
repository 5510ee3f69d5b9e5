//! What must be made before services can change: namespaces, and revisions that name a port.

use std::collections::BTreeMap;

use super::entries::Entries;
use super::service::eligible::namespace_quota_note;
use crate::declaration::document::escaped;
use crate::declaration::issue::Issue;
use crate::ecs::name::Arn;
use crate::ecs::namespace::NewNamespace;
use crate::ecs::seen::Seen;
use crate::ecs::service_key::ServicePath;
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::ecs::text::nearest;
use crate::plan::Missing;
use crate::plan::hold::{Hold, Naming, Unseen};
use crate::plan::prerequisite::{NamedPort, NamedPorts, Prerequisite};
use crate::view::View;
use crate::view::reading::Question;

/// Everything that the document tells eastwest to make and that is not there, in a stable order. What cannot be read does
/// not count as missing.
pub(super) fn missing(view: &View, entries: &Entries) -> Vec<Missing> {
    let known = view.namespaces.as_ref().and_then(Seen::known);
    let note = known.and_then(|known| namespace_quota_note(known, account(view)));
    let namespaces = namespaces(view).map(|prerequisite| Missing {
        prerequisite,
        hold: None,
        note: note.clone(),
    });
    let revisions = revisions(entries).into_iter().map(|prerequisite| Missing {
        prerequisite,
        hold: None,
        note: None,
    });
    namespaces.chain(revisions).collect()
}

/// The revisions that name ports: one for each task definition.
fn revisions(entries: &Entries) -> Vec<Prerequisite> {
    let mut revisions: BTreeMap<&Arn, NamedPorts> = BTreeMap::new();
    for hold in entries.iter().filter_map(|(_, entry)| entry.hold()) {
        let Hold::UnnamedPort(named, Naming::ByUs) = hold else { continue };
        let none = NamedPorts { ports: Vec::new(), ..(**named).clone() };
        let revision = revisions.entry(&named.task_definition).or_insert(none);
        revision.ports.extend(named.ports.iter().cloned());
    }
    let sorted = |mut revision: NamedPorts| {
        revision.ports.sort();
        revision.ports.dedup();
        Prerequisite::NamedPorts(revision)
    };
    revisions.into_values().map(sorted).collect()
}

/// The account that the services run in: the fifth part of an ARN.
fn account(view: &View) -> Option<&str> {
    let (_, service) = view.services().find(|(_, service)| service.last.is_some())?;
    service.last.as_ref()?.arn.as_str().split(':').nth(4)
}

/// The namespaces to create: those of the document that are not there under their name or the name that ECS knows.
fn namespaces(view: &View) -> impl Iterator<Item = Prerequisite> {
    let known = view.namespaces.as_ref().and_then(Seen::known);
    let new = view.document.iter().flat_map(|document| document.namespaces.values());
    new.filter_map(move |new| {
        let is_there = known?.iter().any(|n| n.name == new.name || n.http_name == new.name);
        (!is_there).then(|| Prerequisite::Namespace(new.clone()))
    })
}

/// The namespaces whose type is not the one in the document. They are used as they are: Service Connect works with any
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
                "the namespace that is there, {}, is of the type {}, and a type never changes: it is used as it is; write its type, or choose another name",
                there.id, there.kind
            );
            Issue::new(&place, wanted, words).advice()
        })
    };
    new.filter_map(differs).collect()
}

/// The entries of the document that match no service in a cluster that was read completely. Most likely the name is
/// misspelt. Clusters that are not watched do not count: another eastwest may watch them.
pub fn unmatched_entries(view: &View) -> Vec<Issue> {
    let entries = view.document.iter().flat_map(|document| document.services.keys());
    let unmatched = |path: &ServicePath| {
        let cluster = view.clusters.get(&path.cluster)?;
        let is_there = cluster.complete_at.is_none() || view.at_path(path).is_some();
        (!is_there).then(|| {
            let place = format!("#/services/{}", escaped(&path.to_string()));
            let words = format!(
                "cluster {} has no ECS service of this name: the entry waits until there is one; or correct its name",
                path.cluster
            );
            let near = nearest(path.name.as_str(), cluster.services.keys().map(|key| key.name.as_str()));
            let near = near.map(|name| format!("{}/{name}", path.cluster));
            Issue { nearest: near, ..Issue::new(&place, &path.to_string(), words) }.advice()
        })
    };
    entries.filter_map(unmatched).collect()
}

/// Decides who names a port without a name: a person, unless the document tells eastwest to do it. eastwest names it in a
/// copy of the family's latest revision, because the next deployment of its pipeline begins from that.
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
        // The latest revision has no such port any more, so eastwest cannot name it.
        None => Naming::ByHand,
        Some(all) if all.iter().all(|mapping| mapping.name.is_some()) => {
            Naming::In(latest.arn.clone())
        }
        Some(_) => Naming::ByUs,
    }
}
