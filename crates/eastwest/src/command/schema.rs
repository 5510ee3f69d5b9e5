//! `eastwest schema`: the JSON Schema of the document.

use std::process::ExitCode;

use super::out;

/// Prints it.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    out::print(&format!("{:#}\n", eastwest_core::declaration::document::schema()))?;
    Ok(ExitCode::SUCCESS)
}
