//! Stories a user would tell, as scripts with golden output: `tests/scenarios/*.txt` and `*.out` beside them.
//!
//! `UPDATE_EXPECT=1 cargo lives scenarios` writes the output anew. The invariants of the
//! simulation hold in every story too.

mod retail;
pub(crate) mod show;
pub(crate) mod story;
pub(crate) mod words;

use std::path::{Path, PathBuf};

use self::story::Story;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let entries = std::fs::read_dir(&folder).expect("the folder of scripts is there");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut scripts: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    scripts.sort();
    scripts
}

/// Tells a whole script; the first mistake ends it.
fn tell(script: &str) -> Result<String, String> {
    let mut story = Story::begin(script)?;
    for (at, line) in script.lines().enumerate() {
        story.line(line).map_err(|error| format!("line {}: {line}: {error}", at + 1))?;
    }
    match story.world.checker.violation() {
        Some(violation) => Err(format!("breaks {violation:?}\n{}", story.out)),
        None => Ok(show::masked(&story.out)),
    }
}

#[test]
fn every_story_goes_as_it_is_told() {
    let scripts = scripts();
    assert!(scripts.len() >= 12, "only {} stories were found", scripts.len());
    for path in scripts {
        let script = std::fs::read_to_string(&path).expect("a readable script");
        let told = tell(&script).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        expect_test::expect_file![path.with_extension("out")].assert_eq(&told);
    }
}

#[test]
fn a_command_that_is_not_understood_is_named_with_its_line() {
    let error = tell("cluster prod\nclutser prod").unwrap_err();
    assert_eq!(error, "line 2: clutser prod: no such command");
    assert!(tell("service prod/web").unwrap_err().starts_with("line 1: service prod/web"));
}
