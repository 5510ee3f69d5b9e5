//! When a maintenance window is open, by arithmetic of the judge's own.
//!
//! **In:** the text of a document. **Out:** whether its windows let a change begin in a cluster at an instant.
//!
//! **Invariant:** nothing here comes from `core`: not the reading of a pattern, not the calendar. A mistake in the one
//! cannot hide behind the same mistake in the other. This is slow and plain where `core` is fast: it goes through the
//! days one by one, takes each minute of a day that the pattern names, and asks the time zone at which instants a
//! clock shows it.
//!
//! **What is not judged:** the judge does not resolve the names of namespaces. A window that names some is taken as the
//! one that forbids least: as a deny window it counts as closed, as an allow window it permits while it is open.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use crate::shapes::Time;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// No clock was ever put forward or back by more days.
const LONGEST_SHIFT_DAYS: i64 = 2;

/// A maintenance window of a document.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// Whether it forbids changes while it is open; else it permits them.
    is_deny: bool,
    pattern: Pattern,
    /// How long it stays open.
    duration: SignedDuration,
    zone: TimeZone,
    /// Where it applies; everywhere if none is named.
    clusters: BTreeSet<String>,
    names_namespaces: bool,
}

/// A cron pattern of five fields: the values that each field admits.
#[derive(Debug, Clone)]
struct Pattern {
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    days: BTreeSet<i8>,
    months: BTreeSet<i8>,
    weekdays: BTreeSet<i8>,
    /// Whether the pattern says both days of the month and days of the week: then either will do.
    says_both: bool,
}

/// The windows of a document, or why the judge cannot read them.
pub(super) type Windows = Result<Vec<Window>, String>;

/// Reads the windows of a document out of the texts of all its parameters.
pub(super) fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Windows {
    let mut all = Vec::new();
    for text in texts {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for window in document["windows"].as_array().into_iter().flatten() {
            all.push(Window::read(window)?);
        }
    }
    Ok(all)
}

/// Whether no change may begin in a cluster: a deny window is open, or there are allow windows and none is open.
pub(super) fn is_closed(windows: &[Window], cluster: &str, at: Time) -> bool {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    let mut is_restricted = false;
    let mut is_permitted = false;
    for window in windows.iter().filter(|window| window.applies_in(cluster)) {
        if !window.is_deny {
            is_restricted |= !window.names_namespaces;
            is_permitted |= window.is_open(at);
        } else if !window.names_namespaces && window.is_open(at) {
            return true;
        }
    }
    is_restricted && !is_permitted
}

impl Window {
    fn read(window: &Value) -> Result<Self, String> {
        let text = |member: &str| window[member].as_str();
        let (is_deny, pattern) = match (text("allow"), text("deny")) {
            (Some(pattern), None) => (false, pattern),
            (None, Some(pattern)) => (true, pattern),
            _ => return Err(format!("a window that is not one of allow and deny: {window}")),
        };
        let zone = text("timeZone").unwrap_or("UTC");
        let zone = TimeZoneDatabase::bundled().get(zone).map_err(|error| error.to_string())?;
        let clusters = window["clusters"].as_array().into_iter().flatten();
        Ok(Self {
            is_deny,
            pattern: Pattern::read(pattern)?,
            duration: duration(text("duration").unwrap_or_default())?,
            zone,
            clusters: clusters.filter_map(Value::as_str).map(str::to_owned).collect(),
            names_namespaces: window["namespaces"].as_array().is_some_and(|all| !all.is_empty()),
        })
    }

    fn applies_in(&self, cluster: &str) -> bool {
        self.clusters.is_empty() || self.clusters.contains(cluster)
    }

    /// Whether the window began at most its duration ago.
    fn is_open(&self, at: Timestamp) -> bool {
        let after = at.checked_sub(self.duration).unwrap_or(Timestamp::MIN);
        let day_of = |at: Timestamp| self.zone.to_datetime(at).date();
        let first = day_of(after).saturating_sub(LONGEST_SHIFT_DAYS.days());
        let mut day = day_of(at).saturating_add(LONGEST_SHIFT_DAYS.days());
        // From the last day back: the latest beginning is most likely the one that counts.
        while day >= first {
            let begins = |time: DateTime| {
                self.instants(time).into_iter().flatten().any(|begin| begin > after && begin <= at)
            };
            if self.pattern.times_of(day).any(begins) {
                return true;
            }
            let Ok(before) = day.yesterday() else { return false };
            day = before;
        }
        false
    }

