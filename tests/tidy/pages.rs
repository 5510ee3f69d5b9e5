//! Text: notes left behind, words that belong to one machine, links and paths that lead nowhere.

use std::path::Path;

use crate::{assert_none, repo};

/// Everything a person wrote; lock files are machines' own.
const TEXT: &[&str] = &[
    ".rs",
    ".py",
    ".md",
    ".toml",
    ".json",
    ".yml",
    ".yaml",
    ".tf",
    ".txt",
    ".html",
    ".css",
    ".js",
    "Dockerfile",
    "run",
];
/// Put together here, so that this file does not contain what it forbids.
const LEFT_BEHIND: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const REGISTRIES: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("registry.npmjs", ".org"),
    concat!("proxy.", "golang.org"),
];
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
/// What a path written in a page starts with when it is one of ours.
const TOP: &[&str] = &["crates/", "tests/", "docs/", "deploy/", ".ci/", ".cargo/", ".config/"];

/// Every line of every text of the project: place, line.
fn lines() -> Vec<(String, String)> {
    let files = repo::files(TEXT);
    let each = files.iter().flat_map(|file| {
        let (place, text) = (repo::shown(file), repo::text(file));
        let numbered = text
            .lines()
            .zip(1..)
            .map(|(line, number)| (format!("{place}:{number}"), line.to_owned()));
        numbered.collect::<Vec<_>>()
    });
    each.collect()
}

fn holds_word(line: &str, word: &str) -> bool {
    let parts = line.split(|character: char| !character.is_alphanumeric());
    parts.into_iter().any(|part| part == word)
}

/// A folder of some machine at the start of a path, not in the middle of one or of an address.
fn holds_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|character| !character.is_alphanumeric() && !"._-}~*".contains(character))
    })
}

/// Lines outside of fenced code, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.push((number, line));
        }
    }
    found
}

/// The targets of `[text](target)` on a line.
fn links(line: &str) -> Vec<&str> {
    let starts = line.match_indices("](").map(|(at, _)| &line[at + 2..]);
    starts.filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// The anchor that a heading gets on the common forges.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_');
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

fn has_anchor(page: &Path, wanted: &str) -> bool {
    let text = repo::text(page);
    let headings = prose(&text).into_iter().filter(|(_, line)| line.starts_with('#'));
    let anchors = headings.map(|(_, line)| anchor(line.trim_start_matches('#')));
    anchors.into_iter().any(|anchor| anchor == wanted)
}

/// Why a link of `page` leads nowhere, if it does.
fn broken(page: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { page.to_path_buf() } else { page.parent()?.join(path) };
    if !file.exists() {
        return Some(format!("link to {target}, which does not exist; mend the link"));
    }
    let is_page = file.extension().is_some_and(|ending| ending == "md");
    (is_page && !anchor.is_empty() && !has_anchor(&file, anchor))
        .then(|| format!("link to {target}, but no such heading; mend the link"))
}

#[test]
fn nothing_is_left_behind() {
    let mut findings = Vec::new();
    for (place, line) in lines() {
        for word in LEFT_BEHIND.iter().filter(|word| holds_word(&line, word)) {
            findings.push(format!("{place}: {word}; do it, or open an issue and remove the note"));
        }
    }
    assert_none(&findings);
}

#[test]
fn no_text_names_a_machine_or_a_registry() {
    let mut findings = Vec::new();
    for (place, line) in lines() {
        for word in REGISTRIES.iter().filter(|word| line.contains(**word)) {
            findings.push(format!("{place}: {word}; leave the registry to the user's settings"));
        }
        for folder in MACHINE_FOLDERS.iter().filter(|folder| holds_folder(&line, folder)) {
            findings.push(format!("{place}: {folder} exists on one machine; use a relative path"));
        }
    }
    assert_none(&findings);
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut findings = Vec::new();
    for page in repo::files(&[".md"]) {
        let text = repo::text(&page);
        for (number, line) in prose(&text) {
            let problems = links(line).into_iter().filter_map(|target| broken(&page, target));
            findings.extend(problems.map(|why| format!("{}:{number}: {why}", repo::shown(&page))));
        }
    }
    assert_none(&findings);
}

#[test]
fn the_book_has_every_page_once() {
    let summary = repo::text(&repo::root().join("docs/SUMMARY.md"));
    let listed: Vec<String> =
        summary.lines().flat_map(links).map(|link| format!("docs/{link}")).collect();
    let pages = repo::files(&[".md"]).into_iter().map(|page| repo::shown(&page));
    let pages = pages.filter(|page| page.starts_with("docs/") && page != "docs/SUMMARY.md");
    let findings: Vec<String> = pages
        .map(|page| (listed.iter().filter(|listed| **listed == page).count(), page))
        .filter(|(times, _)| *times != 1)
        .map(|(times, page)| {
            format!("docs/SUMMARY.md: {page} stands there {times} times, not once")
        })
        .collect();
    assert_none(&findings);
}

#[test]
fn the_architecture_page_names_every_crate_and_only_paths_that_exist() {
    let page = repo::root().join("docs/architecture.md");
    let text = repo::text(&page);
    let mut findings = Vec::new();
    for package in repo::packages() {
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        let folder = repo::shown(manifest.parent().expect("a folder"));
        let short = folder.trim_start_matches("crates/");
        if !text.contains(&folder) && !text.contains(&format!("{short}/")) {
            findings.push(format!("docs/architecture.md:1: say what {folder} is for"));
        }
    }
    for (line, number) in text.lines().zip(1..) {
        let words = line.split(['`', ' ', '(', ')', ',', ';', '|', '"']);
        let paths = words.filter(|word| TOP.iter().any(|top| word.starts_with(top)));
        for path in paths.map(|word| word.trim_end_matches(['.', ':'])) {
            let known = path.split(['*', '{', '<', '…', '#']).next().unwrap_or(path);
            if !repo::root().join(known).exists() {
                findings
                    .push(format!("docs/architecture.md:{number}: {path} does not exist; mend it"));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn every_json_file_parses() {
    let mut findings = Vec::new();
    for file in repo::files(&[".json"]) {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&repo::text(&file)) {
            findings.push(format!("{}:{}: {error}", repo::shown(&file), error.line()));
        }
    }
    assert_none(&findings);
}

#[test]
fn these_checks_can_fail() {
    assert!(holds_word(&format!("// {}: later", LEFT_BEHIND[0]), LEFT_BEHIND[0]));
    assert!(holds_folder(&format!("see {}x", MACHINE_FOLDERS[0]), MACHINE_FOLDERS[0]));
    assert!(!holds_folder("https://example.com/work/x", MACHINE_FOLDERS[0]));
    assert_eq!(links("see [a](b.md#c) and [d](e)"), ["b.md#c", "e"]);
    assert_eq!(anchor(" The `_sim` calls, all"), "the-_sim-calls-all");
    assert!(broken(&repo::root().join("README.md"), "no/such/page.md").is_some());
}
