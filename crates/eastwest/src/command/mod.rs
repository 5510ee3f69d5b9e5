//! The commands: everything about one stands in one file, its flags, its run and its text.
//!
//! In comes what was typed; out go text or JSON on standard output and an exit code. In reading order: [`paint`], [`out`],
//! [`text`], [`mod@format`], [`versioned`] and [`world`] (with [`offline`] and [`look`]), which several commands use, then [`run`],
//! [`plan`], [`status`], [`apply`], [`retry`], [`explain`], [`verify`], [`lint`], [`import`], [`capture`], [`graph`], [`healthcheck`],
//! [`completions`], [`schema`], [`metrics`] and [`iam`]; [`help`] is the command line of all.

mod paint;

mod out;

mod help;

mod text;

mod format;

mod versioned;

mod offline;

mod world;

mod look;

mod run;

mod plan;

mod status;

mod apply;

mod retry;

mod explain;

mod verify;

mod lint;

mod import;

mod capture;

mod graph;

mod healthcheck;

mod completions;

mod schema;

mod metrics;

mod iam;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

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

/// The command line as it is parsed and shown.
pub(crate) fn cli() -> clap::Command {
    help::fitted(Cli::command())
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the clusters and keep Service Connect as it is declared.
    Run,
    /// Show what would change, and what is held and why. Never writes.
    Plan(plan::PlanFlags),
    /// Show how the services stand, what needs a person first. Never writes. Exit codes: 0 no service needs a person, 1
    /// something could not be read, 2 a service needs a person.
    Status(status::source::StatusFlags),
    /// Apply the plan and exit once the clusters have converged. Exit codes: 0 in order, 1 something failed, 2 something
    /// is held until a person acts.
    Apply(apply::ApplyFlags),
    /// Ask a running eastwest to send once more what ECS rolled back, when the cause lay outside. Exit codes: 0 it tries
    /// again, 1 it does not.
    Retry(retry::RetryFlags),
    /// Show the wanted value of each field and which source set it.
    Explain(explain::ExplainFlags),
    /// Verify that each endpoint that is wanted can be called: tasks, proxies, Cloud Map instances, clients, and if asked
    /// connections and security groups. Never writes. Exit codes: 0 all is well, 1 something could not be told, 2 something
    /// does not work.
    Verify(verify::VerifyFlags),
    /// Check documents, captured services and plans of Terraform, before they count. Exit codes: 0 in order, 1 something is
    /// wrong.
    Lint(lint::LintFlags),
    /// Print the tags that describe what is deployed. A plan with these tags changes nothing. Never writes.
    Import(import::ImportFlags),
    /// Write what a plan reads into a folder, for `--from`, without what may be secret. Never writes to AWS. Exit codes: 0
    /// everything was read, 1 something could not be read.
    Capture(capture::CaptureFlags),
    /// Print who calls whom in each namespace, to draw or to read. Never writes.
    Graph(graph::GraphFlags),
    /// Ask the eastwest that listens beside this process whether it lives: the health check of its container. Exit codes:
    /// 0 it lives, 1 it does not answer within two seconds.
    Healthcheck,
    /// What needs no configuration.
    #[command(flatten)]
    Alone(Alone),
}

/// What needs no configuration, so that a wrong one is not in its way.
#[derive(Debug, Subcommand)]
pub(crate) enum Alone {
    /// Print what completes commands and flags in a shell.
    Completions(completions::CompletionsFlags),
    /// Write a manual page for each command into a folder.
    Man(completions::ManFlags),
    /// Print the JSON Schema of the document.
    Schema,
    /// Print every metric with its type, its labels and what it is for, as JSON. The page of metrics is made from it.
    #[command(hide = true)]
    Metrics,
    /// Print the IAM policies that the calls of eastwest need, as JSON by their names. `deploy/iam` is made from it.
    #[command(hide = true)]
    Iam,
}

impl Alone {
    /// Runs it; returns the exit code.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Completions(flags) => Ok(completions::completions(&flags, cli())),
            Self::Man(flags) => completions::man(&flags, cli()),
            Self::Schema => schema::run(),
            Self::Metrics => metrics::run(),
            Self::Iam => iam::run(),
        }
    }
}

impl Command {
    /// Runs it; returns the exit code.
    pub(crate) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run => run::run(config).await,
            Self::Plan(flags) => plan::run(&config, &flags).await,
            Self::Status(flags) => status::run(&config, &flags).await,
            Self::Apply(flags) => apply::run(config, &flags).await,
            Self::Retry(flags) => retry::run(&config, flags).await,
            Self::Explain(flags) => explain::run(&config, &flags).await,
            Self::Verify(flags) => verify::run(&config, &flags).await,
            Self::Lint(flags) => lint::run(&config, &flags).await,
            Self::Import(flags) => import::run(&config, &flags).await,
            Self::Capture(flags) => capture::run(&config, &flags).await,
            Self::Graph(flags) => graph::run(&config, &flags).await,
            Self::Healthcheck => healthcheck::run(&config).await,
            Self::Alone(alone) => alone.run(),
        }
    }
}
