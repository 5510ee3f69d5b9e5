//! What became of a life, and what a person needs to see of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::faults::Kind;
use crate::judge::Violation;

/// What became of one seed.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The hash of the trace.
    pub hash: u64,
    /// The hash of the trace without the news.
    pub deeds: u64,
    /// The first broken invariant.
    pub violation: Option<Violation>,
    /// The end of the trace, or all of it with `EASTWEST_TRACE` set; where a rule broke, how everything stood then.
    pub tail: Vec<String>,
    /// Writes that took effect.
    pub writes: u64,
    /// Crashes of the controller.
    pub crashes: u64,
    /// Strikes of faults by kind and operation.
    pub struck: BTreeMap<(Kind, &'static str), u64>,
    /// How often each kind of [`crate::faults::CATALOGUE`] happened.
    pub happened: BTreeMap<&'static str, u64>,
    /// How often the controller told each reason of a service's status.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Whether it was awake all through the quiet hours.
    pub is_awake: bool,
    /// Whether a fresh controller was compared with it at the end.
    pub is_compared: bool,
    /// Calls by operation.
    pub calls: BTreeMap<&'static str, u64>,
    /// Virtual seconds.
    pub seconds: u64,
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
            "seed {} breaks {rule}: {what}\nreplay: EASTWEST_SEED={} EASTWEST_TRACE=1 cargo lives -- --nocapture replay_a_life",
            self.seed, self.seed
        );
        text
    }
}
