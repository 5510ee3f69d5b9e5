//! Which services may be written at all, and what must be asked for.
//!
//! | rule | says |
//! |---|---|
//! | I2 | no write to a service that has not opted in, that is paused or frozen, against the policy, or before a document was read |
//! | I10 | tags that cannot be understood mean no write |
//! | I11 | switching off needs `mode=off`, removing an endpoint a declaration: absence asks for nothing |

use eastwest_core::declaration::declared::{Mode, Pause};
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::Policy;

use super::sent_write::{Broken, SentWrite};

/// I2 and I10: the service opted in, and its tags can be understood.
pub(super) fn opted_in(sent: &SentWrite<'_>) -> Broken {
    let asked = sent.asked();
    let never = asked.iter().all(|intent| *intent == Intent::NotOptedIn);
    let unclear = asked.iter().all(|intent| intent.declared().is_none());
    let never = sent.says(never, "I2", "a write to a service that has not opted in");
    never.or_else(|| sent.says(unclear, "I10", "a write though its tags cannot be understood"))
}

/// I2: no write while the document says freeze, or before one was read.
pub(super) fn stopped(sent: &SentWrite<'_>) -> Broken {
    let missing = sent.says(sent.evidence.is_missing(), "I2", "a write before a document was read");
    let frozen = sent.in_every_document(|document| document.freeze);
    missing.or_else(|| sent.says(frozen, "I2", "a write though the document says freeze"))
}

pub(super) fn paused(sent: &SentWrite<'_>) -> Broken {
    // The process ends a pause by its own calendar.
    let now = sent.now.plus_ms(sent.calendar_off_ms);
    let now = i64::try_from(now.0).unwrap_or(i64::MAX);
    let paused = |intent: &Intent| match intent.declared().and_then(|d| d.pause) {
        Some(Pause::Open) => true,
        Some(Pause::Until(until)) => until.as_millisecond() > now,
        None => false,
    };
    sent.says(sent.asked().iter().all(paused), "I2", "a write though it is paused")
}

pub(super) fn allowed(sent: &SentWrite<'_>) -> Broken {
    let off = sent.settings.policy == Policy::UpsertOnly && sent.after.is_none();
    sent.says(
        sent.settings.policy == Policy::Observe || off,
        "I2",
        "a write that the policy forbids",
    )
}

/// I11: nothing is switched off or removed that nobody asked to be.
pub(super) fn asked_for(sent: &SentWrite<'_>) -> Broken {
    let Some(after) = sent.after else {
        let off = |intent: &Intent| intent.declared().is_some_and(|d| d.mode == Some(Mode::Off));
        let unasked = !sent.asked().iter().any(off);
        return sent.says(unasked, "I11", "switched off, and nobody said off");
    };
    let before = sent.before()?;
    let has = |port: &str| after.endpoints.iter().any(|new| new.port_name == port);
    let removed = before.endpoints.iter().any(|old| !has(&old.port_name));
    let asks = |intent: &Intent| {
        intent.declared().is_some_and(|d| d.mode == Some(Mode::Client) || !d.endpoints.is_empty())
    };
    let unasked = sent.settings.policy == Policy::UpsertOnly || !sent.asked().iter().any(asks);
    sent.says(removed && unasked, "I11", "an endpoint is gone, and nobody asked for it")
}
