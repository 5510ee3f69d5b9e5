//! The status of a service as it was last published.
//!
//! **Invariant:** a status that says the same as before is not published again, and one that gives the same reason in
//! other words keeps its time.

use std::time::Duration;

use crate::ecs::time::{AwsTime, Now};
use crate::plan::reason::Reason;
use crate::report::status::{Status, Sync};

/// The status of a service as it was last published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedStatus {
    /// The status.
    pub status: Status,
    /// Since when the service is in sync or not, well or not, for this reason, as far as this process saw.
    pub since: Now,
    /// Since when it is out of sync, for whatever reason, as far as this process saw.
    pub out_of_sync_since: Option<Now>,
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
        let drift = before.as_deref().and_then(|before| before.out_of_sync_since);
        let out_of_sync_since = (status.sync == Sync::OutOfSync).then(|| drift.unwrap_or(now));
        let Some(before) = before else {
            return Some(Self { status, since: now, out_of_sync_since });
        };
        if status.is_as(&before.status) {
            // What is new in it is shown, and is no news by itself.
            before.status = status;
            return None;
        }
        if waits_for_answer {
            return None;
        }
        let since = if status.has_reason_of(&before.status) { before.since } else { now };
        Some(Self { status, since, out_of_sync_since })
    }

    /// For how long it is out of sync; none while it is not. What ECS rolled back has been since that moment, which a
    /// restart does not forget. It is only shown, so that AWS's clock may be another than ours.
    pub fn drift_age(&self, now: Now) -> Option<Duration> {
        let seen = now.since(self.out_of_sync_since?);
        let rolled_back =
            self.status.began.filter(|_| self.status.reason == Some(Reason::RolledBack));
        let since = rolled_back.map(|at| AwsTime(now.calendar.as_millisecond()).since(at));
        Some(seen.max(since.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::health::Health;
    use crate::testing::at;

    fn held(reason: Reason, message: &str) -> Status {
        Status {
            reason: Some(reason),
            message: Some(message.to_owned()),
            ..Status::new(Sync::OutOfSync, Health::Healthy)
        }
    }

    fn published(reason: Reason, message: &str) -> PublishedStatus {
        let out_of_sync_since = Some(at(5));
        PublishedStatus { status: held(reason, message), since: at(5), out_of_sync_since }
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
    fn a_service_is_out_of_sync_for_as_long_as_all_its_reasons_together() {
        let mut before = published(Reason::Conflict, "web has it");
        assert_eq!(before.drift_age(at(65)), Some(Duration::from_mins(1)));
        let paused = held(Reason::Paused, "paused");
        let mut next = PublishedStatus::next(Some(&mut before), paused, false, at(9)).expect("new");
        assert_eq!(next.drift_age(at(65)), Some(Duration::from_mins(1)));
        let synced = Status { sync: Sync::Synced, ..next.status.clone() };
        let synced = PublishedStatus::next(Some(&mut next), synced, false, at(70)).expect("new");
        assert_eq!(synced.drift_age(at(80)), None);
    }

    #[test]
    fn a_restart_does_not_forget_since_when_a_rollback_is_drift() {
        let rolled_back = Status {
            began: Some(AwsTime(at(0).calendar.as_millisecond())),
            ..held(Reason::RolledBack, "failed before")
        };
        let next = PublishedStatus::next(None, rolled_back, false, at(3600));
        assert_eq!(next.and_then(|next| next.drift_age(at(3600))), Some(Duration::from_hours(1)));
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
