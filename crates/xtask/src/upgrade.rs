//! `cargo xtask upgrade`: an older version of eastwest is replaced by this one and taken back, on the wire.
//!
//! The test itself is `tests/wire/test_upgrade.py`, which every run of the tests runs with two copies of this version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repo, requirements, run};

const TEST: &str = "tests/wire/test_upgrade.py";
/// Where the older version's sources are, in the target folder.
const SOURCES: &str = "upgrade/sources";
/// What the older version is called if it has the same number as this one.
const OTHER_NUMBER: &str = "0.0.0-older";

/// Which version is the older one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The commit or tag of the older version [default: the newest tag]
    #[arg(long)]
    older: Option<String>,
}

/// Builds both versions and runs the test; whether it passed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let older = match &args.older {
        Some(older) => older.clone(),
        None => newest_tag()?,
    };
    let other = other_program(&older)?;
    repo::build(&["--workspace", "--bins"])?;
    let root = repo::root()?;
    let mut command = Command::new(requirements::python(&root)?);
    command.args(["-m", "pytest", TEST, "-n", "0", "-v"]).env("EASTWEST_OTHER", other);
    Ok(run::live(command.current_dir(root), |_| false)?.ok)
}

fn newest_tag() -> Result<String> {
    let tag = printed(&["describe", "--tags", "--abbrev=0"]);
    tag.context("there is no version tag yet: name a commit with --older")
}

/// The older version's program, built from what git knows of it. What other projects wrote is built once for both.
fn other_program(commit: &str) -> Result<PathBuf> {
    let target = repo::target()?;
    let sources = target.join(SOURCES);
    unpack(commit, &sources)?;
    rename_if_same(&sources.join("Cargo.toml"))?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--package", "eastwest"]).current_dir(&sources);
    repo::forget_xtask(&mut cargo);
    if !run::live(cargo.env("CARGO_TARGET_DIR", &target), |_| false)?.ok {
        bail!("{commit} does not build");
    }
    let kept = target.join("upgrade/eastwest");
    let built = repo::binary("debug", "eastwest")?;
    fs::copy(&built, &kept).with_context(|| kept.display().to_string())?;
    Ok(kept)
}

/// Puts a commit's files into an empty folder.
fn unpack(commit: &str, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let archive = folder.with_extension("tar");
    let output = format!("--output={}", archive.display());
    printed(&["archive", "--format=tar", &output, commit])?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(folder);
    if !run::live(&mut tar, |_| false)?.ok {
        bail!("{} cannot be unpacked", archive.display());
    }
    Ok(())
}

/// Gives the older version another number if it has that of this one, so that the test can tell them apart.
fn rename_if_same(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let ours = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let renamed = text.replacen(&ours, &format!("version = \"{OTHER_NUMBER}\""), 1);
    fs::write(manifest, renamed).with_context(|| manifest.display().to_string())
}

/// What a git command in the root prints.
fn printed(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(repo::root()?).output();
    let output = output.context("git does not start")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
