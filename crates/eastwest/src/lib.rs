//! The process: command line, loop, HTTP, telemetry. No decision is taken here; those are in `eastwest-core`.
//!
//! [`main`] is the whole program, as a library, so that the demo is the real thing.

#![cfg_attr(
    test,
    expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its texts so")
)]

mod ack;
mod apply;
pub mod board;
pub mod cli;
pub mod config;
mod driver;
mod explain;
pub mod http;
mod import;
mod lint;
mod look;
pub mod metrics;
mod offline;
mod record;
pub mod render;
pub mod shared;
pub mod telemetry;
pub mod token;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use eastwest_aws::World;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::board::{FaultRow, PlanPage};
use crate::cli::{Cli, Command, PlanFlags};
use crate::config::Config;
use crate::driver::Until;
use crate::metrics::Metrics;
use crate::shared::Shared;

/// Runs the command line `words`, the program's name first; returns how to exit.
pub fn main(words: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(refused) => {
            drop(refused.print());
            return ExitCode::from(u8::from(refused.use_stderr()));
        }
    };
    match start(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::read(&cli.flags)?;
    telemetry::start(config.log_format);
    // One thread is enough: a call to AWS costs half a millisecond of it, and more threads cost memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no threads for the runtime")?;
    let code = runtime.block_on(async {
        match cli.command {
            Command::Run => run(config).await,
            Command::Apply(flags) => apply::apply(config, &flags).await,
            Command::Plan(flags) => show_plan(&config, &flags).await,
            Command::Explain(flags) => {
                let (world, _) = reading_world(&config, &flags.from).await?;
                explain::run(world, &config, &flags).await
            }
            Command::Lint(flags) => lint::lint(&config, &flags).await,
            Command::Import(flags) => {
                let (world, notes) = reading_world(&config, &flags.from).await?;
                import::import(&world, &config.settings, (&flags, &notes)).await
            }
            Command::Schema => {
                println!("{:#}", eastwest_core::declaration::document::schema());
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    // A lookup that hangs must not delay the end.
    runtime.shutdown_background();
    code
}

async fn connect(config: &Config, metrics: &Metrics) -> anyhow::Result<Arc<World>> {
    let metrics = metrics.clone();
    let settings = eastwest_aws::Settings {
        region: config.region.clone(),
        on_call: Arc::new(move |call| metrics.call(&call)),
        ..eastwest_aws::Settings::default()
    };
    Ok(Arc::new(World::connect(settings).await?))
}

/// `eastwest run`: until told to stop.
async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let stop = stop_signals().context("cannot listen for signals")?;
    let listen = config.listen;
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}: free the port, or choose another with --listen")
    })?;
    // Which port it is, if any free one was asked for.
    let listen = listener.local_addr().context("the port that was taken cannot be told")?;
    let metrics = Metrics::new();
    let shared = Shared::new(config.settings.clone(), metrics.clone());
    let shared = Arc::new(shared.with_head_start(config.head_start));
    let policy: &str = config.settings.policy.into();
    info!(%listen, policy, version = env!("CARGO_PKG_VERSION"), "listening");
    if !config.head_start.is_zero() {
        warn!(
            "the start-up pause is shortened, which is for tests: changes may rest on stale answers"
        );
    }
    let pages = axum::serve(listener, http::router(Arc::clone(&shared), config.token.clone()));
    let pages = pages.with_graceful_shutdown(stop.clone().cancelled_owned());
    let pages = tokio::spawn(pages.into_future());
    let world = connect(&config, &metrics).await?;
    driver::drive(world, shared, (stop, Until::Stopped)).await;
    pages.abort();
    Ok(ExitCode::SUCCESS)
}

/// Cancelled by SIGTERM (what ECS sends first) or Ctrl-C.
fn stop_signals() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}

/// `eastwest plan`: 0 all in order, 1 something could not be read, 2 (with `--detailed-exitcode`)
/// something is to change or is held.
async fn show_plan(config: &Config, flags: &PlanFlags) -> anyhow::Result<ExitCode> {
    let (world, notes) = reading_world(config, &flags.from).await?;
    let mut settings = config.settings.clone();
    settings.policy = look::deciding_policy(settings.policy);
    let look = look::look(world, &settings).await;
    let mut page = PlanPage::new(&look.plan, &look.view, &settings);
    page.faults.extend(look.trouble.as_ref().map(|fault| FaultRow::new("*", fault)));
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&WithNotes { page: &page, notes: &notes })?);
    } else {
        print!("{}{}", render::notes(&notes), render::plan(&page));
    }
    let unseen = page.holds.iter().any(|row| row.hold.reason() == "NotSeen");
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

/// Where a plan looks: at AWS, or at files; and what is to be said about those.
async fn reading_world(
    config: &Config,
    files: &[PathBuf],
) -> anyhow::Result<(Arc<World>, Vec<String>)> {
    if files.is_empty() {
        return Ok((connect(config, &Metrics::new()).await?, Vec::new()));
    }
    let offline = offline::world(files, &config.settings)?;
    Ok((Arc::new(offline.world), offline.notes))
}

/// A page, and what is to be said about where it comes from.
#[derive(serde::Serialize)]
struct WithNotes<'a> {
    #[serde(flatten)]
    page: &'a PlanPage,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}
