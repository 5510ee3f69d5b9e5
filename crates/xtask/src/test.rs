//! `cargo xtask test`: everything a change must pass, in one order, with live output.
//!
//! A part that fails does not stop the others, so that one run tells all; only what cannot run
//! without it is left out and counted as failed. The wire tests, which mostly wait, run beside the tests in Rust.
//! Everything is built at once, by one command and with one set of features: a second command with other targets would
//! compile what the features touch a second time. That command lints, too ([`compiler`]). Only the lives of the
//! simulator are built a second time, because they need fast code, which takes long to compile. The last lines are what
//! each part took and the test runners' own summaries.

mod deny;
mod lints;
mod step;
mod table;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use step::Step;

use crate::{browser, bugs, compiler, docs, fuzz, image, prometheus, repo, requirements, run};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these parts (may be repeated, or separated by commas)
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only what finds most mistakes soonest: formatting, clippy, the tests of core, the house rules
    #[arg(long, conflicts_with = "only")]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting, clippy, and the links in comments
    Lint,
    /// `cargo test`
    Rust,
    /// The Python tests against the built binaries
    Wire,
    /// The dashboard in a real browser, against the built binaries
    Browser,
    /// The container image with the built program in it
    Image,
    /// Texts at random against the readers of tags and documents, for a short time
    Fuzz,
}

const BUILD: &str = "cargo build";
const LINTS: &str = "lints";
const DENY: &str = "cargo deny";
/// Every target, so that every lint sees all code.
const ALL: [&str; 3] = ["build", "--workspace", "--all-targets"];
const TEST: &str = "cargo test";
const LIVES: &str = "cargo lives";
const PAGES: &str = "docs";
const BUGS: &str = "seeded bugs";
const WIRE: &str = "wire";
const BROWSER: &str = "browser";
const IMAGE: &str = "image";
const FUZZ: &str = "fuzz";
const BESIDE: &str = "wire, browser, image, fuzz";
/// What the lines of the wire tests begin with while something else runs beside them.
const WIRE_MARK: &str = "wire | ";

/// Runs the parts that were asked for, all of them by default; whether all passed.
pub(crate) fn run(args: &Args) -> bool {
    let began = Instant::now();
    let steps = if args.quick { quick() } else { parts(&args.only) };
    run::say("summary");
    print!("{}", table::text(&steps, began.elapsed()));
    steps.iter().all(|step| step.ok)
}

/// What one runs all day. `--workspace` lets the house rules use what [`parts`] has built: for their package alone,
/// the features of its dependencies would be others.
fn quick() -> Vec<Step> {
    let tidy = ["test", "--workspace", "--test", "tidy"];
    vec![
        format(),
        clippy(),
        cargo("core", &["test", "--package", "eastwest-core", "--no-fail-fast"]),
        cargo("tidy", &tidy),
    ]
}

fn parts(only: &[Part]) -> Vec<Step> {
    let wanted = |part| only.is_empty() || only.contains(&part);
    let (lint, rust, wire) = (wanted(Part::Lint), wanted(Part::Rust), wanted(Part::Wire));
    let (browser, image) = (wanted(Part::Browser), wanted(Part::Image));
    let mut steps = Vec::new();
    if lint {
        steps.push(format());
    }
    let mut is_built = true;
    if lint || rust || wire || browser || image {
        let build =
            linted(BUILD, if lint || rust { &ALL } else { &["build", "--workspace", "--bins"] });
        is_built = build.ok;
        steps.push(build);
    }
    if lint {
        steps.push(tool("clippy", LINTS, compiler::CLIPPY, || lints::none(&ALL)));
        steps.push(Step::of(DENY, deny::check));
    }
    steps.extend(side_by_side(
        || if rust { rust_tests(is_built) } else { Vec::new() },
        || {
            let wire = wire.then(|| wire_tests(is_built, if rust { WIRE_MARK } else { "" }));
            let browser = browser.then(|| browser_tests(is_built));
            let image = image.then(|| with_programs(IMAGE, is_built, image::tests));
            let fuzz = || Step::of(FUZZ, || fuzz::every(fuzz::SECONDS_IN_TEST));
            let fuzz = wanted(Part::Fuzz).then(fuzz);
            wire.into_iter().chain(browser).chain(image).chain(fuzz).collect()
        },
    ));
    steps
}

