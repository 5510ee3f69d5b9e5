//! Where things are: the repository's root, cargo's target folder, the binaries in it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// What the names of the variables begin with by which cargo describes the package that it runs.
const ABOUT: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// The root of the work tree, from any folder inside it.
pub(crate) fn root() -> Result<PathBuf> {
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(manifest) => PathBuf::from(manifest),
        None => env::current_dir().context("the current folder cannot be read")?,
    };
    match start.ancestors().find(|folder| folder.join("crates/xtask/Cargo.toml").is_file()) {
        Some(root) => Ok(root.to_path_buf()),
        None => bail!("{} is not inside the repository", start.display()),
    }
}

/// A cargo command that works in the root, whatever the caller's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()?);
    forget_xtask(&mut command);
    Ok(command)
}

/// A script of the repository that works in the root and calls cargo.
pub(crate) fn script(path: &str) -> Result<Command> {
    let mut command = Command::new("sh");
    command.arg(path).current_dir(root()?);
    forget_xtask(&mut command);
    Ok(command)
}

/// Leaves out of a command's environment what cargo says about xtask.
pub(crate) fn forget_xtask(command: &mut Command) {
    // What `cargo xtask` says about xtask itself. A build script of a dependency asks for it: what one builds without
    // xtask would be built anew by it, and again without.
    let about_xtask = |name: &OsString| {
        name.to_str().is_some_and(|name| ABOUT.iter().any(|each| name.starts_with(each)))
    };
    for (name, _) in env::vars_os().filter(|(name, _)| about_xtask(name)) {
        command.env_remove(name);
    }
}

/// Builds programs with `cargo build` and these arguments, while its output is shown.
pub(crate) fn build(arguments: &[&str]) -> Result<()> {
    let arguments = [&["build"], arguments].concat();
    if !run::live(&mut cargo(&arguments)?, |_| false)?.ok {
        bail!("the programs do not build");
    }
    Ok(())
}

/// Cargo's target folder, which `CARGO_TARGET_DIR` and configuration files may have moved.
pub(crate) fn target() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"])?
        .output()
        .context("cargo metadata does not start")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let folder = metadata["target_directory"].as_str().context("no target_directory")?;
    Ok(PathBuf::from(folder))
}

/// A binary that cargo built under `profile` (`debug` or `release`).
pub(crate) fn binary(profile: &str, name: &str) -> Result<PathBuf> {
    let path = target()?.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("{} is missing: build it first", path.display());
    }
    Ok(path)
}
