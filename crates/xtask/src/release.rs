//! The program as it is released: how it is built, and `cargo xtask reproduce`, which shows that the same sources give
//! the same program.
//!
//! `deploy/image/build.sh` builds it, here as in the Dockerfile. Whoever doubts a released program builds it again
//! and compares the hashes; that is worth something only if neither the folder nor the home of cargo is part of it. So the
//! second program is built in another folder, by a cargo whose home has another path, from nothing.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repo, run};

const BUILD: &str = "deploy/image/build.sh";
/// Where the second program is built, in the target folder: longer than the path of any work tree in it can hide.
const ELSEWHERE: &str = "reproduce/a-folder-with-another-name";
const HOME: &str = "reproduce/another-home-of-cargo";

/// What to compare.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Builds the program as it is released, with the options of `cargo build`.
pub(crate) fn build(options: &[&str]) -> Result<()> {
    built(repo::script(BUILD)?.args(options))
}

/// The released program, built now.
pub(crate) fn program() -> Result<PathBuf> {
    build(&[])?;
    repo::binary("release", "eastwest")
}

/// Builds the program twice; whether both are the same, byte for byte.
pub(crate) fn reproduce(_: &Args) -> Result<bool> {
    let here = program()?;
    let target = repo::target()?;
    let (copy, home) = (target.join(ELSEWHERE), target.join(HOME));
    copy_sources(&copy)?;
    link_home(&home)?;
    let mut elsewhere = Command::new("sh");
    elsewhere.arg(copy.join(BUILD)).current_dir(&copy);
    repo::forget_xtask(&mut elsewhere);
    elsewhere.env("CARGO_HOME", &home).env_remove("CARGO_TARGET_DIR");
    built(&mut elsewhere)?;
    let elsewhere = copy.join("target/release/eastwest");
    let programs = [&here, &elsewhere];
    for program in programs {
        print!("{}", sha256(program)?);
    }
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let is_same = read(&here)? == read(&elsewhere)?;
    let verdict = if is_same { "the same program" } else { "NOT the same program" };
    println!("two folders, two homes of cargo: {verdict}");
    Ok(is_same)
}

fn built(command: &mut Command) -> Result<()> {
    if !run::live(command, |_| false)?.ok {
        bail!("the program does not build");
    }
    Ok(())
}

/// Copies what git knows or would take, as it is in the work tree now.
fn copy_sources(to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| to.display().to_string())?;
    }
    let root = repo::root()?;
    let mut list = Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).current_dir(&root);
    let listed = list.output().context("git ls-files does not start")?;
    if !listed.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim());
    }
    for name in String::from_utf8(listed.stdout).context("git ls-files")?.split_terminator('\0') {
        let (source, copied) = (root.join(name), to.join(name));
        // What was deleted and not committed is listed too.
        if !source.is_file() {
            continue;
        }
        let folder = copied.parent().context("a file has a folder")?;
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::copy(&source, &copied).with_context(|| copied.display().to_string())?;
    }
    Ok(())
}

/// A home of cargo with another path and the same content: packages need not be fetched again.
fn link_home(link: &Path) -> Result<()> {
    let known = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = match known {
        Some(home) => home,
        None => {
            env::home_dir().context("cargo's home is not known: set CARGO_HOME")?.join(".cargo")
        }
    };
    if link.exists() {
        fs::remove_dir_all(link).with_context(|| link.display().to_string())?;
    }
    fs::create_dir_all(link).with_context(|| link.display().to_string())?;
    for entry in fs::read_dir(&home).with_context(|| home.display().to_string())? {
        let entry = entry.context("cargo's home")?;
        symlink(entry.path(), link.join(entry.file_name())).context("a link into cargo's home")?;
    }
    Ok(())
}

/// A line with the hash and the path of a file.
fn sha256(path: &Path) -> Result<String> {
    let output =
        Command::new("sha256sum").arg(path).output().context("sha256sum does not start")?;
    if !output.status.success() {
        bail!("sha256sum: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
