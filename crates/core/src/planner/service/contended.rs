//! Detects that something else keeps changing a service back.
//!
//! Two writers that each insist roll a service for ever. AWS does not tell who wrote a deployment. But a change that
//! leads away from what is wanted was not ours, so the service's own deployments show the fight, and a restart forgets
//! nothing. If the wanted value itself goes back and forth, such a change was ours after all: the deployments that
//! eastwest began since its start are known and left out.
//!
//! AWS wrote the times of these deployments. They are compared only with one another. How long the other writer's last
//! change has stood is a matter of our own clock, and of [`crate::guard`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ecs::canonical::{Canonical, canonical};
use crate::ecs::change::{Change, Field, changes};
use crate::ecs::defaults::Defaults;
use crate::ecs::past::Past;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;
use crate::ecs::tool::Tool;
use crate::plan::contention::Contention;
use crate::view::foreign::OwnRollout;

/// So often the same field is changed back within an hour before eastwest stops insisting.
const REVERTS: usize = 3;
/// A deployment and its service deployment are created this close together.
const TOLD_APART: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_hours(1);

/// What shows whether something else keeps changing a service back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) service: &'a ServiceKey,
    pub(crate) tool: Tool,
    /// The wanted configuration; `None` for off.
    pub(crate) wanted: Option<&'a Canonical>,
    /// Where what is in force differs from it.
    pub(crate) changes: &'a [Change],
    /// The latest deployments, newest first, as they were last listed.
    pub(crate) lately: &'a [Past],
    /// When the deployment in force was created. The list can be older than it.
    pub(crate) in_force: Option<AwsTime>,
    /// The deployments that eastwest began since its start.
    pub(crate) ours: &'a [OwnRollout],
    pub(crate) defaults: &'a Defaults<'a>,
}

/// The fight over what is to be changed, if there is one: fields that at least three deployments within an hour led away
/// from what is wanted, each after a deployment that had them as wanted.
pub(crate) fn contention(evidence: &Evidence<'_>) -> Option<Contention> {
    if evidence.lately.len() < REVERTS {
        return None;
    }
    let differing: BTreeSet<EndpointField> =
        evidence.changes.iter().map(EndpointField::of).collect();
    let reverts = reverts(evidence).into_iter();
    // A field that is as wanted now is not fought over, whatever happened to it before.
    let counts = reverts.filter(|(changed, _)| differing.contains(changed));
    let counts = counts.map(|(changed, times)| (changed.field, most_within(HOUR, &times)));
    let fights: BTreeMap<Field, usize> = counts.filter(|(_, count)| *count >= REVERTS).collect();
    let reverts = fights.values().max().copied()?;
    let mut fields: BTreeSet<Field> = fights.into_keys().collect();
    if fields.contains(&Field::Enabled) {
        // Every other field goes with this one.
        fields.retain(|field| *field == Field::Enabled);
    }
    let service = evidence.service.clone();
    Some(Contention { service, fields, reverts, tool: evidence.tool })
}

/// The largest number of these times, oldest first, that lie within one span.
fn most_within(span: Duration, times: &[AwsTime]) -> usize {
    let count = |first: usize| {
        let from = times[first];
        times[first..].iter().take_while(|at| at.since(from) <= span).count()
    };
    (0..times.len()).map(count).max().unwrap_or_default()
}

/// Whether two times belong to one deployment: `UpdateService` tells one, and its service deployment the other.
fn is_same(one: AwsTime, other: AwsTime) -> bool {
    one.since(other).max(other.since(one)) <= TOLD_APART
}

/// A field, and the endpoint it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct EndpointField {
    field: Field,
    endpoint: Option<String>,
}

impl EndpointField {
    fn of(change: &Change) -> Self {
        Self { field: change.field, endpoint: change.endpoint.clone() }
    }
}

/// When each field was led away from what is wanted, oldest first. A deployment that ECS rolled back counts too, because
/// it superseded what was there. But the deployment after it does not start from it.
fn reverts(evidence: &Evidence<'_>) -> BTreeMap<EndpointField, Vec<AwsTime>> {
    let mut reverts: BTreeMap<EndpointField, Vec<AwsTime>> = BTreeMap::new();
    let mut before: Option<BTreeSet<EndpointField>> = None;
    let mut note =
        |away: &BTreeSet<EndpointField>, before: Option<&BTreeSet<EndpointField>>, at: AwsTime| {
            let is_ours = evidence.ours.iter().any(|own| is_same(own.created_at, at));
            let before = before.filter(|_| !is_ours);
            for changed in before.into_iter().flat_map(|before| away.difference(before)) {
                reverts.entry(changed.clone()).or_default().push(at);
            }
        };
    for past in evidence.lately.iter().rev() {
        let away = away(past, evidence);
        note(&away, before.as_ref(), past.created_at);
        if !past.is_taken_back() {
            before = Some(away);
        }
    }
    if let Some(at) = unlisted(evidence) {
        let away = evidence.changes.iter().map(EndpointField::of).collect();
        note(&away, before.as_ref(), at);
    }
    reverts
}

/// When the deployment in force was created, if it is newer than the list of deployments.
fn unlisted(evidence: &Evidence<'_>) -> Option<AwsTime> {
    let newest = evidence.lately.first()?.created_at;
    evidence.in_force.filter(|at| at.since(newest) > TOLD_APART)
}

/// The fields that a deployment had otherwise than is wanted now.
fn away(past: &Past, evidence: &Evidence<'_>) -> BTreeSet<EndpointField> {
    let Evidence { wanted, defaults, .. } = *evidence;
    let connect = past.connect.as_ref().map(|connect| canonical(connect, defaults));
    if connect.as_ref() == wanted {
        return BTreeSet::new();
    }
    changes(connect.as_ref(), wanted).iter().map(EndpointField::of).collect()
}

#[cfg(test)]
mod tests;
