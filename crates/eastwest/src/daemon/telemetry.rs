//! Where log lines go: JSON or text on standard error, at `info` unless `RUST_LOG` sets another level.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts logging; a second call does nothing, so that tests may share a process.
pub(crate) fn start(format: LogFormat) {
    // The SDK's own spans and lines are for its developers. eastwest counts its calls itself.
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,eastwest=info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_target(false).try_init(),
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            lines.with_target(false).with_ansi(colours).try_init()
        }
    };
    drop(started);
}
