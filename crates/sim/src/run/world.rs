//! The run: one model, one controller, one virtual clock, and an agenda of what everybody else does.
//!
//! Invariants: time goes from instant to instant and never waits; at one instant the model moves first, then
//! writes arrive, then outside events happen, then answers reach the controller. A crash drops the controller
//! and its calls, but a write that is on its way may still arrive; the next controller knows nothing.

mod going_on;
mod leased;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::Event;
use eastwest_core::plan::consent::PlanId;
use eastwest_core::report::news::News;

use super::controller::Controller;
use super::fences::Fences;
use super::process::Process;
use super::trace::Trace;
use crate::adapter::calls::{Aws, CALLER};
use crate::adapter::in_flight::{InFlight, Reply, Request, Sender, Written};
use crate::faults::Weather;
use crate::judge::Checker;
use crate::life::details::CANARY;
use crate::life::outside::Outside;
use crate::model::Model;
use crate::shapes::ecs::{ServiceAnswer, UpdateServiceRequest};
use crate::shapes::{ApiError, Time};

/// The caller that everybody else's calls are logged under.
pub(super) const PEOPLE: &str = "people";
/// How long the controller is down after a planned crash: so short that the next one still reads stale answers.
const DOWN_SECONDS: u64 = 3;
/// How long after a confirmation began the process is stopped.
const CONFIRM_BEGUN_MS: u64 = 250;
/// Ticks at one instant before a controller counts as spinning.
const SPIN: u32 = 200;

/// One run.
pub struct World<C> {
    aws: Rc<Aws>,
    /// The first one is what most runs are about.
    processes: Vec<Process<C>>,
    agenda: BTreeMap<(Time, u64), Outside>,
    noted: u64,
    /// Judges every write and every moment.
    pub checker: Checker,
    /// What happened.
    pub trace: Trace,
    /// The news of the controller since this was last emptied.
    pub news: Vec<News>,
    /// How often the controller gave each reason in a status.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Who may write, by the lease table.
    fences: Fences,
}

impl<C: Controller> World<C> {
    /// A world in which no controller runs yet.
    pub fn new(
        model: Model,
        weather: Weather,
        checker: Checker,
        make: Box<dyn Fn(Now) -> C>,
    ) -> Self {
        let start = model.now();
        let aws = Aws::new(model, weather);
        let mut world = Self {
            processes: vec![Process::new(Rc::clone(&aws), make.into())],
            aws,
            agenda: BTreeMap::new(),
            noted: 0,
            checker,
            trace: Trace::new(start, std::env::var_os("EASTWEST_TRACE").is_some()),
            news: Vec::new(),
            reasons: BTreeMap::new(),
            fences: Fences::default(),
        };
        world.look();
        world
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.aws.clock.now()
    }

    /// Does something with the model, as nobody in particular, and lets the checkers see it.
    pub fn with_model<R>(&mut self, act: impl FnOnce(&mut Model) -> R) -> R {
        let result = {
            let mut model = self.aws.model.borrow_mut();
            model.set_caller(PEOPLE);
            act(&mut model)
        };
        self.look();
        result
    }

    /// Does something with the weather.
    pub fn with_weather<R>(&self, act: impl FnOnce(&mut Weather) -> R) -> R {
        act(&mut self.aws.weather.borrow_mut())
    }

    /// The controller that runs, if one does.
    pub fn controller(&self) -> Option<&C> {
        self.processes[0].controller.as_ref()
    }

    /// Puts something on the agenda.
    pub fn plan(&mut self, at: Time, outside: Outside) {
        self.noted += 1;
        self.agenda.insert((at, self.noted), outside);
    }

    /// Removes everything from the agenda.
    pub fn clear_agenda(&mut self) {
        self.agenda.clear();
    }

    /// Starts a controller that knows nothing.
    pub fn start(&mut self) {
        self.start_process(0);
    }

