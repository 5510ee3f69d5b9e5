//! An event's way from the bus into the queues that want it: lost, late, doubled, out of order, or refused.
//!
//! **Invariant:** only an event of best effort gets lost, before any rule sees it. An event that reached the bus gets to
//! each queue that may have it, at least once. A queue may have it if its policy lets EventBridge send for that rule,
//! and if EventBridge may use its key (aws-cdk#30549: the key `alias/aws/sqs` is not for other services). Else it goes
//! to the target's dead-letter queue, if that may have it (EventBridge User Guide: dead-letter queues).

use serde_json::Value;

use super::envelope::{Announcement, Place, Promise};
use super::state::Wanted;
use crate::model::{EventOptions, Model};
use crate::shapes::Time;
use crate::shapes::events::Target;

impl Model {
    /// Whether anybody would get an event. Ask before making one.
    pub(super) fn is_heard(&self) -> bool {
        self.bus.listens()
    }

    /// Sends an event of AWS to whom it concerns.
    pub(super) fn announce(&mut self, announcement: Announcement) {
        if !self.is_heard() {
            return;
        }
        let lost = self.events.lost_per_mille;
        if announcement.promise == Promise::BestEffort && self.draw(lost) {
            return;
        }
        let id = self.bus.draws.uuid();
        let arns = &self.arns;
        let place = Place { account: &arns.account, region: &arns.region, time: self.now };
        let event = announcement.event(place, &id);
        self.publish(&event);
    }

    /// Puts an event into every queue that wants it.
    pub(super) fn publish(&mut self, event: &Value) {
        for wanted in self.bus.wanted_by(event) {
            let Some(body) = body(&wanted.target, event) else { continue };
            let Some(queue) = self.destination(&wanted) else { continue };
            let times = 1 + usize::from(self.draw(self.events.doubled_per_mille));
            for _ in 0..times {
                let at = self.arrival(&queue);
                self.deliver_to(&queue, body.clone(), at);
            }
        }
    }

    /// The name of the queue that gets what this target wants; `None`: nobody may.
    fn destination(&self, wanted: &Wanted) -> Option<String> {
        let rule = self.arns.rule(&wanted.rule);
        let dead = wanted.target.dead_letter_config.as_ref();
        let dead = dead.and_then(|config| config.get("Arn")).and_then(Value::as_str);
        let queues = [Some(wanted.target.arn.as_str()), dead];
        queues.into_iter().flatten().find_map(|arn| self.queue_for_events(arn, &rule))
    }

    /// When a message that is sent now gets to that queue.
    fn arrival(&mut self, queue: &str) -> Time {
        let EventOptions { delay_ms: [shortest, longest], reordered, .. } = self.events;
        let span = longest.saturating_sub(shortest);
        // Nine of ten come within the first fifteenth of the span: late ones are rare, and real.
        let span = if self.draw(900) { span / 15 } else { span };
        let delay = shortest + self.bus.draws.next() % (span + 1);
        let at = self.now.plus_ms(delay);
        if reordered {
            return at;
        }
        let last = self.bus.arrivals.entry(queue.to_owned()).or_default();
        *last = at.max(*last);
        *last
    }

    /// True so many times in a thousand.
    fn draw(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.bus.draws.next() % 1000 < u64::from(per_mille)
    }
}

/// What a target gets: its input, a part of the event, or the event; `None`: the part does not exist.
fn body(target: &Target, event: &Value) -> Option<String> {
    if let Some(input) = &target.input {
        return Some(input.clone());
    }
    let part = target.input_path.as_deref().map_or(Some(event), |path| part(event, path));
    part.map(Value::to_string)
}

/// What a path such as `$.detail.name` leads to.
fn part<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    let mut steps = path.strip_prefix('$')?.split('.').skip(1);
    steps.try_fold(event, |value, step| value.get(step))
}
