//! The invariants, judged from the model's truth alone.
//!
//! A write is judged against everything a reading could still show when it was decided: the *window* begins
//! one staleness bound before the close look it rests on (or, where there was none, before one attempt's
//! time-out) and ends with its arrival. A rule is broken only if it was broken throughout the window, so no
//! controller is blamed for what it could not see, and none is excused for what it must have seen. What it
//! did itself it must know: names and rollouts that its own writes took get no such grace. Of Parameter Store
//! it may know what its last good reading showed, and everything since.
//!
//! | rule | says |
//! |---|---|
//! | I1 | no write takes a name that another ACTIVE service of the namespace has, or that the document keeps for others |
//! | I2 | no write to a service that has not opted in, that is paused or frozen, against the policy, or before a document was read |
//! | I3 | never more rollouts of our making at once than the budget; never one onto a rollout of that service |
//! | I4 | no write that changes nothing |
//! | I5 | a request's body has three members, of a refresh three others; what nobody asked to change is carried over |
//! | I6 | between two writes to a service something other than ourselves changed it, its tags or its namespaces |
//! | I6b | what ECS refused is not sent again within five minutes, unless something changed |
//! | I8 | what another writer changed back three times within the hour is left alone |
//! | I9 | what ECS rolled back is never sent again on the same task definition |
//! | I10 | tags that cannot be understood mean no write |
//! | I11 | switching off needs `mode=off`, removing an endpoint a declaration: absence asks for nothing |
//! | I12 | no more services of a namespace change in one go than the limit, unless somebody agreed |
//! | I13 | no client is rolled out while a server that it declares to need has never completed |
//! | I15 | nothing secret is in what the controller does or says |
//! | I16 | no panic, no spinning |
//! | rename | no name that a client declares to need goes in the write that brings what takes its place |
//! | wave | nothing begins in a namespace beside the first rollout of ours that is to complete, nor soon after one failed |
//! | window | nothing begins while a maintenance window is closed |
//! | check | the controller's own last check finds nothing to object to |

mod links;
mod papers;
mod rest;
mod restraint;
mod rules;
mod truth;
mod waits;

use std::collections::BTreeMap;
use std::time::Duration;

use eastwest_core::effect::Parameter;
use eastwest_core::name::ParameterName;
use eastwest_core::settings::Settings;
use serde_json::Value;

use crate::model::{EcsServiceKey, Model};
use crate::shapes::ecs::{EcsServiceStatus, ServiceAnswer, UpdateServiceRequest};
use crate::shapes::{ApiError, Time};

pub use papers::AtRest;
pub(super) use papers::service_key;
pub use rest::unsettled;
pub use truth::{Effective, EffectiveEndpoint, Taken};

use super::aws::READ_TIMEOUT_MS;
use super::weather::LAG_MS_MAX;
use papers::{Known, Papers};
use restraint::Consent;
use rules::Sent;
use truth::Life;

/// The longest a close look can take: three attempts that time out, with the pauses between.
const LOOK_MS_MAX: u64 = 3 * READ_TIMEOUT_MS + 2_000;
/// How long a refusal must be respected, less what travelling takes.
const REFUSAL_MS: u64 = 290_000;

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number.
    pub rule: &'static str,
    /// What happened.
    pub text: String,
}

/// Watches the truth and judges the writes.
#[derive(Debug, Clone)]
pub struct Checker {
    settings: Settings,
    lives: BTreeMap<EcsServiceKey, Life>,
    /// When something changed that may concern every service.
    global: Vec<Time>,
    papers: Papers,
    /// What was known of Parameter Store when the last write to each service was decided.
    decided: BTreeMap<EcsServiceKey, Known>,
    consent: Consent,
    /// How often what befell that only the truth tells.
    befell: BTreeMap<&'static str, u64>,
    violation: Option<Violation>,
    writes: u64,
    crashes: u64,
}

