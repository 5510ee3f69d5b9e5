//! `cargo xtask bench`: the numbers a user would ask for, from the release binaries and the simulator.
//!
//! It reports and judges nothing: a busy machine must not fail a change, so no number here is a test.

mod calls;
mod events;
mod fleet;
mod http;
mod kernel;
mod load;
mod machine;
mod process;
mod report;
mod row;
mod scrape;
mod times;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{release, repo};
use process::Programs;
use report::Page;

const PAGE: &str = "docs/benchmarks.md";
/// How many services design section 11 has a one-shot look at.
const ONE_SHOT: u32 = 1000;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// With how many services (may be repeated, or separated by commas); 50,000 take an hour
    #[arg(long, value_delimiter = ',', default_values_t = [500, 5000, 50_000])]
    services: Vec<u32>,
    /// How long nothing changes while the CPU time of a quiet eastwest is counted, in seconds; with a queue it sweeps
    /// every five minutes
    #[arg(long, default_value_t = 360)]
    rest: u64,
    /// Leave AWS's rates out: the page says so, and its times say nothing about AWS
    #[arg(long)]
    without_quotas: bool,
    /// Take the programs as they are
    #[arg(long)]
    no_build: bool,
    /// The cargo profile of the programs, to try things: `dev` builds fast, and its numbers mean nothing
    #[arg(long, default_value = "release")]
    profile: String,
    /// Write the page docs/benchmarks.md too
    #[arg(long)]
    write: bool,
}

fn build(profile: &str) -> Result<()> {
    let simulator = "--package=eastwest-sim";
    if profile == "release" {
        return release::build(&[simulator]);
    }
    repo::build(&["--profile", profile, "--package=eastwest", simulator])
}

/// Builds the programs, measures, prints the page.
pub(crate) fn run(args: &Args) -> Result<bool> {
    if !args.no_build {
        build(&args.profile)?;
    }
    let machine = machine::described()?;
    // Cargo keeps what the profile `dev` builds in `debug`.
    let folder = if args.profile == "dev" { "debug" } else { &args.profile };
    let binary = repo::binary(folder, "eastwest")?;
    let bytes = fs::metadata(&binary).with_context(|| binary.display().to_string())?.len();
    let programs = Programs::built(folder, !args.without_quotas)?;
    let rest = Duration::from_secs(args.rest);
    let one_shot = row::plan_over(&programs, ONE_SHOT)?;
    let rows: Result<Vec<_>> =
        args.services.iter().map(|count| row::row(&programs, *count, rest)).collect();
    let page = Page {
        machine,
        profile: args.profile.clone(),
        has_quotas: !args.without_quotas,
        binary_bytes: bytes,
        dependencies: machine::dependencies()?,
        one_shot,
        rows: rows?,
    };
    let page = report::text(&page);
    print!("{page}");
    if args.write {
        fs::write(repo::root()?.join(PAGE), &page).with_context(|| PAGE.to_owned())?;
    }
    Ok(true)
}
