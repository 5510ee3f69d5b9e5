//! `eastwest explain <cluster>/<service>`: one look, and then the wanted value of each field and which source set it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::look::shown_policy;
use eastwest_core::report::explain::explain_at;

use super::look::look;
use super::world;
use crate::api::explanation::{JSON, TEXT};
use crate::api::{explanation, json};
use crate::config::Config;
use crate::daemon::client::client;

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The ECS service to explain.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: String,
    /// Read these captured files instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Ask the eastwest that runs at this URL, in place of reading AWS: http://127.0.0.1:8080.
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    pub(crate) from_daemon: Option<String>,
    /// Print the explanation as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The longest time that the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Explains the service, as a running eastwest sees it or after one look of its own.
pub(crate) async fn run(config: &Config, flags: &ExplainFlags) -> anyhow::Result<ExitCode> {
    let path = ServicePath::parse(&flags.service);
    let path = path.map_err(|refused| anyhow!("{:?}: {}", flags.service, refused.allowed))?;
    let text = match &flags.from_daemon {
        Some(daemon) => asked(daemon.trim_end_matches('/').to_owned(), path, flags.json).await?,
        None => looked(config, flags, &path).await?,
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
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
        json::pretty(&explanation)? + "\n"
    } else {
        explanation::text(&explanation)
    })
}

/// Asks a running eastwest.
async fn asked(daemon: String, path: ServicePath, json: bool) -> anyhow::Result<String> {
    let url = format!("{daemon}/api/v1/services/{path}");
    let kind = if json { JSON } else { TEXT };
    let (status, text) = tokio::task::spawn_blocking(move || get(&url, kind)).await??;
    if status != 200 {
        bail!("{daemon}: {}", text.trim_end());
    }
    Ok(text)
}

fn get(url: &str, kind: &str) -> anyhow::Result<(u16, String)> {
    let request = client(PATIENCE).get(url).config().http_status_as_error(false).build();
    let sent = request.header("Accept", kind).call();
    let mut answer = sent.with_context(|| format!("{url} does not answer"))?;
    let text = answer.body_mut().read_to_string().with_context(|| format!("{url} broke off"))?;
    Ok((answer.status().as_u16(), text))
}