    /// Ends the controller and forgets its calls. Its writes that are on their way arrive, or are lost.
    pub fn crash(&mut self, writes_arrive: bool) {
        self.crash_process(0, writes_arrive);
    }

    /// Stops the process for a while. What it has sent arrives; nothing else of it goes on.
    pub fn stop(&mut self, seconds: u64) {
        self.processes[0].stopped_until = self.now().plus_seconds(seconds);
    }

    /// Stops the process for a while in the middle of the next confirmation (the read before a write).
    pub fn stop_in_next_confirm(&mut self, seconds: u64) {
        self.processes[0].stop_in_confirm = Some(seconds);
    }

    /// Lets time pass up to and including that instant.
    pub fn run_until(&mut self, end: Time) {
        while let Some(next) = self.next_instant().filter(|next| *next <= end) {
            self.advance(next);
            self.happen();
        }
        self.advance(end);
    }

    /// Lets time pass for so many seconds.
    pub fn run_for(&mut self, seconds: u64) {
        self.run_until(self.now().plus_seconds(seconds));
    }

    /// Whether an invariant is broken, so that the rest of the run means nothing.
    pub fn is_broken(&self) -> bool {
        self.checker.violation().is_some()
    }

    fn advance(&mut self, to: Time) {
        let moves = to > self.now();
        for process in &mut self.processes {
            process.ticks = if moves { 0 } else { process.ticks };
            process.aws.clock.set(to);
        }
        let due = self.aws.model.borrow().next_event().is_some_and(|at| at <= to);
        self.aws.model.borrow_mut().advance_to(to);
        if due {
            self.look();
        }
    }

    fn next_instant(&self) -> Option<Time> {
        let model = self.aws.model.borrow().next_event();
        let write = self.aws.in_flight.borrow().first_key_value().map(|((at, _), _)| *at);
        let agenda = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let processes = self.processes.iter().filter_map(Process::next_instant);
        let all = [model, write, agenda].into_iter().flatten().chain(processes);
        all.min().map(|next| next.max(self.now()))
    }

    /// One thing that is due now.
    fn happen(&mut self) {
        let now = self.now();
        let write = {
            let mut in_flight = self.aws.in_flight.borrow_mut();
            let due = in_flight.first_key_value().is_some_and(|((at, _), _)| *at <= now);
            due.then(|| in_flight.pop_first()).flatten()
        };
        if let Some((_, write)) = write {
            return self.deliver(write);
        }
        if self.agenda.first_key_value().is_some_and(|((at, _), _)| *at <= now)
            && let Some((_, outside)) = self.agenda.pop_first()
        {
            return self.outside(&outside);
        }
        let due = (0..self.processes.len()).find(|who| self.processes[*who].is_due(now));
        if let Some(who) = due {
            self.go_on(who);
        }
    }

    /// A write arrives.
    fn deliver(&mut self, write: InFlight) {
        let InFlight { request, answer, told, sender } = write;
        let written = match request {
            Request::UpdateService(request) => {
                self.update(&request, sender, told).map(|answer| Reply::Service(Box::new(answer)))
            }
            Request::PutLease(write) => Ok(Reply::Lease(self.put_lease(*write))),
            making => self.deliver_prerequisite(making),
        };
        *answer.borrow_mut() = Some(written);
        self.look();
    }

