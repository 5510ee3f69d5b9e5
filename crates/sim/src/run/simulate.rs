//! One seed, one life: a storm of faults and edits, then calm, then a long quiet time.
//!
//! Safety holds throughout ([`crate::judge`]). After the last fault and the last edit, every service gets what its tags
//! and its entry in the document ask for, if that is possible, within ten virtual minutes and the time that its
//! rollouts take. After that nothing is written any more.

use std::collections::BTreeSet;
use std::rc::Rc;

use eastwest_core::declaration::settings::{Settings, Timing};
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::controller::Controller;
use super::final_state;
use super::fresh::Said;
use super::leased_life::{self, Make, equip, maker};
use super::quiet_writes;
use super::report::Report;
use super::world::World;
use crate::faults::{KINDS, Weather};
use crate::judge::{Checker, unsettled};
use crate::life::documents::Documents;
use crate::life::fleet::Fleet;
use crate::life::messages::Messages;
use crate::life::others::{Later, Others};
use crate::life::outside::Outside;
use crate::life::replicas::Replicas;
use crate::life::settings;
use crate::model::{
    Conduct, Deployment, EcsServiceKey, EcsServiceState, Model, ModelOptions, RolloutOutcome,
    RolloutScript, Strategy, Timings,
};
use crate::shapes::ecs::{ClusterServiceConnectDefaults, CreateClusterRequest, RolloutState};
use crate::shapes::{ApiError, Time};

/// Everything must be in order so long after the calm begins, rollouts not counted.
const SETTLE_SECONDS: u64 = 600;
/// Nothing may be written for so long after that.
const QUIET_SECONDS: u64 = 24 * 3600;
/// The controller is awake for so long at first. Then it is stopped again and again, and in between it runs long enough
/// for two sweeps.
const AWAKE_SECONDS: u64 = 1800;
const AWAKE_BETWEEN_SECONDS: u64 = 45;
/// So long a fresh controller looks before it is compared with the one that has lived.
const ANEW_SECONDS: u64 = 900;
/// One life in so many is awake all the time.
const AWAKE_EVERY: u64 = 50;
/// eastwest leaves alone for an hour what a second writer set; setting it again takes a quarter of an hour.
const TRUCE_SECONDS: u64 = 3600 + 900;

/// Runs the engine through one seed.
pub fn simulate(seed: u64) -> Report {
    simulate_with(seed, Engine::new)
}

/// Runs a controller, made by `make`, through one seed.
pub fn simulate_with<C: Controller + 'static>(
    seed: u64,
    make: impl Fn(Settings, Now) -> C + 'static,
) -> Report {
    let mut life = Life::drawn(seed, make);
    let start = life.world.now();
    life.live();
    life.report(start)
}

struct Life<C> {
    world: World<C>,
    replicas: Replicas,
    fleet: Fleet,
    documents: Documents,
    messages: Messages,
    others: Others,
    dice: SmallRng,
    /// The random source of what was added later, so that older draws stay the same.
    apart: SmallRng,
    settings: Settings,
    seed: u64,
    /// Whether a fresh controller was compared with the one that lived.
    is_compared: bool,
}

