//! I13: no client is rolled out while a server that it declares to need has never completed.

use std::collections::BTreeSet;

use eastwest_core::declaration::intent::Intent;

use super::needs::in_namespace;
use super::sent_write::{Broken, SentWrite, ms};
use crate::model::{Deployment, EcsServiceState};
use crate::shapes::ecs::EcsServiceStatus;

/// I13: a server that rolled out throughout the window and never completed could not be called. The controller learns
/// of somebody else's rollout by the next sweep.
pub(super) fn too_early(sent: &SentWrite<'_>) -> Broken {
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
    let others = sent.model.services().filter(|(key, _)| *key != sent.key);
    for (key, server) in others.filter(|(_, s)| s.status == EcsServiceStatus::Active) {
        let rolling = sent.histories.get(key).is_some_and(|history| {
            let now = history.now().map(|moment| &moment.primary);
            let ours = now.is_some_and(|primary| history.ours_since_start.contains(primary));
            let from = if ours {
                sent.from
            } else {
                sent.from.minus_ms(ms(sent.settings.timing.interval))
            };
            let was_there = history.moments.first().is_some_and(|first| first.since <= from);
            let mut window = history.since(from).iter();
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
                && !sent.model.services().any(|(_, server)| complete(server, name))
        };
        if rolling && let Some(name) = names.iter().find(incomplete) {
            let text = format!("rolled out before {key}, which it needs as {name}, is complete");
            return sent.says(true, "I13", &text);
        }
    }
    None
}
