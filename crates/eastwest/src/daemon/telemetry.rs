//! Where log lines go: JSON or text on standard error, at `info` unless `RUST_LOG` sets another level. SIGUSR1 changes to
//! `debug` and back.
//!
//! **Invariant:** no level shows what a request or an answer holds. At `trace` the SDK prints both whole, and with them
//! options of log drivers, environments and parameters, so of other crates nothing finer than `debug` is printed.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

use crate::config::LogFormat;

/// What is logged, and may be changed while the process runs.
#[derive(Clone)]
pub(crate) struct Levels {
    layer: reload::Handle<Targets, Registry>,
}

impl Levels {
    /// Logs each effect of eastwest too, or no longer. Returns whether it does from now on.
    pub(crate) fn toggle(&self) -> bool {
        let usual = levels();
        let is_usual = self.layer.with_current(|now| *now == usual).unwrap_or(true);
        let next = if is_usual { usual.with_target("eastwest", Level::DEBUG) } else { usual };
        is_usual && self.layer.reload(next).is_ok()
    }
}

/// Starts logging; a second call does nothing, so that tests may share a process.
pub(crate) fn start(format: LogFormat) -> Levels {
    let (levels, layer) = reload::Layer::new(levels());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let registry = tracing_subscriber::registry().with(levels).with(filter_fn(may_be_shown));
    let started = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            registry.with(lines.with_ansi(colours)).try_init()
        }
    };
    drop(started);
    Levels { layer }
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
