//! Programs out of Debian's packages, unpacked into the target folder. Nothing is installed, and no root is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Whether the packages on which a package depends are unpacked with it, as far as the machine lacks them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The package alone.
    Alone,
    /// With what it depends on.
    WithDependencies,
}

/// Downloads a package as the machine's own lists name it, else by lists that are fetched for this alone, and unpacks it
/// into `home`.
pub(crate) fn unpack(home: &Path, package: &str, extent: Extent) -> Result<()> {
    if !run::quiet(Command::new("apt-get").arg("--version")) {
        bail!("there is no apt-get; put {package} into PATH");
    }
    run::say(&format!("Debian's {package}, unpacked for the tests"));
    fs::create_dir_all(home).with_context(|| home.display().to_string())?;
    if !download(home, package, extent, &[]) {
        let lists = home.join("lists");
        fs::create_dir_all(lists.join("partial")).context("the folder of apt's lists")?;
        let own = [
            format!("Dir::State::Lists={}", lists.display()),
            format!("Dir::Cache={}", home.join("cache").display()),
        ];
        run::quiet(apt(home, &own).arg("update"));
        if !download(home, package, extent, &own) {
            bail!("apt-get cannot download the package {package}");
        }
    }
    for file in downloaded(home)? {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(&file).arg(home);
        if !run::quiet(&mut unpack) {
            bail!("{} cannot be unpacked", file.display());
        }
        fs::remove_file(file).context("a package cannot be removed")?;
    }
    Ok(())
}

fn download(home: &Path, package: &str, extent: Extent, options: &[String]) -> bool {
    let names = match extent {
        Extent::Alone => vec![package.to_owned()],
        Extent::WithDependencies => with_dependencies(home, package, options),
    };
    names.iter().any(|name| name == package)
        && run::quiet(apt(home, options).arg("download").args(names))
}

/// The package and what it depends on, as far as the machine lacks it.
fn with_dependencies(home: &Path, package: &str, options: &[String]) -> Vec<String> {
    let mut command = apt(home, options);
    command.args(["--simulate", "--no-install-recommends", "install", package]);
    let told = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&told).lines().filter_map(to_install).collect()
}

/// The package of a line like `Inst libogg0 (1.3.5-3 Debian:12 [amd64])`.
fn to_install(line: &str) -> Option<String> {
    line.strip_prefix("Inst ")?.split(' ').next().map(str::to_owned)
}

/// apt-get, which downloads into the folder it is started in.
fn apt(home: &Path, options: &[String]) -> Command {
    let mut command = Command::new("apt-get");
    command.current_dir(home);
    for option in options {
        command.args(["-o", option]);
    }
    command
}

fn downloaded(home: &Path) -> Result<Vec<PathBuf>> {
    let files = fs::read_dir(home).context("apt-get downloaded nothing")?;
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let packages: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "deb")).collect();
    if packages.is_empty() {
        bail!("apt-get downloaded nothing");
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::to_install;

    #[test]
    fn a_line_of_apt_names_a_package_to_install() {
        let line = "Inst libogg0 (1.3.5-3 Debian:12.13/oldstable [amd64])";
        assert_eq!(to_install(line).as_deref(), Some("libogg0"));
        assert_eq!(to_install("Conf libogg0 (1.3.5-3)"), None);
    }
}
