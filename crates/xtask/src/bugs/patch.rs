//! One seeded bug: a patch, and above its first hunk what the mistake is and what finds it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Where the patches lie.
pub(super) const FOLDER: &str = "tests/bugs";
const SEEN: &str = "seen in: ";
const FOUND: &str = "found by: ";

/// A seeded bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bug {
    /// Its number, as the file's name begins.
    pub(super) number: u32,
    /// The patch.
    pub(super) path: PathBuf,
    /// The mistake, in a sentence.
    pub(super) mistake: String,
    /// Where it was seen in the field, if it was.
    pub(super) seen_in: Option<String>,
    /// What found it the last time.
    pub(super) found_by: Option<Find>,
}

/// What finds a bug, and the rule it is found to break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Find {
    /// The run.
    pub(super) by: By,
    /// The rule: an invariant of the simulation, or what went wrong in the matrix.
    pub(super) rule: String,
}

/// One run of a test that can be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// A seed of the simulation.
    Seed(u64),
    /// A case of the matrix: story, call and mishap.
    Case(String),
    /// An attack on a name.
    Attack(String),
    /// A test of the workspace: its package and its whole name.
    Test(String, String),
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.by, self.rule)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "simulation seed {seed}"),
            Self::Case(case) => write!(f, "matrix {case}"),
            Self::Attack(attack) => write!(f, "attack {attack}"),
            Self::Test(package, test) => write!(f, "test {package} {test}"),
        }
    }
}

impl Find {
    fn parse(text: &str) -> Result<Self> {
        let parts = text.split_once(", ").map(|(run, rule)| (run.split_once(' '), rule));
        let by = match parts {
            Some((Some(("simulation", seed)), _)) => {
                seed.strip_prefix("seed ").and_then(|seed| seed.parse().ok()).map(By::Seed)
            }
            Some((Some(("matrix", case)), _)) => Some(By::Case(case.to_owned())),
            Some((Some(("attack", attack)), _)) => Some(By::Attack(attack.to_owned())),
            Some((Some(("test", named)), _)) => named
                .split_once(' ')
                .map(|(package, name)| By::Test(package.to_owned(), name.to_owned())),
            _ => None,
        };
        let Some((by, (_, rule))) = by.zip(parts) else {
            bail!(
                "{text:?} is not what finds a bug: simulation seed 123, I6; matrix story/12/crash-after, I6; attack name, what he wins; or test package name, what fails"
            );
        };
        Ok(Self { by, rule: rule.to_owned() })
    }
}

impl Bug {
    /// Every bug, by number.
    pub(super) fn all(root: &Path) -> Result<Vec<Self>> {
        let folder = root.join(FOLDER);
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut bugs = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "patch") {
                let text = fs::read_to_string(&path)?;
                bugs.push(Self::parse(&path, &text).with_context(|| path.display().to_string())?);
            }
        }
        bugs.sort_by_key(|bug| bug.number);
        if let Some(pair) = bugs.windows(2).find(|pair| pair[0].number == pair[1].number) {
            bail!("two patches have the number {}", pair[0].number);
        }
        Ok(bugs)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.split_once('-').and_then(|(number, _)| number.parse().ok());
        let header: Vec<&str> = text.lines().take_while(|line| !line.starts_with("--- ")).collect();
        let mistake = header.first().context("the first line says what the mistake is")?;
        let after = |word: &str| header.iter().find_map(|line| line.strip_prefix(word));
        Ok(Self {
            number: number.context("the name begins with a number: 07-short-name.patch")?,
            path: path.to_owned(),
            mistake: (*mistake).to_owned(),
            seen_in: after(SEEN).map(str::to_owned),
            found_by: after(FOUND).map(Find::parse).transpose()?,
        })
    }

    /// Notes in the patch what has found it.
    pub(super) fn found(&mut self, find: Find) -> Result<()> {
        if self.found_by.as_ref() == Some(&find) {
            return Ok(());
        }
        let text = fs::read_to_string(&self.path)?;
        fs::write(&self.path, with_find(&text, &find))?;
        self.found_by = Some(find);
        Ok(())
    }
}

/// The patch with another line on what finds it.
fn with_find(text: &str, find: &Find) -> String {
    let (header, hunks) = text.split_at(text.find("--- ").unwrap_or_default());
    let kept = header.lines().filter(|line| !line.starts_with(FOUND));
    let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
    format!("{kept}{FOUND}{find}\n{hunks}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Bug, By, Find, with_find};

    const PATCH: &str = "A mistake.\nfound by: matrix rollback/12/crash-after, ends otherwise\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n";

    #[test]
    fn a_header_says_what_the_mistake_is_and_what_finds_it() {
        let bug = Bug::parse(Path::new("07-short.patch"), PATCH).unwrap();
        assert_eq!((bug.number, bug.mistake.as_str(), bug.seen_in), (7, "A mistake.", None));
        let find = bug.found_by.unwrap();
        assert_eq!(find.by, By::Case("rollback/12/crash-after".to_owned()));
        assert_eq!(find.to_string(), "matrix rollback/12/crash-after, ends otherwise");
        assert!(Find::parse("simulation 12").is_err() && Find::parse("test alone, I6").is_err());
        for text in ["attack single/twins, he has it", "test eastwest-core guard::a, fails"] {
            assert_eq!(Find::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn another_find_takes_the_place_of_the_old_one() {
        let find = Find::parse("simulation seed 3, I6").unwrap();
        let text = with_find(PATCH, &find);
        assert!(text.starts_with("A mistake.\nfound by: simulation seed 3, I6\n--- a/x\n"));
        assert_eq!(with_find(&text, &find), text);
    }
}
