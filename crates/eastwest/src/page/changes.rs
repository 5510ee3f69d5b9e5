//! What happened lately, as rows.

use eastwest_core::report::notice::{About, Level};
use jiff::Timestamp;

use super::words::Moment;
use crate::daemon::history::Event;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    /// When.
    pub(crate) at: Moment,
    /// Of which kind.
    pub(crate) kind: &'static str,
    /// How grave it is.
    pub(crate) level: Level,
    /// What happened.
    pub(crate) sentence: String,
    /// The service that it is about: cluster and name.
    pub(crate) service: Option<(String, String)>,
    /// What else it is about.
    pub(crate) about: Option<String>,
}

impl Happened {
    /// One event, as of now.
    pub(super) fn new(event: &Event, now: Timestamp) -> Self {
        let notice = &event.notice;
        let (service, about) = match &notice.about {
            About::Service(key) => (Some((key.cluster.to_string(), key.name.to_string())), None),
            About::Cluster(cluster) => (None, Some(format!("cluster {cluster}"))),
            About::Namespace(name) => (None, Some(format!("namespace {name}"))),
            About::Process => (None, None),
        };
        Self {
            at: Moment::ago(event.at, now),
            kind: notice.kind.name(),
            level: notice.level,
            sentence: notice.sentence.clone(),
            service,
            about,
        }
    }

    /// The word of its level, where it is more than information.
    pub(crate) fn alarm(&self) -> Option<&'static str> {
        match self.level {
            Level::Info => None,
            Level::Warning => Some("warning"),
            Level::Error => Some("error"),
        }
    }
}
