//! How long something took that was done many times.

use std::time::Duration;

use anyhow::{Result, bail};

/// The two figures that are told of many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// How many there were.
    pub(crate) count: usize,
    /// Half of them are at most this long.
    pub(crate) p50: Duration,
    /// Of a hundred, ninety-nine are at most this long.
    pub(crate) p99: Duration,
}

impl Times {
    /// Of at least one time.
    pub(crate) fn of(mut times: Vec<Duration>) -> Result<Self> {
        if times.is_empty() {
            bail!("nothing was measured");
        }
        times.sort_unstable();
        let rank = |percent: usize| (times.len() * percent).div_ceil(100);
        let at = |percent: usize| times[rank(percent) - 1];
        Ok(Self { count: times.len(), p50: at(50), p99: at(99) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_of_a_hundred_is_left_out_and_that_of_ten_is_not() {
        let up_to = |count| Times::of((1..=count).map(Duration::from_millis).collect()).unwrap();
        let [hundred, ten] = [up_to(100), up_to(10)];
        assert_eq!([hundred.p50, hundred.p99], [50, 99].map(Duration::from_millis));
        assert_eq!([ten.p50, ten.p99], [5, 10].map(Duration::from_millis));
        assert!(Times::of(Vec::new()).is_err());
    }
}
