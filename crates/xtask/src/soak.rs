//! `cargo xtask soak`: the soak of the wire tests, for as long as one wants.
//!
//! The soak itself is `tests/wire/test_soak.py`, which every run of the tests runs for two minutes.

use std::process::Command;

use anyhow::Result;

use crate::{repo, requirements, run};

const TEST: &str = "tests/wire/test_soak.py";

/// How long, and with how many services.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long faults, events and changes last, in minutes; the start and the end come on top
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// How many services the simulator has, 40 % of them opted in
    #[arg(long, default_value_t = 5000)]
    services: u32,
}

/// Builds the programs and runs the soak; whether it passed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    repo::build(&["--workspace", "--bins"])?;
    let root = repo::root()?;
    let mut command = Command::new(requirements::python(&root)?);
    // Alone, with what it prints, and without the limit of a test's time.
    command.args(["-m", "pytest", TEST, "-n", "0", "-s", "-o", "timeout=0"]);
    command.env("EASTWEST_SOAK_MINUTES", args.minutes.to_string());
    command.env("EASTWEST_SOAK_SERVICES", args.services.to_string());
    Ok(run::live(command.current_dir(root), |_| false)?.ok)
}