    /// The instants at which a clock of the zone shows a time: two where the clock is put back; where the clock skips
    /// the time, the one at which a clock that was not put forward shows it.
    fn instants(&self, time: DateTime) -> [Option<Timestamp>; 2] {
        let offsets = match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Gap { before, .. } => [Some(before), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
        };
        offsets.map(|offset| offset.and_then(|offset| offset.to_timestamp(time).ok()))
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_uppercase();
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!("a pattern that has not five fields: {text}"));
        };
        let mut of_week = field(weekdays, 0..=7, &WEEKDAYS)?;
        // Sunday has two numbers.
        if of_week.remove(&7) {
            of_week.insert(0);
        }
        Ok(Self {
            minutes: field(minutes, 0..=59, &[])?,
            hours: field(hours, 0..=23, &[])?,
            days: field(days, 1..=31, &[])?,
            months: field(months, 1..=12, &MONTHS)?,
            weekdays: of_week,
            says_both: days != "*" && weekdays != "*",
        })
    }

    /// The times of a day at which something begins.
    fn times_of(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let hours = self.hours.iter().filter(move |_| self.has_day(day));
        hours.flat_map(move |hour| self.minutes.iter().map(move |min| day.at(*hour, *min, 0, 0)))
    }

    fn has_day(&self, day: Date) -> bool {
        let of_month = self.days.contains(&day.day());
        let of_week = self.weekdays.contains(&day.weekday().to_sunday_zero_offset());
        let is_day = if self.says_both { of_month || of_week } else { of_month && of_week };
        is_day && self.months.contains(&day.month())
    }
}

/// The values that a field admits: `*`, numbers, names, ranges, steps, and lists of those.
fn field(text: &str, all: RangeInclusive<i8>, words: &[&str]) -> Result<BTreeSet<i8>, String> {
    let unknown = || format!("a field that the judge cannot read: {text}");
    let number = |word: &str| {
        let place = words.iter().position(|name| *name == word);
        // The first month is 1, the first day of the week 0; both are where their range begins.
        let named = place.and_then(|at| Some(i8::try_from(at).ok()? + all.start()));
        named.or_else(|| word.parse().ok().filter(|value| all.contains(value))).ok_or_else(unknown)
    };
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step)),
            None => (part, None),
        };
        let (first, last) = match span.split_once('-') {
            _ if span == "*" => (*all.start(), *all.end()),
            Some((first, last)) => (number(first)?, number(last)?),
            None => {
                let first = number(span)?;
                (first, if step.is_some() { *all.end() } else { first })
            }
        };
        let step: usize = step.unwrap_or("1").parse().map_err(|_| unknown())?;
        if step == 0 || first > last {
            return Err(unknown());
        }
        values.extend((first..=last).step_by(step));
    }
    Ok(values)
}

/// A duration as `30m`, `4h` or `3d`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let unknown = || format!("a duration that the judge cannot read: {text}");
    let minutes = match text.chars().next_back() {
        Some('m') => 1,
        Some('h') => 60,
        Some('d') => 24 * 60,
        _ => return Err(unknown()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| unknown())?;
    Ok(SignedDuration::from_mins(count * minutes))
}

#[cfg(test)]
mod tests {
    use eastwest_core::declaration::windows::{ChangeTarget, TargetNamespace};
    use eastwest_core::declaration::{document, windows};
    use eastwest_core::ecs::name::{ClusterName, ParameterName};
    use eastwest_core::ecs::parameter::Parameter;
    use eastwest_core::ecs::time::AwsTime;
    use rand::rngs::SmallRng;
    use rand::seq::IndexedRandom;
    use rand::{Rng, SeedableRng};
    use serde_json::json;

    use super::*;

