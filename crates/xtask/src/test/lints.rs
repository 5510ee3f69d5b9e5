//! What the compiler, clippy and rustdoc said while everything was built.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{compiler, run};

/// Has cargo repeat what it was told when it carried out the same `arguments` before; whether that was nothing.
pub(super) fn none(arguments: &[&str]) -> Result<(bool, Vec<String>)> {
    let mut command = compiler::cargo(arguments)?;
    command.args(["--quiet", "--message-format=json"]);
    run::say("what the compiler, clippy and rustdoc said");
    let output = command.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("cargo build failed, so not everything was read");
    }
    let said: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().filter_map(told).collect();
    for text in &said {
        eprintln!("{text}");
    }
    eprintln!("findings: {}", said.len());
    Ok((said.is_empty(), Vec::new()))
}

/// The text of a finding, if the line is one.
fn told(line: &str) -> Option<String> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_finding = message["reason"] == "compiler-message";
    is_finding.then(|| message["message"]["rendered"].as_str().unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_message_of_the_compiler_is_a_finding_and_a_built_file_is_not() {
        let message = r#"{"reason":"compiler-message","message":{"rendered":"warning: unused","level":"warning"}}"#;
        assert_eq!(told(message).as_deref(), Some("warning: unused"));
        assert_eq!(told(r#"{"reason":"compiler-artifact","filenames":[]}"#), None);
    }
}
