//! Two whole engines, model checked: one lease table, one service, and everything that may happen to them.
//!
//! The engines and the model of AWS are the real ones. Time goes in steps. At each moment a process carries out what its
//! engine asked for, one effect after another, unless it is frozen. Mishaps happen to it in its first seconds, and only a
//! bounded number of them: a call whose answer is lost, a call that arrives late, a freeze at any moment (also between the
//! check of a write and its sending), a crash, a hand-over, and a lease item that a person deletes. People change what they
//! want meanwhile. Then nothing happens any more, and the engines go on.
//!
//! Always: never two processes that may write at once; no write leaves without the lease; at most one write for each
//! change, and two more for each write that took effect late; nothing but what people wanted is ever in force; at the end
//! what they want last is. Sometimes: both once led; a late write took effect.
//!
//! The space is large, because the calls of two processes may come in any order. Each run walks through it at random, from
//! one seed that is always the same and from one of the day. `EASTWEST_ENGINE_MISHAPS=1` checks the whole space of so many
//! mishaps, or so many of its states as `EASTWEST_ENGINE_STATES` says.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use eastwest_core::declaration::settings::{LeaseSettings, Policy, Settings, Timing};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_sim::adapter::Bench;
use eastwest_sim::model::{EcsServiceKey, Model, ModelOptions, Timings};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use stateright::{Checker, Chooser, Expectation, Model as StateSpace, Property};

use crate::environment::{number, today};
use crate::model_check::print_size;

/// For how many seconds a process may be frozen: shorter and longer than a lease lasts.
const FREEZES: [u64; 2] = [6, 21];
/// How much time passes at once, in seconds.
const STEP: u64 = 3;
/// Until when mishaps happen and people change their minds, in seconds.
const CALM_FROM: u64 = 36;
/// When the check ends: what was begun in time has ended.
const END: u64 = 105;
/// When people want another time-out, in seconds since the start.
const EDITS: [u64; 2] = [3, 21];
/// How many mishaps happen in a walk at most, and how many states the walks of one seed see.
const WALK_MISHAPS: u8 = 3;
const WALK_STATES: usize = 8_000;
const CLUSTER: &str = "prod";
const SERVICE: &str = "web";

#[derive(Debug, Clone)]
struct Process {
    engine: Engine,
    begun: u8,
    started_at: u64,
    /// What the engine asked for and was not done yet.
    waiting: VecDeque<Effect>,
    frozen_until: u64,
    stops: bool,
}

#[derive(Debug, Clone)]
struct State {
    /// True time in seconds.
    time: u64,
    aws: Model,
    processes: [Process; 2],
    /// Writes whose senders have given them up, and which may take effect still.
    late: Vec<Effect>,
    mishaps: u8,
    /// How many different things people have wanted.
    wanted: u32,
    /// How many writes to the service took effect, and how many of those when their sender led no more.
    writes: u32,
    late_writes: u32,
    /// Whether a write left a process that did not hold the lease.
    strayed: bool,
    /// Who has ever been allowed to write.
    led: [bool; 2],
}

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// It is done and answered.
    Well,
    /// It is done, and the answer never comes.
    Unanswered,
    /// It does not arrive in time; a write may arrive later.
    Stuck,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Act {
    /// Some seconds pass.
    Pass,
    /// A process carries out the next effect, and its call goes so.
    Do(usize, Way),
    /// A write that was stuck takes effect, if it still can.
    ArriveLate,
    /// A process is frozen for so many seconds.
    Freeze(usize, u64),
    Crash(usize),
    /// A process is told to stop, and begins again once it has.
    Stop(usize),
    /// A person deletes the item of the lease.
    Delete,
}

impl Act {
    fn is_mishap(&self) -> bool {
        !matches!(self, Self::Pass | Self::Do(_, Way::Well) | Self::ArriveLate)
    }
}

struct Engines {
    /// How many mishaps happen at most.
    mishaps: u8,
}

/// Walks through the space; a mishap is chosen now and then.
#[derive(Clone)]
struct Walk;

impl Chooser<Engines> for Walk {
    type State = SmallRng;

    fn new_state(&self, seed: u64) -> SmallRng {
        SmallRng::seed_from_u64(seed)
    }

