//! `cargo xtask docs`: the reference pages, and the IAM policies, that are printed by the programs themselves.
//!
//! A page here is never written by hand: `--check` fails as soon as a flag or the document and its page differ.
//! `--book` makes an mdBook of all pages ([`book`]).

mod book;
mod metrics;
mod policies;

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::repo;

/// A generated page, and what prints it.
type Page = (&'static str, fn() -> Result<String>);

const PAGES: [Page; 3] = [
    ("docs/metrics.md", metrics),
    ("docs/reference/command-line.md", command_line),
    ("docs/reference/document.schema.json", schema),
];
/// The heading of the flags that every command takes.
const SETTINGS: &str = "\nSettings, also in the environment:";
const PROGRAMS: [&str; 3] = ["eastwest", "eastwest-sim", "eastwest-demo"];

/// What to do with the pages.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail if a page is not what would be written
    #[arg(long)]
    check: bool,
    /// Make a book of all pages under target/book, and check its links; the first call installs mdBook, which takes minutes
    #[arg(long, conflicts_with = "check")]
    book: bool,
}

/// Builds the programs and writes or checks every generated page.
pub(crate) fn run(args: &Args) -> Result<bool> {
    if args.book {
        return book::run();
    }
    let packages = PROGRAMS.iter().flat_map(|program| ["--package", program]);
    repo::build(&["--quiet"].into_iter().chain(packages).collect::<Vec<_>>())?;
    if args.check { check() } else { write() }
}

/// Whether every page is what the programs, as built, would print now.
pub(crate) fn check() -> Result<bool> {
    let mut all_current = true;
    for (page, text) in pages()? {
        let stands = fs::read_to_string(repo::root()?.join(&page)).unwrap_or_default();
        if stands == text {
            println!("{page} is up to date");
        } else {
            eprintln!("xtask: {page} is not up to date; run: cargo xtask docs");
            all_current = false;
        }
    }
    Ok(all_current)
}

fn write() -> Result<bool> {
    for (page, text) in pages()? {
        let path = repo::root()?.join(&page);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("{page} written");
    }
    Ok(true)
}

/// The path and the text of everything that is generated.
fn pages() -> Result<Vec<(String, String)>> {
    let page = |(path, print): Page| Ok((path.to_owned(), print()?));
    let mut pages = PAGES.into_iter().map(page).collect::<Result<Vec<_>>>()?;
    let iam = printed(Command::new(repo::binary("debug", "eastwest")?).arg("iam").env_clear())?;
    pages.extend(policies::pages(&iam)?);
    Ok(pages)
}

/// Every metric.
fn metrics() -> Result<String> {
    metrics::page(&printed(
        Command::new(repo::binary("debug", "eastwest")?).arg("metrics").env_clear(),
    )?)
}

/// The JSON Schema of the document.
fn schema() -> Result<String> {
    printed(Command::new(repo::binary("debug", "eastwest")?).arg("schema").env_clear())
}

fn command_line() -> Result<String> {
    let mut page = String::from(
        "<!-- Written by `cargo xtask docs`; edit the programs, not this page. -->\n\n# Command line\n",
    );
    for program in PROGRAMS {
        let help = help(program, None)?;
        section(&mut page, program, &help);
        for name in subcommands(&help) {
            let text = self::help(program, Some(name))?;
            section(&mut page, &format!("{program} {name}"), &with_short_settings(name, &text));
        }
    }
    Ok(page)
}

fn section(page: &mut String, title: &str, help: &str) {
    let _ = write!(page, "\n## {title}\n\n```text\n{}\n```\n", help.trim_end());
}

/// The help of one command with the names of its settings. What they mean stands with `run`, which takes all of them.
fn with_short_settings(command: &str, help: &str) -> String {
    let Some((own, settings)) = help.split_once(SETTINGS).filter(|_| command != "run") else {
        return help.to_owned();
    };
    let names = settings.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix("--")?.split_whitespace().next()?;
        line.starts_with("      --").then(|| format!("--{name}"))
    });
    let names: Vec<String> = names.collect();
    format!("{own}\nSettings, as of run: {}\n", names.join(", "))
}

/// What `--help` prints, with no terminal and no environment that could show through.
fn help(program: &str, subcommand: Option<&str>) -> Result<String> {
    let mut command = Command::new(repo::binary("debug", program)?);
    command.args(subcommand).arg("--help").env_clear().env("COLUMNS", "100");
    let text = printed(&mut command)?;
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

/// What a program prints, once it has ended well.
fn printed(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.with_context(|| format!("{command:?} does not start"))?;
    if !output.status.success() {
        bail!("{command:?} fails");
    }
    String::from_utf8(output.stdout).context("what was printed is not UTF-8")
}

/// The names under "Commands:", without clap's own `help`.
fn subcommands(help: &str) -> Vec<&str> {
    let block = help.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    let rows = block.take_while(|line| !line.trim().is_empty());
    let starts = rows.filter(|row| row.starts_with("  ") && !row.starts_with("   "));
    starts.filter_map(|row| row.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[cfg(test)]
mod tests {
    use super::{subcommands, with_short_settings};

    #[test]
    fn settings_are_explained_once_and_named_for_each_command() {
        let help = "Plan\n\nOptions:\n  -h  Help\n\nSettings, also in the environment:\n      --region <R>\n          As --cluster\n      --cluster <NAME>\n          One";
        let short = "Plan\n\nOptions:\n  -h  Help\n\nSettings, as of run: --region, --cluster\n";
        assert_eq!(with_short_settings("plan", help), short);
        assert_eq!(with_short_settings("run", help), help);
        assert_eq!(with_short_settings("schema", "Print"), "Print");
    }

    #[test]
    fn commands_are_found_in_the_help() {
        let help = "A tool\n\nUsage: x <COMMAND>\n\nCommands:\n  run   Runs\n        for long\n  plan  Plans\n  help  Print this\n\nOptions:\n  -h  Help\n";
        assert_eq!(subcommands(help), ["run", "plan"]);
    }
}
