//! One step of the engine: an event in, effects out.
//!
//! **Invariant:** a write leaves only in the same step in which its target was read again, successfully, and only if the
//! plan made from that reading still asks for the very same action.

use std::time::Duration;

use super::effect::{Effect, Event};
use super::polls::Polls;
use super::published::PublishInput;
use super::questions::Questions;
use super::state::Engine;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::entry::{Entry, Verdict};
use crate::report::news::{News, QueueNews};

/// How long the read before a write may take: its answer may be as old.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(30);

impl Engine {
    /// Takes in one event. Returns what to do next.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        if let Some(slept) = self.overslept(now) {
            self.wake_up(slept, now);
        }
        let needs_no_pass = self.needs_no_pass(&event, now);
        self.stepped_at = now;
        let confirmed = confirmed_service(&event);
        let is_answer = matches!(event, Event::Answered(_));
        let is_new = self.apply_event(event, now);
        self.decide_leases(now);
        let has_another_leader = self.memory.leases_mut().note_leaders(now);
        let mut effects = Vec::new();
        if !needs_no_pass || has_another_leader {
            let kept_for = self.view.name_quarantine(&self.settings.timing);
            let has_expired = self.view.former.expire(now, kept_for);
            self.planning.note_change(is_new || has_expired);
            effects = self.plan_and_write(confirmed, is_answer, now);
        }
        effects.extend(self.start_calls(now));
        effects
    }

    /// Whether an event changes nothing that a plan depends on, and nothing else is due. Leases are read every two seconds,
    /// and a wait for messages ends every twenty. A pass over thousands of services each time would keep a core busy.
    fn needs_no_pass(&self, event: &Event, now: Now) -> bool {
        let changes_nothing = match event {
            Event::LeaseRead(..) | Event::LeaseWritten(..) => true,
            Event::Received(Ok(messages)) => messages.is_empty(),
            Event::Deleted(deleted) => deleted.is_ok(),
            // A lease may have been due.
            Event::Tick => self.memory.leases().are_used(),
            _ => false,
        };
        // What fell due must not be passed over.
        let rest_is_due = || self.next_wake_beside_leases().is_some_and(|due| due <= now);
        changes_nothing && !self.planning.is_outdated() && !rest_is_due()
    }

    /// Plans if something has changed, and writes what was confirmed.
    fn plan_and_write(
        &mut self,
        confirmed: Option<ServiceKey>,
        is_answer: bool,
        now: Now,
    ) -> Vec<Effect> {
        if is_answer && self.more_answers_come(now) {
            return Vec::new();
        }
        self.memory.observe(&self.view, &self.settings.timing, now);
        self.replan(now);
        let write = confirmed.and_then(|key| self.write(&key, now));
        self.publish(now);
        if self.stopping {
            return Vec::new();
        }
        self.ask(now);
        self.work.follow_hints(self.settings.timing.staleness, now);
        let mut effects: Vec<Effect> = write.into_iter().collect();
        effects.extend(self.intake.delete(self.settings.queue.as_ref()));
        effects.extend(self.work.confirm(self.planning.plan(), now));
        effects
    }

    /// Whether the plan may wait for more answers. Thousands of questions may be open after a fleet opted in, and a
    /// plan over all of it for each answer would keep a core busy for minutes.
    fn more_answers_come(&self, now: Now) -> bool {
        self.work.questions_running() > 0 && self.planning.may_wait_for_answers(now)
    }

    fn replan(&mut self, now: Now) {
        let breaches = self.planning.replan(&mut self.memory, &self.view, &self.settings, now);
        self.published.publish_breaches(breaches);
        self.forget_undone_changes();
    }

    /// Forgets what stood before others changed a service, once it is in order and nothing of the change is kept.
    fn forget_undone_changes(&mut self) {
        let Plan { adopted, entries, .. } = self.planning.plan();
        let is_in_order = |key: &ServiceKey| {
            matches!(entries.get(key), Some(Entry { verdict: Verdict::InSync, .. }))
        };
        let is_over = |key: &ServiceKey| is_in_order(key) && !adopted.contains_key(key);
        self.view.foreign_changes.retain(|key, _| !is_over(key));
    }

    /// The write of a step whose target was read again, if that reading confirms it.
    fn write(&mut self, key: &ServiceKey, now: Now) -> Option<Effect> {
        let confirming = self.work.take_confirming(key)?;
        let was_read = self.view.service(key).is_some_and(|service| service.read_at == now);
        let is_fresh = was_read && now.since(confirming.since) <= CONFIRMED_WITHIN;
        if !is_fresh || self.stopping || !self.planning.asks_for(key, &confirming.action) {
            return None;
        }
        let changes = self.planning.changes(key, self.view.namespace_names());
        self.published.push(News::Changing(key.clone(), changes));
        if let Some(since) = self.work.nudged_since(key) {
            self.published.push(News::Queue(QueueNews::Followed(now.since(since))));
        }
        let namespace = self.planning.begin(key);
        self.memory.sent(&confirming.action, namespace, now);
        Some(Effect::Apply(confirming.action))
    }

    fn publish(&mut self, now: Now) {
        self.published.publish(PublishInput {
            view: &self.view,
            plan: self.planning.plan(),
            writes: self.memory.writes(),
            timing: &self.settings.timing,
            now,
        });
    }

    /// Queues what the plan lacks: answers, prerequisites, and later readings of services that change.
    fn ask(&mut self, now: Now) {
        let (view, plan, settings) = (&self.view, self.planning.plan(), &self.settings);
        let timing = &settings.timing;
        self.work.ask(Questions { view, plan, settings, now }.all(), timing, now);
        self.work.make(plan, timing, now);
        let interval = timing.rollout_poll.min(timing.interval);
        let polls = self.polls();
        self.work.poll(&polls, now.plus(interval));
    }

    /// Starts the calls that are due. A process that stops starts only those about its leases.
    fn start_calls(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = if self.stopping { Vec::new() } else { self.start_due(now) };
        effects.extend(self.start_lease_calls(now));
        effects
    }

    fn start_due(&mut self, now: Now) -> Vec<Effect> {
        if self.work.next_due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let polls = self.polls();
        let may_make = self.memory.leases().hold_making(&self.view, now).is_none();
        self.work.start_due(polls, self.planning.plan(), may_make, now)
    }

    fn polls(&self) -> Polls {
        let rolling = self.published.rollouts().services();
        Polls::new(self.memory.writes(), self.planning.plan(), self.work.nudged(), rolling)
    }
}

/// The service that was read again before a write, if the event is that reading.
fn confirmed_service(event: &Event) -> Option<ServiceKey> {
    match event {
        Event::Confirmed(key, ..) => Some(key.clone()),
        _ => None,
    }
}
