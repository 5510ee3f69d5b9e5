//! The commands: everything about one stands in one file, its flags, its run and its text.
//!
//! In comes what was typed; out go text or JSON on standard output and an exit code. In reading order: [`text`] and
//! [`world`] (with [`offline`] and [`look`]), which several commands use, then [`run`], [`plan`], [`apply`],
//! [`retry`], [`explain`], [`lint`], [`import`], [`schema`], [`metrics`] and [`iam`].

mod text;

mod offline;

mod world;

mod look;

mod run;

mod plan;

mod apply;

mod retry;

mod explain;

mod lint;

mod import;

mod schema;

mod metrics;

mod iam;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::config::flags::Flags;

/// Keeps Amazon ECS Service Connect converged.
#[derive(Debug, Parser)]
#[command(name = "eastwest", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the clusters and keep Service Connect as it is declared.
    Run,
    /// Show what would change, and what is held and why. Never writes.
    Plan(plan::PlanFlags),
    /// Apply the plan and exit once the clusters have converged. Exit codes: 0 in order, 1 something failed, 2 something
    /// is held until a person acts.
    Apply(apply::ApplyFlags),
    /// Ask a running eastwest to send once more what ECS rolled back, when the cause lay outside. Exit codes: 0 it tries
    /// again, 1 it does not.
    Retry(retry::RetryFlags),
    /// Show the wanted value of each field and which source set it.
    Explain(explain::ExplainFlags),
    /// Check documents and captured services, without AWS. Exit codes: 0 in order, 1 something is wrong.
    Lint(lint::LintFlags),
    /// Print the tags that describe what is deployed. A plan with these tags changes nothing. Never writes.
    Import(import::ImportFlags),
    /// Print the JSON Schema of the document.
    Schema,
    /// Print every metric with its type, its labels and what it is for, as JSON. The page of metrics is made from it.
    #[command(hide = true)]
    Metrics,
    /// Print the IAM policies that the calls of eastwest need, as JSON by their names. `deploy/iam` is made from it.
    #[command(hide = true)]
    Iam,
}

impl Command {
    /// Runs it; returns the exit code.
    pub(crate) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run => run::run(config).await,
            Self::Plan(flags) => plan::run(&config, &flags).await,
            Self::Apply(flags) => apply::run(config, &flags).await,
            Self::Retry(flags) => retry::run(&config, flags).await,
            Self::Explain(flags) => explain::run(&config, &flags).await,
            Self::Lint(flags) => lint::run(&config, &flags).await,
            Self::Import(flags) => import::run(&config, &flags).await,
            Self::Schema => Ok(schema::run()),
            Self::Metrics => Ok(metrics::run()),
            Self::Iam => Ok(iam::run()),
        }
    }
}
