//! `cargo xtask test`: everything a change must pass, in one order, with live output.
//!
//! A part that fails does not stop the others, so that one run tells all; only what cannot run
//! without it is left out and counted as failed. The last lines are the test runners' own.

use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use crate::{bugs, docs, fuzz, repo, requirements, run};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these parts (may be repeated, or separated by commas)
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting and clippy
    Lint,
    /// `cargo test`
    Rust,
    /// The Python tests against the built binaries
    Wire,
    /// Texts at random against the readers of tags and documents, for a short time
    Fuzz,
}

const BUILD: &str = "cargo build";
const PAGES: &str = "docs";
const BUGS: &str = "seeded bugs";
const WIRE: &str = "wire";
const FUZZ: &str = "fuzz";

/// How one step went: its name, whether it passed, and its runner's summary lines.
struct Step {
    name: &'static str,
    ok: bool,
    summary: Vec<String>,
}

impl Step {
    fn failed(name: &'static str, why: &str) -> Self {
        eprintln!("xtask: {name}: {why}");
        Self { name, ok: false, summary: Vec::new() }
    }
}

/// Runs the parts that were asked for, all of them by default.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let mut steps = Vec::new();
    if wanted(Part::Lint) {
        steps.extend([format()?, clippy()?]);
    }
    if wanted(Part::Rust) || wanted(Part::Wire) {
        steps.push(cargo(BUILD, &["build", "--workspace"])?);
    }
    let lacks_programs = steps.iter().any(|step| step.name == BUILD && !step.ok);
    let with_programs = |name, step: fn() -> Result<Step>| {
        if lacks_programs {
            return Step::failed(name, "the programs do not build");
        }
        step().unwrap_or_else(|error| Step::failed(name, &format!("{error:#}")))
    };
    if wanted(Part::Rust) {
        steps.push(cargo("cargo test", &["test", "--workspace", "--no-fail-fast"])?);
        steps.push(with_programs(PAGES, pages));
        steps.push(seeded_bugs()?);
    }
    if wanted(Part::Wire) {
        steps.push(with_programs(WIRE, wire));
    }
    if wanted(Part::Fuzz) {
        steps.push(fuzz().unwrap_or_else(|error| Step::failed(FUZZ, &format!("{error:#}"))));
    }
    Ok(report(&steps))
}

fn format() -> Result<Step> {
    tool("rustfmt", "cargo fmt", &["fmt", "--all", "--check"])
}

fn clippy() -> Result<Step> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    tool("clippy", "cargo clippy", &arguments)
}

/// A step that needs a component which a minimal toolchain lacks.
fn tool(component: &str, name: &'static str, arguments: &[&str]) -> Result<Step> {
    if run::quiet(&mut repo::cargo(&[arguments[0], "--version"])?) {
        return cargo(name, arguments);
    }
    let why = format!("{component} is NOT INSTALLED; run: rustup component add {component}");
    Ok(Step::failed(name, &why))
}

fn cargo(name: &'static str, arguments: &[&str]) -> Result<Step> {
    let mut command = repo::cargo(arguments)?;
    if run::colours() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let ended = run::live(&mut command, |line| line.starts_with("test result:"))?;
    // A binary without tests says so too; that is noise.
    let summary = ended.kept.into_iter().filter(|line| !line.contains(" 0 passed; 0 failed"));
    Ok(Step { name, ok: ended.ok, summary: summary.collect() })
}

/// The generated pages say what the programs say.
fn pages() -> Result<Step> {
    run::say("docs --check");
    Ok(Step { name: PAGES, ok: docs::check()?, summary: Vec::new() })
}

/// Every planted mistake still applies; that each is found takes longer: `cargo xtask bugs`.
fn seeded_bugs() -> Result<Step> {
    run::say("bugs --check");
    Ok(Step { name: BUGS, ok: bugs::check()?, summary: Vec::new() })
}

fn wire() -> Result<Step> {
    let root = repo::root()?;
    let mut command = Command::new(requirements::python(&root)?);
    command.args(["-m", "pytest", "tests/wire"]).current_dir(root);
    if run::colours() {
        command.arg("--color=yes");
    }
    // pytest's summary is its only line like `===== 12 passed in 3.45s =====`.
    let ended = run::live(&mut command, |line| line.starts_with("==") && line.contains(" in "))?;
    Ok(Step { name: WIRE, ok: ended.ok, summary: ended.kept })
}

fn fuzz() -> Result<Step> {
    let (ok, summary) = fuzz::every(fuzz::SECONDS_IN_TEST)?;
    Ok(Step { name: FUZZ, ok, summary })
}

fn report(steps: &[Step]) -> bool {
    let failed: Vec<&str> = steps.iter().filter(|step| !step.ok).map(|step| step.name).collect();
    run::say("summary");
    for step in steps {
        println!("{:<13} {}", step.name, if step.ok { "passed" } else { "FAILED" });
    }
    if failed.is_empty() {
        println!("all parts passed");
    } else {
        println!("failed: {}", failed.join(", "));
    }
    for line in steps.iter().flat_map(|step| &step.summary) {
        println!("{line}");
    }
    failed.is_empty()
}
