//! The real state machine of a lease, model checked: two processes, one item, and everything that may happen to them.
//!
//! Time goes in steps of three seconds, and the clocks of the two processes run as far apart as the lease allows for. At
//! each moment a process does what is due, unless it is frozen for a while. A call is done at once, or its answer comes later
//! or never, or the call itself arrives late or never. A process may crash and begin again or give its lease up, and a person
//! may delete or spoil the item. A bounded number of such mishaps happens, within a bounded time.
//!
//! Always: never two that may write at once, by true time. Sometimes: both once led; a late write took effect. Each run
//! checks the whole space of one mishap within 45 seconds: 116,244 states. `EASTWEST_MISHAPS=2` allows for two, which are
//! 10,744,769 states, and `EASTWEST_STEP=1` takes steps of one second.

use std::time::{Duration, Instant};

use eastwest_core::declaration::settings::LeaseSettings;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::lease::{LeaseItem, LeaseKey, LeaseMember, LeaseOutcome, LeaseWrite};
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::service_key::Scope;
use eastwest_core::ecs::time::Now;
use eastwest_core::guard::lease::{Course, Lease, LeaseCall};
use stateright::{Checker as _, Model, Property};

use crate::environment::number;
use crate::model_check::print_size;

/// How fast the clocks run, in hundredths.
const RATES: [u64; 2] = [80, 125];
/// For how many seconds a process may be frozen.
const FREEZES: [u64; 4] = [3, 9, 15, 21];
/// The duration of a lease in seconds.
const DURATION: u64 = 15;
/// An answer on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Answer {
    Read(Option<LeaseItem>),
    Written(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Write {
    expected: Option<LeaseItem>,
    item: LeaseItem,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Outcome {
    Written,
    Differs(Option<LeaseItem>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Process {
    lease: Lease,
    /// How often it has begun.
    begun: u8,
    started_at: u64,
    answer: Option<Answer>,
    gives_up: bool,
    frozen_until: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// True time in seconds.
    time: u64,
    item: Option<LeaseItem>,
    processes: [Process; 2],
    /// Writes whose senders have given them up, and which may take effect still.
    late: Vec<Write>,
    mishaps: u8,
    /// Who has ever been allowed to write.
    led: [bool; 2],
    was_late: bool,
}

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// It is done and answered at once.
    Well,
    /// It is done, and the answer comes later.
    Slow,
    /// It is done, and the answer never comes.
    Unanswered,
    /// It does not arrive in time; a write may arrive later.
    Stuck,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Act {
    /// Some seconds pass.
    Pass,
    /// A process does what is due, and its call goes so.
    GoOn(usize, Way),
    /// It gets an answer that was slow.
    Answer(usize),
    /// A write that was stuck takes effect, if it still can.
    ArriveLate,
    /// A process is frozen for so many seconds.
    Freeze(usize, u64),
    Crash(usize),
    Release(usize),
    Delete,
    Spoil,
}

struct Leases {
    /// How many seconds pass at a time.
    step: u64,
    /// How many mishaps happen at most.
    mishaps: u8,
    /// After how many seconds the check ends.
    end: u64,
}

fn key() -> LeaseKey {
    LeaseKey::of(&Scope::default(), &ClusterName::as_read("prod"))
}

fn settings(who: usize, begun: u8) -> LeaseSettings {
    let (holder, session) = (format!("process {who}"), format!("{who}/{begun}"));
    LeaseSettings { holder, session, duration: Duration::from_secs(DURATION) }
}

impl State {
    /// The time by the clock of a process.
    fn now(&self, who: usize) -> Now {
        let since = (self.time - self.processes[who].started_at) * RATES[who] * 10;
        let start = Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::UNIX_EPOCH };
        start.plus(Duration::from_millis(since))
    }

    fn may_write(&self, who: usize) -> bool {
        let process = &self.processes[who];
        process.lease.may_write(&settings(who, process.begun), self.now(who))
    }

    fn put(&mut self, write: Write) -> Outcome {
        if self.item != write.expected {
            return Outcome::Differs(self.item.clone());
        }
        self.item = Some(write.item);
        Outcome::Written
    }

    fn go_on(&mut self, who: usize, way: Way) {
        let now = self.now(who);
        let Some(call) = self.processes[who].start_call(who, now) else { return };
        let answer = match call {
            LeaseCall::Read(_) => Answer::Read(self.item.clone()),
            LeaseCall::Write(write) => {
                let LeaseWrite { expected, item, .. } = *write;
                let write = Write { expected, item };
                if way == Way::Stuck {
                    self.late.push(write);
                    return self.answer(who, Err(true));
                }
                Answer::Written(self.put(write))
            }
        };
        match way {
            Way::Well => self.answer(who, Ok(answer)),
            Way::Slow => self.processes[who].answer = Some(answer),
            Way::Unanswered | Way::Stuck => {
                self.answer(who, Err(matches!(answer, Answer::Written(_))));
            }
        }
    }

    /// The process gets the answer, or knows that none comes to its write or read.
    fn answer(&mut self, who: usize, answer: Result<Answer, bool>) {
        let now = self.now(who);
        let fault = || Fault::new(FaultKind::TimedOut, "dynamodb", "no answer");
        let process = &mut self.processes[who];
        let settings = settings(who, process.begun);
        let lease = &mut process.lease;
        drop(match answer {
            Ok(Answer::Read(item)) => lease.read(&settings, Ok(item), now),
            Ok(Answer::Written(Outcome::Written)) => {
                lease.written(&settings, Ok(LeaseOutcome::Written), now)
            }
            Ok(Answer::Written(Outcome::Differs(item))) => {
                lease.written(&settings, Ok(LeaseOutcome::Differs(item)), now)
            }
            Err(true) => lease.written(&settings, Err(fault()), now),
            Err(false) => lease.read(&settings, Err(fault()), now),
        });
    }

    fn crash(&mut self, who: usize) {
        let begun = self.processes[who].begun + 1;
        self.processes[who] = Process::new(begun, self.time);
    }
}

impl Process {
    fn new(begun: u8, started_at: u64) -> Self {
        let start = Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::UNIX_EPOCH };
        Self {
            lease: Lease::new(key(), start),
            begun,
            started_at,
            answer: None,
            gives_up: false,
            frozen_until: 0,
        }
    }

    /// The call that is due, if one is.
    fn start_call(&mut self, who: usize, now: Now) -> Option<LeaseCall> {
        let settings = settings(who, self.begun);
        self.lease.pass_time(&settings, now);
        if self.gives_up {
            self.lease.give_up();
        }
        let course = if self.gives_up { Course::GiveUp } else { Course::Compete };
        self.lease.start_call(&settings, course, now)
    }
}

impl Model for Leases {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let process = Process::new(0, 0);
        vec![State {
            time: 0,
            item: None,
            processes: [process.clone(), process],
            late: Vec::new(),
            mishaps: 0,
            led: [false; 2],
            was_late: false,
        }]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        let may_go_wrong = state.mishaps < self.mishaps;
        let mut is_any_due = false;
        for (who, process) in state.processes.iter().enumerate() {
            if process.frozen_until > state.time {
                continue;
            }
            let is_due = process.clone().start_call(who, state.now(who)).is_some();
            if process.answer.is_some() {
                acts.push(Act::Answer(who));
            } else if is_due {
                is_any_due = true;
                acts.push(Act::GoOn(who, Way::Well));
                if may_go_wrong {
                    let ways = [Way::Slow, Way::Unanswered, Way::Stuck];
                    acts.extend(ways.map(|way| Act::GoOn(who, way)));
                }
            }
            if may_go_wrong {
                acts.extend(FREEZES.map(|seconds| Act::Freeze(who, seconds)));
            }
            if may_go_wrong && process.lease.own_epoch().is_some() && !process.gives_up {
                acts.extend([Act::Crash(who), Act::Release(who)]);
            }
        }
        if state.time < self.end && !is_any_due {
            acts.push(Act::Pass);
        }
        if !state.late.is_empty() {
            acts.push(Act::ArriveLate);
        }
        if may_go_wrong && state.item.is_some() {
            acts.extend([Act::Delete, Act::Spoil]);
        }
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let mut state = last.clone();
        let is_mishap =
            !matches!(act, Act::Pass | Act::GoOn(_, Way::Well) | Act::Answer(_) | Act::ArriveLate);
        state.mishaps += u8::from(is_mishap);
        match act {
            Act::Pass => state.time += self.step,
            Act::GoOn(who, way) => state.go_on(who, way),
            Act::Answer(who) => {
                if let Some(answer) = state.processes[who].answer.take() {
                    state.answer(who, Ok(answer));
                }
            }
            Act::ArriveLate => {
                let write = state.late.remove(0);
                state.was_late |= state.put(write) == Outcome::Written;
            }
            Act::Freeze(who, seconds) => {
                state.processes[who].frozen_until = state.time + seconds;
            }
            Act::Crash(who) => state.crash(who),
            Act::Release(who) => state.processes[who].gives_up = true,
            Act::Delete => state.item = None,
            Act::Spoil => {
                let item = state.item.clone().unwrap_or_default();
                state.item = Some(LeaseItem { epoch: LeaseMember::Other, ..item });
            }
        }
        for who in 0..2 {
            state.led[who] |= state.may_write(who);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never two that may write", |_, state: &State| {
                !(state.may_write(0) && state.may_write(1))
            }),
            Property::sometimes("both once led", |_, state: &State| state.led == [true; 2]),
            Property::sometimes("a late write took effect", |_, state: &State| state.was_late),
        ]
    }
}

#[test]
fn no_two_processes_may_write_at_once_in_any_state() {
    let step = number("EASTWEST_STEP").unwrap_or(3);
    let mishaps = number("EASTWEST_MISHAPS").unwrap_or(1);
    let end = number("EASTWEST_END").unwrap_or(45);
    let began = Instant::now();
    let checker = Leases { step, mishaps, end }.checker().threads(2).spawn_dfs().join();
    let space = format!("one lease, {mishaps} mishaps within {end} s, in steps of {step} s");
    print_size(&checker, &space, began);
    checker.assert_properties();
}
