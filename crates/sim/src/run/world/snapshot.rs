//! A world with one process once more: what is tried from one moment on in many ways need not be run up to there each time.
//!
//! Invariant: the copy goes on as the world itself would, word for word of its trace, and neither notices the other.

use std::rc::Rc;

use super::super::process::Process;
use super::{Controller, World};

impl<C: Controller + Clone> World<C> {
    /// A copy of this world; none while calls are under way, which cannot be copied, or if it has several processes.
    pub fn snapshot(&self) -> Option<Self> {
        let aws = self.aws.at_rest()?;
        let [first] = &self.processes[..] else { return None };
        let tasks = first.tasks.at_rest(Rc::clone(&aws.clock))?;
        let process = Process {
            aws: Rc::clone(&aws),
            tasks,
            make: Rc::clone(&first.make),
            controller: first.controller.clone(),
            started_at: first.started_at,
            wake: first.wake,
            stopped_until: first.stopped_until,
            stop_in_confirm: first.stop_in_confirm,
            stop_in_send: first.stop_in_send,
            ticks: first.ticks,
            sweeping: first.sweeping.clone(),
            rate: first.rate,
            calendar_ahead_ms: first.calendar_ahead_ms,
            checker: None,
        };
        Some(Self {
            aws,
            processes: vec![process],
            agenda: self.agenda.clone(),
            noted: self.noted,
            checker: self.checker.clone(),
            trace: self.trace.clone(),
            news: self.news.clone(),
            reasons: self.reasons.clone(),
            fences: self.fences.clone(),
        })
    }
}
