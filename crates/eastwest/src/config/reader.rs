//! Reads what was typed, and collects every mistake in it.

use std::time::Duration;

use eastwest_core::ecs::name::Refused;

/// Collects mistakes while reading.
pub(super) struct Reader(pub(super) Vec<String>);

impl Reader {
    /// A value, or a mistake that says what is allowed.
    pub(super) fn value<T>(
        &mut self,
        flag: &str,
        text: &str,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(text.trim());
        if value.is_none() {
            self.0.push(format!("{flag} {text:?}: {allowed}"));
        }
        value
    }

    /// A name, or a mistake that says what is allowed and what may have been meant.
    pub(super) fn name<T>(
        &mut self,
        flag: &str,
        text: &str,
        read: Result<T, Refused>,
    ) -> Option<T> {
        read.map_err(|refused| {
            let nearest = refused.nearest.map(|nearest| format!("; did you mean {nearest}?"));
            let (allowed, nearest) = (refused.allowed, nearest.unwrap_or_default());
            self.0.push(format!("{flag} {text:?}: {allowed}{nearest}"));
        })
        .ok()
    }
}

/// A time from 1s to 24h.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(unit);
    let number: u64 = digits.parse().ok()?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let seconds = number.checked_mul(factor)?;
    (1..=86_400).contains(&seconds).then(|| Duration::from_secs(seconds))
}
