//! The Python environment of the wire tests: `.venv/` in the work tree, made anew when the pins change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

const PINS: &str = "tests/wire/requirements.txt";
/// What the pinned packages need.
const OLDEST_PYTHON: &str = "(3, 10)";

/// The environment's Python, installed now if it is missing or older than the pins.
pub(crate) fn python(root: &Path) -> Result<PathBuf> {
    let folder = root.join(".venv");
    let python = folder.join("bin/python");
    let pins = fs::read_to_string(root.join(PINS)).with_context(|| format!("{PINS} is missing"))?;
    if !is_current(&folder, &pins) {
        check_python3()?;
        install(root, &folder)?;
        fs::write(stamp(&folder), &pins).context("the stamp of .venv cannot be written")?;
    }
    Ok(python)
}

/// The stamp is the text of the pins itself, written last: a broken install never looks finished.
/// An environment that does not start (moved, or its Python was removed) is not current either.
fn is_current(folder: &Path, pins: &str) -> bool {
    fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == pins)
        && run::quiet(Command::new(folder.join("bin/python")).args(["-c", "import pytest, boto3"]))
        && run::quiet(Command::new(folder.join("bin/aws")).arg("--version"))
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join("requirements.stamp")
}

fn check_python3() -> Result<()> {
    if !run::quiet(Command::new("python3").arg("--version")) {
        bail!(
            "python3 is not installed; the wire tests need Python 3.10 or newer (Debian, Ubuntu: apt-get install python3 python3-venv)"
        );
    }
    let recent = format!("import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})");
    if !run::quiet(Command::new("python3").args(["-c", &recent])) {
        bail!(
            "python3 is older than 3.10, which the wire tests need; put a newer python3 first in PATH"
        );
    }
    if !run::quiet(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        bail!(
            "python3 has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv)"
        );
    }
    Ok(())
}

fn install(root: &Path, folder: &Path) -> Result<()> {
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear", ".venv"]).current_dir(root);
    let mut fill = Command::new(folder.join("bin/python"));
    fill.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    // Most of what the packages hold is never imported; Python compiles what is.
    fill.arg("--no-compile");
    // The pins name every package. ministack asks for an older botocore than the AWS CLI, and gets along with ours.
    fill.arg("--no-deps");
    fill.args(["-r", PINS]).current_dir(root);
    for command in [&mut make, &mut fill] {
        if !run::live(command, |_| false)?.ok {
            bail!("the Python environment could not be installed (see above)");
        }
    }
    Ok(())
}
