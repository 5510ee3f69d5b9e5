//! A copy of the sources in which one bug after the other is planted, built and looked for.
//!
//! The copy and what is built of it lie below `target`, so that the work tree is never touched and each bug compiles
//! only what it changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

use super::patch::{Bug, By, Find};
use crate::{repo, run};

/// The test of the simulation that looks for the first seed that breaks a rule.
const SEARCH: &str = "the_first_seed_that_breaks_a_rule";
const REPLAY: &str = "replay_one_case";
const REPLAY_ATTACK: &str = "replay_one_attack";
const LIVES: &str = "eastwest-lives";

/// The copy.
pub(super) struct Scratch {
    root: PathBuf,
    sources: PathBuf,
    target: PathBuf,
}

impl Scratch {
    /// Brings the copy up to date. What is the same stays as it is, so that cargo need not build it again.
    pub(super) fn new() -> Result<Self> {
        let root = repo::root()?;
        let folder = repo::target()?.join("bugs");
        let (sources, target) = (folder.join("src"), folder.join("target"));
        let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(listed).current_dir(&root).output();
        let output = output.context("git does not start")?;
        let listed = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
        let scratch = Self { root, sources, target };
        for file in listed.split('\0').filter(|file| !file.is_empty()) {
            scratch.restore(Path::new(file))?;
        }
        Ok(scratch)
    }

    /// Brings one file into the state in which it is in the work tree.
    fn restore(&self, file: &Path) -> Result<()> {
        let (from, to) = (self.root.join(file), self.sources.join(file));
        let Ok(wanted) = fs::read(&from) else { return Ok(()) };
        if fs::read(&to).is_ok_and(|stands| stands == wanted) {
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&to, wanted).with_context(|| to.display().to_string())
    }

    /// Plants a bug, lets `look` look for it, and takes it out again.
    pub(super) fn with<T>(&self, bug: &Bug, look: impl FnOnce() -> Result<T>) -> Result<T> {
        // Below the work tree git would take the copy for a part of it, and apply nothing.
        let mut git = Command::new("git");
        git.env("GIT_CEILING_DIRECTORIES", self.sources.parent().unwrap_or(&self.sources));
        git.arg("apply").arg(&bug.path).current_dir(&self.sources);
        if !git.status().context("git does not start")?.success() {
            bail!("{} does not apply", bug.path.display());
        }
        let found = look();
        for file in touched(bug)? {
            self.restore(&file)?;
        }
        found
    }

    /// Whether a run that is known to find a bug still does, and which rule it breaks.
    pub(super) fn repeat(&self, find: &Find) -> Result<Option<Find>> {
        match &find.by {
            By::Seed(seed) => self.seeds(*seed, *seed + 1),
            By::Case(case) => {
                let variables = [("EASTWEST_MATRIX", case.clone())];
                let output = self.test(REPLAY, &variables)?;
                Ok((!output.status.success()).then(|| find.clone()))
            }
            By::Attack(attack) => {
                let variables = [("EASTWEST_ATTACK", attack.clone())];
                let output = self.test(REPLAY_ATTACK, &variables)?;
                Ok((!output.status.success()).then(|| find.clone()))
            }
            By::Test(package, test) => {
                let output = self.test_of(package, test, &[])?;
                Ok((!output.status.success()).then(|| find.clone()))
            }
        }
    }

    /// The first seed of some that breaks a rule.
    pub(super) fn seeds(&self, from: u64, to: u64) -> Result<Option<Find>> {
        let variables = [("EASTWEST_SEARCH", format!("{from}..{to}"))];
        let output = self.test(SEARCH, &variables)?;
        Ok(text(&output).lines().find_map(broken))
    }

    /// The first case of the matrix that fails.
    pub(super) fn cases(&self) -> Result<Option<Find>> {
        let output = self.test("whatever_befalls_one_call", &[])?;
        Ok(text(&output).lines().find_map(failed))
    }

    /// The first attack on a name that wins something.
    pub(super) fn attacks(&self) -> Result<Option<Find>> {
        let output = self.test("a_thousand_attacks", &[])?;
        Ok(text(&output).lines().find_map(wins))
    }

    /// Runs those tests of the lives whose name has `part` in it.
    fn test(&self, part: &str, variables: &[(&str, String)]) -> Result<Output> {
        self.test_of(LIVES, part, variables)
    }

