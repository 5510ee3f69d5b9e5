//! `cargo xtask fuzz`: texts at random against the readers of what users write, guided by coverage.
//!
//! The targets are a workspace of their own, `tests/fuzz`. libFuzzer needs counters in the code, which a stable
//! compiler puts in when it is asked through flags; so nothing but a C++ compiler has to be installed. A run begins with
//! the inputs under `tests/fuzz/corpus` and never writes there: what it finds on its way lies below `target`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::{repo, run};

const TARGETS: [&str; 2] = ["tags", "document"];
/// How long each target runs as a part of all tests.
pub(crate) const SECONDS_IN_TEST: u32 = 20;
/// Counters for each edge of the control flow, and the table that says where each is.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table";
/// Bytes of an input; the larger size of a parameter, so that what is refused for its size alone is not tried.
const LONGEST: u32 = 8192;

/// How to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long to run each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Only this target
    #[arg(long, value_parser = TARGETS)]
    target: Option<String>,
}

/// Runs the targets that were asked for and says how it went.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let wanted = |target: &&str| args.target.as_deref().is_none_or(|only| only == *target);
    let targets: Vec<&str> = TARGETS.into_iter().filter(wanted).collect();
    let (ok, summary) = all(&targets, args.seconds)?;
    for line in summary {
        println!("{line}");
    }
    Ok(ok)
}

/// Runs every target for so long; whether none failed, and a line about each.
pub(crate) fn every(seconds: u32) -> Result<(bool, Vec<String>)> {
    all(&TARGETS, seconds)
}

fn all(targets: &[&str], seconds: u32) -> Result<(bool, Vec<String>)> {
    let programs = &build()?;
    let (mut ok, mut summary) = (true, Vec::new());
    // Each keeps one core busy for as long as it may: side by side they need half the time.
    let ended = std::thread::scope(|scope| {
        let run = |target| scope.spawn(move || one(programs, target, seconds));
        let running: Vec<_> = targets.iter().map(|target| run(*target)).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    for (target, ended) in targets.iter().zip(ended) {
        let found = ended.map_err(|_| anyhow!("the run of {target} was lost"))??;
        ok &= found.ok;
        summary.extend(found.kept.iter().map(|line| shown(target, line)));
    }
    Ok((ok, summary))
}

/// Builds the targets and answers where they lie.
fn build() -> Result<PathBuf> {
    let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if !run::quiet(Command::new(compiler).arg("--version")) {
        bail!("libFuzzer needs a C++ compiler (Debian, Ubuntu: apt-get install g++)");
    }
    let (host, folder) = (host()?, repo::target()?);
    let manifest = ["build", "--manifest-path", "tests/fuzz/Cargo.toml", "--target", &host];
    let mut command = repo::cargo(&manifest)?;
    // With a target named, the flags spare build scripts and macros, which have no place for counters: so they are the
    // same as everybody's, and the common folder has them already.
    command.arg("--target-dir").arg(&folder).env("RUSTFLAGS", FLAGS);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS");
    if !run::live(&mut command, |_| false)?.ok {
        bail!("the fuzz targets do not build");
    }
    Ok(folder.join(host).join("debug"))
}

/// The platform that cargo builds for when nobody says one.
fn host() -> Result<String> {
    let output = repo::cargo(&["-vV"])?.output().context("cargo -vV does not start")?;
    let text = String::from_utf8(output.stdout).context("cargo -vV is not UTF-8")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("cargo -vV names no host")
}

fn folder() -> Result<PathBuf> {
    Ok(repo::target()?.join("fuzz"))
}

/// Runs one target. The first corpus folder is written to, the second only read.
fn one(programs: &Path, target: &str, seconds: u32) -> Result<run::Ended> {
    let (corpus, found) = (folder()?.join("corpus").join(target), folder()?.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut command = Command::new(programs.join(target));
    command.current_dir(repo::root()?).arg(corpus).arg(format!("tests/fuzz/corpus/{target}"));
    command.arg(format!("-dict=tests/fuzz/{target}.dict"));
    command.arg(format!("-artifact_prefix={}/", found.display()));
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={LONGEST}"));
    command.args(["-rss_limit_mb=1024", "-timeout=60", "-verbosity=0", "-print_final_stats=1"]);
    let is_told = |line: &str| line.starts_with(RUNS) || line.contains(KEPT);
    run::marked(&mut command, &format!("{target:<8} | "), is_told)
}

const RUNS: &str = "stat::number_of_executed_units:";
const KEPT: &str = "Test unit written to ";

/// A kept line in words: how much was tried, or where the input lies that failed.
fn shown(target: &str, line: &str) -> String {
    match (line.strip_prefix(RUNS), line.split_once(KEPT)) {
        (Some(runs), _) => format!("fuzz {target}: {} inputs tried", runs.trim()),
        (None, Some((_, path))) => {
            format!("fuzz {target}: FAILED with {path}; mend it and keep that in tests/fuzz/corpus")
        }
        (None, None) => format!("fuzz {target}: {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_run_is_told_in_words() {
        assert_eq!(
            shown("tags", "stat::number_of_executed_units: 398163"),
            "fuzz tags: 398163 inputs tried"
        );
        assert_eq!(
            shown("tags", "artifact_prefix='found/'; Test unit written to found/crash-1"),
            "fuzz tags: FAILED with found/crash-1; mend it and keep that in tests/fuzz/corpus"
        );
    }
}
