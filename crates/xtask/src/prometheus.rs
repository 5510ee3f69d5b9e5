//! The Prometheus of the wire tests: Debian's package, unpacked into the target folder.
//!
//! A machine that has `prometheus` and `promtool` in its PATH uses these. One that has neither them nor apt leaves out what
//! needs them, and the run says so at its end.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::debian::{self, Extent};
use crate::{repo, run};

const PACKAGE: &str = "prometheus";
const TOOLS: [&str; 2] = ["prometheus", "promtool"];

/// Sees to it that the wire tests find both programs; fetches them now if they are missing.
pub(crate) fn provide() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| runs_in(&folder)) {
        return Ok(());
    }
    let home = repo::target()?.join("prometheus");
    let programs = home.join("usr/bin");
    if runs_in(&programs) {
        return Ok(());
    }
    debian::unpack(&home, PACKAGE, Extent::Alone)?;
    if !runs_in(&programs) {
        bail!("the package {PACKAGE} was unpacked, and its programs do not start");
    }
    Ok(())
}

fn runs_in(folder: &Path) -> bool {
    TOOLS.iter().all(|tool| run::quiet(Command::new(folder.join(tool)).arg("--version")))
}
