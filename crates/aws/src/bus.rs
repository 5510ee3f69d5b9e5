//! The event bus on which people are told: one call, tried once.
//!
//! **Invariant:** an event that the bus did not take is named. Who decides what to tell decides whether to tell it again.

use std::collections::BTreeSet;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use eastwest_core::ecs::fault::{Fault, FaultKind};

use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::{Bus, World};

/// The source of every event. The policy allows no other.
pub(crate) const SOURCE: &str = "eastwest";

/// One event for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// Its detail type.
    pub detail_type: String,
    /// Its detail: a JSON object.
    pub detail: String,
    /// The ARNs of what it is about.
    pub resources: Vec<String>,
}

impl World {
    /// Sends at most ten events. Returns those that the bus did not take, by their number from 0, with the first reason.
    pub async fn put_events(&self, events: Vec<BusEvent>) -> Result<Untaken, Fault> {
        let operation = Operation::PutEvents;
        let missing = || Fault::new(FaultKind::Refused, operation.id(), "this process has no bus");
        let Bus { client, name } = self.bus.as_ref().ok_or_else(missing)?;
        let sent = events.len();
        let entries = events.into_iter().map(|event| {
            PutEventsRequestEntry::builder()
                .source(SOURCE)
                .detail_type(event.detail_type)
                .detail(event.detail)
                .set_resources(Some(event.resources))
                .event_bus_name(name.as_str())
                .build()
        });
        let request = client.put_events().set_entries(Some(entries.collect()));
        let answer = self.call(operation, Lane::Urgent, request.send()).await?;
        let results = answer.entries.unwrap_or_default();
        // An answer that does not speak of an event says nothing of it: that one is sent again.
        let is_taken =
            |number: usize| results.get(number).is_some_and(|result| result.event_id().is_some());
        let numbers = (0..sent).filter(|number| !is_taken(*number)).collect();
        let why = results.iter().find_map(|result| {
            let code = result.error_code()?;
            let text = result.error_message().unwrap_or_default();
            Some(crate::text::one_line(&format!("{code}: {text}")))
        });
        Ok(Untaken { numbers, why: why.unwrap_or_else(|| "the bus did not say why".to_owned()) })
    }
}

/// The events that a bus did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untaken {
    /// Which, by their number from 0.
    pub numbers: BTreeSet<usize>,
    /// What the bus says of the first one.
    pub why: String,
}
