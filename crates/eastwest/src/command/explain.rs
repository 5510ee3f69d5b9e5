//! `eastwest explain <cluster>/<service>`: one look, and then the wanted value of each field and which source set it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::look::shown_policy;
use eastwest_core::report::explain::explain_at;

use super::look::look;
use super::out;
use super::text::service_path;
use super::versioned::Versioned;
use super::world;
use crate::api::explanation::{JSON, TEXT};
use crate::api::{explanation, json};
use crate::config::Config;
use crate::daemon::client::Daemon;

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The ECS service to explain.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: String,
    /// Read these captured files or folders instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// Ask the eastwest that runs at this URL, in place of reading AWS: http://127.0.0.1:8080. With --from, files are
    /// read.
    #[arg(long, visible_alias = "from-daemon", env = "EASTWEST_DAEMON", value_name = "URL")]
    pub(crate) daemon: Option<String>,
    /// Print the explanation as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Explains the service, as a running eastwest sees it or after one look of its own.
pub(crate) async fn run(config: &Config, flags: &ExplainFlags) -> anyhow::Result<ExitCode> {
    let path = service_path(&flags.service)?;
    let text = match flags.daemon.as_ref().filter(|_| flags.from.is_empty()) {
        Some(url) => {
            let kind = if flags.json { JSON } else { TEXT };
            let text = Daemon::at(url).get(format!("/api/v1/services/{path}"), kind).await?;
            if flags.json { versioned(&text)? } else { text }
        }
        None => looked(config, flags, &path).await?,
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What a daemon answered, as this command prints it.
fn versioned(text: &str) -> anyhow::Result<String> {
    let page: serde_json::Value = serde_json::from_str(text)
        .context("the running eastwest answers with something else than JSON")?;
    Ok(json::pretty(&Versioned::new(page))? + "\n")
}

/// Looks as a plan does, and explains the service.
async fn looked(
    config: &Config,
    flags: &ExplainFlags,
    path: &ServicePath,
) -> anyhow::Result<String> {
    let world = world::origin(config, &flags.from).await?.world;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    // Another cluster may hold what the service waits for, so all that are watched are read.
    if let Some(clusters) = &mut settings.clusters {
        clusters.insert(path.cluster.clone());
    }
    let looked = look(world, &settings).await;
    if let Some(fault) = looked.trouble {
        bail!("the clusters cannot be listed: {fault}");
    }
    let explained = explain_at(&looked.view, &settings, path, &looked.plan);
    let explanation = explained.map_err(|unexplained| anyhow!("{unexplained}"))?;
    Ok(if flags.json {
        json::pretty(&Versioned::new(&explanation))? + "\n"
    } else {
        explanation::text(&explanation.named(looked.view.namespace_names()))
    })
}
