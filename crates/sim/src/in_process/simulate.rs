//! One seed, one life: a storm of faults and edits, then calm, then a long look at nothing happening.
//!
//! Safety holds throughout ([`super::check`]). Once faults and edits stop, everything that can be as its tags
//! and its entry in the document ask is so within ten virtual minutes and the time its rollouts take, and then nothing is written any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use eastwest_core::engine::Engine;
use eastwest_core::name::ClusterName;
use eastwest_core::settings::{Budget, Policy, Settings};
use eastwest_core::time::Now;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::check::{Checker, Violation, unsettled};
use super::documents::Documents;
use super::world::CALLER;
use super::{Controller, Fleet, KINDS, Outside, Weather, World};
use crate::faults::Kind;
use crate::model::{
    Echo, Echoes, EmptyLists, EndpointExists, Model, ModelOptions, NamespaceEcho, RolloutOutcome,
    RolloutScript, Switches, Timings,
};
use crate::shapes::ApiError;
use crate::shapes::ecs::{ClusterServiceConnectDefaults, CreateClusterRequest, RolloutState};

/// How long after the calm begins everything must be in order, rollouts not counted.
const SETTLE_SECONDS: u64 = 600;
/// How long nothing may be written after that.
const QUIET_SECONDS: u64 = 2 * 3600;
/// The same in one of [`LONG_EVERY`] seeds.
const LONG_QUIET_SECONDS: u64 = 24 * 3600;
const LONG_EVERY: u64 = 100;

/// What became of one seed.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The hash of the trace.
    pub hash: u64,
    /// The first broken invariant.
    pub violation: Option<Violation>,
    /// The end of the trace, or all of it with `EASTWEST_TRACE` set.
    pub tail: Vec<String>,
    /// Writes that took effect.
    pub writes: u64,
    /// Crashes of the controller.
    pub crashes: u64,
    /// Strikes of faults by kind and operation.
    pub struck: BTreeMap<(Kind, &'static str), u64>,
    /// Calls by operation.
    pub calls: BTreeMap<&'static str, u64>,
    /// Virtual seconds.
    pub seconds: u64,
}

/// Runs the engine through one seed.
pub fn simulate(seed: u64) -> Report {
    simulate_with(seed, Engine::new)
}

/// Runs a controller, made by `make`, through one seed.
pub fn simulate_with<C: Controller>(
    seed: u64,
    make: impl Fn(Settings, Now) -> C + 'static,
) -> Report {
    let mut dice = SmallRng::seed_from_u64(seed);
    let fleet = Fleet::new(SmallRng::seed_from_u64(dice.random()));
    let rng = SmallRng::seed_from_u64(dice.clone().random());
    let mut documents = Documents::new(rng, fleet.namespaces());
    let settings = Settings { sources: documents.sources(), ..draw_settings(&mut dice, &fleet) };
    let model = Model::new(ModelOptions {
        seed: dice.random(),
        switches: draw_switches(&mut dice),
        timings: Timings { rollout_seconds: dice.random_range(5..=60), ..Timings::default() },
        ..ModelOptions::default()
    });
    let checker = Checker::new(settings.clone());
    let given = settings.clone();
    let maker = Box::new(move |now| make(given.clone(), now));
    let world = World::new(model, Weather::new(dice.random()), checker, maker);
    let mut life = Life { world, fleet, documents, dice, settings, seed };
    let start = life.world.now();
    if let Err(error) = life.begin() {
        life.world.checker.violate("set-up", error.to_string());
    }
    life.storm();
    life.calm();
    life.quiet();
    let Life { world, .. } = life;
    let (struck, calls) =
        world.with_weather(|weather| (weather.struck().clone(), weather.calls().clone()));
    Report {
        seed,
        hash: world.trace.hash(),
        violation: world.checker.violation().cloned(),
        tail: world.trace.lines().map(str::to_owned).collect(),
        writes: world.checker.writes(),
        crashes: world.checker.crashes(),
        struck,
        calls,
        seconds: world.now().since_ms(start) / 1000,
    }
}

impl Report {
    /// What a person needs to see of a failure: the seed, the invariant, the end of the trace, how to replay.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.tail {
            let _: Result<(), std::fmt::Error> = writeln!(text, "{line}");
        }
        let (rule, what) = match &self.violation {
            Some(violation) => (violation.rule, violation.text.as_str()),
            None => ("-", "no invariant is broken"),
        };
        let _: Result<(), std::fmt::Error> = writeln!(
            text,
            "seed {} breaks {rule}: {what}\nreplay: EASTWEST_SEED={} EASTWEST_TRACE=1 cargo test -p eastwest-sim --test simulation -- --nocapture replay",
            self.seed, self.seed
        );
        text
    }
}

struct Life<C> {
    world: World<C>,
    fleet: Fleet,
    documents: Documents,
    dice: SmallRng,
    settings: Settings,
    seed: u64,
}

