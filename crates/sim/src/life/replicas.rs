//! How many processes a life has, whether they use leases, how fast their clocks run, and what happens to them.
//!
//! Five lives of six have one process and no lease. All of this has a random source of its own, so what else happens in
//! a life does not depend on it.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// How fast clocks run, in hundredths: as far apart as the lease allows for.
const RATES: std::ops::RangeInclusive<u64> = 80..=125;

/// How far the calendar of a process may be ahead of the true one, in seconds.
const CALENDAR_SECONDS: std::ops::RangeInclusive<i64> = -600..=600;

/// What happens to a process or the lease table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A process is stopped for so many seconds; in the middle of its next write, or at once.
    Freeze {
        /// Which one.
        process: usize,
        /// For how long.
        seconds: u64,
        /// Between the check of its next write and the sending.
        in_send: bool,
    },
    /// Somebody sets the calendar of a process, which is so many seconds ahead of the true one from then on.
    SetCalendar {
        /// Which one.
        process: usize,
        /// How far ahead; behind, if negative.
        seconds: i64,
    },
    /// The second process ends, and another one begins after so many seconds.
    Replace {
        /// Whether it gives up its leases.
        hands_over: bool,
        /// How long none is there.
        seconds: u64,
    },
    /// Somebody deletes an item.
    Delete,
    /// Somebody makes an item senseless.
    Spoil,
    /// Somebody makes the duration of an item shorter.
    Shorten,
    /// Somebody restores the table as it was when something last happened to it or to a process.
    SetBack,
    /// The table cannot be reached for so many seconds.
    Outage(u64),
}

/// The processes of a life.
#[derive(Debug, Clone)]
pub(crate) struct Replicas {
    dice: SmallRng,
    /// How many processes use leases; 0: the only one uses none.
    pub(crate) leased: usize,
    /// How fast their clocks run, in hundredths.
    pub(crate) rates: [u64; 2],
}

impl Replicas {
    /// Those of a seed.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed ^ 0x001E_A5E5);
        let drawn = [0, 0, 0, 0, 0, 0, 1, 2, 2][dice.random_range(0..9)];
        // A life with leases takes much longer than one without: each process reads them every two seconds.
        let leased = if seed.is_multiple_of(2) { 0 } else { drawn };
        let mut rates = [100, 100];
        if dice.random_bool(0.4) {
            rates = [(); 2].map(|()| match dice.random_range(0..3) {
                0 => *RATES.start(),
                1 => *RATES.end(),
                _ => dice.random_range(RATES),
            });
        }
        Self { dice, leased, rates }
    }

    /// A seed for the weather of the lease table.
    pub(crate) fn weather_seed(&mut self) -> u64 {
        self.dice.random()
    }

    /// How many of a thousand calls to the lease table fail in one of their ways.
    pub(crate) fn rate_of_failures(&mut self) -> u32 {
        if self.dice.random_bool(0.5) { self.dice.random_range(1..=60) } else { 0 }
    }

    /// So many seconds after the first process the second one begins.
    pub(crate) fn head_start(&mut self) -> u64 {
        self.dice.random_range(0..60)
    }

    /// What happens next, if something does.
    pub(crate) fn next(&mut self) -> Option<Trouble> {
        if self.leased == 0 || !self.dice.random_bool(0.12) {
            return None;
        }
        let dice = &mut self.dice;
        Some(match dice.random_range(0..17) {
            0..4 => Trouble::Freeze {
                process: dice.random_range(0..2),
                seconds: dice.random_range(1..=90),
                in_send: dice.random_bool(0.7),
            },
            4..9 => Trouble::Replace {
                hands_over: dice.random_bool(0.5),
                seconds: dice.random_range(0..=60),
            },
            9 => Trouble::Delete,
            10 => Trouble::Spoil,
            11 => Trouble::Shorten,
            12 => Trouble::SetBack,
            13..15 => Trouble::SetCalendar {
                process: dice.random_range(0..2),
                seconds: dice.random_range(CALENDAR_SECONDS),
            },
            _ => Trouble::Outage(dice.random_range(2..=60)),
        })
    }
}