    /// A write to a service arrives, and the checker judges it.
    fn update(
        &mut self,
        request: &UpdateServiceRequest,
        sender: Sender,
        told: bool,
    ) -> Result<ServiceAnswer, ApiError> {
        let (now, who) = (self.now(), sender.process);
        let key = crate::judge::key_of(request);
        let looked = self.processes[who].aws.looked.borrow().get(&key).copied();
        // What a process was about to send when it was stopped may come at any time: it is judged as if others sent it.
        let is_late = self.fences.is_frozen(who, &key);
        let written = {
            let aws = Rc::clone(&self.aws);
            let mut model = aws.model.borrow_mut();
            self.observe(&model);
            model.set_caller(CALLER);
            let written = model.update_service(request.clone());
            if !is_late {
                self.judge(who).wrote(&model, request, looked, &written);
            }
            written
        };
        match &written {
            Ok(_) => self.trace.line(now, format_args!("write {key} took effect")),
            Err(error) => self.trace.line(now, format_args!("write {key} refused: {error}")),
        }
        if written.is_err() && !told {
            self.judge(who).untold(&key);
        }
        if written.is_ok() {
            self.fence(who, &key, sender.sent_at);
        }
        written
    }

    /// A write arrives that creates what services wait for. It may concern all of them.
    fn deliver_prerequisite(&mut self, request: Request) -> Written {
        let (now, op) = (self.now(), request.op());
        self.concerns_all(now);
        let written = {
            let mut model = self.aws.model.borrow_mut();
            model.set_caller(CALLER);
            request.arrive(&mut model)
        };
        match &written {
            Ok(_) => self.trace.line(now, format_args!("write {op} took effect")),
            Err(error) => self.trace.line(now, format_args!("write {op} refused: {error}")),
        }
        written
    }

    /// Something that people, pipelines or the platform do.
    pub fn outside(&mut self, outside: &Outside) {
        self.trace.line(self.now(), format_args!("outside {outside}"));
        match outside {
            Outside::Acknowledge => self.acknowledge(),
            Outside::Crash { writes_arrive, down_seconds } => {
                self.count_kind(outside);
                self.crash(*writes_arrive);
                self.plan(self.now().plus_seconds(*down_seconds), Outside::Restart);
            }
            Outside::Restart => self.restart(),
            Outside::Stop { seconds } => {
                self.count_kind(outside);
                self.stop(*seconds);
            }
            other => {
                if other.is_global() {
                    self.concerns_all(self.now());
                }
                let refused = self.with_model(|model| other.happen(model));
                match refused {
                    Ok(()) => self.count_kind(outside),
                    Err(error) => {
                        self.trace.line(self.now(), format_args!("  refused: {error}"));
                    }
                }
            }
        }
    }

    fn count_kind(&mut self, outside: &Outside) {
        if let Some(kind) = crate::life::kinds::kind_of(outside) {
            self.checker.note(kind);
        }
    }

    /// Somebody agrees to every plan that waits for consent.
    fn acknowledge(&mut self) {
        for who in 0..self.processes.len() {
            let Some(controller) = &self.processes[who].controller else { continue };
            let waiting: BTreeSet<PlanId> = controller.engine().plan().consents();
            for plan in waiting {
                self.count_kind(&Outside::Acknowledge);
                let now = self.now();
                self.judge(who).acknowledged(now);
                self.say_to(who, Event::Acknowledged(plan));
            }
        }
    }

    /// Judges I15: looks for secrets in the plan and in what the controller says of each service.
    pub fn look_for_secrets(&mut self) {
        let Some(controller) = self.controller() else { return };
        let engine = controller.engine();
        let services = engine.view().services();
        let said = services.map(|(key, service)| (engine.status(key), &service.issues));
        let text = format!("{:?} {:?}", engine.plan(), said.collect::<Vec<_>>());
        self.keeps_secrets(&text);
    }

    fn keeps_secrets(&mut self, text: &str) {
        if text.contains(CANARY) {
            self.checker.violate("I15", format!("a secret is told: {text}"));
        }
    }

    /// Gives the controller an event, if one runs, and begins what it decides.
    pub fn say(&mut self, event: Event) {
        self.say_to(0, event);
    }

    /// The present instant, counted from the start of the latest controller.
    pub fn controllers_now(&self) -> Now {
        self.processes[0].now()
    }

    fn look(&mut self) {
        let aws = Rc::clone(&self.aws);
        self.observe(&aws.model.borrow());
    }
}
