//! `cargo xtask bugs`: realistic mistakes, planted one after the other, and whether the tests find them.
//!
//! A test that cannot fail proves nothing. Each patch in `tests/bugs` plants one mistake that others have made, or that
//! one of our own rules is about; it must be found by the seeded simulation, by the fault matrix, by the attacks on names, or
//! by the one test that its patch names. What found it the last time is noted in the patch and tried first, so that a run over all takes minutes.

mod patch;
mod scratch;

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::{repo, run};
use patch::{Bug, FOLDER, Find};
use scratch::Scratch;

const PAGE: &str = "docs/seeded-bugs.md";
/// Seeds that are tried before the matrix.
const SEEDS: u64 = 10_000;

/// What to look for.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the bug of this number
    #[arg(long, value_name = "NN")]
    only: Option<u32>,
    /// Plant nothing; print what found each the last time, and write the page
    #[arg(long)]
    list: bool,
    /// Plant nothing; fail if a patch does not apply any more, or the page is not up to date
    #[arg(long, conflicts_with_all = ["only", "list"])]
    check: bool,
}

/// Plants the bugs that were asked for, and says what found each.
pub(crate) fn run(args: &Args) -> Result<bool> {
    if args.check {
        return check();
    }
    let mut bugs = Bug::all(&repo::root()?)?;
    let is_wanted = |bug: &Bug| args.only.is_none_or(|only| only == bug.number);
    if !bugs.iter().any(is_wanted) {
        bail!("there is no such bug in {FOLDER}");
    }
    if args.list {
        bugs.iter().filter(|bug| is_wanted(bug)).for_each(|bug| println!("{}", line(bug)));
        write(&bugs)?;
        return Ok(true);
    }
    let scratch = Scratch::new()?;
    let mut missed = Vec::new();
    for bug in bugs.iter_mut().filter(|bug| is_wanted(bug)) {
        run::say(&format!("{:02} {}", bug.number, bug.mistake));
        match scratch.with(bug, || look(&scratch, bug)) {
            Ok(Some(find)) => bug.found(find)?,
            Ok(None) => missed.push(bug.number),
            Err(error) => {
                eprintln!("xtask: {error:#}");
                missed.push(bug.number);
            }
        }
        let is_missed = missed.last() == Some(&bug.number);
        println!("{}", if is_missed { "NOT FOUND".to_owned() } else { line(bug) });
    }
    write(&bugs)?;
    for number in &missed {
        println!("bug {number} is NOT FOUND");
    }
    Ok(missed.is_empty())
}

fn write(bugs: &[Bug]) -> Result<()> {
    let page = repo::root()?.join(PAGE);
    fs::write(&page, text(bugs)).with_context(|| page.display().to_string())
}

/// Tries what found it before, then the attacks on names, seeds and the matrix.
fn look(scratch: &Scratch, bug: &Bug) -> Result<Option<Find>> {
    if let Some(known) = &bug.found_by
        && let Some(find) = scratch.repeat(known)?
    {
        return Ok(Some(find));
    }
    if let Some(find) = scratch.attacks()? {
        return Ok(Some(find));
    }
    match scratch.seeds(0, SEEDS)? {
        Some(find) => Ok(Some(find)),
        None => scratch.cases(),
    }
}

/// Whether every patch still applies, and the page tells of each.
pub(crate) fn check() -> Result<bool> {
    let root = repo::root()?;
    let bugs = Bug::all(&root)?;
    let mut is_good = true;
    let mut say = |words: String| {
        eprintln!("xtask: {words}");
        is_good = false;
    };
    for bug in &bugs {
        if !scratch::applies(&root, bug) {
            say(format!("{} does not apply any more: plant the mistake anew", bug.path.display()));
        }
        if bug.found_by.is_none() {
            say(format!("nothing finds {}: run: cargo xtask bugs", bug.path.display()));
        }
    }
    if fs::read_to_string(root.join(PAGE)).unwrap_or_default() != text(&bugs) {
        say(format!("{PAGE} is not up to date; run: cargo xtask bugs"));
    }
    Ok(is_good)
}

fn line(bug: &Bug) -> String {
    let found = bug.found_by.as_ref().map_or("nothing yet".to_owned(), ToString::to_string);
    format!("{:02} {} | {found}", bug.number, bug.mistake)
}

/// The page.
fn text(bugs: &[Bug]) -> String {
    let mut page = String::from(
        "<!-- Written by `cargo xtask bugs`; edit the patches in tests/bugs, not this page. -->\n\n\
         # Seeded bugs\n\n\
         A test that cannot fail proves nothing. These mistakes are planted one at a time, and each is found by the \
         seeded simulation, the fault matrix, an attack on a name, or the one test that is named. `cargo xtask bugs` does it \
         again, and searches all attacks, 10,000 seeds and then the whole matrix where the run named here finds nothing any \
         more. The rules are those of `crates/sim/src/judge/mod.rs`.\n\n\
         | | Mistake | Seen in | Found by | Rule |\n|---|---|---|---|---|\n",
    );
    for bug in bugs {
        let seen = bug.seen_in.as_deref().unwrap_or_default();
        let (by, rule) = match &bug.found_by {
            Some(find) => (find.by.to_string(), find.rule.as_str()),
            None => ("nothing yet".to_owned(), ""),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {} | {} | {seen} | {by} | {rule} |", bug.number, bug.mistake);
    }
    page
}
