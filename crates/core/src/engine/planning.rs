//! The plan, whether the view has changed since it was made, and how often one was made.
//!
//! **Invariant:** the plan here is always guarded and checked. If it breaks a rule, it has no step.
//!
//! **Invariant:** a plan is made from the whole view, and only if the view has changed since the last one. Otherwise
//! the same plan is guarded again: only the moment has changed.

use std::time::Duration;

use super::memory::Memory;
use crate::declaration::settings::Settings;
use crate::ecs::name::NamespaceId;
use crate::ecs::namespace_names::NamespaceNames;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::first_of;
use crate::ecs::time::Now;
use crate::guard::check::{Breach, check};
use crate::guard::guard;
use crate::guard::truce::truce_until;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::Verdict;
use crate::plan::hold::Hold;
use crate::planner::plan;
use crate::view::View;

/// How long an answer may wait for others before a plan is made again. Nobody notices this delay, and it bounds the
/// cost of thousands of answers.
const ANSWERS_TOGETHER: Duration = Duration::from_millis(100);

/// The plan, and what it takes to make it again.
#[derive(Debug, Clone)]
pub(super) struct Planning {
    /// The plan, guarded as of the last step.
    plan: Plan,
    /// The services that would have a step if the guard held nothing but the last steps of renames.
    steps: Vec<ServiceKey>,
    /// Whether the view has changed since the plan was made.
    is_outdated: bool,
    /// When the plan was made.
    planned_at: Now,
    /// How often everything was judged.
    passes: u64,
}

impl Planning {
    /// An empty plan of nothing.
    pub(super) fn new(now: Now) -> Self {
        let (plan, steps) = (Plan::default(), Vec::new());
        Self { plan, steps, is_outdated: false, planned_at: now, passes: 0 }
    }

    /// The plan, guarded as of the last step.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How often everything was judged.
    pub(super) fn passes(&self) -> u64 {
        self.passes
    }

    /// Whether the view has changed since the plan was made.
    pub(super) fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// Notes whether an event has changed the view.
    pub(super) fn note_change(&mut self, is_new: bool) {
        self.is_outdated |= is_new;
    }

    /// Counts a sweep that changed nothing: its services were judged all the same.
    pub(super) fn count_idle_sweep(&mut self) {
        self.passes += 1;
    }

    /// Whether the plan is so recent that it may wait for more answers.
    pub(super) fn may_wait_for_answers(&self, now: Now) -> bool {
        now.since(self.planned_at) < ANSWERS_TOGETHER
    }

    /// Makes the plan again if the view has changed, guards it as of now, and checks it. Returns the rules it breaks.
    pub(super) fn replan(
        &mut self,
        memory: &mut Memory,
        view: &View,
        settings: &Settings,
        now: Now,
    ) -> Vec<Breach> {
        let mut wanted = self.take_wanted(view, settings, now);
        self.steps.extend(memory.drop_old_names(&mut wanted, view, settings, now));
        memory.take_in_wanted(&wanted, view, settings, now);
        self.plan = guard(wanted, &memory.guard_input(view, settings, now));
        memory.take_in_guarded(&self.plan, now);
        let breaches = check(&self.plan, view, settings);
        if let Some(first) = breaches.first() {
            self.hold_every_step(first.rule);
        }
        breaches
    }

    /// The plan without what the guard holds. Until [`Self::replan`] puts a guarded one back, there is none here.
    fn take_wanted(&mut self, view: &View, settings: &Settings, now: Now) -> Plan {
        let mut wanted = std::mem::take(&mut self.plan);
        if !std::mem::take(&mut self.is_outdated) {
            wanted.release(&self.steps);
            return wanted;
        }
        // The old plan goes first: memory need not hold two plans over thousands of services.
        drop(wanted);
        let wanted = plan(view, settings);
        self.steps = wanted.steps().map(|(key, _)| key.clone()).collect();
        self.planned_at = now;
        self.passes += 1;
        wanted
    }

    /// A plan that breaks a rule is our bug: none of it is carried out.
    fn hold_every_step(&mut self, rule: &'static str) {
        for entry in self.plan.entries.values_mut() {
            entry.hold_step(Hold::Breach(rule));
        }
    }

    /// Whether the service's entry is a step that takes exactly this action.
    pub(super) fn asks_for(&self, key: &ServiceKey, action: &Action) -> bool {
        let entry = self.plan.entries.get(key);
        entry.is_some_and(
            |entry| matches!(&entry.verdict, Verdict::Step { action: step } if step == action),
        )
    }

    /// Which fields of a service the plan changes, from what to what, in words.
    pub(super) fn changes(&self, key: &ServiceKey, names: NamespaceNames<'_>) -> String {
        let changes = self.plan.entries.get(key).map_or(&[][..], |entry| &entry.changes);
        first_of(names.changes(changes), "; ")
    }

    /// Holds a step whose write leaves now. Returns the namespace that its rollout counts in.
    pub(super) fn begin(&mut self, key: &ServiceKey) -> Option<NamespaceId> {
        let entry = self.plan.entries.get_mut(key)?;
        entry.hold_step(Hold::Rolling);
        entry.namespace.as_ref().map(|namespace| namespace.id.clone())
    }

    /// When the plan is made again for the answers that wait, if any do.
    pub(super) fn answers_due(&self) -> Option<Now> {
        self.is_outdated.then(|| self.planned_at.plus(ANSWERS_TOGETHER))
    }

    /// When the calendar ends the first hold after `now`: a pause ends, or a maintenance window opens. What still holds
    /// although its date has passed ends by another clock.
    pub(super) fn next_end(&self, now: Now) -> Option<Now> {
        let held = self.plan.holds().filter_map(|(_, hold)| hold.ends_at());
        let missing = self.plan.missing.iter();
        let held_back = missing.filter_map(|missing| missing.hold.as_ref()?.ends_at());
        let end = held.chain(held_back).filter(|end| *end > now.calendar).min()?;
        Some(now.plus(end.duration_since(now.calendar).try_into().unwrap_or_default()))
    }

    /// When the first truce with a second writer ends.
    pub(super) fn next_truce_end(&self, view: &View) -> Option<Now> {
        let contended = self.plan.holds().filter(|(_, hold)| matches!(hold, Hold::Contended(_)));
        contended.filter_map(|(key, _)| truce_until(view, key)).min()
    }
}

#[cfg(test)]
mod tests;
