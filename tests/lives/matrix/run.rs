//! How a story is run: once as it is, to see what it ends in, and again with one mishap.
//!
//! Invariants: what people do in a story happens at the same instants in every run of it. A run with a mishap
//! is the undisturbed one until the call that it befalls, so it goes on from a copy of that one's world.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use eastwest_sim::faults::Weather;
use eastwest_sim::model::Model;
use eastwest_sim::shapes::Time;

use crate::matrix::case::{Case, MISHAPS, can_befall};
use crate::matrix::end;
use crate::matrix::way::Way;
use crate::scenarios::show;
use crate::scenarios::story::Story;

/// How long a story is looked at after its last line.
const AFTER_SECONDS: u64 = 1800;
/// How long nothing has happened in a story that is at rest.
const REST_SECONDS: u64 = 700;
/// Calls so long after the last thing that happened are struck: one sweep, with what it asks.
const SWEEP_SECONDS: u64 = 65;
/// How much longer than the undisturbed run one with a mishap may take.
const LATE_SECONDS: u64 = 900;
/// How often a run with a mishap is looked at.
const LOOK_SECONDS: u64 = 20;
/// How long nothing may be written at rest.
const QUIET_SECONDS: u64 = 3600;

/// A story as it goes when nothing befalls it.
pub(crate) struct Undisturbed {
    pub(crate) script: String,
    /// The calls to be struck: their numbers from 1, and what they are.
    pub(crate) calls: Vec<(u64, &'static str)>,
    /// When each of all its calls began.
    pub(crate) begins: Vec<Time>,
    /// What it ends in.
    pub(crate) end: String,
    /// When it is at rest, and every call that counts has been made.
    pub(crate) rest: Time,
}

/// What became of a run with a mishap.
pub(crate) struct Disturbed {
    /// How it went wrong, if it did.
    pub(crate) failure: Option<String>,
    /// The end of its trace, or all of it with `EASTWEST_TRACE` set.
    pub(crate) trace: String,
    /// The hash of all of it.
    pub(crate) hash: u64,
}

impl Undisturbed {
    /// Runs a story as it is.
    pub(crate) fn run(name: &str, script: String) -> Result<Self, String> {
        let mut story = Story::begin(&script)?;
        story.world.with_weather(Weather::record);
        let mut stir = Stir::default();
        for line in script.lines() {
            match seconds(line) {
                Some(seconds) => stir.watch(&mut story, seconds),
                None => act(&mut story, line)?,
            }
        }
        stir.watch(&mut story, AFTER_SECONDS);
        if let Some(violation) = story.world.checker.violation() {
            return Err(format!("{name} breaks {violation:?} by itself"));
        }
        let last = stir.times.last().copied().unwrap_or_default();
        if last.plus_seconds(REST_SECONDS) > story.world.now() {
            return Err(format!("{name} does not come to rest by itself"));
        }
        let made = story.world.with_weather(|weather| weather.recorded().to_vec());
        let numbered = (1..).zip(&made).filter(|(_, call)| stir.is_soon_after(call.at));
        let calls = numbered.map(|(number, call)| (number, call.op)).collect();
        let begins = made.iter().map(|call| call.at).collect();
        let end = end::of(&mut story);
        Ok(Self { script, calls, begins, end, rest: last.plus_seconds(SWEEP_SECONDS) })
    }

    /// Every case of the story.
    pub(crate) fn cases(&self, name: &str) -> impl Iterator<Item = (Case, &'static str)> {
        self.calls.iter().flat_map(move |(call, op)| {
            let befalling = MISHAPS.into_iter().filter(|mishap| can_befall(*mishap, op));
            befalling.map(|mishap| (Case { story: name.to_owned(), call: *call, mishap }, *op))
        })
    }

    /// Runs the story with each of these mishaps, which are in the order of their calls. Each run goes on from the last
    /// moment before its call at which nothing was under way; one such moment at a time is kept.
    pub(crate) fn disturb_each(&self, cases: &[&Case]) -> Vec<Disturbed> {
        let mut way = Way::begin(self);
        let mut kept = way.copy().expect("nothing is under way before the beginning");
        let disturbed = cases.iter().map(|case| {
            while way.begun() < case.call {
                if let Some(copy) = way.has_calls_ahead().then(|| way.copy()).flatten() {
                    kept = copy;
                }
                if !way.step() {
                    break;
                }
            }
            self.disturb(kept.copy().expect("it is a copy itself"), case)
        });
        disturbed.collect()
    }

