//! Several processes and a lease table: what happens to them, and I7.
//!
//! **I7.** No write is *decided* while the table shows another's lease, unless a person has just changed the item. No
//! write takes effect that was *sent* when another process had already written under a later taking of the lease, but
//! for one window: the process was stopped between the check and the sending.

use std::rc::Rc;

use eastwest_core::ecs::lease::{LeaseItem, LeaseMember, LeaseOutcome, LeaseWrite};
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::Event;

use super::super::fences::{Decided, Meddling, Reign, Replica, UNAWARE_MS, process_of};
use super::super::process::{Process, of};
use super::{Controller, World};
use crate::faults::Weather;
use crate::judge::Checker;
use crate::model::{EcsServiceKey, Model};
use crate::shapes::Time;

impl<C: Controller> World<C> {
    /// From now on every write is judged by the lease table, whose calls meet this weather.
    pub(crate) fn use_leases(&mut self, weather: Weather) {
        self.fences.are_judged = true;
        *self.aws.lease_weather.borrow_mut() = weather;
    }

    /// Adds a process that does not run yet.
    pub(crate) fn add(&mut self, replica: Replica<C>) {
        let who = self.processes.len();
        let mut process = Process::new(self.aws.beside(who), Rc::from(replica.make));
        (process.checker, process.rate) = (Some(replica.checker), replica.rate);
        self.processes.push(process);
        self.look();
    }

    /// Adds a second process that does not run yet; from now on leases say who may write. The sessions of its controllers
    /// begin with `process-1/`, those of the first process with `process-0/`.
    pub fn add_second(&mut self, make: Box<dyn Fn(Now) -> C>, checker: Checker) {
        self.use_leases(Weather::new(1));
        self.add(Replica { make, checker, rate: 100 });
    }

    /// Sets how fast the clock of the first process runs, in hundredths.
    pub(crate) fn set_rate(&mut self, rate: u64) {
        self.processes[0].rate = rate;
    }

    /// Does something with the weather of the lease table.
    pub(crate) fn with_lease_weather<R>(&self, act: impl FnOnce(&mut Weather) -> R) -> R {
        act(&mut self.aws.lease_weather.borrow_mut())
    }

    /// Starts every process that does not run.
    pub(super) fn restart(&mut self) {
        for who in 0..self.processes.len() {
            if self.processes[who].controller.is_none() {
                self.start_process(who);
            }
        }
    }

    /// Ends a process other than the first; without a hand-over its leases stay where they are.
    pub fn end_other(&mut self, hands_over: bool) {
        if self.processes.len() < 2 || self.processes[1].controller.is_none() {
            return;
        }
        if hands_over {
            self.checker.note("lease handed over");
            self.say_to(1, Event::Stop);
            let end = self.now().plus_ms(1500);
            self.run_until(end);
        } else {
            self.checker.note("hand-over lost");
        }
        self.crash_process(1, true);
    }

    /// Stops a process for a while: now, or between the check of its next write and the sending.
    pub(crate) fn freeze_process(&mut self, who: usize, seconds: u64, in_send: bool) {
        let Some(process) = self.processes.get_mut(who) else { return };
        if in_send {
            process.stop_in_send = Some(seconds);
        } else {
            self.freeze(who, seconds);
        }
    }

    pub(super) fn freeze(&mut self, who: usize, seconds: u64) {
        let now = self.now();
        self.trace.line(now, format_args!("{}stopped for {seconds} s", of(who)));
        self.checker.note("stopped for a while");
        self.processes[who].stopped_until = now.plus_seconds(seconds);
        for ((of, _), decided) in &mut self.fences.decided {
            decided.is_frozen |= *of == who && decided.at == now;
        }
    }

    /// Sets the calendar of a process so many seconds ahead of the true one.
    pub(crate) fn set_calendar(&mut self, who: usize, seconds: i64) {
        let now = self.now();
        let Some(process) = self.processes.get_mut(who) else { return };
        process.calendar_ahead_ms = seconds * 1000;
        self.trace.line(now, format_args!("{}calendar {seconds} s ahead", of(who)));
        self.judge(who).calendar_is_off_by(seconds.unsigned_abs() * 1000);
        self.checker.note("calendar set");
    }

    /// Every calendar shows the true time from now on.
    pub(crate) fn set_calendars_right(&mut self) {
        for process in &mut self.processes {
            process.calendar_ahead_ms = 0;
        }
    }

    /// Stops every process for a while.
    pub(crate) fn stop_all(&mut self, seconds: u64) {
        let until = self.now().plus_seconds(seconds);
        for process in &mut self.processes {
            process.stopped_until = until;
        }
    }

    /// Keeps the lease table as it is, for [`Meddling::SetBack`].
    pub(crate) fn back_up_leases(&mut self) {
        self.fences.backup = Some(self.aws.model.borrow().leases().clone());
    }

