//! Which crate may know which: the drawing of `docs/architecture.md`, held against the manifests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{assert_none, repo};

/// Each crate and the crates of the workspace it may depend on, in any way. `eastwest-tests` may see all.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("eastwest-core", &[]),
    ("eastwest-aws", &["eastwest-core"]),
    ("eastwest-sim", &["eastwest-core"]),
    ("eastwest", &["eastwest-aws", "eastwest-core"]),
    ("eastwest-demo", &["eastwest", "eastwest-sim"]),
    ("eastwest-fuzz-texts", &["eastwest-core"]),
    ("eastwest-lives", &["eastwest-core", "eastwest-sim"]),
    ("eastwest-tidy", &[]),
    ("xtask", &[]),
];

/// What decisions must not be able to name, directly or through another crate.
const NOT_IN_CORE: &[&str] =
    &["aws-", "governor", "hyper", "log", "rand", "reqwest", "tokio", "tracing"];

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a package has a name")
}

fn dependencies(package: &Value) -> BTreeSet<&str> {
    let list = package["dependencies"].as_array().expect("dependencies");
    list.iter().map(name).collect()
}

/// Every crate that is compiled into `package`, itself left out.
fn compiled_into(package: &str) -> BTreeSet<String> {
    let tree =
        repo::cargo(&["tree", "--package", package, "--edges", "normal", "--prefix", "none"]);
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| *name != package && !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn crates_know_only_the_crates_the_design_lets_them_know() {
    let packages = repo::packages();
    let ours: BTreeSet<&str> = packages.iter().map(name).collect();
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| name(package) != "eastwest-tests") {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == name(package)) else {
            findings.push(format!("{}: a new crate; give it a line in MAY_KNOW", name(package)));
            continue;
        };
        let used = dependencies(package);
        for arrow in used.intersection(&ours).filter(|arrow| !allowed.contains(arrow)) {
            let from = name(package);
            findings.push(format!("{from} → {arrow}: this arrow is not in the design; remove it"));
        }
    }
    assert_none(&findings);
}

#[test]
fn only_the_aws_crate_depends_on_the_sdk() {
    let packages = repo::packages();
    let others = packages.iter().filter(|package| name(package) != "eastwest-aws");
    let findings: Vec<String> = others
        .flat_map(|package| {
            let sdk = dependencies(package).into_iter().filter(|used| used.starts_with("aws-"));
            sdk.map(|used| format!("{} → {used}: move the call to crates/aws", name(package)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none(&findings);
}

#[test]
fn core_can_do_no_input_or_output() {
    let used = compiled_into("eastwest-core");
    let bad = used.iter().filter(|used| {
        NOT_IN_CORE.iter().any(|banned| used == banned || used.starts_with(&format!("{banned}-")))
            || used.starts_with("aws-")
    });
    let findings: Vec<String> =
        bad.map(|used| format!("eastwest-core → {used}: core decides, it does not act")).collect();
    assert_none(&findings);
}

#[test]
fn the_shipped_binary_contains_no_simulator() {
    assert!(!compiled_into("eastwest").contains("eastwest-sim"));
}

#[test]
fn the_simulator_contains_no_sdk() {
    let findings: Vec<String> = compiled_into("eastwest-sim")
        .into_iter()
        .filter(|used| used.starts_with("aws-") || used == "eastwest-aws")
        .map(|used| format!("eastwest-sim → {used}: the simulator is not a client"))
        .collect();
    assert_none(&findings);
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let root = repo::text(&repo::root().join("Cargo.toml"));
    assert!(root.contains("unsafe_code = \"forbid\""), "Cargo.toml: forbid unsafe_code for all");
    let mut findings = Vec::new();
    for package in repo::packages() {
        let manifest = std::path::Path::new(package["manifest_path"].as_str().expect("a path"));
        if !repo::text(manifest).contains("[lints]\nworkspace = true") {
            let shown = repo::shown(manifest);
            findings.push(format!("{shown}:1: add `[lints]` with `workspace = true`"));
        }
    }
    assert_none(&findings);
}

#[test]
fn a_crates_own_clippy_file_repeats_the_roots_lines() {
    let root = repo::text(&repo::root().join("clippy.toml"));
    let mut findings = Vec::new();
    for file in repo::files(&["clippy.toml"]) {
        let own = repo::text(&file);
        for line in root.lines().filter(|line| !own.lines().any(|stands| stands == *line)) {
            let shown = repo::shown(&file);
            findings.push(format!("{shown}:1: add {line:?}, this file replaces the root's"));
        }
    }
    assert_none(&findings);
}
