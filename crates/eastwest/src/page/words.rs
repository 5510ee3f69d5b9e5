//! How times and numbers read on a page.

use std::time::Duration;

use jiff::Timestamp;

/// A moment, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For programs and for the tip: `2026-11-28T12:03:11Z`.
    pub(crate) exact: String,
    /// For people: `12 s ago`, or the exact time where AWS wrote it.
    pub(crate) shown: String,
}

impl Moment {
    /// A moment of our own calendar, by its age.
    pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Self {
        let age = now.duration_since(at);
        let age = Duration::try_from(age).unwrap_or_default();
        Self { exact: format!("{at:.0}"), shown: format!("{} ago", span(age)) }
    }

    /// A moment of AWS's calendar. It is never compared with ours, which may differ.
    pub(crate) fn of_aws(at: Timestamp) -> Self {
        Self { exact: format!("{at:.0}"), shown: at.strftime("%b %-d, %H:%M:%S").to_string() }
    }
}

/// A length of time in its two largest units at most.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let two = |large: u64, name: &str, small: u64, other: &str| match small {
        0 => format!("{large} {name}"),
        small => format!("{large} {name} {small} {other}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        // Seconds beside ten minutes are noise that changes with every look.
        (0, 0, minutes) if minutes >= 10 => format!("{minutes} min"),
        (0, 0, minutes) => two(minutes, "min", rest, "s"),
        (0, hours, minutes) => two(hours, "h", minutes, "min"),
        (days, hours, _) => two(days, "d", hours, "h"),
    }
}

/// A number with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_reads_in_two_units_at_most() {
        let told = [0, 59, 60, 61, 600, 615, 3_600, 5_400, 86_400, 100_000];
        assert_eq!(
            told.map(|seconds| span(Duration::from_secs(seconds))),
            [
                "0 s",
                "59 s",
                "1 min",
                "1 min 1 s",
                "10 min",
                "10 min",
                "1 h",
                "1 h 30 min",
                "1 d",
                "1 d 3 h"
            ]
        );
    }

    #[test]
    fn a_moment_that_seems_to_lie_ahead_is_now() {
        let at = Timestamp::UNIX_EPOCH;
        let later = at + jiff::SignedDuration::from_secs(5);
        assert_eq!(Moment::ago(later, at).shown, "0 s ago");
        assert_eq!(Moment::ago(at, later).shown, "5 s ago");
        assert_eq!(Moment::of_aws(at).shown, "Jan 1, 00:00:00");
    }
}
