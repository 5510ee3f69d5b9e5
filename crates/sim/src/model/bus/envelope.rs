//! One event: what every one of them has around its detail (EventBridge User Guide: events structure).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::shapes::Time;

/// What AWS promises of an event (EventBridge Reference: events from AWS services).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// It reaches the bus at least once.
    Durable,
    /// It may be lost on its way to the bus.
    BestEffort,
}

/// Something to announce.
#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) promise: Promise,
    pub(super) source: &'static str,
    pub(super) detail_type: &'static str,
    pub(super) resources: Vec<String>,
    pub(super) detail: Value,
}

/// Where and when an event happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) time: Time,
}

impl Announcement {
    /// The event as it is sent.
    pub(super) fn event(self, place: Place<'_>, id: &str) -> Value {
        json!({
            "version": "0",
            "id": id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": place.account,
            "time": seconds(place.time),
            "region": place.region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}

/// An instant as events show it, such as `2026-11-27T12:31:14Z`.
pub(super) fn seconds(time: Time) -> String {
    written(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// The same with milliseconds.
pub(super) fn milliseconds(time: Time) -> String {
    written(time, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// An instant as CloudTrail shows those of an answer, such as `Nov 27, 2026 12:31:14 PM`.
pub(super) fn in_words(time: Time) -> String {
    written(time, "%b %-d, %Y %-I:%M:%S %p")
}

fn written(time: Time, format: &str) -> String {
    let milliseconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
    timestamp.strftime(format).to_string()
}
