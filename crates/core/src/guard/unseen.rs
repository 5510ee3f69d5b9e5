//! What must have been seen before anything is written.

use std::time::Duration;

use crate::declaration::settings::Settings;
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::time::Now;
use crate::plan::hold::Unseen;
use crate::view::View;
use crate::view::reading::Question;

/// What is in the way of the first good document, while none is in force: what it says may overrule every tag.
pub(crate) fn unread_document(view: &View, settings: &Settings) -> Option<Unseen> {
    if view.document.is_some() {
        return None;
    }
    let source = settings.sources.documents.iter().find(|name| {
        let source = view.in_force.source(name);
        source.is_none_or(|source| source.trouble.is_some() || source.read_at.is_none())
    });
    match source.or(settings.sources.documents.first()) {
        Some(_) if view.in_force.is_bad() => Some(Unseen::BadDocument),
        Some(name) => {
            let fault = view.in_force.source(name).and_then(|source| source.trouble.clone());
            Some(Unseen::Answer(Question::Parameters(name.clone()), fault))
        }
        None => None,
    }
}

/// Whether a cluster was not seen whole by a sweep that cannot show the world before our predecessor's last write, so
/// that rollouts and names in it are not known. One that is not there has none, and one that we may not read must not
/// stop all others.
pub(crate) fn is_unseen(view: &View, staleness: Duration) -> bool {
    let is_old = |from: Now| view.awake_for(from) < staleness;
    let clusters = view.clusters.values();
    clusters.filter(|cluster| cluster.complete_from.is_none_or(is_old)).any(|cluster| {
        let hopeless =
            |fault: &Fault| matches!(fault.kind, FaultKind::NotFound | FaultKind::Denied);
        !cluster.trouble.as_ref().is_some_and(hopeless)
    })
}

/// A service that was listed and not read since the start. Our predecessor may have begun a rollout of it, in any
/// namespace, so nothing says how much of any budget is left. It is not waited for for ever, or one that cannot be read
/// would stop all others: a denial or an absence that two sweeps find does not pass, and whatever could roll there
/// counts as stalled after half an hour, as it would if it were seen.
pub(crate) fn never_read(view: &View, settings: &Settings, now: Now) -> Option<Unseen> {
    let timing = &settings.timing;
    let unread = view.services().filter(|(_, service)| service.last.is_none());
    let unread =
        unread.filter_map(|(key, service)| Some((key, service, service.trouble.as_ref()?)));
    let mut awaited = unread.filter(|(_, service, fault)| {
        let patience = match fault.kind {
            FaultKind::NotFound | FaultKind::Denied => 2 * timing.interval,
            _ => timing.stall,
        };
        // Until it is read, that is when it was first listed.
        now.since(service.read_at) < patience
    });
    awaited.next().map(|(key, _, fault)| Unseen::Rollouts(key.clone(), fault.clone()))
}