/// The wire tests wait for programs most of the time; those of cargo keep the cores busy.
fn side_by_side(
    here: impl FnOnce() -> Vec<Step>,
    beside: impl FnOnce() -> Vec<Step> + Send,
) -> Vec<Step> {
    std::thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let mut steps = here();
        let lost = || Step { name: BESIDE, ok: false, took: Duration::ZERO, kept: Vec::new() };
        steps.extend(beside.join().unwrap_or_else(|_| vec![lost()]));
        steps
    })
}

fn rust_tests(is_built: bool) -> Vec<Step> {
    vec![
        linted(TEST, &["test", "--workspace", "--exclude", "eastwest-lives", "--no-fail-fast"]),
        cargo(
            LIVES,
            &["test", "--profile", "lives", "--package", "eastwest-lives", "--no-fail-fast"],
        ),
        with_programs(PAGES, is_built, || {
            // The generated pages say what the programs say.
            run::say("docs --check");
            Ok((docs::check()?, Vec::new()))
        }),
        Step::of(BUGS, || {
            // Every planted mistake still applies; that each is found takes longer: `cargo xtask bugs`.
            run::say("bugs --check");
            Ok((bugs::check()?, Vec::new()))
        }),
    ]
}

fn wire_tests(is_built: bool, mark: &str) -> Step {
    with_programs(WIRE, is_built, || wire(mark))
}

fn browser_tests(is_built: bool) -> Step {
    with_programs(BROWSER, is_built, browser::tests)
}

fn with_programs(
    name: &'static str,
    is_built: bool,
    work: impl FnOnce() -> Result<(bool, Vec<String>)>,
) -> Step {
    Step::of(name, || if is_built { work() } else { bail!("the programs do not build") })
}

fn format() -> Step {
    tool("rustfmt", "cargo fmt", "rustfmt", || live(repo::cargo(&["fmt", "--all", "--check"])?))
}

fn clippy() -> Step {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    tool("clippy", "cargo clippy", compiler::CLIPPY, || live(repo::cargo(&arguments)?))
}

/// A step that needs a program of a component which a minimal toolchain lacks.
fn tool(
    component: &str,
    name: &'static str,
    program: &str,
    work: impl FnOnce() -> Result<(bool, Vec<String>)>,
) -> Step {
    Step::of(name, || {
        if run::quiet(Command::new(program).arg("--version")) {
            return work();
        }
        bail!("{component} is NOT INSTALLED; run: rustup component add {component}")
    })
}

fn cargo(name: &'static str, arguments: &[&str]) -> Step {
    Step::of(name, || live(repo::cargo(arguments)?))
}

/// What the build has compiled with its lints is compiled once.
fn linted(name: &'static str, arguments: &[&str]) -> Step {
    Step::of(name, || live(compiler::cargo(arguments)?))
}

fn live(mut command: Command) -> Result<(bool, Vec<String>)> {
    if run::colours() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let ended = if command.get_args().next().is_some_and(|first| first == "test") {
        // What runs now is said on standard error, how it went on standard output.
        run::marked(&mut command, "", table::is_told)?
    } else {
        run::live(&mut command, |_| false)?
    };
    Ok((ended.ok, ended.kept))
}

fn wire(mark: &str) -> Result<(bool, Vec<String>)> {
    let root = repo::root()?;
    // What is left out is told again at the end of the run, beside pytest's own summary.
    let left_out = prometheus::provide().err().map(|error| {
        format!(
            "wire: NOT CHECKED by a real Prometheus: alerts, recording rules, dashboard: {error:#}"
        )
    });
    let mut command = Command::new(requirements::python(&root)?);
    command.args(["-m", "pytest", "tests/wire"]).current_dir(root);
    if run::colours() {
        command.arg("--color=yes");
    }
    // pytest's summary is its only line like `===== 12 passed in 3.45s =====`.
    let is_summary = |line: &str| line.starts_with("==") && line.contains(" in ");
    let mut ended = run::marked(&mut command, mark, is_summary)?;
    ended.kept.extend(left_out);
    Ok((ended.ok, ended.kept))
}
