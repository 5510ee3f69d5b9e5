//! Somebody else who keeps changing a service back.
//!
//! Two writers that each insist roll a service for ever. Who wrote a deployment is not told, but whatever leads away
//! from what is wanted was not ours, so the service's own deployments show the fight and a restart forgets nothing. It
//! was ours after all where what is wanted goes to and fro; those that we began since our start are known and left out.
//! AWS wrote the times in them, and they are compared only with one another; how long the last word of the other has
//! stood is a matter of our own clock, and of [`crate::guard`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ecs::canonical::{Canonical, canonical};
use crate::ecs::change::{Change, Field, changes};
use crate::ecs::ground::Ground;
use crate::ecs::name::ServiceKey;
use crate::ecs::past::Past;
use crate::ecs::time::AwsTime;
use crate::ecs::tool::Tool;
use crate::plan::contention::Contention;

/// So many times the same field is changed back within an hour before we stop insisting.
const REVERTS: usize = 3;
/// A deployment and its service deployment are created this close together.
const TOLD_APART: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_hours(1);
/// For so long what the other one made of it is left alone, on our own clock.
pub(crate) const TRUCE: Duration = Duration::from_hours(1);

/// The fight over what is to be changed, if there is one: fields that at least three deployments within an hour led away
/// from what is wanted, each after one that had them as wanted.
pub(crate) fn contention(
    (service, tool): (&ServiceKey, Tool),
    (wanted, differing): (Option<&Canonical>, &[Change]),
    (lately, ours, ground): (&[Past], &[AwsTime], &Ground<'_>),
) -> Option<Contention> {
    if lately.len() < REVERTS {
        return None;
    }
    let differing: BTreeSet<Place> = differing.iter().map(place).collect();
    let reverts = reverts(wanted, (lately, ours), ground).into_iter();
    // What is as wanted now is not fought over, whatever became of it before.
    let counts = reverts.filter(|(place, _)| differing.contains(place));
    let counts = counts.map(|((field, _), times)| (field, most_within(HOUR, &times)));
    let fights: BTreeMap<Field, usize> = counts.filter(|(_, count)| *count >= REVERTS).collect();
    let reverts = fights.values().max().copied()?;
    let mut fields: BTreeSet<Field> = fights.into_keys().collect();
    if fields.contains(&Field::Enabled) {
        // With it goes all else.
        fields.retain(|field| *field == Field::Enabled);
    }
    Some(Contention { service: service.clone(), fields, reverts, tool })
}

/// How many of these times, oldest first, lie within one span at most.
fn most_within(span: Duration, times: &[AwsTime]) -> usize {
    let count = |first: usize| {
        let from = times[first];
        times[first..].iter().take_while(|at| at.since(from) <= span).count()
    };
    (0..times.len()).map(count).max().unwrap_or_default()
}

/// Whether two times are of one deployment: as `UpdateService` and as its service deployment tell it.
fn is_same(one: AwsTime, other: AwsTime) -> bool {
    one.since(other).max(other.since(one)) <= TOLD_APART
}

/// A field, and of which endpoint.
type Place = (Field, Option<String>);

fn place(change: &Change) -> Place {
    (change.field, change.endpoint.clone())
}

/// When each field was led away from what is wanted, oldest first; `lately` is newest first. What ECS took back counts as
/// well, for whoever sent it superseded what was there; but it is not what was there before the next.
fn reverts(
    wanted: Option<&Canonical>,
    (lately, ours): (&[Past], &[AwsTime]),
    ground: &Ground<'_>,
) -> BTreeMap<Place, Vec<AwsTime>> {
    let mut reverts: BTreeMap<Place, Vec<AwsTime>> = BTreeMap::new();
    let mut before: Option<BTreeSet<Place>> = None;
    for past in lately.iter().rev() {
        let connect = past.connect.as_ref().map(|connect| canonical(connect, ground));
        let away = if connect.as_ref() == wanted {
            BTreeSet::new()
        } else {
            changes(connect.as_ref(), wanted).iter().map(place).collect()
        };
        let is_ours = ours.iter().any(|at| is_same(*at, past.created_at));
        let before_it = before.as_ref().filter(|_| !is_ours);
        for place in before_it.iter().flat_map(|before| away.difference(before)) {
            reverts.entry(place.clone()).or_default().push(past.created_at);
        }
        if !past.is_taken_back() {
            before = Some(away);
        }
    }
    reverts
}

#[cfg(test)]
mod tests;
