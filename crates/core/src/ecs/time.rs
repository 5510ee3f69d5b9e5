//! Two kinds of time that are never mixed.
//!
//! [`AwsTime`] is a moment AWS wrote down; it is compared only with another `AwsTime`. [`Now`] is our
//! own clock, handed in by the driver; it measures only how long *we* have waited. There is no
//! conversion between the two, so a skewed clock or a simulator that runs faster cannot change a decision.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use serde::Serialize;

/// A moment as AWS wrote it: milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AwsTime(pub i64);

impl AwsTime {
    /// How long after `earlier` it was; zero if it lies before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).try_into().unwrap_or_default())
    }

    /// The same moment for people to read; none where no calendar has it.
    pub fn calendar(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }
}

impl fmt::Display for AwsTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.calendar() {
            Some(at) => write!(f, "{at:.0}"),
            None => f.write_str("an unknown time"),
        }
    }
}

/// The driver's clocks at one instant.
///
/// **Invariant:** only the clock that never steps back orders instants. A calendar that is set back, or runs at another
/// rate, makes nothing due earlier or later.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Time since the process started, from a clock that never steps back.
    pub since_start: Duration,
    /// The calendar, needed only for what people write as dates (a pause's end).
    pub calendar: jiff::Timestamp,
}

impl PartialEq for Now {
    fn eq(&self, other: &Self) -> bool {
        self.since_start == other.since_start
    }
}

impl Eq for Now {}

impl PartialOrd for Now {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Now {
    fn cmp(&self, other: &Self) -> Ordering {
        self.since_start.cmp(&other.since_start)
    }
}

impl Hash for Now {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.since_start.hash(state);
    }
}

impl Now {
    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        self.since_start.saturating_sub(earlier.since_start)
    }

    /// The same clocks, `later` later.
    pub fn plus(self, later: Duration) -> Self {
        let calendar = jiff::SignedDuration::try_from(later)
            .ok()
            .and_then(|by| self.calendar.checked_add(by).ok())
            .unwrap_or(self.calendar);
        Self { since_start: self.since_start.saturating_add(later), calendar }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_that_is_set_back_orders_nothing() {
        let at = |since: u64, calendar: i64| Now {
            since_start: Duration::from_secs(since),
            calendar: jiff::Timestamp::from_second(calendar).expect("a date"),
        };
        assert_eq!(at(5, 100), at(5, 7));
        assert!(at(5, 100) < at(6, 7));
    }
}
