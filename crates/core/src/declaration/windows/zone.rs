//! A pattern in a time zone: the moments at which a window opens.
//!
//! A time that the clock shows twice, when summer time ends, is two moments. A time that the clock skips, when summer
//! time begins, is the moment at which a clock that was not put forward would show it.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase, TimeZoneTransition};

use super::pattern::Pattern;
use crate::ecs::text::nearest;

/// Longer than the largest step that a clock was ever put forward: a day (Pacific/Apia, 2011).
const LONGEST_GAP: Duration = Duration::from_hours(25);

/// A time zone of the database that is part of the program. Files on the machine do not matter.
///
/// Two zones with the same name are equal.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl Zone {
    pub(crate) const UTC: Self = Self(TimeZone::UTC);

    /// Reads a name of the IANA database.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(text).ok();
        zone.filter(|zone| zone.iana_name().is_some()).map(Self)
    }

    /// The name that was most likely meant, among those that begin with the same letter. It takes a millisecond.
    pub(crate) fn near(text: &str) -> Option<String> {
        let initial = text.chars().next()?;
        let same = |name: &&str| name.starts_with(|c: char| c.eq_ignore_ascii_case(&initial));
        let database = TimeZoneDatabase::bundled();
        let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        nearest(text, names.iter().map(String::as_str).filter(same))
    }

    pub(super) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The last opening after `after` and not after `until`.
    pub(super) fn last(
        &self,
        pattern: &Pattern,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        let spans = std::iter::successors(Some(self.span(until)), |span| {
            Some(self.span(before(span.from?)))
        });
        let reaches = |span: &Span| later(span.until, LONGEST_GAP) > after;
        let found = spans.take_while(reaches).filter_map(|span| {
            let (first, last) = span.within(later(after, NANOSECOND), until)?;
            let begin = span.instant(pattern.last(span.clock(first), span.clock(last))?)?;
            (begin > after).then_some(begin)
        });
        found.max()
    }

    /// The first opening after `after` and before `until`.
    pub(super) fn first(
        &self,
        pattern: &Pattern,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        // A time that the clock skipped before `after` may still come.
        let begin = self.span(earlier(after, LONGEST_GAP));
        let spans = std::iter::successors(Some(begin), |span| {
            (span.until < until).then(|| self.span(span.until))
        });
        let mut best: Option<Timestamp> = None;
        for span in spans {
            if best.is_some_and(|best| span.from.is_some_and(|from| from > best)) {
                break;
            }
            let found = span.within(later(after, NANOSECOND), before(until));
            let found = found.and_then(|(first, last)| {
                // The clock shows whole minutes: what begins in the one that runs has begun.
                let found = pattern.first(span.next_minute(first)?, span.clock(last))?;
                span.instant(found)
            });
            best = best.into_iter().chain(found).min();
        }
        best
    }

    /// The time around `at` in which the clock is not put forward or back.
    fn span(&self, at: Timestamp) -> Span {
        let from = self.0.preceding(later(at, NANOSECOND)).next().map(|next| next.timestamp());
        let next = self.0.following(at).next();
        let offset = self.0.to_offset(at);
        let until = next.as_ref().map_or(Timestamp::MAX, TimeZoneTransition::timestamp);
        let ahead = next.map_or(0, |next| next.offset().seconds() - offset.seconds());
        let skipped = Duration::from_secs(u64::try_from(ahead).unwrap_or_default());
        Span { from, until, end: later(until, skipped), offset }
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);

/// A time in which the clock is not put forward or back.
struct Span {
    from: Option<Timestamp>,
    until: Timestamp,
    /// Until when a clock that was not put forward shows the skipped times.
    end: Timestamp,
    offset: Offset,
}

impl Span {
    /// The part of the time from `first` to `last` that is in it.
    fn within(&self, first: Timestamp, last: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let first = self.from.map_or(first, |from| first.max(from));
        let last = last.min(before(self.end));
        (first <= last).then_some((first, last))
    }

    fn clock(&self, at: Timestamp) -> jiff::civil::DateTime {
        self.offset.to_datetime(at)
    }

    /// The clock at the first whole minute that is not before `at`.
    fn next_minute(&self, at: Timestamp) -> Option<jiff::civil::DateTime> {
        let clock = self.clock(at);
        let whole = clock.date().at(clock.hour(), clock.minute(), 0, 0);
        if whole == clock { Some(whole) } else { whole.checked_add(Duration::from_mins(1)).ok() }
    }

    fn instant(&self, clock: jiff::civil::DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(clock).ok()
    }
}

/// `by` later, or the end of time.
pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `by` earlier, or the beginning of time.
pub(super) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn before(at: Timestamp) -> Timestamp {
    earlier(at, NANOSECOND)
}
