//! Where log lines go: JSON or text on standard error, at `info` unless `RUST_LOG` sets another level.
//!
//! **Invariant:** no level shows what a request or an answer holds. At `trace` the SDK prints both whole, and with them
//! options of log drivers, environments and parameters, so of other crates nothing finer than `debug` is printed.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Starts logging; a second call does nothing, so that tests may share a process.
pub(crate) fn start(format: LogFormat) {
    // The SDK's own spans and lines are for its developers. eastwest counts its calls itself.
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,eastwest=info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let holds_nothing = filter_fn(may_be_shown);
    let started = match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_target(false).finish();
            lines.with(holds_nothing).try_init()
        }
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            lines.with_target(false).with_ansi(colours).finish().with(holds_nothing).try_init()
        }
    };
    drop(started);
}

fn may_be_shown(line: &Metadata<'_>) -> bool {
    line.target().starts_with("eastwest") || *line.level() <= Level::DEBUG
}
