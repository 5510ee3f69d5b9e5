//! One message to the event bus: an event for each of its groups, so that a rule can choose by kind.

use eastwest_aws::{BusEvent, World};
use eastwest_core::report::notifier::Outcome;
use eastwest_core::report::notifier::message::{Group, Message};
use tracing::warn;

use super::shape::{GroupBody, Sender};

/// Sends a message.
pub(super) async fn send(world: &World, sender: &Sender, message: &Message) -> Outcome {
    let events = message.groups.iter().map(|group| event(sender, message.number, group)).collect();
    match world.put_events(events).await {
        Ok(untaken) if untaken.numbers.is_empty() => Outcome::Delivered,
        Ok(untaken) => {
            let (events, why) = (untaken.numbers.len(), untaken.why);
            warn!(events, why, "the bus did not take some events; they are tried again");
            Outcome::InPart(untaken.numbers)
        }
        Err(fault) => {
            warn!(fault = %fault, "events to the bus did not arrive; they are tried again");
            Outcome::Failed(None)
        }
    }
}

/// The event of one group. Its detail type ends with the kind, or with `recovered`.
fn event(sender: &Sender, number: u64, group: &Group) -> BusEvent {
    let what = if group.is_over { "recovered" } else { group.kind.name() };
    let mut detail = serde_json::to_value(GroupBody::new(group)).expect("it has a JSON form");
    detail["id"] = format!("{}-{number}", sender.run).into();
    BusEvent {
        detail_type: format!("eastwest {what}"),
        detail: detail.to_string(),
        resources: Vec::new(),
    }
}
