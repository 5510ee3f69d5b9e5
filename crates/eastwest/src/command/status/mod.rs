//! `eastwest status`: how the services stand, what needs a person first.
//!
//! It looks once itself, or asks a running eastwest ([`source`]). With `--watch` it does so again and again ([`watch`]). The rows are
//! those of [`rows`], printed as a table ([`table`]) or as JSON.

mod rows;

mod table;

pub(crate) mod source;

mod watch;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::anyhow;
use eastwest_core::ecs::service_key::ServicePath;

use self::source::{Source, StatusFlags};
use self::table::Layout;
use super::out;
use crate::api::json;
use crate::config::Config;

/// Shows how the services stand. Exit codes: 0 no service needs a person, 1 something could not be read, 2 a service
/// needs a person.
pub(crate) async fn run(config: &Config, flags: &StatusFlags) -> anyhow::Result<ExitCode> {
    let service = flags.service.as_deref().map(|text| {
        ServicePath::parse(text).map_err(|refused| anyhow!("{text:?}: {}", refused.allowed))
    });
    let source = Source { config, flags, service: service.transpose()? };
    if flags.watch {
        return Box::pin(watch::run(&source)).await;
    }
    let standings = source.ask().await?;
    let text = if flags.json {
        json::pretty(&standings)? + "\n"
    } else {
        table::text(&standings, flags.all, Layout::of_stdout())
    };
    out::print(&text)?;
    Ok(standings.exit_code())
}