    /// Zones whose clocks change by an hour, by half an hour, by two hours, in either half of the year, or never, and
    /// one that left out a day.
    const ZONES: [&str; 8] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];

    fn at(text: &str) -> Time {
        let at: Timestamp = text.parse().expect("an instant");
        Time(u64::try_from(at.as_millisecond()).expect("after 1970"))
    }

    fn closed(windows: &Value, cluster: &str, moment: &str) -> bool {
        let text = json!({"version": 1, "windows": windows}).to_string();
        is_closed(&read([text.as_str()]).expect("good windows"), cluster, at(moment))
    }

    #[test]
    fn a_deny_window_is_closed_from_its_beginning_until_its_end() {
        let windows =
            json!([{"deny": "30 22 * * *", "duration": "2h", "timeZone": "Europe/Berlin"}]);
        for (moment, is_closed) in [
            ("2026-01-10T21:29:59Z", false),
            ("2026-01-10T21:30:00Z", true),
            ("2026-01-10T23:29:59Z", true),
            ("2026-01-10T23:30:00Z", false),
        ] {
            assert_eq!(closed(&windows, "prod", moment), is_closed, "{moment}");
        }
    }

    #[test]
    fn outside_of_all_allow_windows_it_is_closed_and_only_where_they_apply() {
        let windows = json!([
            {"allow": "0 8 * * MON-FRI", "duration": "1h", "clusters": ["prod"]},
            {"allow": "0 12 * * SAT", "duration": "1h", "clusters": ["prod"]},
        ]);
        assert!(closed(&windows, "prod", "2026-01-10T08:30:00Z"));
        assert!(!closed(&windows, "prod", "2026-01-10T12:30:00Z"));
        assert!(!closed(&windows, "prod", "2026-01-12T08:30:00Z"));
        assert!(!closed(&windows, "edge", "2026-01-10T08:30:00Z"));
    }

    #[test]
    fn a_skipped_time_comes_as_much_later_and_a_repeated_one_comes_twice() {
        let windows =
            json!([{"deny": "30 2 * * *", "duration": "5m", "timeZone": "Europe/Berlin"}]);
        for (moment, is_closed) in [
            ("2026-03-29T01:32:00Z", true),
            ("2026-03-29T00:32:00Z", false),
            ("2026-10-25T00:32:00Z", true),
            ("2026-10-25T01:32:00Z", true),
            ("2026-10-25T02:32:00Z", false),
        ] {
            assert_eq!(closed(&windows, "prod", moment), is_closed, "{moment}");
        }
    }

    #[test]
    fn a_window_that_names_namespaces_forbids_nothing_by_itself() {
        let named = |kind: &str| json!({kind: "* * * * *", "duration": "1h", "namespaces": ["a"]});
        let never = json!({"allow": "0 0 1 1 *", "duration": "1m"});
        assert!(!closed(&json!([named("deny")]), "prod", "2026-06-10T08:30:00Z"));
        assert!(closed(&json!([never]), "prod", "2026-06-10T08:30:00Z"));
        assert!(!closed(&json!([never, named("allow")]), "prod", "2026-06-10T08:30:00Z"));
    }

    #[test]
    fn what_the_judge_cannot_read_is_told() {
        for text in ["{", r#"{"windows": [{}]}"#] {
            assert!(read([text]).is_err(), "{text}");
        }
        let with = |pattern: &str, duration: &str, zone: &str| {
            let window = json!({"deny": pattern, "duration": duration, "timeZone": zone});
            read([json!({"windows": [window]}).to_string().as_str()])
        };
        assert!(with("* * * * *", "1h", "UTC").is_ok());
        for (pattern, duration, zone) in [
            ("* * * *", "1h", "UTC"),
            ("60 * * * *", "1h", "UTC"),
            ("* * * * MOO", "1h", "UTC"),
            ("*/0 * * * *", "1h", "UTC"),
            ("* * * * *", "1w", "UTC"),
            ("* * * * *", "1h", "Europe/Nowhere"),
        ] {
            assert!(with(pattern, duration, zone).is_err(), "{pattern} {duration} {zone}");
        }
    }

    /// One field of a pattern: mostly `*`, else a number, a range, a step or a list.
    fn any_field(dice: &mut SmallRng, all: RangeInclusive<i8>, star: f64) -> String {
        if dice.random_bool(star) {
            return "*".to_owned();
        }
        let (first, second) = (dice.random_range(all.clone()), dice.random_range(all));
        let (first, last) = (first.min(second), first.max(second));
        match dice.random_range(0..5) {
            0 => format!("{first}-{last}"),
            1 => format!("*/{}", dice.random_range(1..=9)),
            2 => format!("{first},{last}"),
            3 => format!("{first}-{last}/{}", dice.random_range(1..=9)),
            _ => first.to_string(),
        }
    }

    fn any_window(dice: &mut SmallRng) -> Value {
        let mut weekday = any_field(dice, 0..=6, 0.6);
        if dice.random_bool(0.15) {
            weekday = format!("{}-SAT", WEEKDAYS[dice.random_range(0..6)]);
        }
        let pattern = [
            any_field(dice, 0..=59, 0.1),
            any_field(dice, 0..=23, 0.3),
            any_field(dice, 1..=31, 0.6),
            any_field(dice, 1..=12, 0.8),
            weekday,
        ];
        let durations = ["1m", "7m", "45m", "3h", "30h", "2d", "9d"];
        let kind = ["allow", "deny"].choose(dice).expect("a kind");
        let mut window = json!({
            *kind: pattern.join(" "),
            "duration": durations.choose(dice).expect("a duration"),
            "timeZone": ZONES.choose(dice).expect("a zone"),
        });
        if dice.random_bool(0.2) {
            window["clusters"] = json!(["edge"]);
        }
        window
    }

    /// An instant of these years; often one at which the clock of some zone is about to change or has changed.
    fn any_moment(dice: &mut SmallRng) -> Time {
        let seconds: i64 = dice.random_range(1_262_304_000..1_893_456_000);
        let at = Timestamp::from_second(seconds).expect("an instant");
        let zone = ZONES.choose(dice).expect("a zone");
        let zone = TimeZoneDatabase::bundled().get(zone).expect("a zone of the database");
        let change = zone.following(at).next().map(|change| change.timestamp());
        let change = change.filter(|_| dice.random_bool(0.5));
        let near = change.map(|change| change.as_second() + dice.random_range(-200_000..200_000));
        Time(u64::try_from(near.unwrap_or(seconds) * 1000).expect("after 1970"))
    }

    fn parameter(text: &str) -> Parameter {
        Parameter {
            name: ParameterName::as_read("/eastwest/fleet"),
            version: 1,
            modified_at: AwsTime(0),
            is_secret: false,
            text: text.to_owned(),
        }
    }

    /// The judge and core know nothing of each other's arithmetic. Where they disagree one of them is wrong.
    #[test]
    fn the_judge_and_core_agree_on_random_windows() {
        let mut dice = SmallRng::seed_from_u64(22);
        let (mut good, mut verdicts) = (0, [0, 0]);
        while good < 200 {
            let windows: Vec<Value> =
                (0..dice.random_range(1..=3)).map(|_| any_window(&mut dice)).collect();
            let text = json!({"version": 1, "windows": windows}).to_string();
            // Core refuses a window that never opens, and one that is always denied.
            let Some(document) = document::read(&[parameter(&text)]).0 else { continue };
            good += 1;
            let own = read([text.as_str()]).expect("what core accepts");
            for _ in 0..20 {
                let moment = any_moment(&mut dice);
                let cluster = ["prod", "edge"].choose(&mut dice).expect("a cluster");
                let name = ClusterName::as_read(cluster);
                let place =
                    ChangeTarget { cluster: Some(&name), namespace: TargetNamespace::Nothing };
                let ms = i64::try_from(moment.0).expect("an instant");
                let at = Timestamp::from_millisecond(ms).expect("an instant");
                let by_core = windows::closed(&document.windows, place, at).is_some();
                let by_judge = is_closed(&own, cluster, moment);
                assert_eq!(by_judge, by_core, "in {cluster} at {at}: {text}");
                verdicts[usize::from(by_judge)] += 1;
            }
        }
        assert!(verdicts.iter().all(|count| *count > 400), "closed too seldom or too often");
    }
}
