//! How the processes of a run go on: what each controller is told, what it decides, and the calls that begin.

use std::rc::Rc;

use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::report::news::News;
use eastwest_core::view::reading::{Answer, ClusterReading};

use super::super::process::{Sweep, of};
use super::super::trace::{effect_text, event_text};
use super::{CONFIRM_BEGUN_MS, Controller, DOWN_SECONDS, SPIN, World};
use crate::adapter::execute::execute;
use crate::faults::mishap::Crash;
use crate::judge::Checker;
use crate::life::outside::Outside;
use crate::model::EcsServiceKey;

impl<C: Controller> World<C> {
    /// The judge of a process.
    pub(super) fn judge(&mut self, who: usize) -> &mut Checker {
        match &mut self.processes[who].checker {
            Some(checker) => checker,
            None => &mut self.checker,
        }
    }

    /// Starts a process that knows nothing.
    pub(super) fn start_process(&mut self, who: usize) {
        let process = &mut self.processes[who];
        process.started_at = process.aws.clock.now();
        process.controller = Some((process.make)(process.now()));
        self.trace.line(self.aws.clock.now(), format_args!("{}start", of(who)));
        self.say_to(who, Event::Tick);
    }

    /// Ends a process and forgets its calls. Its writes that are on their way arrive, or are lost.
    pub(super) fn crash_process(&mut self, who: usize, writes_arrive: bool) {
        let now = self.now();
        self.trace.line(now, format_args!("{}crash, letters arrive: {writes_arrive}", of(who)));
        let process = &mut self.processes[who];
        process.controller = None;
        process.wake = None;
        process.stopped_until = now;
        process.tasks.drop_all();
        if !writes_arrive {
            self.aws.in_flight.borrow_mut().retain(|_, write| write.sender.process != who);
        }
        self.judge(who).crashed(now);
    }

    /// One thing that is due of a process.
    pub(super) fn go_on(&mut self, who: usize) {
        let now = self.now();
        let process = &mut self.processes[who];
        if process.tasks.next_due().is_some_and(|at| at <= now) {
            let event = process.tasks.step();
            self.trace_notes(who);
            self.meet_planned_crash();
            if let Some(event) = event {
                self.say_to(who, event);
            }
            return;
        }
        if process.wake.is_some_and(|at| at <= now) {
            process.ticks += 1;
            if process.ticks > SPIN {
                process.wake = None;
                let text = "the controller asks to be woken again and again".to_owned();
                return self.checker.violate("I16", text);
            }
            self.say_to(who, Event::Tick);
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

    /// Gives the controller of a process an event, if one runs, and begins what it decides.
    pub(super) fn say_to(&mut self, who: usize, event: Event) {
        let now = self.processes[who].now();
        self.note_reading(who, &event);
        let at = self.aws.clock.now();
        if event != Event::Tick && self.processes[who].controller.is_some() {
            self.trace.line(at, format_args!("{}event {}", of(who), event_text(&event)));
        }
        let event = self.held_as_known(who, event);
        let Some(controller) = &mut self.processes[who].controller else { return };
        let effects = controller.step(now, event);
        let news = controller.take_news();
        let wake = controller.next_wake(now);
        let process = &mut self.processes[who];
        let checker = process.checker.as_mut().unwrap_or(&mut self.checker);
        if let Some(controller) = &process.controller {
            checker.planned(controller.engine().plan(), at);
        }
        process.wake = wake.map(|wake| process.instant_of(wake));
        self.note_news(who, &news);
        self.news.extend(news);
        for effect in effects {
            self.begin(who, effect);
        }
    }

    /// Tells the checker what the controller learns by an event.
    fn note_reading(&mut self, who: usize, event: &Event) {
        let now = self.now();
        if let Event::Answered(Answer::Parameters(name, Seen::Known(found))) = event {
            let process = &self.processes[who];
            let asked = process.aws.asked.borrow().get(name).copied();
            let at = asked.unwrap_or(process.started_at);
            self.judge(who).told(name, at, found, now);
        }
        if let Event::Swept(reading) = event {
            self.swept(who, reading);
        }
    }

    /// Judges and counts what the controller says.
    fn note_news(&mut self, who: usize, news: &[News]) {
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
            self.trace.line(self.aws.clock.now(), format_args!("{}{text}", of(who)));
        }
    }

    /// Begins the calls of an effect.
    fn begin(&mut self, who: usize, effect: Effect) {
        let now = self.now();
        if let Effect::Apply(action) = &effect {
            let key = crate::judge::key_of(&crate::adapter::execute::request(action));
            self.decided(who, &key);
            self.judge(who).decided(key, now);
            if let Some(seconds) = self.processes[who].stop_in_send.take() {
                self.freeze(who, seconds);
            }
        }
        if matches!(effect, Effect::Confirm(_))
            && let Some(seconds) = self.processes[who].stop_in_confirm.take()
        {
            self.plan(now.plus_ms(CONFIRM_BEGUN_MS), Outside::Stop { seconds });
        }
        if let Effect::Sweep(cluster) = &effect {
            self.note_sweep(who, cluster);
        }
        let text = effect_text(&effect);
        self.keeps_secrets(&text);
        self.trace.line(now, format_args!("{}effect {text}", of(who)));
        let process = &mut self.processes[who];
        process.tasks.start(execute(Rc::clone(&process.aws), effect));
    }

    /// A sweep begins.
    fn note_sweep(&mut self, who: usize, cluster: &ClusterName) {
        let process = &mut self.processes[who];
        let Some(controller) = &process.controller else { return };
        let (began, known) = (self.aws.clock.now(), controller.engine().view().clone());
        process.sweeping.insert(cluster.clone(), Sweep { began, known });
    }

    /// A sweep ends.
    fn held_as_known(&mut self, who: usize, event: Event) -> Event {
        let Event::Swept(reading) = event else { return event };
        match self.processes[who].sweeping.remove(&reading.cluster) {
            Some(sweep) => Event::Swept(sweep.held_as_known(reading)),
            None => Event::Swept(reading),
        }
    }

    /// Tells the checker what a sweep has shown.
    fn swept(&mut self, who: usize, reading: &ClusterReading) {
        let now = self.now();
        let began = self.processes[who].sweeping.get(&reading.cluster);
        let began = began.map_or(now, |sweep| sweep.began);
        for (key, _) in reading.services.iter().filter(|(_, seen)| seen.known().is_some()) {
            let key = EcsServiceKey::new(key.cluster.to_string(), key.name.to_string());
            self.judge(who).swept(key, began);
        }
    }

    fn trace_notes(&mut self, who: usize) {
        let now = self.now();
        for note in self.processes[who].aws.notes.take() {
            if note.starts_with("fault Denied") || note.starts_with("fault Partial") {
                self.judge(who).hidden();
            }
            self.trace.line(now, format_args!("{}{note}", of(who)));
        }
    }
}
