//! One process of a run: a controller, its calls, its clock, and its judge.
//!
//! Each process has the calls and the clock of its own, and shares AWS with the others. A clock counts from the start of
//! the process, at a rate of its own.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::Event;
use eastwest_core::view::View;
use eastwest_core::view::reading::ClusterReading;

use crate::adapter::calls::Aws;
use crate::adapter::virtual_time::Tasks;
use crate::judge::Checker;
use crate::shapes::Time;

/// Makes a controller at its start.
pub(super) type Maker<C> = Rc<dyn Fn(Now) -> C>;

/// The rate of a clock that is right, in hundredths.
const TRUE_RATE: u64 = 100;

/// A sweep that is under way.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    /// When it began.
    pub(super) began: Time,
    /// What was known then: what reads the same is held as it is known. A sweep of AWS compares each service as it reads
    /// it; this is the earliest of these moments.
    pub(super) known: View,
}

impl Sweep {
    /// What was read, with what is known in place of what says the same.
    pub(super) fn held_as_known(&self, mut reading: ClusterReading) -> ClusterReading {
        for (key, seen) in std::mem::take(&mut reading.services) {
            match seen.known().and_then(|service| self.known.unchanged(service)) {
                Some(known) => drop(reading.unchanged.insert(key, known)),
                None => drop(reading.services.insert(key, seen)),
            }
        }
        reading
    }
}

/// One process.
pub(super) struct Process<C> {
    pub(super) aws: Rc<Aws>,
    pub(super) make: Maker<C>,
    pub(super) controller: Option<C>,
    pub(super) started_at: Time,
    pub(super) wake: Option<Time>,
    /// The process is stopped until then. What it has sent arrives; nothing else of it goes on.
    pub(super) stopped_until: Time,
    /// If set, the process stops for so many seconds in the middle of the next confirmation.
    pub(super) stop_in_confirm: Option<u64>,
    /// If set, the process stops for so many seconds between the check of the next write and its sending.
    pub(super) stop_in_send: Option<u64>,
    pub(super) ticks: u32,
    pub(super) tasks: Tasks<Event>,
    /// The sweeps that are under way.
    pub(super) sweeping: BTreeMap<ClusterName, Sweep>,
    /// How fast its clock runs, in hundredths.
    pub(super) rate: u64,
    /// How far its calendar is ahead of the true one, in milliseconds.
    pub(super) calendar_ahead_ms: i64,
    /// The judge of this process, unless it is the first one's.
    pub(super) checker: Option<Checker>,
}

impl<C> Process<C> {
    pub(super) fn new(aws: Rc<Aws>, make: Maker<C>) -> Self {
        let start = aws.clock.now();
        Self {
            make,
            controller: None,
            started_at: start,
            wake: None,
            stopped_until: start,
            stop_in_confirm: None,
            stop_in_send: None,
            ticks: 0,
            tasks: Tasks::new(Rc::clone(&aws.clock)),
            sweeping: BTreeMap::new(),
            rate: TRUE_RATE,
            calendar_ahead_ms: 0,
            checker: None,
            aws,
        }
    }

    /// When something of it happens next.
    pub(super) fn next_instant(&self) -> Option<Time> {
        let ours = [self.tasks.next_due(), self.wake].into_iter().flatten();
        ours.min().map(|next| next.max(self.stopped_until))
    }

    pub(super) fn is_due(&self, now: Time) -> bool {
        self.next_instant().is_some_and(|next| next <= now)
    }

    /// The present instant as the controller counts it.
    pub(super) fn now(&self) -> Now {
        let now = self.aws.clock.now();
        let ms = i64::try_from(now.0).unwrap_or(i64::MAX).saturating_add(self.calendar_ahead_ms);
        Now {
            since_start: Duration::from_millis(
                now.since_ms(self.started_at) * self.rate / TRUE_RATE,
            ),
            calendar: jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX),
        }
    }

    /// The instant of the run at a time that the controller counts.
    pub(super) fn instant_of(&self, at: Now) -> Time {
        let ms = at.since_start.as_nanos().div_ceil(1_000_000);
        let ms = (ms * u128::from(TRUE_RATE)).div_ceil(u128::from(self.rate));
        self.started_at.plus_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

/// How a line of the trace begins that is not about the first process.
pub(super) fn of(who: usize) -> String {
    if who == 0 { String::new() } else { format!("[{who}] ") }
}
