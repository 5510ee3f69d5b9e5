//! What of a plan may be done now: steps in, steps and holds out.
//!
//! Dry run is a policy here and nowhere else, so what is shown and what would be executed are one value.

pub mod writes;
pub mod waves;
pub mod acks;
pub mod circumstances;
pub(crate) mod pause;
pub(crate) mod budget;
pub(crate) mod unseen;
pub(crate) mod truce;
pub(crate) mod windows;
pub mod brake;
pub mod check;

use crate::declaration::settings::{Policy, Settings};
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::{Frozen, Hold, Unseen};
use crate::view::View;
use crate::view::rollout::has_stalled;
use acks::Acks;
use brake::Brake;
use budget::Ledger;
use circumstances::Circumstances;
use pause::paused;
use truce::contended;
use unseen::{is_unseen, never_read, unread_document};
use waves::Waves;
use windows::Windows;
use writes::Writes;

/// Holds every step that must not be taken at this moment.
pub fn guard(mut plan: Plan, circumstances: &Circumstances<'_>) -> Plan {
    let Circumstances { view, writes, settings, now, .. } = *circumstances;
    let everything = stopped(view, settings).or_else(|| {
        let staleness = settings.timing.staleness;
        let just_started = view.awake_for(now) < staleness || is_unseen(view, staleness);
        just_started.then_some(Hold::NotSeen(Unseen::JustStarted))
    });
    let mut windows = Windows::new(view, now);
    for missing in &mut plan.missing {
        missing.hold = everything
            .clone()
            .or_else(|| windows.hold_making(&missing.prerequisite))
            .or_else(|| {
                (settings.policy == Policy::Observe).then_some(Hold::Observe(Policy::Observe))
            })
            .or_else(|| writes.hold_making(&missing.prerequisite));
    }
    let unread = never_read(view, settings, now).map(Hold::NotSeen);
    let brake = Brake::new(&plan, circumstances);
    let mut budget = Ledger::new(&plan, circumstances);
    for key in &plan.order {
        let Some(entry) = plan.entries.get_mut(key) else { continue };
        let Verdict::Step { action } = &entry.verdict else { continue };
        let hold = paused(view, key, now)
            // That too much would change is worth knowing before anybody allows it.
            .or_else(|| observed(settings.policy, action).filter(|_| brake.hold(key).is_none()))
            .or_else(|| everything.clone())
            .or_else(|| windows.hold(key, entry.namespace.as_ref()))
            .or_else(|| unread.clone())
            .or_else(|| brake.hold(key))
            .or_else(|| writes.hold(action, now))
            .or_else(|| awaited(entry, circumstances))
            .or_else(|| contended(view, (key, entry), now))
            .or_else(|| budget.spend(key, entry.namespace.as_ref()));
        if let Some(hold) = hold {
            entry.hold_step(hold);
        }
    }
    plan
}

/// Holds only what somebody asked to hold, whenever one looks: for a plan that is shown and not carried out.
pub fn guard_shown(mut plan: Plan, view: &View, settings: &Settings, now: Now) -> Plan {
    let everything = stopped(view, settings);
    let mut windows = Windows::new(view, now);
    let (writes, waves, acks) = (&Writes::default(), &Waves::default(), &Acks::default());
    let brake = Brake::new(&plan, &Circumstances { view, writes, waves, acks, settings, now });
    for missing in &mut plan.missing {
        let hold = everything.clone();
        missing.hold = hold.or_else(|| windows.hold_making(&missing.prerequisite));
    }
    for (key, entry) in &mut plan.entries {
        let hold = paused(view, key, now)
            .or_else(|| everything.clone())
            .or_else(|| windows.hold(key, entry.namespace.as_ref()))
            .or_else(|| contended(view, (key, entry), now))
            .or_else(|| brake.hold(key));
        if let Some(hold) = hold {
            entry.hold_step(hold);
        }
    }
    plan
}

/// Why nothing at all may be done, if so.
fn stopped(view: &View, settings: &Settings) -> Option<Hold> {
    let is_frozen = view.document.as_ref().is_some_and(|document| document.freeze);
    let frozen = is_frozen.then_some(Hold::Frozen(Frozen::Document));
    frozen.or_else(|| unread_document(view, settings).map(Hold::NotSeen))
}

/// The server that a step waits for. What only the environment hints at is not waited for beyond a stall.
fn awaited(
    entry: &Entry,
    Circumstances { view, settings, now, .. }: &Circumstances<'_>,
) -> Option<Hold> {
    let awaited = entry.awaits.as_ref()?;
    let server = view.service(&awaited.server);
    let stalled = server.is_some_and(|server| has_stalled(server, &settings.timing, *now));
    (!(awaited.inferred && stalled)).then(|| Hold::WaitingForServer(awaited.clone()))
}

fn observed(policy: Policy, action: &Action) -> Option<Hold> {
    (!policy.allows(action)).then_some(Hold::Observe(policy))
}

#[cfg(test)]
mod tests;
