//! `eastwest retry`: asks a running eastwest to send once more what ECS rolled back.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use eastwest_core::ecs::service_key::ServicePath;
use serde::Serialize;
use serde_json::json;

use super::out;
use super::versioned::Versioned;
use crate::api::json;
use crate::config::Config;
use crate::daemon::client::Daemon;

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
    /// Print as JSON that it is tried again.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The service that is tried again.
#[derive(Serialize)]
struct Retried {
    service: String,
}

/// Asks once, and says what came of it.
pub(crate) async fn run(config: &Config, flags: RetryFlags) -> anyhow::Result<ExitCode> {
    let service = ServicePath::parse(&flags.service);
    let Ok(service) = service else { bail!("{:?}: name one as prod/web", flags.service) };
    let Some(token) = &config.token else {
        bail!("there is no token: set EASTWEST_TOKEN to the token of the running eastwest");
    };
    let bearer = format!("Bearer {}", token.secret());
    let body = json!({ "service": service.to_string() }).to_string();
    // The token may be none of this daemon's, or it may have none and so no such page.
    Daemon::at(&flags.daemon).post("/api/v1/retry".to_owned(), bearer, body).await?;
    let text = if flags.json {
        json::line(&Versioned::new(Retried { service: service.to_string() }))? + "\n"
    } else {
        format!("{service}: it is tried again; eastwest plan shows when\n")
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
