//! Why a service cannot be changed now, as far as the service itself tells.
//!
//! Names are another matter: [`super::names`]. [`mod@super::entry`] puts both in order.

use super::candidate::Candidate;
use super::input::PlannerInput;
use super::service::eligible;
use super::service::failed_configurations::{failed_before, failing};
use crate::ecs::canonical::Canonical;
use crate::ecs::defaults::Defaults;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::plan::hold::{Hold, Unseen};
use crate::view::reading::Question;

/// A reason that lies in the service alone. It stays until a person changes something or more is read.
pub(crate) fn lasting(input: &PlannerInput<'_>, candidate: &Candidate<'_>) -> Option<Hold> {
    let service = candidate.service;
    if candidate.defaults.task_definition.is_none() && candidate.to.is_some() {
        // Without it two equal configurations may look different, and nobody knows whether ECS would refuse.
        return Some(eligible::unread_task_definition(service));
    }
    if candidate.namespace().is_none() && is_unread(input.view.namespaces.as_ref()) {
        // Switching off needs no namespace, but it counts in the budget of the one that the service leaves.
        return Some(Hold::until_answered(Question::Namespaces));
    }
    if !service.unknown_members.is_empty() {
        return Some(Hold::UnknownField(service.unknown_members.clone()));
    }
    candidate.refusal(input.view)
}

/// A reason that lies in a rollout: one that runs now, or one that ended a short while ago.
pub(crate) fn passing(input: &PlannerInput<'_>, candidate: &Candidate<'_>) -> Option<Hold> {
    let service = candidate.service;
    if service.is_rolling() {
        return Some(Hold::Rolling);
    }
    recent(input, service, candidate.to.as_ref(), &candidate.defaults)
}

/// The same where the deployments show no rollout: ECS gave up exactly this configuration, or more must be read.
/// `wanted` is what would be rolled out.
pub(crate) fn recent(
    input: &PlannerInput<'_>,
    service: &EcsService,
    wanted: Option<&Canonical>,
    defaults: &Defaults<'_>,
) -> Option<Hold> {
    let seen = input.view.service(&service.key);
    if seen.is_some_and(|view| view.stale_since.is_some()) {
        return Some(Hold::NotSeen(Unseen::Lagging));
    }
    match input.view.histories.get(&service.key) {
        Some((_, Seen::Known(history))) => {
            let given_up = || {
                failed_before(wanted, &service.task_definition, history, defaults)
                    .or_else(|| failing(wanted, service, defaults))
            };
            let is_to_retry = seen.is_some_and(|view| view.is_to_retry);
            let given_up = (!is_to_retry).then(given_up).flatten();
            given_up.or(history.ongoing.is_some().then_some(Hold::Rolling))
        }
        Some((_, Seen::Absent | Seen::Unknown(_))) | None => {
            Some(Hold::until_answered(Question::History(service.key.clone())))
        }
    }
}

fn is_unread<T>(seen: Option<&Seen<T>>) -> bool {
    seen.and_then(Seen::known).is_none()
}
