//! How fast people are told.
//!
//! **Why so:** somebody who is woken wants to know what broke within a minute, once, and all of it in one message. So what
//! breaks together is gathered for some seconds. What is over before anybody could act is not told at all.

use std::time::Duration;

/// How fast people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After a start, or after a lease was taken, this long nothing is told: what stood before comes in one message.
    pub first_after: Duration,
    /// What needs a person for less long is not told.
    pub ripe_after: Duration,
    /// A message waits so long for more to tell.
    pub gather: Duration,
    /// What is in order for less long is not over.
    pub over_after: Duration,
    /// A copy that follows takes what stood for so long as told by the one that leads.
    pub inherit_after: Duration,
    /// Once in so long a channel may be sent one more message, failed ones included.
    pub refill: Duration,
    /// As many messages may come at once.
    pub burst: u32,
    /// The wait after a first failure. It doubles with each further one.
    pub retry_first: Duration,
    /// The longest wait after a failure that does not ask for more.
    pub retry_most: Duration,
    /// The longest wait that a receiver may ask for.
    pub asked_most: Duration,
    /// After so many failures in a row, what was to be told is given up and counted.
    pub give_up_after: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_after: Duration::from_mins(1),
            ripe_after: Duration::from_secs(10),
            gather: Duration::from_secs(20),
            over_after: Duration::from_mins(1),
            inherit_after: Duration::from_mins(2),
            refill: Duration::from_mins(5),
            burst: 6,
            retry_first: Duration::from_secs(10),
            retry_most: Duration::from_mins(10),
            asked_most: Duration::from_hours(1),
            give_up_after: 12,
        }
    }
}

impl Pace {
    /// The same, so many times as fast: for tests against a real clock.
    pub fn faster(self, by: u32) -> Self {
        let by = by.max(1);
        Self {
            first_after: self.first_after / by,
            ripe_after: self.ripe_after / by,
            gather: self.gather / by,
            over_after: self.over_after / by,
            inherit_after: self.inherit_after / by,
            refill: self.refill / by,
            burst: self.burst,
            retry_first: self.retry_first / by,
            retry_most: self.retry_most / by,
            asked_most: self.asked_most / by,
            give_up_after: self.give_up_after,
        }
    }

    /// How long to wait after so many failures in a row, where the receiver asked for a wait of its own or did not.
    pub(super) fn wait(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.retry_first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let asked = asked.unwrap_or_default().min(self.asked_most);
        doubled.min(self.retry_most).max(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes_and_a_receiver_may_ask_for_an_hour_at_most() {
        let pace = Pace::default();
        let waits: Vec<u64> = (1..=8).map(|n| pace.wait(n, None).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(pace.wait(u32::MAX, None), Duration::from_mins(10));
        let asked = |seconds| pace.wait(1, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!((asked(1), asked(60), asked(1_000_000)), (10, 60, 3600));
    }

    #[test]
    fn failures_alone_never_reach_the_limit() {
        let pace = Pace::default();
        // A channel may be sent 6 + t / 5 min messages within t.
        let (mut at, mut sent) = (Duration::ZERO, 0_u32);
        for failures in 1..50 {
            sent += 1;
            let allowed = u64::from(pace.burst) + at.as_secs() / pace.refill.as_secs();
            assert!(u64::from(sent) <= allowed + 1, "{sent} after {at:?}");
            at += pace.wait(failures, None);
        }
    }
}
