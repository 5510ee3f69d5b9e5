//! `eastwest plan`: what would change, and what is held and why.

pub(crate) mod text;

#[cfg(test)]
mod absent_tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use eastwest_core::engine::look::shown_policy;
use eastwest_core::plan::reason::Reason;

use super::look;
use super::text::notes as notes_text;
use super::world::{self, Origin};
use crate::api::json;
use crate::api::plan::{FaultRow, PlanPage};
use crate::config::Config;

/// Flags of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanFlags {
    /// Print the plan as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 0 when everything is in order, 1 on errors, 2 when something would change or is held.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Plan for these captured files, without AWS: what the AWS CLI printed for
    /// `ecs describe-services --include TAGS`, `ecs describe-task-definition`, `ecs describe-clusters`,
    /// `servicediscovery list-namespaces` and `list-services`. `-` is standard input.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
}

/// Prints the plan. Exit codes: 0 in order, 1 something could not be read, 2 (with `--detailed-exitcode`) something
/// would change or is held.
pub(crate) async fn run(config: &Config, flags: &PlanFlags) -> anyhow::Result<ExitCode> {
    let Origin { world, notes } = world::origin(config, &flags.from).await?;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    let looked = look::look(world, &settings).await;
    let mut page = PlanPage::new(&looked.plan, &looked.view, &settings);
    page.faults.extend(looked.trouble.as_ref().map(|fault| FaultRow::new("*", fault)));
    if flags.json {
        println!("{}", json::pretty(&WithNotes { page: &page, notes: &notes })?);
    } else {
        print!("{}{}", notes_text(&notes), text::plan(&page));
    }
    let unseen = page.holds.iter().any(|row| row.hold.reason() == Reason::NotSeen);
    let in_order = page.steps.is_empty() && page.holds.is_empty() && page.missing.is_empty();
    let bad_document = page.document.as_ref().is_some_and(|document| document.trouble.is_some());
    Ok(if !page.faults.is_empty() || unseen || bad_document {
        ExitCode::FAILURE
    } else if flags.detailed_exitcode && !in_order {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

/// A page, with the remarks on where it comes from.
#[derive(serde::Serialize)]
struct WithNotes<'a> {
    #[serde(flatten)]
    page: &'a PlanPage,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}
