//! What a number means nothing without: the commit, the day, the machine and how busy it was.

use std::fs;
use std::process::Command;

use anyhow::Result;

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
