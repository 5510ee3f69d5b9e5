//! What holds of all windows and moments.

use croner::parser::CronParser;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use super::{ANYWHERE, Contradiction, Kind, Window, closed, contradictions, window};

/// Each with its own way of putting the clock forward and back.
const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
];

/// Moments near which the clock of some zone is changed, a year ends or has a leap day.
const NEAR: [&str; 8] = [
    "2011-12-30T10:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-02-15T02:00:00Z",
    "2028-02-29T00:00:00Z",
];

fn text() -> impl Strategy<Value = String> {
    let kind = select(&["allow", "deny"]);
    let minute = select(&["0", "30", "*", "*/7", "0,59", "15-20"]);
    let hour = select(&["*", "0", "1-3", "2", "*/5", "22,23", "12"]);
    let day = select(&["*", "1", "29-31", "*/3", "15"]);
    let month = select(&["*", "2", "12,1", "3,10", "*/4"]);
    let weekday = select(&["*", "SUN", "MON-FRI", "6,7", "*/2"]);
    let duration = select(&["1m", "7m", "59m", "1h", "2h", "25h", "3d"]);
    (kind, minute, hour, day, month, weekday, duration, select(&ZONES)).prop_map(
        |(kind, minute, hour, day, month, weekday, duration, zone)| {
            format!("{kind} {minute} {hour} {day} {month} {weekday} {duration} {zone}")
        },
    )
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (select(&NEAR), -3 * 86_400..3 * 86_400_i64).prop_map(|(near, by)| {
        near.parse::<Timestamp>().expect("a moment") + SignedDuration::from_secs(by)
    })
}

/// Minute by minute of the clock, days around, as slow as can be.
fn is_open(text: &str, at: Timestamp) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let zone = TimeZoneDatabase::bundled().get(words[7]).expect("a zone");
    let pattern = CronParser::new().parse(&words[1..6].join(" ")).expect("a pattern").pattern;
    let matches = |clock: DateTime| {
        let part = |number: i8| u32::try_from(number).expect("not negative");
        let (year, month, day) = (i32::from(clock.year()), part(clock.month()), part(clock.day()));
        let weekday = u32::try_from(clock.weekday().to_sunday_zero_offset()).expect("a weekday");
        let weekday = croner::Weekday::from_days_from_sunday(weekday);
        pattern.minute_match(part(clock.minute())).expect("a minute")
            && pattern.hour_match(part(clock.hour())).expect("an hour")
            && pattern.month_match(month).expect("a month")
            && pattern.day_match(year, month, day, weekday).expect("a day")
    };
    let duration = window(text).duration;
    let clock = zone.to_datetime(at);
    let clock = clock.date().at(clock.hour(), clock.minute(), 0, 0);
    let around = SignedDuration::from_hours(26);
    let (mut minute, last) = (clock - around - duration, clock + around);
    while minute <= last {
        let is_in = |begin: &Timestamp| *begin <= at && at < *begin + duration;
        if matches(minute) && begins(&zone, minute).iter().any(is_in) {
            return true;
        }
        minute += SignedDuration::from_mins(1);
    }
    false
}

fn may_begin(windows: &[Window], at: Timestamp) -> bool {
    let of = |kind| windows.iter().filter(move |window| window.kind == kind);
    !of(Kind::Deny).any(|deny| deny.is_open(at))
        && (of(Kind::Allow).next().is_none() || of(Kind::Allow).any(|allow| allow.is_open(at)))
}

fn begins(zone: &TimeZone, clock: DateTime) -> Vec<Timestamp> {
    let offsets = match zone.to_ambiguous_timestamp(clock).offset() {
        AmbiguousOffset::Unambiguous { offset } => vec![offset],
        AmbiguousOffset::Gap { before, .. } => vec![before],
        AmbiguousOffset::Fold { before, after } => vec![before, after],
    };
    offsets.iter().map(|offset| offset.to_timestamp(clock).expect("a moment")).collect()
}

proptest! {
    #![proptest_config(crate::testing::cases(64))]

    #[test]
    fn windows_are_closed_when_a_look_at_each_minute_says_so(
        texts in prop::collection::vec(text(), 0..4),
        at in moment(),
    ) {
        let windows: Vec<Window> = texts.iter().map(|text| window(text)).collect();
        let (mut allows, mut allowed, mut denied) = (0, false, false);
        for (text, window) in texts.iter().zip(&windows) {
            let open = is_open(text, at);
            match window.kind {
                Kind::Allow => (allows, allowed) = (allows + 1, allowed || open),
                Kind::Deny => denied |= open,
            }
        }
        let may = !denied && (allows == 0 || allowed);
        prop_assert_eq!(closed(&windows, ANYWHERE, at).is_none(), may);
    }

    #[test]
    fn the_next_opening_is_the_first_minute_that_is_open(
        texts in prop::collection::vec(text(), 1..4),
        at in moment(),
    ) {
        let windows: Vec<Window> = texts.iter().map(|text| window(text)).collect();
        let Some(held) = closed(&windows, ANYWHERE, at) else { return Ok(()) };
        let minute = SignedDuration::from_mins(1);
        let far = at + SignedDuration::from_hours(12);
        let end = held.opens_at.map_or(far, |opens| opens.min(far));
        let mut look = at + (minute - SignedDuration::from_secs(at.as_second().rem_euclid(60)));
        while look < end {
            prop_assert!(!may_begin(&windows, look), "at {}", look);
            look += minute;
        }
        if let Some(opens) = held.opens_at {
            prop_assert!(opens > at);
            prop_assert_eq!(closed(&windows, ANYWHERE, opens), None);
        }
    }

    #[test]
    fn a_contradiction_is_never_open(
        texts in prop::collection::vec(text(), 2..5),
        at in moment(),
    ) {
        let windows: Vec<Window> = texts.iter().map(|text| window(text)).collect();
        for Contradiction { allow, denies } in contradictions(&windows.iter().collect::<Vec<_>>()) {
            let denied = denies.iter().any(|deny| is_open(&texts[*deny], at));
            prop_assert!(denied || !is_open(&texts[allow], at));
        }
    }

    #[test]
    fn every_moment_and_pattern_has_an_answer(text in text(), second in -377_705_023_201..=253_402_207_200_i64) {
        let at = Timestamp::from_second(second).expect("within what there is");
        let _ = closed(&[window(&text)], ANYWHERE, at);
    }
}
