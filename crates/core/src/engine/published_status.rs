//! The status of a service as it was last published.
//!
//! **Invariant:** a status that says the same as before is not published again, and one that gives the same reason in
//! other words keeps its time.

use crate::ecs::time::Now;
use crate::report::status::Status;

/// The status of a service as it was last published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedStatus {
    /// The status.
    pub status: Status,
    /// Since when the service is in sync or not, well or not, for this reason.
    pub since: Now,
}

impl PublishedStatus {
    /// What a new status makes of the one before; nothing if there is nothing to publish. A status that waits for an
    /// answer replaces none.
    pub(super) fn next(
        before: Option<&mut Self>,
        status: Status,
        waits_for_answer: bool,
        now: Now,
    ) -> Option<Self> {
        let Some(before) = before else { return Some(Self { status, since: now }) };
        if status.is_as(&before.status) {
            // What is new in it is shown, and is no news by itself.
            before.status = status;
            return None;
        }
        if waits_for_answer {
            return None;
        }
        let since = if status.has_reason_of(&before.status) { before.since } else { now };
        Some(Self { status, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::reason::Reason;
    use crate::report::health::Health;
    use crate::report::status::Sync;
    use crate::testing::at;

    fn held(reason: Reason, message: &str) -> Status {
        Status {
            sync: Sync::OutOfSync,
            health: Health::Healthy,
            reason: Some(reason),
            message: Some(message.to_owned()),
            ends: None,
            event: None,
            snippet: None,
            ending: None,
        }
    }

    fn published(reason: Reason, message: &str) -> PublishedStatus {
        PublishedStatus { status: held(reason, message), since: at(5) }
    }

    #[test]
    fn a_first_status_begins_now() {
        let next = PublishedStatus::next(None, held(Reason::Budget, "one runs"), true, at(9));
        assert_eq!(next.map(|next| next.since), Some(at(9)));
    }

    #[test]
    fn the_same_status_is_not_published_again_but_shows_the_latest_event() {
        let mut before = published(Reason::Budget, "one runs");
        let status = Status { event: Some("cannot pull".to_owned()), ..before.status.clone() };
        assert_eq!(PublishedStatus::next(Some(&mut before), status, false, at(9)), None);
        assert_eq!(before.status.event.as_deref(), Some("cannot pull"));
    }

    #[test]
    fn other_words_for_the_same_reason_keep_the_time() {
        let mut before = published(Reason::Conflict, "web has it");
        let next = |before: &mut PublishedStatus, status| {
            PublishedStatus::next(Some(before), status, false, at(9)).map(|next| next.since)
        };
        assert_eq!(next(&mut before, held(Reason::Conflict, "api has it")), Some(at(5)));
        assert_eq!(next(&mut before, held(Reason::Paused, "web has it")), Some(at(9)));
    }

    #[test]
    fn who_runs_now_is_shown_to_those_that_wait_and_is_no_news() {
        let mut before = published(Reason::Budget, "one runs");
        let next =
            PublishedStatus::next(Some(&mut before), held(Reason::Budget, "two run"), false, at(9));
        assert_eq!((next, before.since), (None, at(5)));
        assert_eq!(before.status.message.as_deref(), Some("two run"));
    }

    #[test]
    fn a_status_that_waits_for_an_answer_replaces_none() {
        let mut before = published(Reason::Budget, "one runs");
        let next =
            PublishedStatus::next(Some(&mut before), held(Reason::NotSeen, "asks"), true, at(9));
        assert_eq!((next, before), (None, published(Reason::Budget, "one runs")));
    }
}
