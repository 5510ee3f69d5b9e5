//! `eastwest metrics`: every metric as JSON, the rows themselves that they are made from.

use std::process::ExitCode;

use super::out;
use crate::daemon::metric_table::GROUPS;

/// Prints them.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    out::print(&format!("{:#}\n", serde_json::json!({ "groups": GROUPS })))?;
    Ok(ExitCode::SUCCESS)
}
