//! One mishap at one call: for runs that differ in nothing but where and how it strikes.
//!
//! Invariants: calls are numbered from 1 in the order in which they begin, and further attempts at a call are
//! the same call, so that what fails fails for good. Whether a mishap is planned or not changes nothing before
//! its call begins.

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
#[derive(Debug, Default)]
pub(super) struct Mishaps {
    begun: u64,
    /// Kept if somebody asked for it.
    log: Option<Vec<Call>>,
    planned: Option<(u64, Mishap)>,
    has_struck: bool,
    /// The controller is to end in so many milliseconds, once what it has sent has arrived or before.
    crash: Option<Crash>,
}

/// An end without warning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crash {
    pub(super) letters_arrive: bool,
    pub(super) in_ms: u64,
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

    /// What an attempt at a call meets that arrives in so many milliseconds.
    pub(super) fn strike(&mut self, call: u64, there_ms: u64) -> Option<Strike> {
        let (_, mishap) = self.planned.filter(|(planned, _)| *planned == call)?;
        self.has_struck = true;
        let (letters_arrive, in_ms) = match mishap {
            Mishap::Fault(kind) => return Some(Strike { kind, lag: STALE_LAG, count: 1 }),
            Mishap::CrashBefore => (false, 0),
            Mishap::CrashAfter => (true, there_ms),
        };
        self.crash = Some(Crash { letters_arrive, in_ms });
        None
    }

    /// The end that was set off since this was last asked.
    pub(super) fn take_crash(&mut self) -> Option<Crash> {
        self.crash.take()
    }
}
