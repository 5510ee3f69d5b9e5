//! Paces virtual time: where it started, and how fast it runs against the machine's own clock.
//!
//! **Invariant:** virtual time never steps back. Speed changes and leaps take the present moment as
//! their new origin, so nothing that was true before a change of speed becomes untrue by it.
//!
//! **Invariant:** this file reads no clock. The caller hands in the [`Instant`], so that tests pace
//! time without sleeping and a run can leave the machine's clock out altogether.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::shapes::Time;

/// The fastest pace that is accepted, in virtual seconds for each real second.
///
/// At this pace a day passes in under a tenth of a second; anything faster is a leap, which
/// [`Clock::advance`] does better.
pub const FASTEST: f64 = 1_000_000.0;

/// The longest single leap that is accepted: ten years.
pub const LONGEST_LEAP: Duration = Duration::from_hours(10 * 365 * 24);

/// Virtual time, running at a settable pace.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Virtual time since the Unix epoch, at `taken`.
    at: Duration,
    /// The machine's clock when `at` was taken.
    taken: Instant,
    /// Virtual seconds for each real second; zero stands still.
    speed: f64,
}

/// What a clock shows, as `GET /_sim/clock` answers it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reading {
    /// Virtual time, in seconds since the Unix epoch.
    pub now: f64,
    /// Virtual seconds for each real second.
    pub speed: f64,
}

/// A pace or a leap that no clock can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The speed is negative, not a number, or beyond [`FASTEST`].
    #[error("speed must be a number from 0 (frozen) to 1000000 (virtual seconds per real second)")]
    Speed,
    /// The leap goes back, is not a number, or is longer than [`LONGEST_LEAP`].
    #[error(
        "advance_s must be a number of seconds from 0 to 315360000: virtual time never goes back"
    )]
    Leap,
}

impl Clock {
    /// A clock that shows `start` at the instant `real` and then runs at `speed`.
    pub fn new(start: Time, real: Instant, speed: f64) -> Result<Self, ClockError> {
        Ok(Self { at: Duration::from_millis(start.0), taken: real, speed: checked_speed(speed)? })
    }

    /// Virtual time when the machine's clock shows `real`.
    pub fn now(&self, real: Instant) -> Time {
        Time(u64::try_from(self.elapsed(real).as_millis()).unwrap_or(u64::MAX))
    }

    /// What the clock shows at `real`.
    pub fn reading(&self, real: Instant) -> Reading {
        Reading { now: self.elapsed(real).as_secs_f64(), speed: self.speed }
    }

    /// How long after the instant `real` the clock shows `at`; `None`: never, because it stands still.
    pub fn real_time_until(&self, real: Instant, at: Time) -> Option<Duration> {
        let left = Duration::from_millis(at.0).saturating_sub(self.elapsed(real));
        if left.is_zero() {
            return Some(left);
        }
        Duration::try_from_secs_f64(left.as_secs_f64() / self.speed).ok()
    }

    /// Moves virtual time `seconds` ahead at once.
    pub fn advance(&mut self, real: Instant, seconds: f64) -> Result<(), ClockError> {
        let by = Duration::try_from_secs_f64(seconds).map_err(|_| ClockError::Leap)?;
        if by > LONGEST_LEAP {
            return Err(ClockError::Leap);
        }
        self.rebase(real);
        self.at = self.at.saturating_add(by);
        Ok(())
    }

    /// Runs at `speed` from `real` on; zero freezes virtual time where it stands.
    pub fn set_speed(&mut self, real: Instant, speed: f64) -> Result<(), ClockError> {
        let speed = checked_speed(speed)?;
        self.rebase(real);
        self.speed = speed;
        Ok(())
    }

    fn rebase(&mut self, real: Instant) {
        self.at = self.elapsed(real);
        self.taken = real;
    }

    fn elapsed(&self, real: Instant) -> Duration {
        let passed = real.saturating_duration_since(self.taken).as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(LONGEST_LEAP);
        self.at.saturating_add(passed)
    }
}

fn checked_speed(speed: f64) -> Result<f64, ClockError> {
    if (0.0..=FASTEST).contains(&speed) { Ok(speed) } else { Err(ClockError::Speed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_700_000_000_000);

    fn after(real: Instant, seconds: u64) -> Instant {
        real + Duration::from_secs(seconds)
    }

    #[test]
    fn virtual_time_runs_speed_times_as_fast_as_the_machine() {
        let real = Instant::now();
        let clock = Clock::new(START, real, 60.0).unwrap();
        assert_eq!(clock.now(real), START);
        assert_eq!(clock.now(after(real, 2)), Time(START.0 + 120_000));
    }

    #[test]
    fn speed_zero_freezes_and_a_leap_still_moves() {
        let real = Instant::now();
        let mut clock = Clock::new(START, real, 1.0).unwrap();
        clock.set_speed(after(real, 5), 0.0).unwrap();
        assert_eq!(clock.now(after(real, 500)), Time(START.0 + 5_000));
        clock.advance(after(real, 500), 60.5).unwrap();
        assert_eq!(clock.now(after(real, 900)), Time(START.0 + 65_500));
    }

    #[test]
    fn the_real_time_until_a_virtual_instant_follows_the_speed() {
        let real = Instant::now();
        let at = Time(START.0 + 60_000);
        let until = |speed| Clock::new(START, real, speed).unwrap().real_time_until(real, at);
        assert_eq!(until(60.0), Some(Duration::from_secs(1)));
        assert_eq!(until(0.0), None);
        let clock = Clock::new(START, real, 0.0).unwrap();
        assert_eq!(clock.real_time_until(real, START), Some(Duration::ZERO));
    }

    #[test]
    fn a_change_of_speed_keeps_the_moment() {
        let real = Instant::now();
        let mut clock = Clock::new(START, real, 1000.0).unwrap();
        let before = clock.now(after(real, 3));
        clock.set_speed(after(real, 3), 1.0).unwrap();
        assert_eq!(clock.now(after(real, 3)), before);
        assert_eq!(clock.now(after(real, 4)), Time(before.0 + 1000));
    }

    #[test]
    fn a_machine_clock_that_is_read_late_never_turns_virtual_time_back() {
        let real = Instant::now();
        let clock = Clock::new(START, after(real, 10), 5.0).unwrap();
        assert_eq!(clock.now(real), START);
    }

    #[test]
    fn impossible_paces_and_leaps_are_refused_and_change_nothing() {
        let real = Instant::now();
        let mut clock = Clock::new(START, real, 0.0).unwrap();
        for speed in [-1.0, f64::NAN, f64::INFINITY, FASTEST * 2.0] {
            assert_eq!(clock.set_speed(real, speed), Err(ClockError::Speed));
        }
        for leap in [-0.001, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(clock.advance(real, leap), Err(ClockError::Leap));
        }
        assert_eq!(clock.reading(real), Reading { now: 1_700_000_000.0, speed: 0.0 });
        assert!(Clock::new(START, real, f64::NAN).is_err());
    }
}
