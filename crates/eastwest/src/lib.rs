//! The process: command line, loop, HTTP, telemetry. No decision is taken here; those are in `eastwest-core`.
//!
//! [`main`] is the whole program, as a library, so that the demo is the real thing. Its rooms, each of which imports
//! only rooms below it:
//!
//! - [`mod@command`]: what can be typed, what it does and what it prints.
//! - [`mod@serve`] speaks HTTP.
//! - [`mod@page`]: the dashboard.
//! - [`mod@api`]: the shapes that both show.
//! - [`mod@daemon`]: the loop, its log and its counters.
//! - [`mod@config`]: flags and what they mean.

// `command::out` prints: `println!` panics when its reader goes away, as `head` does.
#![warn(clippy::print_stdout)]
#![cfg_attr(
    test,
    expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its texts so")
)]

mod config;

mod daemon;

mod api;

mod page;

mod serve;

mod command;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::FromArgMatches as _;

use crate::command::{Cli, Command, cli};
use crate::config::Config;
use crate::daemon::signals::log_signals;
use crate::daemon::{panics, telemetry};

/// Runs the command line `words`, the program's name first; returns the exit code.
pub fn main(words: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let parsed = cli().try_get_matches_from(words);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
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

fn start(Cli { command, flags }: Cli) -> anyhow::Result<ExitCode> {
    if let Command::Alone(alone) = command {
        return alone.run();
    }
    let config = Config::read(&flags)?;
    let levels = telemetry::start(config.log_format);
    panics::quote_nothing();
    // One thread is enough: a call to AWS costs half a millisecond of it, and more threads cost memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no threads for the runtime")?;
    let code = runtime.block_on(async {
        log_signals(levels).context("cannot listen for signals")?;
        // It holds every command, so it belongs on the heap.
        Box::pin(command.run(config)).await
    });
    // A lookup that hangs must not delay the exit.
    runtime.shutdown_background();
    code
}
