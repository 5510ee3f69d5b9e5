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
mod seeds;
mod times;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{image, release, repo};
use process::{Programs, Rates};
use report::Page;
use row::{Asked, Row};

const PAGE: &str = "docs/benchmarks.md";
/// How many services design section 11 has a one-shot look at.
const ONE_SHOT: u32 = 1000;
/// How many times as fast as AWS allows eastwest may call where it is to hurry.
const HURRY: u8 = 20;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// With how many services (may be repeated, or separated by commas)
    #[arg(long, value_delimiter = ',', default_values_t = [500, 5000, 50_000])]
    services: Vec<u32>,
    /// From how many services on eastwest may call twenty times as fast as AWS allows, against a simulator without rates;
    /// at AWS's rates, one look at 50,000 takes a third of an hour. The page says which columns these are
    #[arg(long, default_value_t = 20_000)]
    hurry_from: u32,
    /// How many tags are changed one after the other
    #[arg(long, default_value_t = 100)]
    changes: usize,
    /// How many seeds of the simulation are run, 10,000 for the goal; they take minutes
    #[arg(long)]
    seeds: Option<u32>,
    /// How long nothing changes while the CPU time of a quiet eastwest is counted, in seconds; with a queue it sweeps
    /// every five minutes
    #[arg(long, default_value_t = 360)]
    rest: u64,
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

impl Args {
    fn row(&self, programs: &Programs, services: u32) -> Result<Row> {
        let (rest, changes) = (Duration::from_secs(self.rest), self.changes);
        let is_hurried = services >= self.hurry_from;
        let rates = if is_hurried { Rates::Times(HURRY) } else { Rates::Published };
        row::row(&programs.at(rates), &Asked { services, rest, changes })
    }
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
    let programs = Programs::built(folder, Rates::Published)?;
    let one_shot = row::plan_over(&programs, ONE_SHOT)?;
    let rows: Result<Vec<_>> =
        args.services.iter().map(|count| args.row(&programs, *count)).collect();
    let page = Page {
        machine,
        profile: args.profile.clone(),
        binary_bytes: bytes,
        image: image::sizes()?,
        dependencies: machine::dependencies("eastwest")?,
        dependencies_of_aws: machine::dependencies("eastwest-aws")?,
        one_shot,
        rows: rows?,
        seeds: args.seeds.map(seeds::run).transpose()?,
    };
    let page = report::text(&page);
    print!("{page}");
    if args.write {
        fs::write(repo::root()?.join(PAGE), &page).with_context(|| PAGE.to_owned())?;
    }
    Ok(true)
}