impl<C: Controller + 'static> Life<C> {
    /// Draws everything of a life that is drawn before it begins.
    fn drawn(seed: u64, make: impl Fn(Settings, Now) -> C + 'static) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed);
        let fleet = Fleet::new(SmallRng::seed_from_u64(dice.random()));
        let rng = SmallRng::seed_from_u64(dice.clone().random());
        let mut documents = Documents::new(rng, fleet.namespaces());
        // Other writers and the limit of mass changes have a random source of their own.
        let mut apart = SmallRng::seed_from_u64(seed ^ 0x5EED);
        let mass_change = settings::mass_change(&mut apart);
        let name_quarantine =
            settings::name_quarantine(&mut SmallRng::seed_from_u64(seed ^ 0xF0F0));
        let sources = documents.sources();
        let timing = Timing { name_quarantine, ..settings::timing(seed) };
        let drawn = settings::settings(&mut dice, &fleet);
        let messages = Messages::drawn(seed);
        let queue = messages.queue();
        let settings = Settings { sources, mass_change, timing, queue, ..drawn };
        let model = Model::new(ModelOptions {
            seed: dice.random(),
            switches: settings::switches(&mut dice),
            timings: Timings {
                rollout_seconds: dice.random_range(5..=60),
                deferred_cleanup_seconds: 300,
                ..Timings::default()
            },
            ..ModelOptions::default()
        });
        let checker = Checker::new(settings.clone());
        let (make, mut replicas): (Make<C>, _) = (Rc::new(make), Replicas::drawn(seed));
        let first = maker(&make, &settings, &replicas, 0);
        let mut world = World::new(model, Weather::new(dice.random()), checker, first);
        equip(&mut world, &mut replicas, &make, &settings);
        let others = Others::new(apart.clone());
        let is_compared = false;
        Self {
            world,
            replicas,
            fleet,
            documents,
            messages,
            others,
            dice,
            apart,
            settings,
            seed,
            is_compared,
        }
    }

    /// The whole life.
    fn live(&mut self) {
        if let Err(error) = self.begin() {
            self.world.checker.violate("set-up", error.to_string());
        }
        self.storm();
        self.world.look_for_secrets();
        self.calm();
        self.quiet();
        self.world.look_for_secrets();
        self.begin_anew();
    }

    /// What became of a life that began at `start`.
    fn report(self, start: Time) -> Report {
        let mut world = self.world;
        let mut tail: Vec<String> = world.trace.lines().map(str::to_owned).collect();
        if world.is_broken() {
            let asked = world.checker.at_rest();
            tail.extend(final_state::lines(&mut world, &asked));
        }
        let (struck, calls, mut happened) = world.with_weather(|weather| {
            (weather.struck().clone(), weather.calls().clone(), weather.happened())
        });
        for (kind, times) in world.checker.happened() {
            *happened.entry(*kind).or_default() += times;
        }
        Report {
            seed: self.seed,
            hash: world.trace.hash(),
            deeds: world.trace.deeds(),
            violation: world.checker.violation().cloned(),
            tail,
            writes: world.checker.writes(),
            crashes: world.checker.crashes(),
            struck,
            happened,
            reasons: world.reasons.clone(),
            is_awake: is_awake(self.seed),
            is_compared: self.is_compared,
            calls,
            seconds: world.now().since_ms(start) / 1000,
        }
    }

    /// Creates the fleet, lets it settle, then starts the controller.
    fn begin(&mut self) -> Result<(), ApiError> {
        let begun = self.world.with_model(|model| self.messages.begin(model))?;
        if let Some(kind) = begun {
            self.world.checker.note(kind);
        }
        for name in self.fleet.namespaces().to_vec() {
            self.world.outside(&Outside::Namespace(name));
        }
        self.world.run_for(30);
        let namespace = self.fleet.namespaces().first().cloned();
        let mut clusters = self.fleet.clusters().to_vec();
        clusters.push("elsewhere".to_owned());
        for cluster in clusters {
            let default = namespace.clone().filter(|_| self.dice.random_bool(0.5));
            self.world.with_model(|model| {
                model.create_cluster(CreateClusterRequest {
                    cluster_name: Some(cluster),
                    service_connect_defaults: default
                        .map(|name| ClusterServiceConnectDefaults { namespace: Some(name) }),
                    ..CreateClusterRequest::default()
                })
            })?;
        }
        for newcomer in self.fleet.newcomers() {
            self.world.outside(&Outside::Create(Box::new(newcomer)));
            self.world.run_for(1);
        }
        if self.dice.random_bool(0.8) {
            self.world.run_for(120);
        }
        self.write(Documents::first);
        let fleet = &mut self.fleet;
        let scripts = self.world.with_model(|model| fleet.scripts(model));
        for script in &scripts {
            self.world.outside(script);
        }
        self.world.start();
        leased_life::begin(&mut self.world, &mut self.replicas);
        Ok(())
    }

    /// Faults and edits.
    fn storm(&mut self) {
        for kind in KINDS {
            if self.dice.random_bool(0.4) {
                let rate = self.dice.random_range(1..=40);
                self.world.with_weather(|weather| weather.set_rate(kind, rate));
            }
        }
        if self.apart.random_bool(0.4) {
            let rate = self.apart.random_range(50..=300);
            self.world.with_weather(|weather| weather.set_lag(rate));
        }
        let end = self.world.now().plus_seconds(self.dice.random_range(600..=2400));
        while self.world.now() < end && !self.world.is_broken() {
            let outside = {
                let fleet = &mut self.fleet;
                self.world.with_model(|model| {
                    fleet.next(model).filter(|outside| match outside {
                        Outside::Namespace(name) => !Fleet::has_namespace(model, name),
                        _ => true,
                    })
                })
            };
            if let Some(outside) = outside {
                self.world.outside(&outside);
            }
            self.write(Documents::next);
            self.insist();
            self.forge();
            self.go_dark();
            self.stop();
            leased_life::trouble(&mut self.world, &mut self.replicas);
            let pause = self.fleet.pause_seconds();
            self.world.run_for(pause);
        }
    }

    /// Another writer may begin something.
    fn insist(&mut self) {
        let (others, fleet) = (&mut self.others, &mut self.fleet);
        let (events, kind) = self.world.with_model(|model| others.next(model, fleet));
        if let Some(kind) = kind.filter(|_| !events.is_empty()) {
            self.world.checker.note(kind);
        }
        self.take_up(events);
    }

    fn take_up(&mut self, events: Vec<Later>) {
        for (seconds, event) in events {
            match seconds {
                0 => self.world.outside(&event),
                later => self.world.plan(self.world.now().plus_seconds(later), event),
            }
        }
    }

    /// Anybody may put something into the queue.
    fn forge(&mut self) {
        let messages = &mut self.messages;
        let forged = self.world.with_model(|model| messages.forge(model));
        if let Some(kind) = forged {
            self.world.checker.note(kind);
        }
    }

    /// One of AWS's services may be down for a while.
    fn go_dark(&mut self) {
        if self.apart.random_bool(0.02) {
            let all = ["ecs.", "servicediscovery.", "ssm.", ""];
            let prefix = all[self.apart.random_range(0..all.len())];
            let until = self.world.now().plus_seconds(self.apart.random_range(30..=420));
            self.world.with_weather(|weather| weather.begin_outage(prefix, until));
        }
    }

    /// The controller may be stopped for a while, at any moment or at the worst.
    fn stop(&mut self) {
        if self.apart.random_bool(0.02) {
            let seconds = self.apart.random_range(1..=120);
            if self.apart.random_bool(0.5) {
                self.world.outside(&Outside::Stop { seconds });
            } else {
                self.world.stop_in_next_confirm(seconds);
            }
        }
    }

    /// People answer what waits for them: they let every deployment go on, and agree to every plan.
    fn help(&mut self) {
        let others = &mut self.others;
        let events = self.world.with_model(|model| others.answers(model, 0.0));
        self.take_up(events);
        self.world.outside(&Outside::Acknowledge);
    }

    /// The document's owners may write it again.
    fn write(&mut self, what: impl FnOnce(&mut Documents, &Model) -> Option<Outside>) {
        let documents = &mut self.documents;
        let outside = self.world.with_model(|model| what(documents, model));
        if let Some(outside) = outside {
            self.world.outside(&outside);
        }
    }

    /// Faults and edits stop. In most lives the owners free what is stuck.
    fn calm(&mut self) {
        self.world.with_weather(Weather::clear);
        self.world.clear_agenda();
        self.world.run_for(45);
        self.write(Documents::last);
        leased_life::calm(&mut self.world, &self.replicas);
        self.world.outside(&Outside::Restart);
        let keys = self.world.with_model(|model| {
            let complete = RolloutScript { seconds: 20, outcome: RolloutOutcome::Complete };
            let keys: Vec<_> = model.services().map(|(key, _)| key.clone()).collect();
            for key in &keys {
                model.set_rollout(&key.to_string(), complete);
            }
            keys
        });
        if self.dice.random_bool(0.8) {
            for key in keys {
                if self.is_rolling(&key) {
                    self.world.outside(&Outside::Force(key));
                }
            }
        }
        let mut waited = 0;
        let allowance = self.allowance();
        // A service that waits behind an endless rollout waits half an hour, even where the oracle sees no reason.
        let stall = self.settings.timing.stall.as_secs();
        let least = SETTLE_SECONDS + if allowance >= stall { allowance } else { self.follows() };
        while waited < SETTLE_SECONDS + self.truce() + allowance && !self.world.is_broken() {
            self.help();
            self.world.run_for(60);
            waited += 60;
            let is_over = waited >= least + self.truce();
            if is_over && !self.lingers() && self.unsettled().is_empty() {
                break;
            }
        }
        if let Some(first) = self.unsettled().first() {
            self.world.checker.violate("convergence", first.clone());
        }
    }

    /// How long it takes until eastwest sets again what another tool changed: it leaves that alone for an hour.
    fn truce(&self) -> u64 {
        let fought = self.world.checker.happened().contains_key("second writer")
            || self.world.reasons.contains_key(Reason::Contended.name());
        if fought { TRUCE_SECONDS } else { 0 }
    }

    /// How long clients wait before they are rolled out again: for a new name, and then for what takes its place.
    fn follows(&self) -> u64 {
        2 * self.settings.timing.refresh_every.as_secs()
    }

    /// How long rollouts may take: they take turns, and an endless one holds the others up for half an hour.
    fn allowance(&mut self) -> u64 {
        let stall = self.settings.timing.stall.as_secs();
        let services = self.world.with_model(|model| model.services().count() as u64);
        let stuck =
            self.world.with_model(|model| model.services().any(|(_, state)| state.seems_to_roll()));
        // Strategies that shift traffic wait on purpose.
        let shifting = self.world.with_model(|model| {
            let shifts = |conduct: &Conduct| conduct.strategy != Strategy::Rolling;
            model.services().filter(|(_, state)| shifts(&state.settings.conduct)).count() as u64
        });
        self.follows() + services * 120 + shifting * 180 + if stuck { stall + 120 } else { 0 }
    }

    /// Nothing is written any more.
    fn quiet(&mut self) {
        // A service may still wait for its turn behind another rollout.
        self.world.run_for(300);
        // What ECS refuses is tried again now and then, for nobody says when that ends. The controller says so.
        let mut refused = self.refused();
        let before = self.world.with_model(|model| quiet_writes::count(model, &refused));
        let sleepy = self.world.now().plus_seconds(AWAKE_SECONDS);
        let end = self.world.now().plus_seconds(QUIET_SECONDS);
        while self.world.now() < end && !self.world.is_broken() {
            if is_awake(self.seed) || self.world.now() < sleepy {
                self.world.run_for(600);
            } else {
                let seconds = self.apart.random_range(600..=7200);
                let wait = leased_life::stop(&mut self.world, &self.replicas, seconds);
                self.world.run_for(seconds + wait + AWAKE_BETWEEN_SECONDS);
            }
            refused.append(&mut self.refused());
            if self.world.with_model(|model| quiet_writes::count(model, &refused)) > before {
                self.world
                    .checker
                    .violate("quiet", "a write long after everything is in order".into());
            }
        }
        if let Some(first) = self.unsettled().first() {
            self.world.checker.violate("stays", first.clone());
        }
    }

    /// The services of which the controller says that ECS refuses their change.
    fn refused(&self) -> BTreeSet<EcsServiceKey> {
        self.world.controller().map(|it| quiet_writes::refused(it.engine())).unwrap_or_default()
    }

    /// A fresh controller says the same of the world at rest as the one that has lived through it.
    fn begin_anew(&mut self) {
        // The last restart of the quiet hours may have been a moment ago.
        self.world.run_for(ANEW_SECONDS);
        let Some(lived) = self.said() else { return };
        let writes = |model: &mut Model| model.mutations().len();
        let before = self.world.with_model(writes);
        self.world.crash(false);
        self.world.start();
        self.world.run_for(ANEW_SECONDS);
        let Some(fresh) = self.said() else { return };
        if self.world.with_model(writes) != before {
            // A name was left over until now, and one that sleeps most of the time has not looked again.
            return;
        }
        self.is_compared = lived.is_comparable_to(&fresh);
        if let Some(text) = lived.difference(&fresh).filter(|_| self.is_compared) {
            self.world.checker.violate("fresh", text);
        }
    }

    fn said(&self) -> Option<Said> {
        let controller = self.world.controller().filter(|_| !self.world.is_broken())?;
        Some(Said::of(controller.engine().view(), &self.settings))
    }

    fn unsettled(&mut self) -> Vec<String> {
        let settings = self.settings.clone();
        let asked = self.world.checker.at_rest();
        self.world.with_model(|model| unsettled(model, &settings, &asked))
    }

    /// Whether tasks of an older deployment still wait for their cleanup, which frees the names they hold.
    fn lingers(&mut self) -> bool {
        let lingers = |state: &EcsServiceState| {
            let done = |primary: &Deployment| primary.rollout_state == RolloutState::Completed;
            state.deployments.len() > 1 && state.primary().is_some_and(done)
        };
        self.world.with_model(|model| model.services().any(|(_, state)| lingers(state)))
    }

    fn is_rolling(&mut self, key: &EcsServiceKey) -> bool {
        self.world.with_model(|model| {
            let primary = model.service(key).and_then(|state| state.primary());
            primary.is_some_and(|primary| primary.rollout_state == RolloutState::InProgress)
        })
    }
}

/// Whether a seed's controller is awake all through the quiet hours.
fn is_awake(seed: u64) -> bool {
    seed % AWAKE_EVERY == AWAKE_EVERY - 1
}