    /// A person does something to the lease table.
    pub(crate) fn meddle(&mut self, what: Meddling) {
        let now = self.now();
        let aws = Rc::clone(&self.aws);
        let mut model = aws.model.borrow_mut();
        let first = model.leases().keys().next().cloned();
        let Some(key) = first else { return };
        let item = model.leases().get(&key).cloned().unwrap_or_default();
        let number = |text: &str| LeaseMember::Number(text.to_owned());
        let kind = match what {
            Meddling::Delete => {
                model.leases_mut().set(key, None);
                "lease item deleted"
            }
            Meddling::Spoil => {
                let spoilt = LeaseItem { epoch: LeaseMember::Text("seven".to_owned()), ..item };
                model.leases_mut().set(key, Some(spoilt));
                "lease item spoilt"
            }
            Meddling::Shorten => {
                model
                    .leases_mut()
                    .set(key, Some(LeaseItem { duration_ms: number("1000"), ..item }));
                "lease item spoilt"
            }
            Meddling::SetBack => {
                let Some(backup) = self.fences.backup.clone() else { return };
                *model.leases_mut() = backup;
                "lease table set back"
            }
        };
        self.fences.meddled_at = Some(now);
        self.checker.note(kind);
        self.trace.line(now, format_args!("outside {what:?} of the lease table"));
    }

    /// A write to the lease table arrives.
    pub(super) fn put_lease(&mut self, write: LeaseWrite) -> LeaseOutcome {
        let now = self.now();
        let taker = process_of(&write.item);
        let of_taking = |item: &LeaseItem| (item.session.clone(), item.epoch.clone());
        let is_taking = write.expected.as_ref().map(of_taking) != Some(of_taking(&write.item));
        let key = write.key.clone();
        let outcome = self.aws.model.borrow_mut().leases_mut().put(write);
        if let (LeaseOutcome::Written, true, Some(process)) = (&outcome, is_taking, taker) {
            let before = self.fences.reigns.get(&key).copied();
            let number = before.map_or(1, |before| before.number + 1);
            if before.is_some_and(|before| before.process != process) {
                self.checker.note("another process took over");
            }
            self.trace.line(now, format_args!("lease {key} taken by {process}, taking {number}"));
            self.fences.reigns.insert(key, Reign { number, process });
        }
        outcome
    }

    /// A process decides a write: I7.
    pub(super) fn decided(&mut self, who: usize, key: &EcsServiceKey) {
        if !self.fences.are_judged {
            return;
        }
        let now = self.now();
        let lease = self.fences.key_of(&key.cluster).cloned();
        let item = lease.as_ref().and_then(|l| self.aws.model.borrow().leases().get(l).cloned());
        let meddled = self.fences.meddled_at.is_some_and(|at| now.since_ms(at) <= UNAWARE_MS);
        if item.as_ref().and_then(process_of) != Some(who) && !meddled {
            let text = format!("process {who} writes to {key}, and the table has {item:?}");
            self.checker.violate("I7", text);
        }
        let reign = lease.and_then(|lease| self.fences.reigns.get(&lease).copied());
        let reign = reign.filter(|reign| reign.process == who);
        let decided = Decided { at: now, reign, is_frozen: false };
        self.fences.decided.insert((who, key.clone()), decided);
    }

    /// A write took effect that was sent then: I7.
    pub(super) fn fence(&mut self, who: usize, key: &EcsServiceKey, sent_at: Time) {
        let Some(decided) = self.fences.decided.get(&(who, key.clone())).copied() else { return };
        let Some(reign) = decided.reign else { return };
        let wrote = self.fences.wrote.get(&key.cluster).copied();
        let later = wrote.filter(|(later, _)| later.number > reign.number && later.process != who);
        match later {
            Some((_, first)) if first < sent_at && decided.is_frozen => {
                self.checker.note("late write after a stop");
            }
            Some((later, first)) if first < sent_at => {
                let text = format!(
                    "process {who} writes to {key} under taking {}, after taking {} wrote at {first:?}",
                    reign.number, later.number
                );
                self.checker.violate("I7", text);
            }
            Some(_) => {}
            None => {
                let is_first = wrote.is_none_or(|(before, _)| before.number < reign.number);
                if is_first {
                    self.fences.wrote.insert(key.cluster.clone(), (reign, sent_at));
                }
            }
        }
    }

    /// Lets every judge take in the present state of everything; the first broken rule of any is the run's.
    pub(super) fn observe(&mut self, model: &Model) {
        self.checker.observe(model);
        for process in &mut self.processes {
            let Some(checker) = &mut process.checker else { continue };
            checker.observe(model);
            if let Some(violation) = checker.violation() {
                self.checker.violate(violation.rule, violation.text.clone());
            }
        }
    }

    /// Something changes that may concern every service.
    pub(super) fn concerns_all(&mut self, now: Time) {
        self.checker.concerns_all(now);
        for checker in self.processes.iter_mut().filter_map(|process| process.checker.as_mut()) {
            checker.concerns_all(now);
        }
    }
}
