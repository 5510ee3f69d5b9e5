//! The one world behind the wire: a model for each region, the clock, the faults, the quotas, the counts.
//!
//! **Invariant:** a model is only ever handed out advanced to the present virtual time, so that no
//! caller sees a rollout that should have ended.
//!
//! **Invariant:** regions do not see one another, as at AWS. A region's model is made when the region
//! is first called, with the same population as every other; the first one is the home, which the
//! `/_sim/` calls mean when they name no region.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::clock::{Clock, ClockError, Reading};
use super::iam::Policies;
use super::quotas::Quotas;
use crate::faults::Faults;
use crate::model::{EventOptions, Model, ModelOptions, Mutation, Population};
use crate::shapes::Time;

/// What a world is made with.
#[derive(Debug, Clone)]
pub struct Options {
    /// What each region's model is made with. Its region is the home until another is called; its
    /// start is where virtual time begins.
    pub model: ModelOptions,
    /// Virtual seconds for each real second; 0 stands still.
    pub speed: f64,
    /// Whether AWS's published rates are enforced.
    pub quotas: bool,
    /// What each region holds before the first call.
    pub population: Option<Population>,
    /// What the callers with one access key may do. `None`: everything, as everybody else.
    pub policies: Option<Policies>,
}

impl Default for Options {
    /// An empty world that starts now, at the machine's pace, without quotas.
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = Time(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX));
        Self {
            model: ModelOptions { start, ..ModelOptions::default() },
            speed: 1.0,
            quotas: false,
            population: None,
            policies: None,
        }
    }
}

/// A world that several connections, tests or a demo hold together.
pub type SharedWorld = Arc<Mutex<World>>;

/// What an AWS call needs.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) world: SharedWorld,
    /// True once the server shuts down.
    pub(super) stopped: watch::Receiver<bool>,
}

/// Locks the world. A connection that panicked while holding it has at worst left one call half done,
/// which is better looked at than hidden, so the world stays usable.
pub fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything the simulator knows.
#[derive(Debug)]
pub struct World {
    options: Options,
    clock: Clock,
    home: Option<String>,
    models: BTreeMap<String, Model>,
    calls: BTreeMap<&'static str, u64>,
    /// Changes whenever something may have changed, for those who wait for a message.
    touched: watch::Sender<u64>,
    /// The rules by which calls fail.
    pub faults: Faults,
    /// The token buckets.
    pub quotas: Quotas,
}

impl World {
    /// A world at its start, or the reason why its clock cannot run so.
    pub fn new(options: Options) -> Result<Self, ClockError> {
        Ok(Self {
            clock: Clock::new(options.model.start, Instant::now(), options.speed)?,
            home: None,
            models: BTreeMap::new(),
            calls: BTreeMap::new(),
            touched: watch::Sender::new(0),
            faults: Faults::default(),
            quotas: if options.quotas { Quotas::enforced() } else { Quotas::off() },
            options,
        })
    }

    /// Virtual time.
    pub fn now(&self) -> Time {
        self.clock.now(Instant::now())
    }

    /// Virtual time and its speed, for people.
    pub fn reading(&self) -> Reading {
        self.clock.reading(Instant::now())
    }

    /// Runs virtual time at `speed` (if given), then moves it `seconds` ahead (if given); both or neither.
    pub fn pace(&mut self, speed: Option<f64>, seconds: Option<f64>) -> Result<(), ClockError> {
        let mut clock = self.clock.clone();
        let real = Instant::now();
        speed.map_or(Ok(()), |speed| clock.set_speed(real, speed))?;
        seconds.map_or(Ok(()), |seconds| clock.advance(real, seconds))?;
        self.clock = clock;
        self.touch();
        Ok(())
    }

    /// The account in every ARN.
    pub fn account(&self) -> &str {
        &self.options.model.account
    }

    /// The policies that bind some callers.
    pub(super) fn policies(&self) -> Option<&Policies> {
        self.options.policies.as_ref()
    }

    /// The region that was called first; before any call, the one of the options.
    pub fn home(&self) -> &str {
        self.home.as_deref().unwrap_or(&self.options.model.region)
    }

    /// The model of the home, at the present virtual time.
    pub fn model(&mut self) -> &mut Model {
        let home = self.home().to_owned();
        self.model_of(&home)
    }

    /// The model of `region`, at the present virtual time.
    pub fn model_of(&mut self, region: &str) -> &mut Model {
        self.touch();
        self.model_for_waiting(region)
    }

    /// The same, for those who only wait: it wakes nobody else.
    pub(super) fn model_for_waiting(&mut self, region: &str) -> &mut Model {
        let now = self.now();
        if !self.models.contains_key(region) {
            let model = self.new_model(region, now);
            self.home.get_or_insert_with(|| region.to_owned());
            self.models.insert(region.to_owned(), model);
        }
        let model = self.models.get_mut(region).expect("made above if it was not there");
        model.advance_to(now);
        model
    }

    /// Tells when something may have changed since this call.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.touched.subscribe()
    }

    fn touch(&self) {
        self.touched.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// How long it takes by the machine's clock until that virtual instant; `None`: virtual time stands still.
    pub(super) fn real_time_until(&self, at: Time) -> Option<Duration> {
        self.clock.real_time_until(Instant::now(), at)
    }

    /// How events are sent in every region.
    pub fn event_options(&self) -> EventOptions {
        self.options.model.events
    }

    /// Changes how events are sent in every region from now on.
    pub fn set_event_options(&mut self, events: EventOptions) {
        self.options.model.events = events;
        self.models.values_mut().for_each(|model| model.set_event_options(events));
    }

    /// The regions that were called, in alphabetical order.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// The mutating calls of every region, oldest first.
    pub fn mutations(&self) -> Vec<&Mutation> {
        let mut all: Vec<&Mutation> = self.models.values().flat_map(Model::mutations).collect();
        // Each region's are in order already, and the sort keeps the order of what is equally old.
        all.sort_by_key(|mutation| mutation.time);
        all
    }

    /// Forgets the mutating calls of every region.
    pub fn clear_mutations(&mut self) {
        self.models.values_mut().for_each(Model::clear_mutations);
    }

    /// Counts a call, whatever becomes of it.
    pub(super) fn count(&mut self, op: &'static str) {
        *self.calls.entry(op).or_default() += 1;
    }

    /// How often each operation was called, refused and failed calls included.
    pub fn calls(&self) -> &BTreeMap<&'static str, u64> {
        &self.calls
    }

    /// Starts counting again.
    pub fn reset_calls(&mut self) {
        self.calls.clear();
    }

    fn new_model(&self, region: &str, now: Time) -> Model {
        let options = &self.options.model;
        let region = region.to_owned();
        let mut model = Model::new(ModelOptions { start: now, region, ..options.clone() });
        if let Some(population) = &self.options.population {
            model.populate(population);
        }
        model
    }
}
