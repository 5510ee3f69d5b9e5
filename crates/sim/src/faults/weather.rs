//! What each call meets: how long it travels and how it fails, by rules or drawn from a seed.
//!
//! **Invariant:** rules come before chance. A kind strikes only calls for which it means something
//! ([`Kind::can_strike`]). The same seed and the same calls give the same weather. Every call and every strike is
//! counted, so that a run can show what it has tried.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::catalogue;
use super::mishap::{BegunCall, Call, Crash, Mishap, Mishaps};
use super::rules::{Faults, Kind, LAG_MS_MAX, Rule, RuleError, Strike};
use crate::shapes::{ApiError, Time};

/// How often calls were made and how often each kind of fault struck which.
pub type Counts = BTreeMap<&'static str, u64>;

/// What one call meets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    /// Milliseconds until the request arrives.
    pub(crate) there_ms: u64,
    /// Milliseconds until the answer arrives.
    pub(crate) back_ms: u64,
    pub(crate) strike: Option<Strike>,
}

/// The weather of one run.
#[derive(Debug, Clone)]
pub struct Weather {
    rng: SmallRng,
    /// How many calls of a thousand each kind strikes.
    rates: BTreeMap<Kind, u32>,
    rules: Faults,
    mishaps: Mishaps,
    /// The operations that are refused now, each with its error.
    refusals: BTreeMap<String, ApiError>,
    calls: Counts,
    struck: BTreeMap<(Kind, &'static str), u64>,
    /// How many writes to a service of a thousand show late.
    lag_rate: u32,
    /// Calls whose names have this prefix fail until this instant.
    outage: Option<(&'static str, Time)>,
    /// How often what is no [`Kind`] happened.
    happened: Counts,
    /// Latency is drawn from this range; equal ends make it fixed.
    latency_ms: (u64, u64),
}

impl Weather {
    /// Fair weather: latency drawn from 20 to 400 ms, no faults.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: SmallRng::seed_from_u64(seed),
            rates: BTreeMap::new(),
            rules: Faults::default(),
            mishaps: Mishaps::default(),
            refusals: BTreeMap::new(),
            calls: Counts::new(),
            struck: BTreeMap::new(),
            lag_rate: 0,
            outage: None,
            happened: Counts::new(),
            latency_ms: (20, 400),
        }
    }

    /// Makes every call take exactly `ms` milliseconds.
    pub fn fix_latency(&mut self, ms: u64) {
        self.latency_ms = (ms, ms);
    }

    /// Sets how many of a thousand calls a kind strikes from now on.
    pub fn set_rate(&mut self, kind: Kind, per_mille: u32) {
        self.rates.insert(kind, per_mille);
    }

    /// Sets how many of a thousand writes to a service show only after the longest lag, from now on.
    pub fn set_lag(&mut self, per_mille: u32) {
        self.lag_rate = per_mille;
    }

    /// Every call whose name has this prefix fails until `until`: one of AWS's services is down.
    pub fn begin_outage(&mut self, prefix: &'static str, until: Time) {
        self.outage = Some((prefix, until));
    }

    /// Adds rules that strike before chance does.
    pub fn post(&mut self, rules: Vec<Rule>) -> Result<(), RuleError> {
        self.rules.post(rules)
    }

    /// From now on every call is noted, for [`Self::recorded`].
    pub fn record(&mut self) {
        self.mishaps.record();
    }

    /// The calls since the beginning of the run, if they were recorded from there.
    pub fn recorded(&self) -> &[Call] {
        self.mishaps.log()
    }

    /// How many calls have begun since the beginning of the run.
    pub fn begun(&self) -> u64 {
        self.mishaps.begun()
    }

    /// Plans the one mishap of a run: it strikes call number `call`, from 1, before rules and chance do.
    pub fn plan(&mut self, call: u64, mishap: Mishap) {
        self.mishaps.plan(call, mishap);
    }

    /// Whether the planned mishap has happened.
    pub fn has_mishap_struck(&self) -> bool {
        self.mishaps.has_struck()
    }

