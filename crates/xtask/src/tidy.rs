//! `cargo xtask tidy`: the house rules alone. They are ordinary tests, in `tests/tidy/`.

use anyhow::Result;

use crate::{repo, run};

/// Runs the tidy tests.
pub(crate) fn run() -> Result<bool> {
    let mut command = repo::cargo(&["test", "--package", "eastwest-tidy"])?;
    Ok(run::live(&mut command, |_| false)?.ok)
}
