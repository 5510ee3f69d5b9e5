//! Where log lines go: JSON or text on standard error, at `info` unless `RUST_LOG` sets another level.
//!
//! **Invariant:** no level shows what a request or an answer holds. At `trace` the SDK prints both whole, and with them
//! options of log drivers, environments and parameters, so of other crates nothing finer than `debug` is printed.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Starts logging; a second call does nothing, so that tests may share a process.
pub(crate) fn start(format: LogFormat) {
    let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
    let lines = lines.with_writer(std::io::stderr);
    let (levels, holds_nothing) = (levels(), filter_fn(may_be_shown));
    let started = match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_target(false).finish();
            lines.with(levels).with(holds_nothing).try_init()
        }
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let lines = lines.with_target(false).with_ansi(colours).finish();
            lines.with(levels).with(holds_nothing).try_init()
        }
    };
    drop(started);
}

/// The level of each target, as `RUST_LOG` says. Unless it says so, the SDK's own lines are left out: they are for its
/// developers, and eastwest counts its calls itself.
fn levels() -> Targets {
    let said = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let ours = || Targets::new().with_default(Level::WARN).with_target("eastwest", Level::INFO);
    said.unwrap_or_else(ours)
}

fn may_be_shown(line: &Metadata<'_>) -> bool {
    line.target().starts_with("eastwest") || *line.level() <= Level::DEBUG
}