    fn choose_initial_state(&self, _: &mut SmallRng, _: &[State]) -> usize {
        0
    }

    fn choose_action(&self, dice: &mut SmallRng, _: &State, acts: &[Act]) -> usize {
        let goes_wrong = dice.random_bool(0.1);
        let fitting = |act: &&Act| act.is_mishap() == goes_wrong;
        match acts.iter().filter(fitting).count() {
            0 => dice.random_range(0..acts.len()),
            fit => {
                let chosen = dice.random_range(0..fit);
                let mut fitting = acts.iter().enumerate().filter(|(_, act)| fitting(act));
                fitting.nth(chosen).map_or(0, |(at, _)| at)
            }
        }
    }
}

/// Feeds what is written to a hasher.
struct Hashed<'a, H>(&'a mut H);

impl<H: Hasher> fmt::Write for Hashed<'_, H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        write!(Hashed(state), "{self:?}").expect("a hasher takes everything");
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

fn settings(who: usize, begun: u8) -> Settings {
    let lease = LeaseSettings {
        holder: format!("process {who}"),
        session: format!("{who}/{begun}"),
        duration: LeaseSettings::DURATION,
    };
    let timing = Timing {
        interval: Duration::from_secs(12),
        jitter_percent: 0,
        staleness: Duration::from_secs(6),
        ..Timing::default()
    };
    Settings {
        clusters: Some([ClusterName::as_read(CLUSTER)].into()),
        policy: Policy::Sync,
        lease: Some(lease),
        timing,
        ..Settings::default()
    }
}

fn is_write(effect: &Effect) -> bool {
    matches!(effect, Effect::Apply(_))
}

/// Whether it matters how the call goes. Other reads are done and answered at once.
fn may_go_wrong(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Apply(_) | Effect::Confirm(_) | Effect::ReadLease(_) | Effect::WriteLease(_)
    )
}

impl Process {
    fn new(who: usize, begun: u8, started_at: u64) -> Self {
        let engine = Engine::new(settings(who, begun), at(0));
        let waiting = VecDeque::new();
        Self { engine, begun, started_at, waiting, frozen_until: 0, stops: false }
    }

    fn now(&self, time: u64) -> Now {
        at(time - self.started_at)
    }

    /// Whether it has ended as it was told to.
    fn has_stopped(&self) -> bool {
        self.stops && self.waiting.is_empty() && !self.engine.holds_leases()
    }
}

fn at(seconds: u64) -> Now {
    let start = Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::UNIX_EPOCH };
    start.plus(Duration::from_secs(seconds))
}

impl State {
    /// One service that opted in, and two processes that begin.
    fn new() -> Self {
        let mut state = Self {
            time: 0,
            aws: aws(),
            processes: [0, 1].map(|who| Process::new(who, 0, 0)),
            late: Vec::new(),
            mishaps: 0,
            wanted: 1,
            writes: 0,
            late_writes: 0,
            strayed: false,
            led: [false; 2],
        };
        state.let_all_tick();
        state
    }

    fn may_write(&self, who: usize) -> bool {
        let process = &self.processes[who];
        process.engine.may_write(&ClusterName::as_read(CLUSTER), process.now(self.time))
    }

