//! The signals that stop the process, and the one that changes what it logs.

use tokio_util::sync::CancellationToken;
use tracing::info;

use super::telemetry::Levels;

/// A token that is cancelled by SIGTERM (what ECS sends first) or Ctrl-C.
pub(crate) fn stop_signals() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        token.cancel();
    });
    Ok(stop)
}

/// Changes what is logged at each SIGUSR1.
pub(crate) fn log_signals(levels: Levels) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut asked = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            let to = if levels.toggle() { "debug" } else { "as at the start" };
            info!(to, "the log level changed");
        }
    });
    Ok(())
}
