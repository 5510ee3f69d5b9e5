//! The adapter alone: one effect at a time, in fair weather, with no controller and no outside events.
//!
//! Property tests use it. Every reading goes through the same calls and the same converters as in a whole run, so what
//! they prove of a reading is true of a run.

use std::rc::Rc;

use eastwest_core::engine::effect::{Effect, Event};

use super::calls::Aws;
use super::calls::CALLER;
use super::execute::execute;
use super::virtual_time::Tasks;
use crate::faults::Weather;
use crate::model::Model;
use crate::shapes::Time;

/// A model with the adapter before it.
pub struct Bench {
    aws: Rc<Aws>,
    tasks: Tasks<Event>,
}

impl Bench {
    /// A bench around that model; each call takes two virtual milliseconds.
    pub fn new(model: Model) -> Self {
        Self::with_latency(model, 2)
    }

    /// A bench around that model; each call takes so many virtual milliseconds.
    pub fn with_latency(model: Model, ms: u64) -> Self {
        let mut weather = Weather::new(0);
        weather.fix_latency(ms);
        let aws = Aws::new(model, weather);
        let tasks = Tasks::new(Rc::clone(&aws.clock));
        Self { aws, tasks }
    }

    /// Does something with the model.
    pub fn with_model<R>(&mut self, act: impl FnOnce(&mut Model) -> R) -> R {
        act(&mut self.aws.model.borrow_mut())
    }

    /// The model as it is now.
    ///
    /// # Panics
    ///
    /// While a call is under way.
    pub fn into_model(self) -> Model {
        drop(self.tasks);
        let aws = Rc::into_inner(self.aws).expect("no call is under way");
        Rc::into_inner(aws.model).expect("no call is under way").into_inner()
    }

    /// Lets so many seconds pass.
    pub fn run_for(&mut self, seconds: u64) {
        self.advance(self.aws.clock.now().plus_seconds(seconds));
    }

    /// Carries out one effect and returns the event that answers it.
    pub fn carry_out(&mut self, effect: Effect) -> Option<Event> {
        self.tasks.start(execute(Rc::clone(&self.aws), effect));
        while let Some(due) = self.tasks.next_due() {
            self.deliver(due);
            self.advance(due);
            if let Some(event) = self.tasks.step() {
                return Some(event);
            }
        }
        None
    }

    /// Hands in the writes that arrive until then.
    fn deliver(&mut self, until: Time) {
        loop {
            let mut in_flight = self.aws.in_flight.borrow_mut();
            let due = in_flight.first_key_value().is_some_and(|((at, _), _)| *at <= until);
            let Some(((at, _), write)) = due.then(|| in_flight.pop_first()).flatten() else {
                return;
            };
            drop(in_flight);
            self.advance(at);
            let mut model = self.aws.model.borrow_mut();
            model.set_caller(CALLER);
            *write.answer.borrow_mut() = Some(write.request.arrive(&mut model));
        }
    }

    fn advance(&mut self, to: Time) {
        self.aws.clock.set(to);
        self.aws.model.borrow_mut().advance_to(to);
    }
}
