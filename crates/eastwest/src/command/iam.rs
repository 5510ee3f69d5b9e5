//! `eastwest iam`: the IAM policies of everything that eastwest can be asked to do, from the table of its calls.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::out;

/// Prints them.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let policies = eastwest_aws::policies().into_iter();
    let by_name: Map<String, Value> =
        policies.map(|policy| (policy.name.to_owned(), policy.document)).collect();
    out::print(&format!("{:#}\n", Value::Object(by_name)))?;
    Ok(ExitCode::SUCCESS)
}
