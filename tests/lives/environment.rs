//! What a run is told from outside: numbers of the environment, and the day.

use std::str::FromStr;

/// A number from the environment; none if the variable is absent or no such number.
pub(crate) fn number<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The days since 1970, which choose what is new in each day's runs.
pub(crate) fn today() -> u64 {
    jiff::Timestamp::now().as_second().unsigned_abs() / 86_400
}
