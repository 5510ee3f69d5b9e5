//! The simulator's instant: milliseconds since the epoch, given from outside and never read off a clock.
//!
//! Invariant: on the wire it is epoch seconds (a JSON number with up to three decimals), as the awsJson
//! protocols write every timestamp; in memory it is an integer, so that two runs compare equal.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant of virtual time, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The instant that many milliseconds later.
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The instant that many seconds later.
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        self.plus_ms(seconds.saturating_mul(1000))
    }

    /// The instant that many milliseconds earlier, or the epoch.
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// The milliseconds since an earlier instant, zero if it is later.
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            return serializer.serialize_u64(self.0 / 1000);
        }
        #[expect(clippy::cast_precision_loss, reason = "an epoch in milliseconds has 41 bits")]
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a negative or absurd instant saturates, which is what a filter by time needs"
        )]
        Ok(Self((seconds * 1000.0).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn a_timestamp_is_written_as_epoch_seconds() {
        assert_eq!(serde_json::to_string(&Time(1_700_000_000_000)).unwrap(), "1700000000");
        assert_eq!(serde_json::to_string(&Time(1_700_000_000_250)).unwrap(), "1700000000.25");
        assert_eq!(serde_json::from_str::<Time>("1700000000.25").unwrap().0, 1_700_000_000_250);
    }
}