/// Whether a controller with these settings watches the cluster of a service.
fn is_watched(settings: &Settings, key: &EcsServiceKey) -> bool {
    let clusters = settings.clusters.as_ref();
    clusters.is_none_or(|all| all.iter().any(|cluster| cluster.as_str() == key.cluster))
}

/// A span in milliseconds, as the model counts time.
fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The service a write is for.
pub(super) fn key_of(request: &UpdateServiceRequest) -> EcsServiceKey {
    EcsServiceKey::new(request.cluster.clone().unwrap_or_default(), request.service.clone())
}

impl Checker {
    /// A checker of a controller with those settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            papers: Papers::new(&settings.sources),
            decided: BTreeMap::new(),
            consent: Consent::default(),
            befell: BTreeMap::new(),
            settings,
            lives: BTreeMap::new(),
            global: Vec::new(),
            violation: None,
            writes: 0,
            crashes: 0,
        }
    }

    /// The first broken invariant.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Writes that took effect.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// How often the controller ended without warning.
    pub fn crashes(&self) -> u64 {
        self.crashes
    }

    /// How often each kind befell.
    pub fn befell(&self) -> &BTreeMap<&'static str, u64> {
        &self.befell
    }

    /// Something of a kind of [`super::catalogue`] befell.
    pub(super) fn note(&mut self, kind: &'static str) {
        *self.befell.entry(kind).or_default() += 1;
    }

    /// Somebody agreed to what waited.
    pub(super) fn acknowledged(&mut self, now: Time) {
        self.consent.begin_anew(Some(now));
    }

    /// A read was denied or said that something is missing: what would change is not known, and nobody says that it
    /// will be.
    pub(super) fn hidden(&mut self) {
        self.consent.is_blind = true;
    }

    /// A sweep brought that service, as it was then or later.
    pub(super) fn swept(&mut self, key: EcsServiceKey, began: Time) {
        self.consent.swept(key, began.minus_ms(LAG_MS_MAX));
    }

    pub(super) fn crashed(&mut self) {
        self.crashes += 1;
        self.consent.begin_anew(None);
        self.papers.crashed();
        for life in self.lives.values_mut() {
            life.refused = None;
            life.ours_since_start.clear();
        }
    }

    /// Notes a broken invariant; the first one stays.
    pub fn violate(&mut self, rule: &'static str, text: String) {
        self.violation.get_or_insert(Violation { rule, text });
    }

    /// Something changes that may concern every service, now or when Cloud Map has done it.
    pub(super) fn concerns_all(&mut self, now: Time) {
        self.global.extend([now, now.plus_seconds(10)]);
    }

    /// Takes in the present state of everything.
    pub(super) fn observe(&mut self, model: &Model) {
        self.take_in(model, None);
    }

    /// The controller is told what Parameter Store held when it was asked.
    pub(super) fn told(&mut self, asked: (&ParameterName, Time), found: &[Parameter], now: Time) {
        self.papers.told(asked, found, now);
    }

    /// The controller decides on a write.
    pub(super) fn decided(&mut self, key: EcsServiceKey, now: Time) {
        self.consent.decided(key.clone(), now);
        self.decided.insert(key, self.papers.known().clone());
    }

    /// What services are asked for once everything is as it shall be.
    pub fn at_rest(&self) -> AtRest {
        self.papers.at_rest()
    }

    fn take_in(&mut self, model: &Model, ours: Option<&EcsServiceKey>) {
        self.papers.observe(model);
        for (key, state) in model.services() {
            if !self.lives.contains_key(key) {
                self.lives.insert(key.clone(), Life::default());
            }
            if let Some(life) = self.lives.get_mut(key) {
                let kinds = life.observe(state, model.now(), ours == Some(key));
                for kind in kinds {
                    *self.befell.entry(kind).or_default() += 1;
                }
            }
        }
    }

    /// Judges a write that has just arrived, `looked`: when its target was last looked at closely.
    pub(super) fn wrote(
        &mut self,
        model: &Model,
        (request, looked): (&UpdateServiceRequest, Option<Time>),
        outcome: &Result<ServiceAnswer, ApiError>,
    ) {
        let (now, key) = (model.now(), key_of(request));
        let looked = looked.filter(|at| now.since_ms(*at) <= LOOK_MS_MAX);
        let from = looked.unwrap_or(now.minus_ms(READ_TIMEOUT_MS)).minus_ms(LAG_MS_MAX);
        let body = model.mutations().last().map(|m| m.body.clone()).unwrap_or_default();
        if let Some(text) = rules::confined(&body) {
            self.violate("I5", text);
        }
        let Some(life) = self.lives.get(&key) else {
            return self.violate("I2", format!("a write to {key}, which never was"));
        };
        let known = self.decided.get(&key).unwrap_or(self.papers.known());
        let evidence = self.papers.evidence(known);
        let all_from = evidence.from().map_or(from, |read| from.min(read));
        let global = self.global.iter().any(|at| *at > all_from && *at <= now);
        match outcome {
            Err(_) => self.refused(&key, now, body),
            Ok(answer) => {
                let started = answer.service.deployments.first().map(|d| d.id.clone());
                let after = model.service(&key).and_then(|state| state.connect());
                let after = after.map(|connect| Effective::of(connect));
                let after = after.as_ref();
                let is_refresh = request.force_new_deployment == Some(true);
                let sent = Sent { key: &key, life, from, now, after, global, is_refresh, evidence };
                let mut broken = rules::broken(&sent, &self.settings, &self.lives);
                broken.extend(restraint::fights(&sent));
                broken.extend(restraint::windows(&sent));
                broken.extend(restraint::wave(&sent, &self.settings, &self.lives));
                let last = self.global.last().copied();
                broken.extend(restraint::goes_on(&sent, &self.settings, (&self.lives, last)));
                let known = (&self.settings, &self.lives, last);
                broken.extend(self.consent.judge(&sent, known));
                let world = (&self.settings, &self.lives);
                broken.extend(links::too_early(model, &sent, world));
                broken.extend(links::renamed_at_once(&sent, world));
                broken.extend(is_refresh.then(|| links::needless(model, &sent, world)).flatten());
                let flap = rules::flap(&sent, last, &self.lives);
                for (rule, text) in broken.into_iter().chain(flap) {
                    self.violate(rule, text);
                }
                self.accepted(model, &key, (from, all_from), started);
            }
        }
    }

    fn accepted(
        &mut self,
        model: &Model,
        key: &EcsServiceKey,
        (from, all_from): (Time, Time),
        started: Option<String>,
    ) {
        self.writes += 1;
        self.take_in(model, Some(key));
        if let Some(life) = self.lives.get_mut(key) {
            life.last_write = Some((model.now(), from, all_from));
            life.refused = None;
            life.ours.extend(started.clone());
            life.ours_since_start.extend(started);
        }
        let known = self.decided.get(key).unwrap_or(self.papers.known());
        let judged = (&self.lives, &self.papers.evidence(known));
        if let Some((rule, text)) = rules::over_budget(model, judged, (key, &self.settings)) {
            self.violate(rule, text);
        }
    }

    fn refused(&mut self, key: &EcsServiceKey, now: Time, body: Value) {
        let Some(life) = self.lives.get_mut(key) else { return };
        let since = life.causes.last().copied();
        let again = life.refused.as_ref().is_some_and(|(at, before)| {
            *before == body && now.since_ms(*at) < REFUSAL_MS && since.is_none_or(|s| s < *at)
        });
        let active = life.now().is_some_and(|now| now.status == EcsServiceStatus::Active);
        life.refused = Some((now, body));
        if again && active {
            self.violate("I6b", format!("{key}: sent again what was just refused"));
        }
    }

    /// Forgets a refusal that the controller was never told of.
    pub(super) fn untold(&mut self, key: &EcsServiceKey) {
        if let Some(life) = self.lives.get_mut(key) {
            life.refused = None;
        }
    }
}
