//! `cargo xtask bench`: the numbers a user would ask for, from the release binaries and the simulator.
//!
//! It reports and judges nothing: a busy machine must not fail a change, so no number here is a test.

mod http;
mod load;
mod machine;
mod measure;
mod process;
mod report;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{repo, run};

const PAGE: &str = "docs/benchmarks.md";

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// With how many services (may be repeated, or separated by commas)
    #[arg(long, value_delimiter = ',', default_values_t = [500, 5000])]
    services: Vec<u32>,
    /// Write the page docs/benchmarks.md too
    #[arg(long)]
    write: bool,
}

/// Builds the release binaries, measures, prints the page.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut build =
        repo::cargo(&["build", "--release", "--package", "eastwest", "--package", "eastwest-sim"])?;
    if !run::live(&mut build, |_| false)?.ok {
        bail!("the release binaries do not build");
    }
    let machine = machine::described()?;
    let binary = repo::binary("release", "eastwest")?;
    let bytes = fs::metadata(&binary).with_context(|| binary.display().to_string())?.len();
    let rows: Result<Vec<_>> = args.services.iter().map(|count| measure::row(*count)).collect();
    let page = report::page(&machine, bytes, &rows?);
    print!("{page}");
    if args.write {
        fs::write(repo::root()?.join(PAGE), &page).with_context(|| PAGE.to_owned())?;
    }
    Ok(true)
}
