//! The run: one model, one controller, one virtual clock, and an agenda of what everybody else does.
//!
//! Invariants: time goes from instant to instant and never waits; at one instant the model moves first, then
//! writes arrive, then outside events happen, then answers reach the controller. A crash drops the controller
//! and its calls, but a write that is on its way may still arrive; the next controller knows nothing.

mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::consent::PlanId;
use eastwest_core::report::news::News;
use eastwest_core::view::reading::{Answer, ClusterReading};

use super::controller::Controller;
use super::trace::{Trace, effect_text, event_text};
use crate::adapter::calls::{Aws, CALLER};
use crate::adapter::execute::execute;
use crate::adapter::in_flight::{InFlight, Reply, Request, Written};
use crate::adapter::virtual_time::Tasks;
use crate::faults::Weather;
use crate::faults::mishap::Crash;
use crate::judge::Checker;
use crate::life::details::CANARY;
use crate::life::outside::Outside;
use crate::model::{EcsServiceKey, Model};
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

/// Makes a controller at its start.
type Maker<C> = Rc<dyn Fn(Now) -> C>;

/// One run.
pub struct World<C> {
    aws: Rc<Aws>,
    make: Maker<C>,
    controller: Option<C>,
    started_at: Time,
    wake: Option<Time>,
    /// The process is stopped until then. What it has sent arrives; nothing else of it goes on.
    stopped_until: Time,
    /// If set, the process stops for so many seconds in the middle of the next confirmation.
    stop_in_confirm: Option<u64>,
    ticks: u32,
    tasks: Tasks<Event>,
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
    /// When the sweeps that are under way began.
    sweeping: BTreeMap<ClusterName, Time>,
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
        let tasks = Tasks::new(Rc::clone(&aws.clock));
        let mut world = Self {
            aws,
            make: make.into(),
            controller: None,
            started_at: start,
            wake: None,
            stopped_until: start,
            stop_in_confirm: None,
            ticks: 0,
            tasks,
            agenda: BTreeMap::new(),
            noted: 0,
            checker,
            trace: Trace::new(start, std::env::var_os("EASTWEST_TRACE").is_some()),
            news: Vec::new(),
            reasons: BTreeMap::new(),
            sweeping: BTreeMap::new(),
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
        self.controller.as_ref()
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
        self.started_at = self.now();
        let now = self.controllers_now();
        self.trace.line(self.aws.clock.now(), format_args!("start"));
        self.controller = Some((self.make)(now));
        self.say(Event::Tick);
    }

    /// Ends the controller and forgets its calls. Its writes that are on their way arrive, or are lost.
    pub fn crash(&mut self, writes_arrive: bool) {
        self.trace.line(self.now(), format_args!("crash, letters arrive: {writes_arrive}"));
        self.controller = None;
        self.wake = None;
        self.stopped_until = self.now();
        self.tasks.drop_all();
        if !writes_arrive {
            self.aws.in_flight.borrow_mut().clear();
        }
        self.checker.crashed(self.stopped_until);
    }

    /// Stops the process for a while. What it has sent arrives; nothing else of it goes on.
    pub fn stop(&mut self, seconds: u64) {
        self.stopped_until = self.now().plus_seconds(seconds);
    }

    /// Stops the process for a while in the middle of the next confirmation (the read before a write).
    pub fn stop_in_next_confirm(&mut self, seconds: u64) {
        self.stop_in_confirm = Some(seconds);
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
        if to > self.now() {
            self.ticks = 0;
        }
        self.aws.clock.set(to);
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
        let ours = [self.tasks.next_due(), self.wake].into_iter().flatten();
        let ours = ours.min().map(|next| next.max(self.stopped_until));
        let all = [model, write, agenda, ours];
        all.into_iter().flatten().min().map(|next| next.max(self.now()))
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
        if now < self.stopped_until {
            return;
        }
        if self.tasks.next_due().is_some_and(|at| at <= now) {
            let event = self.tasks.step();
            self.trace_notes();
            self.meet_planned_crash();
            if let Some(event) = event {
                self.say(event);
            }
            return;
        }
        if self.wake.is_some_and(|at| at <= now) {
            self.ticks += 1;
            if self.ticks > SPIN {
                self.checker
                    .violate("I16", "the controller asks to be woken again and again".into());
                self.wake = None;
                return;
            }
            self.say(Event::Tick);
        }
    }

    /// Ends the controller if the call that was just made has a planned crash.
    fn meet_planned_crash(&mut self) {
        let crash = self.aws.weather.borrow_mut().take_crash();
        if let Some(Crash { writes_arrive, at }) = crash {
            let crash = Outside::Crash { writes_arrive, down_seconds: DOWN_SECONDS };
            match at {
                Some(at) => self.plan(at, crash),
                None => self.outside(&crash),
            }
        }
    }

    /// A write arrives.
    fn deliver(&mut self, write: InFlight) {
        let InFlight { request, answer, told } = write;
        let written = match request {
            Request::UpdateService(request) => {
                self.update(&request, told).map(|answer| Reply::Service(Box::new(answer)))
            }
            making => self.deliver_prerequisite(making),
        };
        *answer.borrow_mut() = Some(written);
        self.look();
    }

