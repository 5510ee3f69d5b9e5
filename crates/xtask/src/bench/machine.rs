//! What a number means nothing without: the commit, the day, the machine and how busy it was.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repo;

/// The lines printed above the table.
pub(crate) fn described() -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("command", command()),
        ("commit", commit()?),
        ("date", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        ("processor", processor()),
        ("load average before", load()),
    ])
}

fn command() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("`cargo xtask {}`", arguments.join(" "))
}

fn commit() -> Result<String> {
    let root = repo::root()?;
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(&root).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "none".to_owned());
    let changed = git(&["status", "--porcelain"]).is_some_and(|rows| !rows.is_empty());
    Ok(if changed { format!("{commit} with changes") } else { commit })
}

/// How many packages of others are compiled for eastwest, by `cargo tree`.
pub(crate) fn dependencies(package: &str) -> Result<usize> {
    let arguments = [
        "tree",
        "--package",
        package,
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
        "--offline",
    ];
    let output = repo::cargo(&arguments)?.output().context("cargo tree does not start")?;
    if !output.status.success() {
        bail!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(foreign(&String::from_utf8_lossy(&output.stdout)).len())
}

/// The packages of a tree that are not of this work tree, each once: those show their folder.
fn foreign(tree: &str) -> BTreeSet<&str> {
    let lines = tree.lines().filter(|line| !line.is_empty() && !line.contains("(/"));
    lines.map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)")).collect()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut names = text.lines().filter(|line| line.starts_with("model name"));
    let name = names.next().and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{count} × {name}")
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn each_package_of_others_is_counted_once() {
        let tree = "eastwest v0.1.0 (/src/crates/eastwest)\nanyhow v1.0.0\nserde v1.0.0\n\
            serde_derive v1.0.0 (proc-macro)\nserde v1.0.0 (*)\n\nserde_derive v1.0.0 (proc-macro) (*)\n";
        assert_eq!(foreign(tree).len(), 3, "{:?}", foreign(tree));
    }
}
