//! What cargo calls in place of `rustc` for the project's own crates in a run of all tests: `clippy-driver`, which
//! compiles and lints at once, and then `rustdoc`, for the links in comments.
//!
//! `cargo clippy` and `cargo doc` read nothing that `cargo build` wrote: before them all dependencies, AWS's clients
//! among them, are checked a second time. Here everything is read once, and cargo remembers what was found with what it
//! compiled.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::{repo, run};

/// Cargo gives the compiler's arguments and nothing else, so the environment says what they are.
const ASKED: &str = "EASTWEST_XTASK_IS_COMPILER";
/// What lints and compiles.
pub(crate) const CLIPPY: &str = "clippy-driver";
/// Where this program lies, asked once: a build that writes it anew moves the file that runs out of its place.
static THIS: OnceLock<Option<PathBuf>> = OnceLock::new();

/// A cargo command that has the project's crates compiled by this program, if clippy is there.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let mut command = repo::cargo(arguments)?;
    if !run::quiet(Command::new(CLIPPY).arg("--version")) {
        return Ok(command);
    }
    let this = THIS.get_or_init(|| env::current_exe().ok());
    let this = this.as_ref().context("the path of xtask is not known")?;
    command.env("RUSTC_WORKSPACE_WRAPPER", this).env(ASKED, "1");
    Ok(command)
}

/// Whether this process is to compile.
pub(crate) fn is_asked() -> bool {
    env::var_os(ASKED).is_some()
}

/// Compiles one crate as cargo asks; the arguments are the path of `rustc` and what it is to be told.
pub(crate) fn run() -> Result<ExitCode> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let compiled = ended(CLIPPY, &arguments)?;
    let read = documented(&arguments).map_or(Ok(0), |arguments| ended("rustdoc", &arguments))?;
    Ok(ExitCode::from(compiled.max(read)))
}

fn ended(program: &str, arguments: &[OsString]) -> Result<u8> {
    let mut command = Command::new(program);
    let status = command.args(arguments).env_remove(ASKED).status();
    let status = status.with_context(|| format!("{program} does not start"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// What rustdoc is told of a crate that is compiled with these arguments; nothing for tests and for cargo's questions.
fn documented(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let folder = after(arguments, "--out-dir")?;
    if has("--test") {
        return None;
    }
    let mut told = Vec::new();
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("-C" | "--out-dir") => _ = rest.next(),
            Some(text) if text.starts_with("--emit=") => {}
            _ => told.push(argument.clone()),
        }
    }
    // Its pages are read by nobody. A program and its library have the same name, and cargo runs both at once.
    let pages = Path::new(folder).join("../links").join(unit(arguments)?);
    told.extend(
        ["--document-private-items", "--allow=rustdoc::private_intra_doc_links", "--out-dir"]
            .map(OsString::from),
    );
    told.push(pages.into_os_string());
    Some(told)
}

/// The value that follows `name`.
fn after<'a>(arguments: &'a [OsString], name: &str) -> Option<&'a OsStr> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(OsString::as_os_str)
}

/// What cargo adds to the names of this crate's files.
fn unit(arguments: &[OsString]) -> Option<&str> {
    let mut suffixes =
        arguments.iter().filter_map(|argument| argument.to_str()?.strip_prefix("extra-filename=-"));
    suffixes.next_back()
}

#[cfg(test)]
mod tests {
    use super::documented;
    use std::ffi::OsString;

    fn arguments(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_crate_is_read_by_rustdoc_with_what_concerns_its_source() {
        let told = documented(&arguments(
            "rustc --crate-name a --edition=2024 src/lib.rs --crate-type lib --emit=dep-info,link -C debuginfo=0 \
             -C extra-filename=-12 --out-dir deps --extern b=libb.rlib",
        ));
        let wanted = "--crate-name a --edition=2024 src/lib.rs --crate-type lib --extern b=libb.rlib \
                      --document-private-items --allow=rustdoc::private_intra_doc_links --out-dir deps/../links/12";
        assert_eq!(told, Some(arguments(wanted)));
    }

    #[test]
    fn tests_and_questions_of_cargo_are_not_read_by_rustdoc() {
        let test = "rustc --crate-name a src/lib.rs --test -C extra-filename=-12 --out-dir deps";
        assert_eq!(documented(&arguments(test)), None);
        assert_eq!(documented(&arguments("rustc -vV")), None);
    }
}
