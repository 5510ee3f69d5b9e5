//! rename: no name that a client declares to need goes in the write that brings what takes its place.

use std::sync::Arc;

use eastwest_core::declaration::declared::{EndpointDeclaration, Mode, RefreshWhen};
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::Policy;
use eastwest_core::ecs::name::DiscoveryName;

use super::effective::{Effective, EffectiveEndpoint};
use super::keys::is_watched;
use super::sent_write::{Broken, SentWrite};
use super::service_history::ServiceHistory;
use crate::model::EcsServiceKey;
use crate::shapes::ecs::{EcsServiceStatus, RolloutState};

/// A name that a client needs goes only when the client knows the name that replaces it.
pub(super) fn renamed_at_once(sent: &SentWrite<'_>) -> Broken {
    let (before, after) = (sent.before()?, sent.after?);
    let says_which = |intent: &Intent| {
        intent.declared().is_some_and(|declaration| !declaration.endpoints.is_empty())
    };
    let is_no_rename = before.namespace != after.namespace
        || sent.settings.policy != Policy::Sync
        || !sent.asked().iter().all(says_which);
    let old = before.endpoints.iter().find(|old| is_replaced(old, before, after))?;
    if is_no_rename || is_sought(old, sent) || is_shared(old, sent) {
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
    let calls = |(other, history): &(&EcsServiceKey, &ServiceHistory)| {
        history.since(sent.others_from()).iter().all(|moment| {
            let there = moment.effective.as_ref();
            let asked = sent.evidence.intents(other, moment.tagged.as_deref());
            moment.status == EcsServiceStatus::Active
                && moment.rollout == RolloutState::Completed
                && there.is_some_and(|there| there.namespace == before.namespace)
                && !asked.is_empty()
                && asked.iter().all(needs)
        })
    };
    let others = sent.others();
    let mut others = others.filter(|(other, _)| is_watched(sent.settings, other));
    let (client, _) = others.find(calls)?;
    let text = format!("{name} goes at once with what takes its place, and {client} needs it");
    sent.says(true, "rename", &text)
}

/// The last step of a rename takes no name that a client's needs still list, unless somebody agreed. For a client that
/// is paused it is kept for a day only, and a document can say how long it is kept for anybody.
pub(super) fn dropped_under_needs(sent: &SentWrite<'_>) -> Broken {
    let (before, after) = (sent.before()?, sent.after?);
    if sent.somebody_agreed || !is_last_of_a_rename(sent) || before.namespace != after.namespace {
        return None;
    }
    let mut documents = sent.evidence.documents.iter().flatten();
    if documents.any(|document| document.limits.drop_old_names.is_some()) {
        return None;
    }
    let stays = |name: &str| after.endpoints.iter().any(|each| each.discovery_name == name);
    let gone = before.endpoints.iter().filter(|old| !stays(&old.discovery_name));
    let mut gone = gone.filter(|old| !is_sought(old, sent) && !is_shared(old, sent));
    let others = || sent.others().filter(|(other, _)| is_watched(sent.settings, other));
    gone.find_map(|old| {
        let name = DiscoveryName::as_read(&old.discovery_name);
        let needs = |intent: &Intent| {
            intent.declared().is_some_and(|declaration| {
                declaration.needs.as_ref().is_some_and(|needs| needs.contains(&name))
                    && declaration.mode != Some(Mode::Off)
                    && declaration.pause.is_none()
            })
        };
        let (client, _) = others().find(|(other, history)| {
            history.since(sent.others_from()).iter().all(|moment| {
                let there = moment.effective.as_ref();
                let asked = sent.evidence.intents(other, moment.tagged.as_deref());
                moment.status == EcsServiceStatus::Active
                    && there.is_some_and(|there| there.namespace == before.namespace)
                    && !asked.is_empty()
                    && asked.iter().all(needs)
            })
        })?;
        sent.says(true, "kept", &format!("{name} goes, and {client} needs it"))
    })
}

/// Whether an endpoint goes, could stay beside the new ones, and a new one serves its port. An endpoint with a default
/// host does not count: nobody may have said that host.
fn is_replaced(old: &EffectiveEndpoint, before: &Effective, after: &Effective) -> bool {
    let clashes = |new: &EffectiveEndpoint| {
        new.discovery_name == old.discovery_name || new.alias == old.alias
    };
    let replaces =
        |new: &EffectiveEndpoint| new.port_name == old.port_name && !before.endpoints.contains(new);
    let default = format!("{}.", old.discovery_name);
    old.rest[0].is_null()
        && !old.alias.0.starts_with(&default)
        && !after.endpoints.iter().any(clashes)
        && after.endpoints.iter().any(replaces)
}

/// Whether another service has the alias of an endpoint, too: people can set it twice by hand. Then the endpoint is not
/// kept beside others, because the alias may belong to the other service.
fn is_shared(old: &EffectiveEndpoint, sent: &SentWrite<'_>) -> bool {
    let has = |there: &Arc<Effective>| there.endpoints.iter().any(|each| each.alias == old.alias);
    sent.others().any(|(_, history)| {
        let mut moments = history.since(sent.from).iter();
        moments.any(|moment| moment.effective.as_ref().is_some_and(has))
    })
}

/// Whether another service may have a right to a name of an endpoint; then the endpoint is not kept. Where names are
/// kept for their former owners, only a claim of the document is a right, and a wish is none.
fn is_sought(old: &EffectiveEndpoint, sent: &SentWrite<'_>) -> bool {
    let host = old.alias.0.as_str();
    let wants = |endpoint: &EndpointDeclaration| {
        let alias = endpoint.alias.as_ref().and_then(|alias| alias.dns_name.as_ref());
        endpoint.discovery_name.as_ref().is_some_and(|name| name.as_str() == old.discovery_name)
            || alias.is_some_and(|alias| alias.as_str() == host)
    };
    let label = host.split('.').next().unwrap_or_default();
    let names = [DiscoveryName::as_read(&old.discovery_name), DiscoveryName::as_read(label)];
    let mut documents = sent.evidence.documents.iter().flatten();
    let mut claims = documents.by_ref().map(|document| &document.claims);
    if claims.any(|claims| names.iter().any(|name| claims.contains_key(name))) {
        return true;
    }
    sent.settings.timing.name_quarantine.is_zero()
        && sent.others().any(|(other, history)| {
            other.name == old.discovery_name
                || history.since(sent.from).iter().any(|moment| {
                    let asked = sent.evidence.intents(other, moment.tagged.as_deref());
                    let mut endpoints =
                        asked.iter().filter_map(Intent::declared).flat_map(|d| &d.endpoints);
                    endpoints.any(wants)
                })
        })
}

/// Whether the write is the last step of a rename: it only removes endpoints whose port another endpoint serves.
pub(super) fn is_last_of_a_rename(sent: &SentWrite<'_>) -> bool {
    let (Some(before), Some(after)) = (sent.before(), sent.after) else { return false };
    let stays = |each: &EffectiveEndpoint| after.endpoints.contains(each);
    let mut gone = before.endpoints.iter().filter(|each| !stays(each));
    after.endpoints.iter().all(|each| before.endpoints.contains(each))
        && gone.all(|old| after.endpoints.iter().any(|new| new.port_name == old.port_name))
}