    /// Builds a package, which must succeed, and runs those tests whose name has `part` in it, which need not.
    fn test_of(&self, package: &str, part: &str, variables: &[(&str, String)]) -> Result<Output> {
        let mut build = self.cargo(package)?;
        if !build.args(["--quiet", "--no-run"]).status().context("cargo does not start")?.success()
        {
            bail!("with the bug in it, {package} does not build");
        }
        let mut command = self.cargo(package)?;
        command.args(["--quiet", "--", "--nocapture", part]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.output().context("cargo does not start")
    }

    fn cargo(&self, package: &str) -> Result<Command> {
        let mut cargo = repo::cargo(&["test", "--profile", "lives", "--package", package])?;
        cargo.current_dir(&self.sources).env("CARGO_TARGET_DIR", &self.target);
        cargo.env("RUST_BACKTRACE", "0");
        Ok(cargo)
    }
}

/// Whether a patch applies to the work tree.
pub(super) fn applies(root: &Path, bug: &Bug) -> bool {
    let mut git = Command::new("git");
    run::quiet(git.args(["apply", "--check"]).arg(&bug.path).current_dir(root))
}

/// The files that a patch changes.
fn touched(bug: &Bug) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(&bug.path)?;
    let files = text.lines().filter_map(|line| line.strip_prefix("+++ b/"));
    Ok(files.map(PathBuf::from).collect())
}

/// What a test said, on either stream.
fn text(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|stream| String::from_utf8_lossy(stream).into_owned()).join("\n")
}

/// `seed 12 breaks I6: …`
fn broken(line: &str) -> Option<Find> {
    let (seed, rest) = line.strip_prefix("seed ")?.split_once(" breaks ")?;
    let (rule, _) = rest.split_once(':').filter(|(rule, _)| *rule != "-")?;
    Some(Find { by: By::Seed(seed.parse().ok()?), rule: rule.to_owned() })
}

/// `guide/12/crash-after (ecs.UpdateService): breaks I6: …`, or a story that goes wrong undisturbed:
/// `guide breaks Violation { rule: "I6", … } by itself`.
fn failed(line: &str) -> Option<Find> {
    if let Some((story, rest)) = line.split_once(" breaks Violation { rule: \"") {
        let (rule, _) = rest.split_once('"')?;
        let case = format!("{}/1/crash-before", story.split_whitespace().next_back()?);
        return Some(Find { by: By::Case(case), rule: rule.to_owned() });
    }
    if let Some(story) = line.strip_suffix(" does not come to rest by itself") {
        let case = format!("{}/1/crash-before", story.split_whitespace().next_back()?);
        return Some(Find { by: By::Case(case), rule: "no rest".to_owned() });
    }
    let (case, rest) = line.split_once(" (")?;
    let (_, failure) = rest.split_once("): ").filter(|_| case.matches('/').count() == 2)?;
    let failure = failure.strip_prefix("breaks ").unwrap_or(failure);
    let rule = failure.split_once(':').map_or(failure, |(rule, _)| rule);
    Some(Find { by: By::Case(case.to_owned()), rule: rule.to_owned() })
}

/// `single/twins: the attacker has api at 12 s`
fn wins(line: &str) -> Option<Find> {
    let (attack, what) = line.split_once(": ")?;
    let is_attack = attack.split('/').count() == 7 || attack.starts_with("single/");
    let what = what.split([':', ';']).next().unwrap_or(what).trim();
    is_attack.then(|| Find { by: By::Attack(attack.to_owned()), rule: what.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{broken, failed, wins};

    #[test]
    fn what_the_tests_print_is_read() {
        let find = |find: Option<super::Find>| find.map(|find| find.to_string());
        let seed = broken("seed 12 breaks I6: main/api: written again though nothing else changed");
        assert_eq!(find(seed).as_deref(), Some("simulation seed 12, I6"));
        assert_eq!(broken("seed 12 breaks -: no invariant is broken"), None);
        let case = failed("guide/12/crash-after (ecs.UpdateService): breaks I4: main/api: no");
        assert_eq!(find(case).as_deref(), Some("matrix guide/12/crash-after, I4"));
        let case = failed("guide/3/lag (ecs.UpdateService): it ends otherwise:");
        assert_eq!(find(case).as_deref(), Some("matrix guide/3/lag, it ends otherwise"));
        let story = failed("guide breaks Violation { rule: \"I1\", text: \"x\" } by itself");
        assert_eq!(find(story).as_deref(), Some("matrix guide/1/crash-before, I1"));
        assert_eq!(failed("by story: guide 12 (of 20)"), None);
        let attack = wins("single/twins: the attacker has api at 12 s");
        assert_eq!(
            find(attack).as_deref(),
            Some("attack single/twins, the attacker has api at 12 s")
        );
        assert_eq!(wins("replay: EASTWEST_ATTACK=single/twins EASTWEST_TRACE=1"), None);
    }
}
