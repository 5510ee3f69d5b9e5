//! `cargo xtask tidy`: the house rules alone. They are ordinary tests, in `tests/tidy/`. `--workspace` lets them use
//! what `cargo xtask test` has built: for their package alone, features and with them dependencies are others.

use anyhow::Result;

use crate::{repo, run};

/// Runs the tidy tests.
pub(crate) fn run() -> Result<bool> {
    let mut command = repo::cargo(&["test", "--workspace", "--test", "tidy"])?;
    Ok(run::live(&mut command, |_| false)?.ok)
}
