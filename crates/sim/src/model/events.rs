//! What happens by itself as time passes, and in which order.
//!
//! Invariant: events happen at their instant and in the order they were scheduled in; an event that no
//! longer applies (its service was deleted, its rollout superseded) does nothing. Nothing is scheduled
//! for ever: a world that is left alone comes to rest, so `next_event` becomes `None`.

use super::Model;
use crate::model::records::Event;
use crate::shapes::Time;

impl Model {
    /// When the next thing happens by itself; `None`: nothing will.
    pub fn next_event(&self) -> Option<Time> {
        self.queue.first_key_value().map(|((time, _), _)| *time)
    }

    /// Lets time pass until that instant; an instant that is past changes nothing.
    pub fn advance_to(&mut self, to: Time) {
        while let Some(entry) = self.queue.first_entry() {
            let (time, _) = *entry.key();
            if time > to {
                break;
            }
            let event = entry.remove();
            self.now = self.now.max(time);
            self.happen(event);
        }
        self.now = self.now.max(to);
    }

    pub(super) fn schedule(&mut self, at: Time, event: Event) {
        self.queued += 1;
        self.queue.insert((at.max(self.now), self.queued), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step { key, generation } => self.step(&key, generation),
            Event::RecordBegins { key, arn } => self.record_begins(&key, &arn),
            Event::RecordStopped { key, arn } => self.record_stopped(&key, &arn),
            Event::HookExpires { key, hook } => self.hook_expires(&key, &hook),
            Event::CleanUp { key, generation } => self.clean_up(&key, generation),
            Event::FailedGone { key, deployment } => self.failed_gone(&key, &deployment),
            Event::CloudMapGone { id } => self.cloud_map_gone(&id),
            Event::Drained { key, created_at } => self.drained(&key, created_at),
            Event::Forgotten { key, created_at } => self.forgotten(&key, created_at),
            Event::OperationPending { id } => self.operation_pending(&id),
            Event::OperationEnds { id } => self.operation_ends(&id),
        }
    }
}
