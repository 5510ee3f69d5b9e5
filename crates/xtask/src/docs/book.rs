//! `cargo xtask docs --book`: the pages as an mdBook, under `target/book`.
//!
//! The pages link to files beside `docs`, and an mdBook takes nothing from outside its source. So the source is put
//! together first: `docs`, `deploy` and some files side by side, as they stand in the repository. Then every link is right in both, and
//! [`links`] proves it for the book. mdBook is installed under `target/tools` at the first call, which takes minutes; no
//! other command needs it.

mod links;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repo, run};

/// The version of mdBook. Another one may name anchors in another way.
const VERSION: &str = "0.5.4";
/// What of the repository the book is made of.
const FOLDERS: [&str; 2] = ["docs", "deploy"];
const FILES: [&str; 5] =
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "tests/poller.py"];

/// Builds the book and checks its links.
pub(super) fn run() -> Result<bool> {
    let (root, target) = (repo::root()?, repo::target()?);
    let mdbook = installed(&target)?;
    let (source, book) = (target.join("book-source"), target.join("book"));
    for folder in [&source, &book] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
    }
    for folder in FOLDERS {
        copy(&root.join(folder), &source.join("src").join(folder))?;
    }
    for file in FILES {
        let place = source.join("src").join(file);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).context(file)?;
        }
        fs::copy(root.join(file), place).context(file)?;
    }
    let settings = root.join("docs/book.toml");
    fs::copy(&settings, source.join("book.toml")).context("docs/book.toml")?;
    let summary = fs::read_to_string(root.join("docs/SUMMARY.md")).context("docs/SUMMARY.md")?;
    fs::write(source.join("src/SUMMARY.md"), from_the_root(&summary)).context("SUMMARY.md")?;
    let mut build = Command::new(mdbook);
    build.arg("build").arg(&source).arg("--dest-dir").arg(&book);
    let ended = run::marked(&mut build, "", |line| line.contains("WARN"))?;
    if !ended.ok {
        bail!("mdbook fails");
    }
    let broken = links::broken(&book)?;
    for line in &broken {
        eprintln!("xtask: {line}");
    }
    let is_sound = broken.is_empty() && ended.kept.is_empty();
    if is_sound {
        println!(
            "{} is built, and every link in it leads somewhere",
            book.join("index.html").display()
        );
    }
    Ok(is_sound)
}

/// mdBook's program, installed if it is not there yet.
fn installed(target: &Path) -> Result<PathBuf> {
    let tools = target.join("tools");
    let program = tools.join("bin").join(format!("mdbook{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    // The server and the watcher of files are most of its dependencies. Compiled for the wait, not for speed.
    let mut install =
        repo::cargo(&["install", "mdbook", "--version", VERSION, "--locked", "--debug"])?;
    install.args(["--no-default-features", "--features", "search", "--root"]).arg(&tools);
    if !run::live(&mut install, |_| false)?.ok {
        bail!("mdbook cannot be installed");
    }
    Ok(program)
}

/// The summary as it is right from the root: its links begin in `docs`.
fn from_the_root(summary: &str) -> String {
    let in_docs = summary.replace("](", "](docs/");
    in_docs.replace("](docs/../", "](")
}

/// Copies a folder with all that is in it; hidden files are none of the pages'.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry.context("a folder cannot be read")?.path();
        let Some(name) = path.file_name().filter(|name| !is_hidden(name)) else { continue };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn is_hidden(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::from_the_root;

    #[test]
    fn the_summary_names_its_pages_from_the_root() {
        let summary = "- [Tags](tags.md)\n- [Deploying](../deploy/README.md)\n";
        let expected = "- [Tags](docs/tags.md)\n- [Deploying](deploy/README.md)\n";
        assert_eq!(from_the_root(summary), expected);
    }
}