    /// Runs the story with one mishap, from where `way` is.
    pub(crate) fn disturb(&self, mut way: Way<'_>, case: &Case) -> Disturbed {
        way.story.world.with_weather(|weather| weather.plan(case.call, case.mishap));
        let run = catch_unwind(AssertUnwindSafe(|| {
            way.finish()?;
            self.go_on(&mut way.story)
        }));
        let run = run.unwrap_or_else(|_| Err("panics (I16)".to_owned()));
        let trace = &way.story.world.trace;
        let text = trace.lines().collect::<Vec<_>>().join("\n");
        Disturbed { failure: run.err(), trace: text, hash: trace.hash() }
    }

    /// What comes after the last line.
    fn go_on(&self, story: &mut Story) -> Result<(), String> {
        story.world.run_until(self.rest.max(story.world.now()));
        if !story.world.with_weather(|weather| weather.has_mishap_struck()) {
            return Err("there is no such call".to_owned());
        }
        let late = self.rest.plus_seconds(LATE_SECONDS);
        while end::of(story) != self.end && story.world.now() < late && !story.world.is_broken() {
            story.world.run_for(LOOK_SECONDS);
        }
        self.judge(story, "it ends otherwise")?;
        let before = story.world.with_model(writes);
        story.world.run_for(QUIET_SECONDS);
        if story.world.with_model(writes) != before {
            return Err("something is written long after everything is at rest".to_owned());
        }
        self.judge(story, "it does not stay so")
    }

    fn judge(&self, story: &mut Story, otherwise: &str) -> Result<(), String> {
        if let Some(violation) = story.world.checker.violation() {
            return Err(format!("breaks {}: {}", violation.rule, violation.text));
        }
        let end = end::of(story);
        if end == self.end {
            Ok(())
        } else {
            Err(format!("{otherwise}:{}", differences(&self.end, &end)))
        }
    }
}

/// For how long a line lets time pass, if that is what it does.
pub(crate) fn seconds(line: &str) -> Option<u64> {
    line.strip_prefix("advance ")?.trim().parse().ok()
}

/// Carries out a line that lets no time pass of its own; what only looks is left out.
pub(crate) fn act(story: &mut Story, line: &str) -> Result<(), String> {
    match line.split_whitespace().next() {
        Some("show" | "calls" | "reach") => Ok(()),
        _ => story.line(line).map_err(|error| format!("{line}: {error}")),
    }
}

fn writes(model: &mut Model) -> usize {
    model.mutations().len()
}

/// When something happened in a story: a write, a rollout's end, a change of what the controller says.
#[derive(Default)]
struct Stir {
    times: BTreeSet<Time>,
    before: (usize, usize, String),
}

impl Stir {
    /// Lets time pass second by second.
    fn watch(&mut self, story: &mut Story, seconds: u64) {
        for _ in 0..seconds {
            story.world.run_for(1);
            let (writes, truth) =
                story.world.with_model(|model| (writes(model), show::truth(model)));
            let now = (writes, story.world.news.len(), truth);
            if now != self.before {
                self.before = now;
                self.times.insert(story.world.now());
            }
        }
    }

    fn is_soon_after(&self, at: Time) -> bool {
        let before = self.times.range(..=at.plus_seconds(1)).next_back();
        before.is_some_and(|stir| at <= stir.plus_seconds(SWEEP_SECONDS))
    }
}

/// The lines that only one of two texts has.
fn differences(expected: &str, found: &str) -> String {
    let only = |sign: &str, these: &str, those: &str| {
        let lacking = these.lines().filter(|line| !those.lines().any(|each| each == *line));
        lacking.flat_map(|line| ["\n", sign, line]).collect::<String>()
    };
    only("-", expected, found) + &only("+", found, expected)
}
