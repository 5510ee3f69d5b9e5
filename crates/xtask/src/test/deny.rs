//! `cargo deny`: advisories, licences, bans and sources of what becomes part of the binary, as deny.toml has them.
//!
//! It takes long to compile, so it is not installed here. Where it is missing, the run says so at its end. Licences, bans and
//! sources are also checked by `tests/wire/test_supply_chain.py`, which needs nothing.

use anyhow::Result;

use crate::{repo, run};

/// Whether nothing is against the rules; a line for the end of the run if that was not checked.
pub(super) fn check() -> Result<(bool, Vec<String>)> {
    if !run::quiet(&mut repo::cargo(&["deny", "--version"])?) {
        let line = "cargo deny: NOT CHECKED for advisories: it is not installed; run: cargo install --locked cargo-deny";
        eprintln!("{line}");
        return Ok((true, vec![line.to_owned()]));
    }
    let ended = run::live(&mut repo::cargo(&["deny", "check"])?, |_| false)?;
    Ok((ended.ok, ended.kept))
}
