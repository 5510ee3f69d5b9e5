//! The folder of a capture: written beside its place, and then put there at once.
//!
//! **Invariant:** a folder holds one whole capture, or what it held before. **Invariant:** what no capture wrote is never
//! removed, whatever the flags say.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use eastwest_aws::CapturedFile;

use crate::command::offline::listed_in;

/// A place that a capture may be written to.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where, without a symbolic link.
    place: PathBuf,
    /// Whether an earlier capture is there.
    replaces: bool,
}

impl Folder {
    /// The folder, if it may be written: it is not there, it is empty, or with `force` it holds an earlier capture alone.
    /// This is asked before AWS is, so that nobody waits for nothing.
    pub(super) fn to_write(path: &Path, force: bool) -> anyhow::Result<Self> {
        let shown = path.display();
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let parent = parent(path);
                if !parent.is_dir() {
                    bail!("{shown}: there is no folder {}: make it first", parent.display());
                }
                return Ok(Self { place: path.to_owned(), replaces: false });
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                bail!("{shown} is a file: give a folder that is not there yet, or an empty one")
            }
            Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
        };
        let names: Result<Vec<String>, _> = entries
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect();
        let names = names.with_context(|| format!("{shown} cannot be read"))?;
        let place = fs::canonicalize(path).with_context(|| format!("{shown} cannot be read"))?;
        if names.is_empty() {
            return Ok(Self { place, replaces: false });
        }
        if !force {
            bail!(
                "{shown} is not empty: give another folder, or replace an earlier capture with --force"
            );
        }
        let stranger = stranger(&place, &names);
        if let Some(why) = stranger {
            bail!(
                "{shown} is not replaced, even with --force: {why}. Give another folder, or empty this one yourself"
            );
        }
        Ok(Self { place, replaces: true })
    }

    /// Writes the files beside the folder's place, and then puts them there.
    pub(super) fn write(&self, files: &[CapturedFile]) -> anyhow::Result<()> {
        let shown = self.place.display();
        let (new, old) = (self.beside("new")?, self.beside("old")?);
        let written = write_all(&new, files).and_then(|()| {
            if self.replaces {
                fs::rename(&self.place, &old)?;
            }
            fs::rename(&new, &self.place).inspect_err(|_| {
                if self.replaces {
                    // The earlier capture goes back; if that fails too, it is still there under the other name.
                    drop(fs::rename(&old, &self.place));
                }
            })
        });
        if written.is_err() {
            drop(fs::remove_dir_all(&new));
        }
        written.with_context(|| format!("{shown} cannot be written"))?;
        if self.replaces {
            fs::remove_dir_all(&old).with_context(|| {
                format!("the earlier capture cannot be removed: {}", old.display())
            })?;
        }
        Ok(())
    }

    /// A name beside the folder that nobody else uses.
    fn beside(&self, what: &str) -> anyhow::Result<PathBuf> {
        let name = self.place.file_name();
        let name = name.with_context(|| format!("{} has no name", self.place.display()))?;
        let name = format!(".{}.{what}-{}", name.to_string_lossy(), std::process::id());
        Ok(parent(&self.place).join(name))
    }
}

/// The folder that a path stands in.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    }
}

/// Why a folder is no earlier capture, or not that alone.
fn stranger(folder: &Path, names: &[String]) -> Option<String> {
    let manifest = fs::read_to_string(folder.join(CapturedFile::MANIFEST));
    let Ok(manifest) = manifest else {
        return Some(format!("it has no {}, so it is no capture", CapturedFile::MANIFEST));
    };
    let listed = match listed_in(&manifest) {
        Ok(listed) => listed,
        Err(why) => return Some(why),
    };
    let is_ours = |name: &&String| listed.contains(*name) || *name == CapturedFile::MANIFEST;
    let other = names.iter().find(|name| !is_ours(name))?;
    Some(format!("it holds {other:?}, which no capture wrote"))
}

fn write_all(folder: &Path, files: &[CapturedFile]) -> std::io::Result<()> {
    fs::create_dir(folder)?;
    for CapturedFile { name, text } in files {
        let mut file = fs::File::create_new(folder.join(name))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder of its own for one test.
    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("eastwest-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir(&path).expect("a folder");
        path
    }

    fn files(text: &str) -> Vec<CapturedFile> {
        let manifest = r#"{"eastwestCapture": {"files": ["services.json"]}}"#;
        [("services.json", text), (CapturedFile::MANIFEST, manifest)]
            .map(|(name, text)| CapturedFile { name: name.to_owned(), text: text.to_owned() })
            .into()
    }

    fn refusal(path: &Path, force: bool) -> String {
        Folder::to_write(path, force).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_capture_is_written_whole_and_replaced_only_by_force() {
        let home = scratch("replaced");
        let place = home.join("capture");
        Folder::to_write(&place, false).expect("free").write(&files("1")).expect("written");
        assert!(refusal(&place, false).contains("is not empty"));
        Folder::to_write(&place, true).expect("a capture").write(&files("2")).expect("written");
        assert_eq!(fs::read_to_string(place.join("services.json")).expect("a file"), "2");
        let left: Vec<_> = fs::read_dir(&home).expect("a folder").collect();
        assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
        fs::remove_dir_all(home).expect("removed");
    }

    #[test]
    fn what_no_capture_wrote_is_never_removed() {
        let home = scratch("strange");
        let place = home.join("mine");
        fs::create_dir(&place).expect("a folder");
        fs::write(place.join("thesis.txt"), "all I have").expect("a file");
        assert!(refusal(&place, true).contains("no manifest.json, so it is no capture"));
        fs::write(place.join("manifest.json"), "{}").expect("a file");
        assert!(refusal(&place, true).contains("does not list the files"));
        let manifest = r#"{"eastwestCapture": {"files": []}}"#;
        fs::write(place.join("manifest.json"), manifest).expect("a file");
        assert!(refusal(&place, true).contains("\"thesis.txt\", which no capture wrote"));
        assert!(refusal(&place.join("thesis.txt"), true).contains("is a file"));
        assert!(refusal(&home.join("a/b"), false).contains("there is no folder"));
        fs::remove_dir_all(home).expect("removed");
    }

    #[test]
    fn a_folder_that_cannot_be_put_in_its_place_leaves_the_earlier_one() {
        let home = scratch("failing");
        let place = home.join("capture");
        Folder::to_write(&place, false).expect("free").write(&files("1")).expect("written");
        let folder = Folder::to_write(&place, true).expect("a capture");
        let bad = [CapturedFile { name: "no/such/folder".to_owned(), text: String::new() }];
        assert!(folder.write(&bad).is_err());
        assert_eq!(fs::read_to_string(place.join("services.json")).expect("a file"), "1");
        assert_eq!(fs::read_dir(&home).expect("a folder").count(), 1);
        fs::remove_dir_all(home).expect("removed");
    }
}