    /// A write to a service arrives, and the checker judges it.
    fn update(
        &mut self,
        request: &UpdateServiceRequest,
        told: bool,
    ) -> Result<ServiceAnswer, ApiError> {
        let now = self.now();
        let key = crate::judge::key_of(request);
        let looked = self.aws.looked.borrow().get(&key).copied();
        let written = {
            let mut model = self.aws.model.borrow_mut();
            self.checker.observe(&model);
            model.set_caller(CALLER);
            let written = model.update_service(request.clone());
            self.checker.wrote(&model, request, looked, &written);
            written
        };
        match &written {
            Ok(_) => self.trace.line(now, format_args!("write {key} took effect")),
            Err(error) => self.trace.line(now, format_args!("write {key} refused: {error}")),
        }
        if written.is_err() && !told {
            self.checker.untold(&key);
        }
        written
    }

    /// A write arrives that creates what services wait for. It may concern all of them.
    fn deliver_prerequisite(&mut self, request: Request) -> Written {
        let (now, op) = (self.now(), request.op());
        self.checker.concerns_all(now);
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
            Outside::Restart => {
                if self.controller.is_none() {
                    self.start();
                }
            }
            Outside::Stop { seconds } => {
                self.count_kind(outside);
                self.stop(*seconds);
            }
            other => {
                if other.is_global() {
                    self.checker.concerns_all(self.now());
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
        let Some(controller) = &self.controller else { return };
        let waiting: BTreeSet<PlanId> = controller.engine().plan().consents();
        for plan in waiting {
            self.count_kind(&Outside::Acknowledge);
            self.checker.acknowledged(self.now());
            self.say(Event::Acknowledged(plan));
        }
    }

    /// Judges I15: looks for secrets in the plan and in what the controller says of each service.
    pub fn look_for_secrets(&mut self) {
        let Some(controller) = &self.controller else { return };
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
        let now = self.controllers_now();
        self.note_reading(&event);
        let Some(controller) = &mut self.controller else { return };
        if event != Event::Tick {
            self.trace.line(self.aws.clock.now(), format_args!("event {}", event_text(&event)));
        }
        let effects = controller.step(now, event);
        let news = controller.take_news();
        let wake = controller.next_wake(now);
        self.checker.planned(controller.engine().plan(), self.aws.clock.now());
        self.wake = wake.map(|wake| self.instant_of(wake));
        self.note_news(&news);
        self.news.extend(news);
        for effect in effects {
            self.begin(effect);
        }
    }

    /// The instant of the run at a time that the controller counts.
    fn instant_of(&self, at: Now) -> Time {
        let ms = at.since_start.as_nanos().div_ceil(1_000_000);
        self.started_at.plus_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// Tells the checker what the controller learns by an event.
    fn note_reading(&mut self, event: &Event) {
        if let Event::Answered(Answer::Parameters(name, Seen::Known(found))) = event {
            let at = self.aws.asked.borrow().get(name).copied().unwrap_or(self.started_at);
            self.checker.told(name, at, found, self.aws.clock.now());
        }
        if let Event::Swept(reading) = event {
            self.swept(reading);
        }
    }

    /// Judges and counts what the controller says.
    fn note_news(&mut self, news: &[News]) {
        for each in news {
            if let News::Breach(service, rule) = each {
                self.checker.violate("check", format!("{service}: {rule}"));
            }
            if let News::Status(_, Some(status)) = each
                && let Some(reason) = status.reason
            {
                *self.reasons.entry(reason.name()).or_default() += 1;
            }
            let text = format!("news {each:?}");
            self.keeps_secrets(&text);
            self.trace.line(self.aws.clock.now(), format_args!("{text}"));
        }
    }

    /// Begins the calls of an effect.
    fn begin(&mut self, effect: Effect) {
        if let Effect::Apply(action) = &effect {
            let key = crate::judge::key_of(&crate::adapter::execute::request(action));
            self.checker.decided(key, self.aws.clock.now());
        }
        if matches!(effect, Effect::Confirm(_))
            && let Some(seconds) = self.stop_in_confirm.take()
        {
            self.plan(self.now().plus_ms(CONFIRM_BEGUN_MS), Outside::Stop { seconds });
        }
        if let Effect::Sweep(cluster) = &effect {
            self.sweeping.insert(cluster.clone(), self.aws.clock.now());
        }
        let text = effect_text(&effect);
        self.keeps_secrets(&text);
        self.trace.line(self.aws.clock.now(), format_args!("effect {text}"));
        self.tasks.start(execute(Rc::clone(&self.aws), effect));
    }

    /// Tells the checker what a sweep has shown.
    fn swept(&mut self, reading: &ClusterReading) {
        let now = self.now();
        let began = self.sweeping.remove(&reading.cluster).unwrap_or(now);
        for (key, _) in reading.services.iter().filter(|(_, seen)| seen.known().is_some()) {
            let key = EcsServiceKey::new(key.cluster.to_string(), key.name.to_string());
            self.checker.swept(key, began);
        }
    }

    /// The present instant, counted from the start of the latest controller.
    pub fn controllers_now(&self) -> Now {
        let now = self.now();
        let ms = i64::try_from(now.0).unwrap_or(i64::MAX);
        Now {
            since_start: Duration::from_millis(now.since_ms(self.started_at)),
            calendar: jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX),
        }
    }

    fn look(&mut self) {
        self.checker.observe(&self.aws.model.borrow());
    }

    fn trace_notes(&mut self) {
        let now = self.now();
        for note in self.aws.notes.take() {
            if note.starts_with("fault Denied") || note.starts_with("fault Partial") {
                self.checker.hidden();
            }
            self.trace.line(now, format_args!("{note}"));
        }
    }
}