    /// Tells an engine an event. What it asks for waits, but for reads that are done at once.
    fn tell(&mut self, who: usize, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let process = &mut self.processes[who];
            let effects = process.engine.step(process.now(self.time), event);
            drop(process.engine.take_news());
            for effect in effects {
                self.strayed |= is_write(&effect) && !self.may_write(who);
                if may_go_wrong(&effect) {
                    self.processes[who].waiting.push_back(effect);
                } else {
                    events.push_back(self.carry_out(effect));
                }
            }
        }
    }

    /// Carries out one effect on AWS, in no time.
    fn carry_out(&mut self, effect: Effect) -> Event {
        let is_write = is_write(&effect);
        let nothing = Model::new(ModelOptions::default());
        let mut bench = Bench::with_latency(std::mem::replace(&mut self.aws, nothing), 0);
        let event = bench.carry_out(effect).expect("every effect has an answer");
        self.aws = bench.into_model();
        if is_write && matches!(event, Event::Applied(_, Ok(_))) {
            self.writes += 1;
        }
        event
    }

    /// A process carries out what waits first.
    fn go_on(&mut self, who: usize, way: Way) {
        let Some(effect) = self.processes[who].waiting.pop_front() else { return };
        let (is_late, before) = (!self.may_write(who), self.writes);
        let lost = || effect.failed(Fault::new(FaultKind::TimedOut, "aws", "no answer"));
        let event = match way {
            Way::Well => self.carry_out(effect),
            Way::Unanswered => {
                let lost = lost();
                drop(self.carry_out(effect));
                lost
            }
            Way::Stuck => {
                let lost = lost();
                if matches!(effect, Effect::Apply(_) | Effect::WriteLease(_)) {
                    self.late.push(effect);
                }
                lost
            }
        };
        if is_late {
            // It was decided in time, and its process was frozen before it was sent.
            self.late_writes += self.writes - before;
        }
        self.tell(who, event);
    }

    fn arrive_late(&mut self) {
        let (effect, before) = (self.late.remove(0), self.writes);
        drop(self.carry_out(effect));
        self.late_writes += self.writes - before;
    }

    /// Lets some seconds pass. Whoever is not frozen wakes if it is due.
    fn pass(&mut self) {
        self.time += STEP;
        let now = self.aws.now().plus_seconds(STEP);
        self.aws.advance_to(now);
        if EDITS.contains(&self.time) {
            self.wanted += 1;
            want(&mut self.aws, self.wanted);
        }
        self.let_all_tick();
    }

    fn let_all_tick(&mut self) {
        for who in 0..2 {
            if self.processes[who].has_stopped() {
                self.begin_again(who);
            }
            let process = &self.processes[who];
            if process.frozen_until <= self.time && process.waiting.is_empty() {
                let now = process.now(self.time);
                let is_due = process.engine.next_wake().is_none_or(|wake| wake <= now);
                if is_due {
                    self.tell(who, Event::Tick);
                }
            }
        }
    }

    fn begin_again(&mut self, who: usize) {
        let begun = self.processes[who].begun + 1;
        self.processes[who] = Process::new(who, begun, self.time);
    }

    /// The time-out that is in force, as people write it; none if Service Connect is off.
    fn in_force(&self) -> Option<u32> {
        let service = self.aws.service(&EcsServiceKey::new(CLUSTER, SERVICE))?;
        let endpoints = service.connect()?.sent.services.clone()?;
        endpoints.first()?.timeout.as_ref()?.idle_timeout_seconds
    }
}

