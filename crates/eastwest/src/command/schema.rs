//! `eastwest schema`: the JSON Schema of the document.

use std::process::ExitCode;

/// Prints it.
pub(crate) fn run() -> ExitCode {
    println!("{:#}", eastwest_core::declaration::document::schema());
    ExitCode::SUCCESS
}
