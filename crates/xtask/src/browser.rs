//! The browser tests: `tests/browser`, which node runs against a real Chromium.
//!
//! What they need comes from package registries: two packages of npm, pinned with their hashes, and Debian's `chromium` with
//! the libraries that this machine lacks, unpacked into the target folder. A Chromium in PATH is used as it is. A machine
//! that cannot have them leaves these tests out, and the run says so at its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Extent};
use crate::{repo, run};

const FOLDER: &str = "tests/browser";
const PACKAGE: &str = "chromium";
/// What names a Chromium to the tests.
const VARIABLE: &str = "EASTWEST_CHROMIUM";
/// The oldest node that has what the tests use.
const OLDEST_NODE: u32 = 20;

/// Runs them; what keeps them from running is told.
pub(crate) fn tests() -> Result<(bool, Vec<String>)> {
    let folder = repo::root()?.join(FOLDER);
    let own = match provide(&folder) {
        Ok(own) => own,
        Err(error) => {
            let left_out = format!(
                "browser: NOT CHECKED in a real browser: the dashboard, with its accessibility and its defence against \
                 scripts: {error:#}"
            );
            eprintln!("xtask: {left_out}");
            return Ok((true, vec![left_out]));
        }
    };
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]).current_dir(&folder);
    if let Some(chromium) = own {
        command.env(VARIABLE, chromium);
    }
    let ended = run::marked(&mut command, "browser | ", is_told)?;
    Ok((ended.ok, ended.kept.into_iter().map(|line| format!("browser: {}", line.trim())).collect()))
}

/// The measurement, and the sums at the end.
fn is_told(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    ["a page of ", "pass ", "fail "].iter().any(|told| line.starts_with(told))
}

/// Sees to it that the tests find all they need. Returns the machine's own Chromium, if it has one.
fn provide(folder: &Path) -> Result<Option<PathBuf>> {
    check_node()?;
    install(folder)?;
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(Some(named.into()));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::split_paths(&path)
        .map(|folder| folder.join(PACKAGE))
        .find(|program| run::quiet(Command::new(program).arg("--version")));
    if own.is_some() {
        return Ok(own);
    }
    let home = repo::target()?.join(PACKAGE);
    let program = home.join("usr/lib/chromium/chromium");
    if !program.is_file() {
        debian::unpack(&home, PACKAGE, Extent::WithDependencies)?;
    }
    if !program.is_file() {
        bail!("the package {PACKAGE} was unpacked, and there is no {}", program.display());
    }
    Ok(None)
}

fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.context("node is not installed")?;
    let version =
        text.trim().trim_start_matches('v').split('.').next().and_then(|v| v.parse().ok());
    if version.is_none_or(|version: u32| version < OLDEST_NODE) {
        bail!("node is {}, and the tests need {OLDEST_NODE} or newer", text.trim());
    }
    Ok(())
}

/// Installs the packages that the lock file pins, once for each lock file.
fn install(folder: &Path) -> Result<()> {
    let lock = fs::read_to_string(folder.join("package-lock.json")).context("the lock file")?;
    let stamp = folder.join("node_modules/lock.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    if !run::live(&mut command, |_| false)?.ok {
        bail!("npm could not install the packages of {FOLDER} (see above)");
    }
    fs::write(stamp, lock).context("the stamp cannot be written")
}

#[cfg(test)]
mod tests {
    use super::is_told;

    #[test]
    fn the_sums_and_the_measurement_are_told_again() {
        for line in ["ℹ pass 12", "ℹ fail 0", "ℹ a page of 5000 services: median 9 ms"] {
            assert!(is_told(line), "{line}");
        }
        assert!(!is_told("✔ hostile texts are shown and do nothing (1 ms)"));
    }
}
