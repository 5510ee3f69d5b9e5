//! The command line: what can be typed, and nothing of what it means.
//!
//! Values stay text here; [`crate::config`] reads them, so that all mistakes are told at once. Endpoints,
//! credentials and profiles are the AWS SDK's own (`AWS_ENDPOINT_URL`, `AWS_PROFILE`, …).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::token::Token;

/// Keeps Amazon ECS Service Connect converged.
#[derive(Debug, Parser)]
#[command(name = "eastwest", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags that every command takes.
    #[command(flatten)]
    pub flags: Flags,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch the clusters and keep them as their tags ask.
    Run,
    /// Show what would be done, and why not where it would not; never writes.
    Plan(PlanFlags),
    /// Do it, and end when nothing is left that can proceed by itself: 0 all in order, 1 something failed, 2 something
    /// waits for a person.
    Apply(ApplyFlags),
    /// Show field by field what a service shall be, who decided it and whom that overruled.
    Explain(ExplainFlags),
    /// Check documents, and what was captured of services, without AWS: 0 all in order, 1 something is wrong.
    Lint(LintFlags),
    /// Print the tags that say what Service Connect is today, such that planning with them changes nothing;
    /// never writes.
    Import(ImportFlags),
    /// Print the JSON Schema of the document.
    Schema,
}

/// Flags of `lint`.
#[derive(Debug, Args)]
pub struct LintFlags {
    /// Documents, or captures as `plan --from` takes them; `-` is standard input. Documents given together are
    /// checked as parameters below one path.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `import`.
#[derive(Debug, Args)]
pub struct ImportFlags {
    /// Take what these files captured, as `plan --from` does, in place of AWS.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// Services that opted in already, too: their tags are to say what is deployed.
    #[arg(long)]
    pub all: bool,
    /// Print the tags as JSON, by the services' ARNs, in place of a shell script.
    #[arg(long, conflicts_with = "document")]
    pub json: bool,
    /// Print a document in place of tags.
    #[arg(long)]
    pub document: bool,
}

/// Flags of `plan`.
#[derive(Debug, Args)]
pub struct PlanFlags {
    /// Print the plan as JSON.
    #[arg(long)]
    pub json: bool,
    /// Exit with 0 when all is in order, 1 on errors, 2 when something is to change or is held.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan for what these files captured, without AWS: what the AWS CLI printed for
    /// `ecs describe-services --include TAGS`, `ecs describe-task-definition`, `ecs describe-clusters`,
    /// `servicediscovery list-namespaces` and `list-services`. `-` is standard input.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub from: Vec<PathBuf>,
}

/// Flags of `apply`.
#[derive(Debug, Args)]
pub struct ApplyFlags {
    /// Agree to a plan that changes much of a namespace at once, by the id that `plan` shows; may be repeated.
    #[arg(long, value_name = "PLAN")]
    pub ack: Vec<String>,
    /// Print each transition as one line of JSON.
    #[arg(long)]
    pub json: bool,
    /// How long to go on at most, as 30s, 5m or 1h. What has begun by then is not undone.
    #[arg(long, default_value = "1h")]
    pub timeout: String,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainFlags {
    /// Which ECS service.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub service: String,
    /// Take what these files captured, as `plan --from` does, in place of AWS.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// Print the explanation as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags that every command takes; each is also an environment variable.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Flags of every command")]
pub struct Flags {
    /// A cluster to watch, by name or ARN; may be repeated. Default: all of the account and region.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_CLUSTER",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub cluster: Vec<String>,
    /// The AWS region. Default: what the AWS SDK finds.
    #[arg(long, global = true, env = "EASTWEST_REGION")]
    pub region: Option<String>,
    /// Where declarations are read: tags, or ssm:<parameter> or ssm:<path>/ for a document; may be repeated.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_SOURCE",
        value_delimiter = ',',
        value_name = "tags|ssm:NAME",
        default_value = "tags"
    )]
    pub source: Vec<String>,
    /// The namespace for services that name none and are in none: name, id or ARN.
    #[arg(long, global = true, env = "EASTWEST_NAMESPACE")]
    pub namespace: Option<String>,
    /// What may be written: observe, upsert-only or sync. Default: observe; `plan` shows and `apply` does what sync
    /// would do unless this says upsert-only.
    #[arg(long, global = true, env = "EASTWEST_POLICY")]
    pub policy: Option<String>,
    /// From the end of one sweep to the next, as 30s, 5m or 1h.
    #[arg(long, global = true, env = "EASTWEST_INTERVAL", default_value = "60s")]
    pub interval: String,
    /// The prefix of the tags to read.
    #[arg(long, global = true, env = "EASTWEST_TAG_PREFIX", default_value = "eastwest/")]
    pub tag_prefix: String,
    /// How many rollouts may run at once in one cluster.
    #[arg(long, global = true, env = "EASTWEST_ROLLOUTS_PER_CLUSTER", default_value = "2")]
    pub rollouts_per_cluster: String,
    /// How many rollouts may run at once in one namespace.
    #[arg(long, global = true, env = "EASTWEST_ROLLOUTS_PER_NAMESPACE", default_value = "1")]
    pub rollouts_per_namespace: String,
    /// How much of a namespace may change at once without somebody's consent: a share, or a number of services. A share
    /// always allows ten.
    #[arg(long, global = true, env = "EASTWEST_MASS_CHANGE", default_value = "20%")]
    pub mass_change: String,
    /// The bearer token that opens `POST /api/v1/ack`; without one there is no such page. Better given in the
    /// environment than on the command line, where others on the machine see it.
    #[arg(long, global = true, env = "EASTWEST_TOKEN", hide_env_values = true)]
    pub token: Option<Token>,
    /// Where `run` serves HTTP.
    #[arg(long, global = true, env = "EASTWEST_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: String,
    /// For how long nothing is written after a start, from 0s to 10s. It is for tests of this program and hidden from
    /// the help: with less than 10s, `run` and `apply` may act on answers of AWS from before the last write of the
    /// eastwest that ran before.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_START_UP_PAUSE",
        default_value = "10s",
        hide = true
    )]
    pub start_up_pause: String,
    /// How log lines look: json or text.
    #[arg(long, global = true, env = "EASTWEST_LOG_FORMAT", default_value = "json")]
    pub log_format: String,
}
