//! `eastwest plan`: what would change, and what is held and why.
//!
//! One look makes the plan; [`shown`] is what of it was asked for. It is printed for people ([`text`], out of [`rows`],
//! [`blocks`] and [`sums`]), for programs (JSON), or for a pipeline ([`github`], [`junit`]).

mod sums;

pub(crate) mod shown;

mod blocks;

mod rows;

pub(crate) mod text;

pub(crate) mod github;

pub(crate) mod junit;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod absent_tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use eastwest_core::engine::look::shown_policy;
use eastwest_core::plan::reason::Reason;

use self::shown::{Only, Shown};
use super::format::Format;
use super::look;
use super::out;
use super::text::{notes as notes_text, service_path};
use super::versioned::Versioned;
use super::world::{self, Origin};
use crate::api::json;
use crate::api::plan::PlanPage;
use crate::config::Config;

/// Flags of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanFlags {
    /// Print the plan as JSON: the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// How to print the plan.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print only what would change, or only what is held. The sums stay those of the whole plan.
    #[arg(long, value_enum, value_name = "PART", conflicts_with = "service")]
    pub(crate) only: Option<Only>,
    /// Print only what is planned for this ECS service; the exit code is about it, too. The whole plan is made all the
    /// same, because other services may hold this one.
    #[arg(long, value_name = "CLUSTER/SERVICE")]
    pub(crate) service: Option<String>,
    /// Print how many services there are of each kind, a line for each, and the sums.
    #[arg(long, conflicts_with_all = ["json", "format", "service"])]
    pub(crate) summary: bool,
    /// Exit with 0 when everything is in order, 1 on errors, 2 when something would change or is held.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan for these captured files or folders, without AWS: a folder that `eastwest capture` wrote, or what the AWS CLI
    /// printed for `ecs describe-services --include TAGS`, `ecs describe-task-definition`, `ecs describe-clusters`,
    /// `servicediscovery list-namespaces` and `list-services`. `-` is standard input.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
}

/// Prints the plan. Exit codes: 0 in order, 1 something could not be read, 2 (with `--detailed-exitcode`) something
/// would change or is held.
pub(crate) async fn run(config: &Config, flags: &PlanFlags) -> anyhow::Result<ExitCode> {
    let service = flags.service.as_deref().map(service_path).transpose();
    let service = service.map_err(|wrong| anyhow!("--service {wrong}"))?;
    let Origin { world, notes } = world::origin(config, &flags.from).await?;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    let looked = look::look(world, &settings).await;
    let mut shown = Shown::new(&looked, &settings);
    // One look takes no lease; the eastwest that writes does.
    shown.page.relies_on_being_alone = config.lease.is_none();
    if let Some(path) = &service {
        shown.keep_service(&looked.view, path)?;
    }
    let code = exit_code(&shown.page, flags.detailed_exitcode);
    if let Some(only) = flags.only {
        shown.keep_only(only);
    }
    let format = if flags.json { Format::Json } else { flags.format };
    let text = match format {
        Format::Text if flags.summary => notes_text(&notes) + &text::in_short(&shown),
        Format::Text => notes_text(&notes) + &text::plan(&shown),
        Format::Json => {
            json::pretty(&Versioned::new(WithNotes { page: &shown.page, notes: &notes }))? + "\n"
        }
        Format::Github => github::annotations(&shown),
        Format::Junit => junit::report(&shown)?,
    };
    out::print(&text)?;
    Ok(code)
}

fn exit_code(page: &PlanPage, detailed: bool) -> ExitCode {
    let unseen = page.holds.iter().any(|row| row.hold.reason() == Reason::NotSeen);
    let in_order = page.steps.is_empty() && page.holds.is_empty() && page.missing.is_empty();
    let bad_document = page.document.as_ref().is_some_and(|document| document.trouble.is_some());
    if !page.faults.is_empty() || unseen || bad_document {
        ExitCode::FAILURE
    } else if detailed && !in_order {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

/// A page, with the remarks on where it comes from.
#[derive(serde::Serialize)]
struct WithNotes<'a> {
    #[serde(flatten)]
    page: &'a PlanPage,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}
