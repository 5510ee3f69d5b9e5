//! The simulation by its own count: how long so many lives take, and whether each keeps every invariant.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{repo, run};

/// What a run of the simulation showed.
pub(crate) struct Seeds {
    /// How many lives there were.
    pub(crate) count: u32,
    /// How long they took, without the compiling.
    pub(crate) took: Duration,
    /// Whether each kept every invariant.
    pub(crate) is_good: bool,
}

/// Runs the first `count` lives.
pub(crate) fn run(count: u32) -> Result<Seeds> {
    let lives = |more: &[&str]| {
        let arguments = ["test", "--profile", "lives", "--package", "eastwest-lives"];
        let mut command = repo::cargo(&[&arguments, more].concat())?;
        command.env("EASTWEST_SEEDS", count.to_string());
        Ok::<_, anyhow::Error>(run::live(&mut command, |_| false)?.ok)
    };
    lives(&["--no-run"])?;
    let began = Instant::now();
    let is_good = lives(&["--", "no_invariant"])?;
    Ok(Seeds { count, took: began.elapsed(), is_good })
}
