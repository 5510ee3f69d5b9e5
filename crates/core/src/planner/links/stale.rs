//! Clients whose tasks do not know endpoints that they need.
//!
//! A task knows the endpoints that were there when its service's deployment was created, and replacements know no more
//! (DG:service-connect-concepts-deploy). No API tells which those are, so the ages are compared: of the client's
//! PRIMARY deployment and of the deployment that brought the endpoint, by AWS's clock. Who is redeployed anyway needs no
//! refresh, and one refresh is for all that is lacking.

use std::collections::BTreeSet;

use super::needs::{Client, Needs, infers_unread};
use super::offers::{Offer, Offers, Stands};
use crate::ecs::canonical::canonical;
use crate::ecs::name::{DiscoveryName, ServiceKey};
use crate::ecs::seen::Seen;
use crate::ecs::service::Rollout;
use crate::ecs::time::AwsTime;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::need::Lack;
use crate::planner::world::World;
use crate::view::reading::Question;

/// What is to be done about a client that is as it shall be; nothing where it lacks nothing.
pub(crate) fn refresh(
    world: &World<'_>,
    offers: &Offers<'_>,
    (needs, client): (&Needs, &Client<'_>),
    leaving: &BTreeSet<(ServiceKey, DiscoveryName)>,
) -> Option<Entry> {
    let primary = client.service.primary()?;
    if primary.rollout == Rollout::InProgress {
        // What it will lack is seen when it is done.
        return None;
    }
    let wanted = needs
        .refreshing(client, offers)
        .into_iter()
        .filter(|offer| !leaving.contains(&(offer.service.key.clone(), offer.discovery.clone())));
    let mut lacks = Vec::new();
    let mut unknown = None;
    for offer in wanted {
        match is_younger(world, offer, primary.created_at) {
            Ok(true) => lacks.push(Lack {
                name: offer.discovery.clone(),
                alias: offer.alias(),
                server: offer.service.key.clone(),
            }),
            Ok(false) => {}
            Err(hold) => unknown = Some(hold),
        }
    }
    if infers_unread(world, client) {
        unknown = Some(Hold::until_answered(Question::TaskDefinition(
            client.service.task_definition.clone(),
        )));
    }
    if lacks.is_empty() && unknown.is_none() {
        return None;
    }
    let action = Action::Refresh { service: client.service.key.clone() };
    let hold = unknown.or_else(|| obstacle(world, client));
    let verdict = match hold {
        None => Verdict::Step { action },
        Some(hold) => Verdict::Hold { hold: world.with_facts(hold), action: Some(action) },
    };
    let mut entry = Entry { verdict, lacks, ..Entry::in_sync(Some(client.namespace)) };
    if !entry.lacks.is_empty()
        && let Some(words) = image_words(world, client)
    {
        entry.add_note(&words);
    }
    Some(entry)
}

/// Whether an endpoint came after a deployment was created.
pub(crate) fn is_younger(
    world: &World<'_>,
    offer: &Offer<'_>,
    created_at: AwsTime,
) -> Result<bool, Hold> {
    let Stands::Complete(by) = offer.stands else { return Ok(false) };
    if created_at > by {
        return Ok(false);
    }
    let key = &offer.service.key;
    if world.view.service(key).is_some_and(|server| server.missing_since.is_some()) {
        // A listing misses it: most likely it is gone.
        return Ok(false);
    }
    match world.view.histories.get(key).map(|(_, seen)| seen) {
        Some(Seen::Known(history)) => Ok(match history.age(offer.endpoint) {
            Some(age) => age.since.is_some_and(|since| created_at <= since),
            // Its past lags behind what it has in force: then it is as new as that.
            None => true,
        }),
        // The server is gone meanwhile: the next listing will say so.
        Some(Seen::Absent) => Ok(false),
        Some(Seen::Unknown(_)) | None => Err(Hold::until_answered(Question::History(key.clone()))),
    }
}

/// What speaks against rolling a client out anew.
fn obstacle(world: &World<'_>, client: &Client<'_>) -> Option<Hold> {
    let service = client.service;
    if world.task_definition(service).is_none() {
        return Some(Hold::until_answered(Question::TaskDefinition(
            service.task_definition.clone(),
        )));
    }
    let ground = world.ground_of(service);
    let deployed = service.connect().map(|connect| canonical(connect, &ground));
    world.recent(service, deployed.as_ref(), &ground)
}

/// A forced deployment resolves image tags anew (DG:deployment-type-ecs), so it may bring other code with it.
fn image_words(world: &World<'_>, client: &Client<'_>) -> Option<String> {
    let task_definition = world.task_definition(client.service)?;
    let mutable = task_definition.images.iter().filter(|image| !image.contains("@sha256:"));
    let mutable: Vec<&str> = mutable.map(String::as_str).collect();
    (!mutable.is_empty()).then(|| {
        format!(
            "a forced deployment resolves image tags anew: {} may be another image by now; name images by digest to rule that out",
            mutable.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
