//! One mishap at one call: for runs that differ in nothing but where and how it strikes.
//!
//! Invariants: calls are numbered from 1 in the order in which they begin, and further attempts at a call are
//! the same call, so that what fails fails for good. Whether a mishap is planned or not changes nothing before
//! its call begins.

use std::time::Duration;

use super::weather::LAG_MS_MAX;
use crate::faults::{Kind, STALE_LAG, Strike};
use crate::shapes::Time;

/// What can befall a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    /// It fails, and so does every further attempt at it.
    Fault(Kind),
    /// The controller ends before the call is sent; what else it has sent is lost with it.
    CrashBefore,
    /// The controller ends when the call has taken effect, before it is answered.
    CrashAfter,
    /// A write takes effect, and reads show it as late as AWS may.
    Lag,
    /// The same, and AWS says that it failed.
    ErrorAfterAndLag,
    /// The same, and the controller ends before it is answered.
    CrashAfterAndLag,
}

/// A call, as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What was called.
    pub op: &'static str,
    /// When it began.
    pub at: Time,
}

/// Which call of a run the mishap is planned for, and what calls there were.
#[derive(Debug, Clone, Default)]
pub(super) struct Mishaps {
    begun: u64,
    /// Kept if somebody asked for it.
    log: Option<Vec<Call>>,
    planned: Option<(u64, Mishap)>,
    has_struck: bool,
    /// Reads answer as of then until ten seconds later.
    lagging: Option<Time>,
    /// The controller is to end.
    crash: Option<Crash>,
}

/// An end without warning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crash {
    pub(super) letters_arrive: bool,
    /// At once, or then.
    pub(super) at: Option<Time>,
}

impl Mishaps {
    /// From now on every call is noted.
    pub(super) fn record(&mut self) {
        self.log.get_or_insert_default();
    }

    pub(super) fn log(&self) -> &[Call] {
        self.log.as_deref().unwrap_or_default()
    }

    pub(super) fn plan(&mut self, call: u64, mishap: Mishap) {
        self.planned = Some((call, mishap));
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn has_struck(&self) -> bool {
        self.has_struck
    }

    /// A call begins; its number.
    pub(super) fn begin(&mut self, op: &'static str, at: Time) -> u64 {
        self.begun += 1;
        if let Some(log) = &mut self.log {
            log.push(Call { op, at });
        }
        self.begun
    }

    /// What an attempt at a call meets that arrives then.
    pub(super) fn strike(&mut self, (call, op): (u64, &str), arrival: Time) -> Option<Strike> {
        let planned = self.planned.filter(|(planned, _)| *planned == call);
        let Some((_, mishap)) = planned else { return self.lag(op, arrival) };
        self.has_struck = true;
        match mishap {
            Mishap::Fault(_) | Mishap::ErrorAfterAndLag | Mishap::Lag => {}
            Mishap::CrashBefore => self.crash = Some(Crash { letters_arrive: false, at: None }),
            Mishap::CrashAfter | Mishap::CrashAfterAndLag => {
                self.crash = Some(Crash { letters_arrive: true, at: Some(arrival) });
            }
        }
        match mishap {
            Mishap::Fault(kind) => Some(Strike { kind, lag: STALE_LAG, count: 1 }),
            Mishap::CrashBefore | Mishap::CrashAfter => None,
            Mishap::Lag | Mishap::CrashAfterAndLag => {
                self.lagging = Some(arrival.minus_ms(1));
                None
            }
            Mishap::ErrorAfterAndLag => {
                self.lagging = Some(arrival.minus_ms(1));
                Some(Strike { kind: Kind::ErrorAfter, lag: STALE_LAG, count: 1 })
            }
        }
    }

    /// A write that arrives then shows as late as AWS may.
    pub(super) fn begin_lag(&mut self, arrival: Time) {
        self.lagging = Some(arrival.minus_ms(1));
    }

    /// A read that arrives soon after a write that shows late is answered as of before it.
    fn lag(&self, op: &str, arrival: Time) -> Option<Strike> {
        let from = self.lagging.filter(|_| Kind::Stale.can_strike(op))?;
        let lag_ms = arrival.since_ms(from);
        let lag = Duration::from_millis(lag_ms);
        (lag_ms <= LAG_MS_MAX).then_some(Strike { kind: Kind::Stale, lag, count: 1 })
    }

    /// The end that was set off since this was last asked.
    pub(super) fn take_crash(&mut self) -> Option<Crash> {
        self.crash.take()
    }
}
