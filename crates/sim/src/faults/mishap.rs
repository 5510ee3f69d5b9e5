//! One mishap at one call, for runs that differ only in where and how it strikes.
//!
//! **Invariant:** calls are numbered from 1 in the order in which they begin. A retry has the number of its call, so a
//! call that fails keeps failing. A planned mishap changes nothing before its call begins.

use std::time::Duration;

use super::rules::{Kind, LAG_MS_MAX, STALE_LAG, Strike};
use crate::shapes::Time;

/// What can happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    /// It fails, and so does every further attempt at it.
    Fault(Kind),
    /// The controller crashes before it sends the call; its other writes on their way are lost.
    CrashBefore,
    /// The controller crashes after the call took effect and before the answer.
    CrashAfter,
    /// A write takes effect, and reads show it only after the longest lag.
    Lag,
    /// The same, and AWS says that it failed.
    ErrorAfterAndLag,
    /// The same, and the controller crashes before the answer.
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

/// A call that has begun. A retry is the same call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BegunCall {
    /// From 1, in the order in which calls begin.
    pub(crate) number: u64,
    pub(crate) op: &'static str,
}

/// Which call of a run the mishap is planned for, and what calls there were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mishaps {
    begun: u64,
    /// The calls so far, if somebody asked for them.
    log: Option<Vec<Call>>,
    planned: Option<(u64, Mishap)>,
    has_struck: bool,
    /// For ten seconds from this instant, reads show how things stood then.
    lagging: Option<Time>,
    /// The crash that a call has caused.
    crash: Option<Crash>,
}

/// A crash of the controller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    pub(crate) writes_arrive: bool,
    /// When; `None`: at once.
    pub(crate) at: Option<Time>,
}

impl Mishaps {
    /// Records every call from now on.
    pub(crate) fn record(&mut self) {
        self.log.get_or_insert_default();
    }

    pub(crate) fn log(&self) -> &[Call] {
        self.log.as_deref().unwrap_or_default()
    }

    pub(crate) fn plan(&mut self, call: u64, mishap: Mishap) {
        self.planned = Some((call, mishap));
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(crate) fn has_struck(&self) -> bool {
        self.has_struck
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, op: &'static str, at: Time) -> BegunCall {
        self.begun += 1;
        if let Some(log) = &mut self.log {
            log.push(Call { op, at });
        }
        BegunCall { number: self.begun, op }
    }

    /// What an attempt at a call meets, if it arrives at `arrival`.
    pub(crate) fn strike(&mut self, call: BegunCall, arrival: Time) -> Option<Strike> {
        let planned = self.planned.filter(|(planned, _)| *planned == call.number);
        let Some((_, mishap)) = planned else { return self.lag(call.op, arrival) };
        self.has_struck = true;
        match mishap {
            Mishap::Fault(_) | Mishap::ErrorAfterAndLag | Mishap::Lag => {}
            Mishap::CrashBefore => self.crash = Some(Crash { writes_arrive: false, at: None }),
            Mishap::CrashAfter | Mishap::CrashAfterAndLag => {
                self.crash = Some(Crash { writes_arrive: true, at: Some(arrival) });
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

    /// Reads show a write that arrives at `arrival` only after the longest lag.
    pub(crate) fn begin_lag(&mut self, arrival: Time) {
        self.lagging = Some(arrival.minus_ms(1));
    }

    /// A read that arrives within the lag of a write does not show the write.
    fn lag(&self, op: &str, arrival: Time) -> Option<Strike> {
        let from = self.lagging.filter(|_| Kind::Stale.can_strike(op))?;
        let lag_ms = arrival.since_ms(from);
        let lag = Duration::from_millis(lag_ms);
        (lag_ms <= LAG_MS_MAX).then_some(Strike { kind: Kind::Stale, lag, count: 1 })
    }

    /// The crash that a call has caused since the last time this was asked.
    pub(crate) fn take_crash(&mut self) -> Option<Crash> {
        self.crash.take()
    }
}
