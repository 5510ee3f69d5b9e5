//! `eastwest retry`: asks a running eastwest to send once more what ECS rolled back.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use eastwest_core::ecs::service_key::ServicePath;
use serde_json::json;

use crate::config::Config;
use crate::daemon::client::client;

/// The longest time that the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Flags of `retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryFlags {
    /// The ECS service to try again.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: String,
    /// Where the running eastwest serves HTTP.
    #[arg(
        long,
        env = "EASTWEST_DAEMON",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) daemon: String,
}

/// Asks once, and says what came of it.
pub(crate) async fn run(config: &Config, flags: RetryFlags) -> anyhow::Result<ExitCode> {
    let service = ServicePath::parse(&flags.service);
    let Ok(service) = service else { bail!("{:?}: name one as prod/web", flags.service) };
    let Some(token) = &config.token else {
        bail!("there is no token: set EASTWEST_TOKEN to the token of the running eastwest");
    };
    let bearer = format!("Bearer {}", token.secret());
    let url = format!("{}/api/v1/retry", flags.daemon.trim_end_matches('/'));
    let body = json!({ "service": service.to_string() }).to_string();
    let (status, text) = tokio::task::spawn_blocking(move || post(&url, &bearer, &body)).await??;
    if status != 200 {
        // The token may be none of this daemon's, or it may have none and so no such page.
        bail!("{}: {}", flags.daemon, text.trim_end());
    }
    println!("{service}: it is tried again; eastwest plan shows when");
    Ok(ExitCode::SUCCESS)
}

fn post(url: &str, bearer: &str, body: &str) -> anyhow::Result<(u16, String)> {
    let request = client(PATIENCE).post(url).config().http_status_as_error(false).build();
    let request = request.header("Authorization", bearer);
    let sent = request.header("Content-Type", "application/json").send(body);
    let mut answer = sent.with_context(|| format!("{url} does not answer"))?;
    let text = answer.body_mut().read_to_string().with_context(|| format!("{url} broke off"))?;
    Ok((answer.status().as_u16(), text))
}
