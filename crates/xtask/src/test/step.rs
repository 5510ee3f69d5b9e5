//! One step of a run of the tests, and how it went.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How one step went: its name, whether it passed, how long it took, and its runner's lines that were kept.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) ok: bool,
    pub(super) took: Duration,
    pub(super) kept: Vec<String>,
}

impl Step {
    /// Carries a step out; what keeps it from running at all is told and counts as failed.
    pub(super) fn of(
        name: &'static str,
        work: impl FnOnce() -> Result<(bool, Vec<String>)>,
    ) -> Self {
        let began = Instant::now();
        let (ok, kept) = work().unwrap_or_else(|error| {
            eprintln!("xtask: {name}: {error:#}");
            (false, Vec::new())
        });
        Self { name, ok, took: began.elapsed(), kept }
    }
}
