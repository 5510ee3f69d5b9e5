//! `eastwest verify [<cluster>/<service>]`: whether Service Connect works, as far as it can be told from outside.
//!
//! One look as for a plan says what is wanted. [`read`] reads what else tells: tasks and Cloud Map instances. With
//! `--connect`, [`connect`] asks each instance. Core judges; [`text`] prints.

mod connect;

mod read;

mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::engine::look::{Looked, shown_policy};
use eastwest_core::report::verify::finding::{Level, Report};
use eastwest_core::report::verify::{MOST_ALONE, Scope, judge, subjects};
use serde::Serialize;

use super::look::look;
use super::out;
use super::text::{not_in_view, service_path};
use super::versioned::Versioned;
use super::world;
use crate::api::json;
use crate::api::plan::FaultRow;
use crate::config::Config;

/// Flags of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyFlags {
    /// Verify only this ECS service, with its calls and the calls of others to it.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: Option<String>,
    /// Connect to each instance, and ask it for the path of its tag eastwest/check. This works only inside the VPC, or
    /// where its addresses can be reached.
    #[arg(long)]
    pub(crate) connect: bool,
    /// How many seconds an instance may take to accept a connection, and as many to answer.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 3,
        value_parser = clap::value_parser!(u64).range(1..=60),
        requires = "connect"
    )]
    pub(crate) connect_timeout: u64,
    /// Read these captured files or folders instead of AWS, as `plan --from` does; for this command also `ecs
    /// describe-tasks` and `servicediscovery discover-instances`. `ec2 describe-security-groups` and `ec2
    /// describe-network-interfaces` show which rule is missing between whom; if nothing else is among the files, the rest is
    /// read from AWS.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// Print in full also the services of which all is well.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// What could not be read of whole clusters.
    faults: Vec<FaultRow>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

/// Verifies and prints. Exit codes: 0 all is well, 1 something could not be told, 2 something does not work.
pub(crate) async fn run(config: &Config, flags: &VerifyFlags) -> anyhow::Result<ExitCode> {
    let path = flags.service.as_deref().map(service_path).transpose()?;
    let origin = world::origin_beside_network(config, &flags.from).await?;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    if let (Some(clusters), Some(path)) = (&mut settings.clusters, &path) {
        clusters.insert(path.cluster.clone());
    }
    let looked = look(origin.world.clone(), &settings).await;
    let only = path.as_ref().map(|path| named(&looked, path)).transpose()?;
    let scope =
        Scope { view: &looked.view, settings: &settings, plan: &looked.plan, only: only.as_ref() };
    let subjects = subjects(scope);
    // Files cost no calls, and a capture may have the tasks of some services only.
    let most_alone = if origin.is_offline { usize::MAX } else { MOST_ALONE };
    let mut evidence = read::read(&origin.world, &subjects, origin.network, most_alone).await;
    if flags.connect {
        let patience = Duration::from_secs(flags.connect_timeout);
        evidence.probed = Some(connect::ask(subjects.probes(&evidence), patience).await);
    }
    let report = judge(&subjects, &evidence);
    let faults = FaultRow::of_look(&looked);
    let code = exit_code(&report, &faults);
    let text = if flags.json {
        let page = Page { report: &report, faults, notes: &origin.notes };
        json::pretty(&Versioned::new(page))? + "\n"
    } else {
        let shown = text::Shown {
            report: &report,
            faults: &faults,
            notes: &origin.notes,
            is_whole: flags.all || only.is_some(),
            has_connected: flags.connect,
            has_network: evidence.network.is_some(),
        };
        text::text(&shown)
    };
    out::print(&text)?;
    Ok(code)
}

/// The service of that path. It must have opted in: of others nobody knows what is wanted.
fn named(looked: &Looked, path: &ServicePath) -> anyhow::Result<ServiceKey> {
    let Some(key) = looked.view.at_path(path) else {
        if let Some(fault) = &looked.trouble {
            bail!("the clusters cannot be listed: {fault}");
        }
        let cluster = looked.view.clusters.get(&path.cluster);
        if let Some(fault) = cluster.and_then(|cluster| cluster.trouble.as_ref()) {
            bail!("cluster {} was not read: {fault}", path.cluster);
        }
        return Err(not_in_view(path, &looked.view));
    };
    let intent = looked.view.service(key).map(|service| &service.intent);
    if intent.is_none_or(|intent| *intent == Intent::NotOptedIn) {
        bail!(
            "{path} did not opt in, so nobody says what is wanted of it: give it the tag eastwest/mode, or look at what is deployed with eastwest import"
        );
    }
    Ok(key.clone())
}

/// A call that does not work stays so, whatever else could not be read.
fn exit_code(report: &Report, faults: &[FaultRow]) -> ExitCode {
    let unread = if faults.is_empty() { Level::Ok } else { Level::Unknown };
    let worst = report.services.iter().map(|service| service.level).chain([unread]).max();
    ExitCode::from(worst.unwrap_or(Level::Ok).exit_code())
}
