//! `cargo xtask notes`: the part of the changelog that a release shows.
//!
//! A release without a word of what changed is a mistake, and so is a tag that names another version than the program. Both
//! end here, before anything is built.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::repo;

const CHANGELOG: &str = "CHANGELOG.md";
/// Every package of the workspace has the version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Of which release, and where to.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The tag of the release: `v` and the version
    tag: String,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "target/notes.md")]
    output: PathBuf,
}

/// Writes the part.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let root = repo::root()?;
    let changelog = fs::read_to_string(root.join(CHANGELOG)).context(CHANGELOG)?;
    let output = root.join(&args.output);
    fs::write(&output, part(&changelog, &args.tag, VERSION)?)
        .with_context(|| output.display().to_string())?;
    Ok(true)
}

/// The part of the version, with its heading.
fn part(changelog: &str, tag: &str, version: &str) -> Result<String> {
    if tag.strip_prefix('v') != Some(version) {
        bail!(
            "the tag is {tag} and the version in Cargo.toml {version}: the tag must be v{version}"
        );
    }
    // The version, or the version and a date.
    let is_it = |line: &&str| {
        line.strip_prefix("## ").is_some_and(|title| title.split(' ').next() == Some(version))
    };
    let mut lines = changelog.lines().skip_while(|line| !is_it(line));
    let Some(heading) = lines.next() else {
        bail!("{CHANGELOG} has no part `## {version}`: give `## Unreleased` this name");
    };
    let body: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let body = body.join("\n");
    if body.trim().is_empty() {
        bail!(
            "the part `## {version}` of {CHANGELOG} is empty: say what changes for those who run eastwest"
        );
    }
    Ok(format!("{heading}\n\n{}\n", body.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n## 1.2.0 (2030-01-02)\n\n- One.\n\n## 1.2.0-rc.1\n\n- Two.\n\n\
        ## 1.1.0\n\n\n## 1.0.0\n\n- Three.\n";

    #[test]
    fn a_release_shows_its_own_part_alone() {
        let shown = part(CHANGELOG, "v1.2.0", "1.2.0").unwrap();
        assert_eq!(shown, "## 1.2.0 (2030-01-02)\n\n- One.\n");
        assert_eq!(part(CHANGELOG, "v1.0.0", "1.0.0").unwrap(), "## 1.0.0\n\n- Three.\n");
    }

    #[test]
    fn a_release_without_a_word_of_what_changed_fails() {
        let refused = |version: &str| {
            part(CHANGELOG, &format!("v{version}"), version).unwrap_err().to_string()
        };
        assert!(refused("1.1.0").starts_with("the part `## 1.1.0` of CHANGELOG.md is empty"));
        assert!(refused("1.2").starts_with("CHANGELOG.md has no part `## 1.2`"));
    }

    #[test]
    fn a_tag_that_is_not_the_version_of_the_program_fails() {
        for tag in ["v1.1.0", "1.2.0", "vv1.2.0", ""] {
            let error = part(CHANGELOG, tag, "1.2.0").unwrap_err().to_string();
            assert!(error.ends_with("the tag must be v1.2.0"), "{error}");
        }
    }

    #[test]
    fn the_workflow_asks_for_the_part_before_anything_is_built() {
        let path = repo::root().unwrap().join(".github/workflows/release.yml");
        let workflow = fs::read_to_string(path).unwrap();
        let (before, _) = workflow.split_once(".ci/run").unwrap();
        assert!(before.contains("cargo xtask notes \"$GITHUB_REF_NAME\"\n"), "{workflow}");
        assert!(
            workflow.contains("cargo xtask notes \"$VERSION\" --output notes.md\n"),
            "{workflow}"
        );
        assert!(workflow.contains(" --notes-file notes.md "), "{workflow}");
    }
}
