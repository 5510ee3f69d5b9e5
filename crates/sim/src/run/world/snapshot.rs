//! A world once more: what is tried from one moment on in many ways need not be run up to there each time.
//!
//! Invariant: the copy goes on as the world itself would, word for word of its trace, and neither notices the other.

use std::rc::Rc;

use super::{Controller, World};

impl<C: Controller + Clone> World<C> {
    /// A copy of this world; none while calls are under way, which cannot be copied.
    pub fn snapshot(&self) -> Option<Self> {
        let aws = self.aws.at_rest()?;
        let tasks = self.tasks.at_rest(Rc::clone(&aws.clock))?;
        Some(Self {
            aws,
            tasks,
            make: Rc::clone(&self.make),
            controller: self.controller.clone(),
            started_at: self.started_at,
            wake: self.wake,
            stopped_until: self.stopped_until,
            stop_in_confirm: self.stop_in_confirm,
            ticks: self.ticks,
            agenda: self.agenda.clone(),
            noted: self.noted,
            checker: self.checker.clone(),
            trace: self.trace.clone(),
            news: self.news.clone(),
            reasons: self.reasons.clone(),
            sweeping: self.sweeping.clone(),
        })
    }
}