impl<C: Controller> Life<C> {
    /// The fleet comes to be and to rest; then the controller starts.
    fn begin(&mut self) -> Result<(), ApiError> {
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
            let pause = self.fleet.pause_seconds();
            self.world.run_for(pause);
        }
    }

    /// The document's owners may write it anew.
    fn write(&mut self, what: impl FnOnce(&mut Documents, &Model) -> Option<Outside>) {
        let documents = &mut self.documents;
        let outside = self.world.with_model(|model| what(documents, model));
        if let Some(outside) = outside {
            self.world.outside(&outside);
        }
    }

    /// Faults stop, edits stop, and what got stuck is freed by its owners in most lives.
    fn calm(&mut self) {
        self.world.with_weather(Weather::clear);
        self.world.run_for(45);
        self.write(Documents::last);
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
        let most = SETTLE_SECONDS + self.allowance();
        while waited < most && !self.world.is_broken() {
            self.world.run_for(60);
            waited += 60;
            if waited >= SETTLE_SECONDS && self.unsettled().is_empty() {
                break;
            }
        }
        if let Some(first) = self.unsettled().first() {
            self.world.checker.violate("convergence", first.clone());
        }
    }

    /// Rollouts take turns, and one that never ends is waited for half an hour.
    fn allowance(&mut self) -> u64 {
        let stall = self.settings.timing.stall.as_secs();
        let services = self.world.with_model(|model| model.services().count() as u64);
        let stuck = self.world.with_model(|model| {
            model.services().any(|(_, state)| {
                state.primary().is_some_and(|p| p.rollout_state == RolloutState::InProgress)
            })
        });
        services * 120 + if stuck { stall + 120 } else { 0 }
    }

    /// Nothing is written any more.
    fn quiet(&mut self) {
        // A service may still be waiting for its turn behind another's end.
        self.world.run_for(300);
        let writes = |model: &mut Model| {
            model.mutations().iter().filter(|each| each.caller == CALLER).count()
        };
        let before = self.world.with_model(writes);
        let long = self.seed % LONG_EVERY == LONG_EVERY - 1;
        let end =
            self.world.now().plus_seconds(if long { LONG_QUIET_SECONDS } else { QUIET_SECONDS });
        while self.world.now() < end && !self.world.is_broken() {
            self.world.run_for(600);
            if self.world.with_model(writes) != before {
                self.world
                    .checker
                    .violate("quiet", "a write long after everything is in order".into());
            }
        }
        if let Some(first) = self.unsettled().first() {
            self.world.checker.violate("stays", first.clone());
        }
    }

    fn unsettled(&mut self) -> Vec<String> {
        let settings = self.settings.clone();
        let asked = self.world.checker.at_rest();
        self.world.with_model(|model| unsettled(model, &settings, &asked))
    }

    fn is_rolling(&mut self, key: &crate::model::EcsServiceKey) -> bool {
        self.world.with_model(|model| {
            let primary = model.service(key).and_then(|state| state.primary());
            primary.is_some_and(|primary| primary.rollout_state == RolloutState::InProgress)
        })
    }
}

fn draw_settings(dice: &mut SmallRng, fleet: &Fleet) -> Settings {
    let policy = match dice.random_range(0..20) {
        0 => Policy::Observe,
        1..5 => Policy::UpsertOnly,
        _ => Policy::Sync,
    };
    let watched: BTreeSet<ClusterName> =
        fleet.clusters().iter().map(|name| ClusterName::as_read(name)).collect();
    let budget = match dice.random_range(0..3) {
        0 => Budget::default(),
        _ => Budget {
            per_cluster: dice.random_range(1..=3),
            per_namespace: dice.random_range(1..=3),
        },
    };
    let clusters = dice.random_bool(0.7).then_some(watched);
    Settings { clusters, policy, budget, ..Settings::default() }
}

fn draw_switches(dice: &mut SmallRng) -> Switches {
    // Drawn apart, so that a seed's life stays what it was before there were so many.
    let echo = draw_echoes(&mut dice.clone());
    let mut flip = || dice.random_bool(0.5);
    let filled = |filled| if filled { Echo::Filled } else { Echo::AsSent };
    let unmodelled_version = flip();
    let (identical_config_deploys, alias_collision_refused) = (flip(), flip());
    let (dns_name, discovery_name, omitted_alias_filled, alias) = (flip(), flip(), flip(), flip());
    Switches {
        identical_config_deploys,
        alias_collision_refused,
        echo: Echoes {
            unmodelled_version,
            dns_name: filled(dns_name),
            discovery_name: filled(discovery_name),
            alias: filled(alias),
            ..echo
        },
        omitted_alias_filled,
        scale_out_uses_old_snapshot: flip(),
        rollback_takes_snapshot: flip(),
        own_endpoint_in_first_snapshot: flip(),
        endpoint_exists: if flip() {
            EndpointExists::AtCreation
        } else {
            EndpointExists::AtCompletion
        },
        update_takes_cluster_default: flip(),
        leftover_seconds: [Some(30), Some(5), None][usize::from(flip()) + usize::from(flip())],
        non_rolling_state_shown: true,
    }
}

/// The forms in which a namespace and lists come back. What is left out where it is a default, and what is filled in
/// beside names, is tried by the round trip: the checkers here judge such members as they were sent.
fn draw_echoes(dice: &mut SmallRng) -> Echoes {
    let namespaces =
        [NamespaceEcho::AsSent, NamespaceEcho::Arn, NamespaceEcho::Name, NamespaceEcho::HttpName];
    let lists = [EmptyLists::Absent, EmptyLists::SecretOptions, EmptyLists::All];
    Echoes {
        namespace: namespaces[dice.random_range(0..namespaces.len())],
        empty_lists: lists[dice.random_range(0..lists.len())],
        reordered: dice.random_bool(0.5),
        ..Echoes::default()
    }
}