    /// AWS refuses every call of an operation with this error, until [`Self::accept_again`]. This is for what lies
    /// outside of the model: IAM, or a Region without Service Connect. A refusal comes after the faults, as AWS's does.
    pub fn refuse(&mut self, op: &str, error: ApiError) {
        self.refusals.insert(op.to_owned(), error);
    }

    /// From now on only the model refuses calls.
    pub fn accept_again(&mut self) {
        self.refusals.clear();
    }

    /// The error with which an operation is refused now.
    pub fn refusal(&self, op: &str) -> Option<&ApiError> {
        self.refusals.get(op)
    }

    /// No more faults, and no more refusals.
    pub fn clear(&mut self) {
        self.rates.clear();
        self.lag_rate = 0;
        self.outage = None;
        self.rules.clear();
        self.refusals.clear();
    }

    /// Calls by operation, each attempt counted.
    pub fn calls(&self) -> &Counts {
        &self.calls
    }

    /// Strikes by kind and operation.
    pub fn struck(&self) -> &BTreeMap<(Kind, &'static str), u64> {
        &self.struck
    }

    /// How often each kind of [`crate::faults::CATALOGUE`] happened.
    pub fn happened(&self) -> Counts {
        let mut all = self.happened.clone();
        for ((kind, _), times) in &self.struck {
            *all.entry(catalogue::of_fault(*kind)).or_default() += times;
        }
        all
    }

    /// A number from the run's own randomness.
    pub(crate) fn draw(&mut self, from: u64, to: u64) -> u64 {
        self.rng.random_range(from..=to)
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, op: &'static str, at: Time) -> BegunCall {
        self.mishaps.begin(op, at)
    }

    /// The crash that a call has caused.
    pub(crate) fn take_crash(&mut self) -> Option<Crash> {
        self.mishaps.take_crash()
    }

    /// What an attempt at a call meets that begins now.
    pub(crate) fn meet(&mut self, call: BegunCall, now: Time) -> Fate {
        let op = call.op;
        *self.calls.entry(op).or_default() += 1;
        let (least, most) = self.latency_ms;
        let (there_ms, back_ms) = (self.draw(least, most) / 2, self.draw(least, most) / 2);
        let (there_ms, back_ms) = (there_ms.max(1), back_ms.max(1));
        let planned = self.mishaps.strike(call, now.plus_ms(there_ms));
        let ruled = planned.or_else(|| self.rules.strike(op)).or_else(|| self.down(op, now));
        let strike = ruled.or_else(|| self.chance(op));
        if strike.is_none() {
            self.lag(op, now.plus_ms(there_ms));
        }
        if let Some(strike) = strike {
            *self.struck.entry((strike.kind, op)).or_default() += 1;
        }
        Fate { there_ms, back_ms, strike }
    }

    /// May make a write that succeeds show late.
    fn lag(&mut self, op: &'static str, arrival: Time) {
        let lags = self.lag_rate > 0 && op == "ecs.UpdateService";
        if lags && self.rng.random_range(0..1000) < self.lag_rate {
            self.mishaps.begin_lag(arrival);
            *self.happened.entry("write shown late").or_default() += 1;
        }
    }

    fn down(&mut self, op: &'static str, now: Time) -> Option<Strike> {
        let (prefix, until) = self.outage?;
        if now >= until || !op.starts_with(prefix) {
            return None;
        }
        *self.happened.entry("outage").or_default() += 1;
        Some(Strike { kind: Kind::ErrorBefore, lag: Duration::ZERO, count: 1 })
    }

    fn chance(&mut self, op: &'static str) -> Option<Strike> {
        if self.rates.is_empty() {
            return None;
        }
        let mut dice = self.rng.random_range(0..1000_u32);
        for (kind, rate) in &self.rates {
            if dice < *rate {
                if !kind.can_strike(op) {
                    return None;
                }
                let lag = Duration::from_millis(self.rng.random_range(1..=LAG_MS_MAX));
                let count = self.rng.random_range(1..=4);
                return Some(Strike { kind: *kind, lag, count });
            }
            dice -= rate;
        }
        None
    }
}
