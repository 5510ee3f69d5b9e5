//! Watches the truth and judges the writes.

use std::collections::BTreeMap;

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::plan::Plan;
use serde_json::Value;

use super::budget::Budget;
use super::effective::Effective;
use super::keys::key_of;
use super::mass_change::Consent;
use super::parameter_history::{AtRest, Known, ParameterHistory};
use super::sent_write::{Broken, SentWrite, Violation};
use super::service_history::{Histories, LastWrite, ServiceHistory};
use super::turns::Turns;
use super::{
    budget, carried_over, fights, names, opt_in, refresh, renames, repeats, servers_first, waves,
    windows,
};
use crate::adapter::calls::READ_TIMEOUT_MS;
use crate::faults::LAG_MS_MAX;
use crate::model::{EcsServiceKey, Model};
use crate::shapes::ecs::{EcsServiceStatus, ServiceAnswer, UpdateServiceRequest};
use crate::shapes::{ApiError, Time};

/// How long the read before a write can take: three attempts that time out, with the pauses between.
const LOOK_MS_MAX: u64 = 3 * READ_TIMEOUT_MS + 2_000;
/// How long a refused write must not be repeated, less the time that calls travel.
const REFUSAL_MS: u64 = 290_000;

/// What every write is judged by. `Consent`, `Budget` and `Turns` remember more than one write, so they are asked apart.
const RULES: [fn(&SentWrite<'_>) -> Broken; 20] = [
    opt_in::opted_in,
    opt_in::stopped,
    opt_in::paused,
    opt_in::allowed,
    budget::onto_a_rollout,
    repeats::no_op,
    carried_over::carried_over,
    repeats::given_up,
    opt_in::asked_for,
    names::unique,
    names::claimed,
    fights::fights,
    windows::windows,
    waves::wave,
    waves::goes_on,
    servers_first::too_early,
    renames::renamed_at_once,
    renames::dropped_under_needs,
    refresh::needless,
    repeats::flap,
];

/// Watches the truth and judges the writes.
#[derive(Debug, Clone)]
pub struct Checker {
    settings: Settings,
    histories: Histories,
    /// When something changed that may concern every service.
    for_all: Vec<Time>,
    parameters: ParameterHistory,
    /// What was known of Parameter Store when the last write to each service was decided.
    decided: BTreeMap<EcsServiceKey, Known>,
    consent: Consent,
    turns: Turns,
    /// Whether somebody ever agreed to something.
    somebody_agreed: bool,
    /// By how many milliseconds the calendar of the process may be wrong, in either direction.
    calendar_off_ms: u64,
    /// How often each kind happened that only the truth shows.
    happened: BTreeMap<&'static str, u64>,
    violation: Option<Violation>,
    writes: u64,
    crashes: u64,
    /// When the last process died.
    crashed_at: Option<Time>,
}

impl Checker {
    /// A checker of a controller with those settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            parameters: ParameterHistory::new(&settings.sources),
            decided: BTreeMap::new(),
            consent: Consent::default(),
            turns: Turns::default(),
            somebody_agreed: false,
            calendar_off_ms: 0,
            happened: BTreeMap::new(),
            settings,
            histories: BTreeMap::new(),
            for_all: Vec::new(),
            violation: None,
            writes: 0,
            crashes: 0,
            crashed_at: None,
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

    /// How often the controller crashed.
    pub fn crashes(&self) -> u64 {
        self.crashes
    }

    /// How often each kind happened.
    pub fn happened(&self) -> &BTreeMap<&'static str, u64> {
        &self.happened
    }

    /// Counts something of a kind of [`crate::faults::CATALOGUE`].
    pub(crate) fn note(&mut self, kind: &'static str) {
        *self.happened.entry(kind).or_default() += 1;
    }

    /// From now on the calendar of the process may be wrong by so much, in either direction.
    pub(crate) fn calendar_is_off_by(&mut self, ms: u64) {
        self.calendar_off_ms = self.calendar_off_ms.max(ms);
    }

    /// Somebody agreed to what waited.
    pub(crate) fn acknowledged(&mut self, now: Time) {
        self.consent.begin_again(Some(now));
        self.somebody_agreed = true;
    }

    /// A read was denied, or reported something as missing. From then on the controller may not know what would change.
    pub(crate) fn hidden(&mut self) {
        self.consent.is_blind = true;
    }

    /// A sweep that began at `began` has shown a service.
    pub(crate) fn swept(&mut self, key: EcsServiceKey, began: Time) {
        self.consent.swept(key, began.minus_ms(LAG_MS_MAX));
    }

    pub(crate) fn crashed(&mut self, at: Time) {
        self.crashes += 1;
        self.crashed_at = Some(at);
        self.consent.begin_again(None);
        self.turns.begin_again();
        self.parameters.crashed();
        for history in self.histories.values_mut() {
            history.refused = None;
            history.ours_since_start.clear();
        }
    }

    /// Notes a broken invariant; the first one stays.
    pub fn violate(&mut self, rule: &'static str, text: String) {
        self.report(Violation { rule, text });
    }

    fn report(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    /// Something changes that may concern every service, now or when Cloud Map has done it.
    pub(crate) fn concerns_all(&mut self, now: Time) {
        self.for_all.extend([now, now.plus_seconds(10)]);
    }

    /// Takes in the present state of everything.
    pub(crate) fn observe(&mut self, model: &Model) {
        self.take_in(model, None);
    }

    /// The controller is told what Parameter Store held when it was asked.
    pub(crate) fn told(
        &mut self,
        name: &ParameterName,
        asked: Time,
        found: &[Parameter],
        now: Time,
    ) {
        self.parameters.told(name, asked, found, now);
    }

    /// The controller decides on a write.
    pub(crate) fn decided(&mut self, key: EcsServiceKey, now: Time) {
        let known = self.parameters.known().clone();
        self.consent.decided(key.clone(), now, &known);
        self.turns.decided(&key, now);
        self.decided.insert(key, known);
    }

    /// The controller has planned: whom it holds for nothing but its turn is in the plan alone.
    pub(crate) fn planned(&mut self, plan: &Plan, now: Time) {
        self.turns.observe(plan, now);
    }

    /// What services are asked for once everything is at rest.
    pub fn at_rest(&self) -> AtRest {
        self.parameters.at_rest()
    }

    fn take_in(&mut self, model: &Model, ours: Option<&EcsServiceKey>) {
        self.parameters.observe(model);
        for (key, state) in model.services() {
            if !self.histories.contains_key(key) {
                self.histories.insert(key.clone(), ServiceHistory::default());
            }
            if let Some(history) = self.histories.get_mut(key) {
                let kinds = history.observe(state, model.now(), ours == Some(key));
                if history.failures.last().is_some_and(|failure| failure.at == model.now()) {
                    self.turns.failed(key, model.now());
                }
                for kind in kinds {
                    *self.happened.entry(kind).or_default() += 1;
                }
            }
        }
    }

    /// Judges a write that has just arrived. `looked`: when the controller last confirmed the service.
    pub(crate) fn wrote(
        &mut self,
        model: &Model,
        request: &UpdateServiceRequest,
        looked: Option<Time>,
        outcome: &Result<ServiceAnswer, ApiError>,
    ) {
        let (now, key) = (model.now(), key_of(request));
        let looked = looked.filter(|at| now.since_ms(*at) <= LOOK_MS_MAX);
        let from = looked.unwrap_or(now.minus_ms(READ_TIMEOUT_MS)).minus_ms(LAG_MS_MAX);
        let body = model.mutations().last().map(|m| m.body.clone()).unwrap_or_default();
        if let Some(text) = carried_over::confined(&body) {
            self.violate("I5", text);
        }
        let Some(history) = self.histories.get(&key) else {
            return self.violate("I2", format!("a write to {key}, which never was"));
        };
        let Ok(answer) = outcome else { return self.refused(&key, now, body) };
        let known = self.decided.get(&key).unwrap_or(self.parameters.known());
        let evidence = self.parameters.evidence(known);
        let from_for_all = evidence.from().map_or(from, |read| from.min(read));
        let after = model.service(&key).and_then(|state| state.connect());
        let after = after.map(|connect| Effective::of(connect));
        let sent = SentWrite {
            key: &key,
            history,
            from,
            now,
            calendar_off_ms: self.calendar_off_ms,
            after: after.as_ref(),
            is_refresh: request.force_new_deployment == Some(true),
            evidence,
            changed_for_all: self.for_all.iter().any(|at| *at > from_for_all && *at <= now),
            last_change_for_all: self.for_all.last().copied(),
            somebody_agreed: self.somebody_agreed,
            settings: &self.settings,
            model,
            histories: &self.histories,
        };
        let mut broken: Vec<Violation> = RULES.iter().filter_map(|rule| rule(&sent)).collect();
        broken.extend(self.consent.judge(&sent));
        for violation in broken {
            self.report(violation);
        }
        let started = answer.service.deployments.first().map(|d| d.id.clone());
        // What a process sent before it died still arrives.
        let sender_lives =
            self.crashed_at.is_none_or(|died| looked.is_some_and(|looked| looked > died));
        if let Some(history) = self.histories.get_mut(&key).filter(|_| sender_lives) {
            history.ours_since_start.extend(started.clone());
        }
        self.accepted(model, &key, LastWrite { at: now, from, from_for_all }, started);
    }

    fn accepted(
        &mut self,
        model: &Model,
        key: &EcsServiceKey,
        write: LastWrite,
        started: Option<String>,
    ) {
        self.writes += 1;
        if let Some(violation) = self.turns.took_effect(key) {
            self.report(violation);
        }
        self.take_in(model, Some(key));
        if let Some(history) = self.histories.get_mut(key) {
            history.last_write = Some(write);
            history.refused = None;
            history.ours.extend(started);
        }
        let known = self.decided.get(key).unwrap_or(self.parameters.known());
        let budget = Budget {
            model,
            histories: &self.histories,
            evidence: &self.parameters.evidence(known),
            settings: &self.settings,
        };
        if let Some(violation) = budget.exceeded(key) {
            self.report(violation);
        }
    }

    fn refused(&mut self, key: &EcsServiceKey, now: Time, body: Value) {
        let Some(history) = self.histories.get_mut(key) else { return };
        let since = history.causes.last().copied();
        let again = history.refused.as_ref().is_some_and(|(at, before)| {
            *before == body && now.since_ms(*at) < REFUSAL_MS && since.is_none_or(|s| s < *at)
        });
        let active = history.now().is_some_and(|now| now.status == EcsServiceStatus::Active);
        history.refused = Some((now, body));
        if again && active {
            self.violate("I6b", format!("{key}: sent again what was just refused"));
        }
    }

    /// Forgets a refusal that the controller did not get.
    pub(crate) fn untold(&mut self, key: &EcsServiceKey) {
        if let Some(history) = self.histories.get_mut(key) {
            history.refused = None;
        }
    }
}
