//! The entry of one service that differs from what is wanted: a step, or the first reason against it.

use super::candidate::Candidate;
use super::facts::with_facts;
use super::input::PlannerInput;
use super::names::conflict::name_obstacle;
use super::names::register::Register;
use super::obstacle::{lasting, passing};
use super::service::contended::{Evidence, contention};
use crate::ecs::service::EcsService;
use crate::plan::contention::Contention;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;

/// What to do about one candidate.
pub(crate) fn entry(
    input: &PlannerInput<'_>,
    candidate: &Candidate<'_>,
    register: &Register,
) -> Entry {
    let action = candidate.desired.action(candidate.service);
    let verdict = match obstacle(input, candidate, register) {
        None => Verdict::Step { action },
        Some(hold) => Verdict::Hold { hold: with_facts(input, hold), action: Some(action) },
    };
    let changes = candidate.changes.clone();
    let contention = contention_over(input, candidate);
    Entry { verdict, changes, contention, ..Entry::in_sync(candidate.namespace()) }
}

/// The first reason against a wanted change. A reason that a person must mend comes before one that passes.
fn obstacle(
    input: &PlannerInput<'_>,
    candidate: &Candidate<'_>,
    register: &Register,
) -> Option<Hold> {
    lasting(input, candidate)
        .or_else(|| name_obstacle(input, candidate, register))
        .or_else(|| passing(input, candidate))
}

/// The fight over what is to be changed, if something else keeps changing it back.
fn contention_over(input: &PlannerInput<'_>, candidate: &Candidate<'_>) -> Option<Box<Contention>> {
    let key = &candidate.service.key;
    let (_, history) = input.view.histories.get(key)?;
    let service = input.view.service(key)?;
    let primary = service.last.as_deref().and_then(EcsService::primary);
    let evidence = Evidence {
        service: key,
        tool: service.tool,
        wanted: candidate.to.as_ref(),
        changes: &candidate.changes,
        lately: &history.known()?.lately,
        in_force: primary.map(|primary| primary.created_at),
        ours: input.view.own_rollouts.get(key).map_or(&[][..], Vec::as_slice),
        defaults: &candidate.defaults,
    };
    contention(&evidence).map(Box::new)
}
