//! When a window opens, in local time: a cron pattern of five fields.
//!
//! `croner` reads the text, and we keep a few bits of its answer. Windows are asked often, and a hostile document may
//! have thousands, so each question here takes a few steps over bits and days.

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, DateTime};

/// Days of each month, in a leap year.
const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// The hours of a day, and the minutes of an hour.
const ALL_HOURS: u64 = (1 << 24) - 1;
const ALL_MINUTES: u64 = (1 << 60) - 1;

/// The minutes at which a window opens, in local time. Bit *n* stands for the value *n*.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    /// What was written, in upper case and with single spaces.
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// From Sunday, as 0.
    weekdays: u64,
    /// Whether the field of the day, and of the day of the week, is `*`.
    any_day: bool,
    any_weekday: bool,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(format!("it has {} fields", fields.len()));
        }
        let text = fields.join(" ").to_ascii_uppercase();
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let read = parser.parse(&text).map_err(|error| error.to_string())?.pattern;
        if read.days.has_modifiers() || read.days_of_week.has_modifiers() {
            return Err("L, W and # are not supported".to_owned());
        }
        if read.matches_dom_and_dow() {
            return Err("+ is not supported".to_owned());
        }
        let bits = |component: &croner::CronComponent| {
            component.values().iter().fold(0, |bits, value| bits | 1 << value)
        };
        Ok(Self {
            minutes: bits(&read.minutes),
            hours: bits(&read.hours),
            days: bits(&read.days),
            months: bits(&read.months),
            weekdays: bits(&read.days_of_week),
            any_day: read.is_dom_wildcard(),
            any_weekday: read.is_dow_wildcard(),
            text,
        })
    }

    /// What was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether no year has such a day: the 30th of February.
    pub(crate) fn is_never(&self) -> bool {
        let has = |(month, longest): (u32, &u32)| {
            self.months & (1 << month) != 0 && self.days & ((2 << longest) - 2) != 0
        };
        self.any_weekday && !(1..).zip(&LONGEST).any(has)
    }

    /// Whether it is open in every minute.
    pub(super) fn is_always(&self) -> bool {
        let all_days = self.months.count_ones() == 12 && self.any_day && self.any_weekday;
        all_days && self.hours == ALL_HOURS && self.minutes == ALL_MINUTES
    }

    /// The last opening from `first` to `last`, both included.
    pub(super) fn last(&self, first: DateTime, last: DateTime) -> Option<DateTime> {
        let (mut day, mut minute) = (last.date(), minute_of(last));
        while day >= first.date() {
            if self.has_day(day)
                && let Some(found) = self.last_minute(minute)
            {
                return Some(at(day, found)).filter(|found| *found >= first);
            }
            (day, minute) = (day.yesterday().ok()?, 24 * 60 - 1);
        }
        None
    }

    /// The first opening from `first` to `last`, both included.
    pub(super) fn first(&self, first: DateTime, last: DateTime) -> Option<DateTime> {
        let (mut day, mut minute) = (first.date(), minute_of(first));
        while day <= last.date() {
            if self.months & (1 << day.month()) == 0 {
                day = day.last_of_month();
            } else if self.has_day(day)
                && let Some(found) = self.first_minute(minute)
            {
                return Some(at(day, found)).filter(|found| *found <= last);
            }
            (day, minute) = (day.tomorrow().ok()?, 0);
        }
        None
    }

    /// Whether it opens on this day. As in every cron, if both the day of the month and the day of the week are given,
    /// one of them is enough.
    fn has_day(&self, date: Date) -> bool {
        if self.months & (1 << date.month()) == 0 {
            return false;
        }
        let day = self.days & (1 << date.day()) != 0;
        let weekday = self.weekdays & (1 << date.weekday().to_sunday_zero_offset()) != 0;
        match (self.any_day, self.any_weekday) {
            (false, false) => day || weekday,
            (_, true) => day,
            (true, false) => weekday,
        }
    }

    /// The first minute of a day that is not before this one.
    fn first_minute(&self, minute: u32) -> Option<u32> {
        let (hour, minute) = (minute / 60, minute % 60);
        let rest = self.minutes >> minute << minute;
        if self.hours & (1 << hour) != 0 && rest != 0 {
            return Some(hour * 60 + rest.trailing_zeros());
        }
        let later = self.hours >> (hour + 1) << (hour + 1);
        (later != 0).then(|| later.trailing_zeros() * 60 + self.minutes.trailing_zeros())
    }

    /// The last minute of a day that is not after this one.
    fn last_minute(&self, minute: u32) -> Option<u32> {
        let (hour, minute) = (minute / 60, minute % 60);
        let rest = self.minutes & ((2 << minute) - 1);
        if self.hours & (1 << hour) != 0 && rest != 0 {
            return Some(hour * 60 + rest.ilog2());
        }
        let earlier = self.hours & ((1 << hour) - 1);
        (earlier != 0).then(|| earlier.ilog2() * 60 + self.minutes.ilog2())
    }
}

fn minute_of(time: DateTime) -> u32 {
    let of = |part: i8| u32::try_from(part).unwrap_or_default();
    of(time.hour()) * 60 + of(time.minute())
}

fn at(day: Date, minute: u32) -> DateTime {
    let part = |number: u32| i8::try_from(number).unwrap_or_default();
    day.at(part(minute / 60), part(minute % 60), 0, 0)
}
