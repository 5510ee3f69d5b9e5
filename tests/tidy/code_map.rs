//! The code map of `docs/architecture.md`, held against the tree both ways: each file of `core` has its place in it, and
//! each place its file.
//!
//! The map is the tables in the part on `crates/core`. Names in backticks in the first cell of a row are paths under
//! `crates/core/src`. One that ends in `/` names the folder's `mod.rs`, and the names after it in the cell are relative
//! to that folder: `` `plan/`: `action.rs`, `hold/ends.rs` ``.

use std::collections::BTreeMap;
use std::path::Path;

use crate::modules::ask;
use crate::rooms::CORE;
use crate::{assert_none, repo};

const PAGE: &str = "docs/architecture.md";

/// The files that the map names, and in which line.
fn named(page: &str) -> Vec<(String, usize)> {
    let heading = format!("### `{CORE}`");
    let numbered = page.lines().zip(1..);
    let part = numbered.skip_while(|(line, _)| *line != heading).skip(1);
    let part = part.take_while(|(line, _)| !line.starts_with("## ") && !line.starts_with("### "));
    let mut found = Vec::new();
    for (line, number) in part {
        let Some(cell) = line.strip_prefix('|').and_then(|row| row.split('|').next()) else {
            continue;
        };
        let mut folder = "";
        for name in cell.split('`').skip(1).step_by(2) {
            if name.ends_with('/') {
                folder = name;
                found.push((format!("{name}mod.rs"), number));
            } else if Path::new(name).extension().is_some_and(|kind| kind == "rs") {
                found.push((format!("{folder}{name}"), number));
            }
        }
    }
    found
}

/// What the page and the tree do not agree on. `files` are relative to the sources of `core`.
fn findings(page: &str, files: &[String]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (file, line) in named(page) {
        places.entry(file).or_default().push(line);
    }
    let missing = files.iter().filter(|file| !places.contains_key(*file));
    let missing = missing.map(|file| {
        format!("{PAGE}:1: the code map does not name {file}; say there what it decides or holds")
    });
    let gone = places.iter().filter(|(file, _)| !files.contains(file)).map(|(file, lines)| {
        format!("{PAGE}:{}: {CORE}/src/{file} does not exist; mend the code map", lines[0])
    });
    let twice = places.iter().filter(|(_, lines)| lines.len() > 1).map(|(file, lines)| {
        format!("{PAGE}:{}: the code map names {file} twice; once is enough", lines[1])
    });
    missing.chain(gone).chain(twice).collect()
}

#[test]
fn the_code_map_names_every_file_of_core_and_only_those() {
    let folder = repo::root().join(CORE).join("src");
    let files: Vec<String> = ask(move |project| {
        let production = project.modules.iter().filter(|module| !module.is_test);
        let ours = production.filter_map(|module| module.path.strip_prefix(&folder).ok());
        let names = ours.map(|path| path.display().to_string());
        // The first file is what the whole part is about.
        names.filter(|name| name != "lib.rs").collect()
    });
    assert_none(&findings(&repo::text(&repo::root().join(PAGE)), &files));
}

#[cfg(test)]
mod tests {
    use super::findings;

    const MAP: &str = "## Code map\n### `crates/core`\n`elsewhere.rs` is no row\n| file | decides |\n|---|---|\n\
        | `plan/` | what a plan is |\n| `plan/hold/`: `ends.rs`, `claim.rs` | when `time.rs` passes |\n\
        | `ecs/name.rs` | names |\n### `crates/aws`\n| `pace.rs` | quota |\n";

    fn with(files: &[&str]) -> Vec<String> {
        findings(MAP, &files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>())
    }

    const ALL: [&str; 5] = [
        "plan/mod.rs",
        "plan/hold/mod.rs",
        "plan/hold/ends.rs",
        "plan/hold/claim.rs",
        "ecs/name.rs",
    ];

    #[test]
    fn a_map_of_all_files_is_right() {
        assert_eq!(with(&ALL), [""; 0]);
    }

    #[test]
    fn a_file_that_the_map_does_not_name_is_found() {
        let found = with(&[ALL.as_slice(), &["ecs/time.rs"]].concat());
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("does not name ecs/time.rs"), "{found:?}");
    }

    #[test]
    fn a_name_without_a_file_is_found_with_its_line() {
        let found = with(&ALL[..4]);
        let told =
            "docs/architecture.md:8: crates/core/src/ecs/name.rs does not exist; mend the code map";
        assert_eq!(found, [told]);
    }

    #[test]
    fn a_file_that_is_named_twice_is_found() {
        let page = MAP.replace("| `ecs/name.rs`", "| `ecs/`: `name.rs` | a |\n| `ecs/name.rs`");
        let files: Vec<String> =
            ALL.iter().chain(&["ecs/mod.rs"]).map(|file| (*file).to_owned()).collect();
        let told = "docs/architecture.md:9: the code map names ecs/name.rs twice; once is enough";
        assert_eq!(findings(&page, &files), [told]);
    }
}
