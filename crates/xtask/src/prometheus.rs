//! The Prometheus of the wire tests: Debian's package, unpacked into the target folder. Nothing is installed, and no root
//! is needed.
//!
//! A machine that has `prometheus` and `promtool` in its PATH uses these. One that has neither them nor apt leaves out what
//! needs them, and the run says so at its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

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
    fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
    fetch(&home)?;
    if !runs_in(&programs) {
        bail!("the package {PACKAGE} was unpacked, and its programs do not start");
    }
    Ok(())
}

fn runs_in(folder: &Path) -> bool {
    TOOLS.iter().all(|tool| run::quiet(Command::new(folder.join(tool)).arg("--version")))
}

/// Downloads the package as the machine's own lists name it, else by lists that are fetched for this alone.
fn fetch(home: &Path) -> Result<()> {
    if !run::quiet(Command::new("apt-get").arg("--version")) {
        bail!("there is no apt-get; put prometheus and promtool into PATH");
    }
    run::say("Debian's prometheus, unpacked for the tests");
    if !download(home, &[]) {
        let lists = home.join("lists");
        fs::create_dir_all(lists.join("partial")).context("the folder of apt's lists")?;
        let own = [
            format!("Dir::State::Lists={}", lists.display()),
            format!("Dir::Cache={}", home.join("cache").display()),
        ];
        run::quiet(apt(home, &own).arg("update"));
        if !download(home, &own) {
            bail!("apt-get cannot download the package {PACKAGE}");
        }
    }
    let package = downloaded(home).context("apt-get downloaded nothing")?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&package).arg(home);
    if !run::quiet(&mut unpack) {
        bail!("{} cannot be unpacked", package.display());
    }
    fs::remove_file(package).context("the package cannot be removed")
}

fn download(home: &Path, options: &[String]) -> bool {
    run::quiet(apt(home, options).args(["download", PACKAGE]))
}

/// apt-get, which downloads into the folder it is started in.
fn apt(home: &Path, options: &[String]) -> Command {
    let mut command = Command::new("apt-get");
    command.current_dir(home);
    for option in options {
        command.args(["-o", option]);
    }
    command
}

fn downloaded(home: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(home).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "deb"))
}
