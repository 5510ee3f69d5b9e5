//! The work tree as these tests see it: its root, its files, what cargo says about it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the work tree, wherever it stands when the test runs.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var("CARGO_MANIFEST_DIR");
    let member = PathBuf::from(manifest.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned()));
    let root = member.ancestors().nth(2);
    root.expect("the member lies two folders below the root").to_path_buf()
}

/// `path` as a person would type it in the root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every file of the project with one of these endings, in order.
pub(crate) fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    gather(&root(), &ignored(), &mut found);
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending))
    });
    found.sort();
    found
}

fn gather(folder: &Path, ignored: &[String], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the work tree") {
        let path = entry.expect("an entry of the work tree").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ignored.contains(&name) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            gather(&path, ignored, found);
        } else {
            found.push(path);
        }
    }
}

/// The folder names that `.gitignore` lists, and git's own.
fn ignored() -> Vec<String> {
    let text = fs::read_to_string(root().join(".gitignore")).unwrap_or_default();
    let folders = text.lines().filter_map(|line| line.trim().strip_suffix('/'));
    let mut names: Vec<String> =
        folders.map(|line| line.trim_start_matches('/').to_owned()).collect();
    names.extend([".git".to_owned(), ".pytest_cache".to_owned()]);
    names
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// What a cargo command prints.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The workspace's packages as `cargo metadata` tells them.
pub(crate) fn packages() -> Vec<Value> {
    metadata(&[])
}

/// The packages that are a workspace of their own, because they are compiled in another way.
pub(crate) fn packages_outside() -> Vec<Value> {
    metadata(&["--manifest-path", "tests/fuzz/Cargo.toml"])
}

fn metadata(more: &[&str]) -> Vec<Value> {
    let text = cargo(&[&["metadata", "--format-version=1", "--no-deps"], more].concat());
    let metadata: Value = serde_json::from_str(&text).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}