/// AWS with the one service, which wants the first time-out.
fn aws() -> Model {
    let timings = Timings { rollout_seconds: 9, operation_seconds: 1, ..Timings::default() };
    let mut aws = Model::new(ModelOptions { timings, ..ModelOptions::default() });
    let settle = |aws: &mut Model| aws.advance_to(aws.now().plus_seconds(60));
    aws.create_http_namespace(request(json!({ "Name": "internal" }))).expect("a namespace");
    settle(&mut aws);
    aws.create_cluster(request(json!({ "clusterName": CLUSTER }))).expect("a cluster");
    let port = json!({ "name": "http", "containerPort": 8080, "appProtocol": "http" });
    let app = json!({ "name": "app", "image": "app:1", "portMappings": [port] });
    let definition = json!({ "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "containerDefinitions": [app] });
    aws.register_task_definition(request(definition)).expect("a task definition");
    let service = json!({ "cluster": CLUSTER, "serviceName": SERVICE, "taskDefinition": "web", "desiredCount": 1 });
    aws.create_service(request(service)).expect("a service");
    want(&mut aws, 1);
    settle(&mut aws);
    aws
}

/// People want this time-out, in seconds.
fn want(aws: &mut Model, seconds: u32) {
    let arn = format!("arn:aws:ecs:eu-central-1:123456789012:service/{CLUSTER}/{SERVICE}");
    let tag = |key: &str, value: &str| json!({ "key": format!("eastwest/{key}"), "value": value });
    let tags = [
        tag("mode", "client-server"),
        tag("namespace", "internal"),
        tag("timeout", &format!("idle={seconds}s")),
    ];
    aws.tag_resource(request(json!({ "resourceArn": arn, "tags": tags }))).expect("tagged");
}

fn request<T: serde::de::DeserializeOwned>(body: serde_json::Value) -> T {
    serde_json::from_value(body).expect("a request")
}

impl StateSpace for Engines {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![State::new()]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        let goes_wrong = state.mishaps < self.mishaps && state.time < CALM_FROM;
        let mut is_any_due = false;
        for (who, process) in state.processes.iter().enumerate() {
            if process.frozen_until > state.time {
                continue;
            }
            if !process.waiting.is_empty() {
                is_any_due = true;
                acts.push(Act::Do(who, Way::Well));
                if goes_wrong {
                    acts.extend([Way::Unanswered, Way::Stuck].map(|way| Act::Do(who, way)));
                }
            }
            if goes_wrong {
                acts.extend(FREEZES.map(|seconds| Act::Freeze(who, seconds)));
            }
            if goes_wrong && !process.stops {
                acts.extend([Act::Crash(who), Act::Stop(who)]);
            }
        }
        if state.time < END && !is_any_due {
            acts.push(Act::Pass);
        }
        // What is late by more than a lease is so late that it belongs to the calm.
        if !state.late.is_empty() && state.time < CALM_FROM + 15 {
            acts.push(Act::ArriveLate);
        }
        if goes_wrong && state.aws.leases().keys().next().is_some() {
            acts.push(Act::Delete);
        }
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let mut state = last.clone();
        state.mishaps += u8::from(act.is_mishap());
        match act {
            Act::Pass => state.pass(),
            Act::Do(who, way) => state.go_on(who, way),
            Act::ArriveLate => state.arrive_late(),
            Act::Freeze(who, seconds) => {
                state.processes[who].frozen_until = state.time + seconds;
            }
            Act::Crash(who) => {
                state.begin_again(who);
                state.tell(who, Event::Tick);
            }
            Act::Stop(who) => {
                state.processes[who].stops = true;
                state.tell(who, Event::Stop);
            }
            Act::Delete => {
                let key = state.aws.leases().keys().next().cloned()?;
                state.aws.leases_mut().set(key, None);
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
            Property::always("no write without the lease", |_, state: &State| !state.strayed),
            Property::always("one write for each change", |_, state: &State| {
                state.writes <= state.wanted + 2 * state.late_writes
            }),
            Property::always("nothing unwanted in force", |_, state: &State| {
                state.in_force().is_none_or(|seconds| (1..=state.wanted).contains(&seconds))
            }),
            Property::always("as wanted at the end", |_, state: &State| {
                state.time < END || state.in_force() == Some(state.wanted)
            }),
            Property::sometimes("both once led", |_, state: &State| state.led == [true; 2]),
            Property::sometimes("a late write took effect", |_, state: &State| {
                state.late_writes > 0
            }),
        ]
    }
}

/// What must hold of every state that was seen. What must be reached is another matter.
fn assert_safe(checker: &impl Checker<Engines>) {
    for property in checker.model().properties() {
        if matches!(property.expectation, Expectation::Always) {
            checker.assert_no_discovery(property.name);
        }
    }
}

#[test]
fn two_engines_write_each_change_once_and_never_both_at_once() {
    let began = Instant::now();
    if let Some(mishaps) = number("EASTWEST_ENGINE_MISHAPS") {
        let most = number("EASTWEST_ENGINE_STATES").unwrap_or(usize::MAX);
        let checker = Engines { mishaps }.checker().threads(2).target_state_count(most);
        let checker = checker.spawn_dfs().join();
        print_size(&checker, &format!("two engines, {mishaps} mishaps"), began);
        return checker.assert_properties();
    }
    let walk = |seed| {
        let checker = Engines { mishaps: WALK_MISHAPS }.checker().target_state_count(WALK_STATES);
        checker.spawn_simulation(seed, Walk).join()
    };
    let always = walk(0);
    print_size(&always, "two engines, the walks of every run", began);
    always.assert_properties();
    let day = today();
    let of_today = walk(day);
    print_size(&of_today, &format!("two engines, the walks of day {day}"), began);
    assert_safe(&of_today);
}
