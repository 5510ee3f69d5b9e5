//! `GET /api/v1/events`: what happened lately.

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::report::notice::{About, Level, NoticeKind};
use serde::Serialize;

use crate::daemon::history::{Event, EventId};

/// `GET /api/v1/events` as JSON.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct EventsPage {
    /// The events, oldest first.
    pub(crate) events: Vec<EventRow>,
    /// The id after which to go on.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub(crate) next: EventId,
    /// Whether more events are there already.
    pub(crate) more: bool,
    /// How many events after the id that was asked for are not kept any more.
    pub(crate) lost: u64,
    /// Whether the id is of a process before this one, so that nobody knows how many are lost.
    pub(crate) restarted: bool,
    /// The most events that are kept.
    pub(crate) kept: usize,
    /// How many events since the start of the process are not kept any more.
    pub(crate) dropped: u64,
}

/// One event.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct EventRow {
    /// Its id.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub(crate) id: EventId,
    /// When it was told.
    #[schemars(with = "String")]
    pub(crate) at: jiff::Timestamp,
    /// Of which kind.
    pub(crate) kind: NoticeKind,
    /// How grave it is.
    pub(crate) level: Level,
    /// The service that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) service: Option<ServiceKey>,
    /// The cluster that it is about, or that its service runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<String>,
    /// The namespace that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// What happened, in one sentence.
    pub(crate) sentence: String,
}

/// What a stream says where events are missing.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct LostEvents {
    /// How many events are not kept any more.
    pub(crate) lost: u64,
    /// Whether the id is of a process before this one, so that nobody knows how many are lost.
    pub(crate) restarted: bool,
}

impl EventRow {
    /// The row of an event.
    pub(crate) fn new(event: &Event) -> Self {
        let notice = &event.notice;
        let namespace = match &notice.about {
            About::Namespace(name) => Some(name.clone()),
            About::Service(_) | About::Cluster(_) | About::Process => None,
        };
        Self {
            id: event.id,
            at: event.at,
            kind: notice.kind,
            level: notice.level,
            service: notice.service().cloned(),
            cluster: notice.cluster().map(ToString::to_string),
            namespace,
            sentence: notice.sentence.clone(),
        }
    }
}

fn as_text<S: serde::Serializer>(id: &EventId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}
