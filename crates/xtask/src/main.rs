//! The project's own tools, so that a clone needs nothing but Rust and Python: `cargo xtask <what>`.
//!
//! This crate knows the repository, not the product: it starts cargo, pytest and the two binaries,
//! reads what they print and what they answer over HTTP, and links against none of them.

mod bench;
mod browser;
mod bugs;
mod compiler;
mod debian;
mod docs;
mod fuzz;
mod image;
mod notes;
mod prometheus;
mod release;
mod repo;
mod requirements;
mod run;
mod sbom;
mod soak;
mod test;
mod tidy;
mod upgrade;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own tools.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need into the work tree and run everything
    Test(test::Args),
    /// Check the house rules: sizes, headers, arrows, links
    Tidy,
    /// Write the generated reference pages, or check that they are up to date
    Docs(docs::Args),
    /// Try texts at random, guided by coverage, on what reads tags and documents
    Fuzz(fuzz::Args),
    /// Measure against the simulator and print a table
    Bench(bench::Args),
    /// Run eastwest with faults and changes for a while, and check that memory, open files and tasks do not grow
    Soak(soak::Args),
    /// Build the container image, and test its files, its settings, its sizes and its program
    Image(image::Args),
    /// Write the CycloneDX list of what is compiled into `eastwest`
    Sbom(sbom::Args),
    /// Build the program as it is released in two folders, and check that both are the same
    Reproduce(release::Args),
    /// Write the part of the changelog that a release shows; fails if there is none
    Notes(notes::Args),
    /// Replace copies of an older version by this one and take it back, and check that each change is written once
    Upgrade(upgrade::Args),
    /// Plant realistic mistakes one by one, and see that the simulator's tests find each
    Bugs(bugs::Args),
}

fn main() -> ExitCode {
    if compiler::is_asked() {
        return compiler::run().unwrap_or_else(|error| verdict(Err(error)));
    }
    let done = match Cli::parse().command {
        Command::Test(args) => Ok(test::run(&args)),
        Command::Tidy => tidy::run(),
        Command::Docs(args) => docs::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Sbom(args) => sbom::run(&args),
        Command::Reproduce(args) => release::reproduce(&args),
        Command::Notes(args) => notes::run(&args),
        Command::Upgrade(args) => upgrade::run(&args),
        Command::Bugs(args) => bugs::run(&args),
    };
    verdict(done)
}

/// `Ok(true)` is success, `Ok(false)` a failure that has been explained already.
fn verdict(done: Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
