//! `cargo xtask sbom`: what is compiled into `eastwest`, as a CycloneDX document that lies in the image beside it.
//!
//! It lists the packages that `cargo tree` names for the target: those that are linked, with the features that they have
//! there. What only runs while it is compiled, build scripts and procedural macros, is not in the program and not in the
//! list. `cargo-cyclonedx` lists what the manifests of the whole workspace ask for, which is more.
//!
//! **Invariant:** one state of `Cargo.lock` and one target give one text: no time and no random number is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::repo;

const PROGRAM: &str = "eastwest";

/// For what, and where to.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The platform that the program is compiled for; without it the one that this machine compiles for
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "target/eastwest.cdx.json")]
    output: PathBuf,
}

/// Writes the list.
pub(crate) fn run(args: &Args) -> Result<bool> {
    write(args.target.as_deref(), &repo::root()?.join(&args.output))?;
    Ok(true)
}

/// Writes the list for a platform into a file.
pub(crate) fn write(target: Option<&str>, file: &Path) -> Result<()> {
    let host = host()?;
    let packages = packages(&tree(target.unwrap_or(&host))?)?;
    let lock = repo::root()?.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
    let text = serde_json::to_string_pretty(&document(&packages, &checksums(&lock))?)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(file, text + "\n").with_context(|| file.display().to_string())
}

/// The platform that this machine compiles for.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// What cargo says is linked into the program: a line for each package below the one that needs it.
fn tree(target: &str) -> Result<String> {
    let arguments = [
        "tree",
        "--locked",
        "--package",
        PROGRAM,
        "--edges",
        "normal,no-proc-macro",
        "--target",
        target,
        "--prefix",
        "depth",
        "--format",
        " {p} | {l}",
    ];
    let output = repo::cargo(&arguments)?.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("cargo tree fails: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo tree")
}

/// A package by name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    version: String,
}

impl Id {
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// What is said of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Package {
    licence: String,
    needs: BTreeSet<Id>,
}

/// The packages of a tree whose lines begin with their depth: `2anstyle v1.0.14 | MIT OR Apache-2.0`.
fn packages(tree: &str) -> Result<BTreeMap<Id, Package>> {
    let mut all: BTreeMap<Id, Package> = BTreeMap::new();
    let mut path: Vec<Id> = Vec::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let wrong = || format!("cargo tree says {line:?}");
        let (depth, rest) = line.split_once(' ').with_context(wrong)?;
        let depth: usize = depth.parse().ok().with_context(wrong)?;
        let (package, licence) = rest.split_once(" | ").with_context(wrong)?;
        let mut words = package.split(' ');
        let (name, version) = words.next().zip(words.next()).with_context(wrong)?;
        let version = version.strip_prefix('v').with_context(wrong)?;
        let id = Id { name: name.to_owned(), version: version.to_owned() };
        // A package that was shown already has a mark, and its needs stand where it came first.
        let licence = licence.trim_end_matches(" (*)").replace('/', " OR ");
        all.entry(id.clone()).or_default().licence = licence;
        path.truncate(depth);
        if let Some(above) = path.last() {
            all.entry(above.clone()).or_default().needs.insert(id.clone());
        }
        path.push(id);
    }
    Ok(all)
}

/// The checksums of `Cargo.lock`, which cargo itself writes: one member a line.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    let member = |block: &str, name: &str| {
        let text = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
        Some(text.trim_matches('"').to_owned())
    };
    let of_block = |block: &str| {
        let id = Id { name: member(block, "name")?, version: member(block, "version")? };
        Some((id, member(block, "checksum")?))
    };
    lock.split("[[package]]").filter_map(of_block).collect()
}

/// One package as CycloneDX has it. What is no package of the registry is the project's own, and has no checksum.
fn component(id: &Id, package: &Package, checksum: Option<&String>) -> Value {
    let mut component = json!({
        "type": if id.name == PROGRAM { "application" } else { "library" },
        "bom-ref": id.purl(),
        "name": id.name,
        "version": id.version,
        "licenses": [{ "expression": package.licence }],
        "purl": id.purl(),
    });
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// The whole document.
fn document(packages: &BTreeMap<Id, Package>, checksums: &BTreeMap<Id, String>) -> Result<Value> {
    if let Some((id, _)) = packages.iter().find(|(_, package)| package.licence.is_empty()) {
        bail!("{} names no licence", id.purl());
    }
    let component = |(id, package): (&Id, &Package)| component(id, package, checksums.get(id));
    let program = packages.iter().find(|(id, _)| id.name == PROGRAM).map(component);
    let others = packages.iter().filter(|(id, _)| id.name != PROGRAM).map(component);
    let dependencies = packages.iter().map(|(id, package)| {
        let needs: Vec<String> = package.needs.iter().map(Id::purl).collect();
        json!({ "ref": id.purl(), "dependsOn": needs })
    });
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": program.context("cargo tree does not name the program")? },
        "components": others.collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0 eastwest v0.1.0 (/src/crates/eastwest) | Apache-2.0\n\
        1 axum v0.8.9 | MIT\n2 bytes v1.12.2 | MIT/Apache-2.0\n1 bytes v1.12.2 | MIT/Apache-2.0\n\
        1 http v1.5.0 | MIT OR Apache-2.0 (*)\n";
    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.9\"\n\
        checksum = \"0a\"\n\n[[package]]\nname = \"eastwest\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_tree_says_who_needs_whom_and_under_which_licence() {
        let packages = packages(TREE).unwrap();
        let id = |name: &str, version: &str| Id { name: name.into(), version: version.into() };
        let needs = |name, version| -> Vec<String> {
            packages[&id(name, version)].needs.iter().map(|each| each.name.clone()).collect()
        };
        assert_eq!(needs("eastwest", "0.1.0"), ["axum", "bytes", "http"]);
        assert_eq!(needs("axum", "0.8.9"), ["bytes"]);
        assert_eq!(packages[&id("bytes", "1.12.2")].licence, "MIT OR Apache-2.0");
        assert_eq!(packages[&id("http", "1.5.0")].licence, "MIT OR Apache-2.0");
    }

    #[test]
    fn the_registrys_packages_have_the_checksums_of_the_lock_and_the_projects_own_have_none() {
        let document = document(&packages(TREE).unwrap(), &checksums(LOCK)).unwrap();
        let axum = &document["components"][0];
        assert_eq!(axum["hashes"], json!([{ "alg": "SHA-256", "content": "0a" }]));
        assert_eq!(axum["purl"], "pkg:cargo/axum@0.8.9");
        assert_eq!(document["metadata"]["component"].get("hashes"), None);
        assert_eq!(document["metadata"]["component"]["type"], "application");
    }

    #[test]
    fn a_package_without_a_licence_is_refused_and_a_line_that_is_not_understood_is_shown() {
        let none = packages("0 eastwest v0.1.0 | \n").unwrap();
        let error = document(&none, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "pkg:cargo/eastwest@0.1.0 names no licence");
        let error = packages("eastwest\n").unwrap_err();
        assert_eq!(error.to_string(), "cargo tree says \"eastwest\"");
    }
}
