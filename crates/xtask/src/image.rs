//! `cargo xtask image`: builds the last stage of the Dockerfile, and tests what came out.
//!
//! Debian's `buildah` builds it, without a daemon, a registry or a container engine: that stage starts from `scratch`. What the
//! stage before it does in a container, compile and lay out files, is done here by cargo and by the same script. So only
//! the release of Debian differs, whose C library goes into the image.
//!
//! The tests (`tests/wire/image_checks.py`) look at the files, the settings and the sizes, and run the program from the
//! image with nothing but its files.
//!
//! `cargo xtask test` does the same with the debug program, in a folder of its own: a release pushes what is in the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::Ended;
use crate::{release, repo, requirements, run, sbom};

/// Where the image of a release is built, and where any other, in the target folder.
const RELEASE: &str = "image";
const OTHER: &str = "image-of-another-program";
const TAG: &str = "localhost/eastwest:test";
/// The name of the image in the layout that a release pushes.
const LAYOUT_TAG: &str = "test";
/// What is needed to build the image and to run a program in it, with Debian's packages.
const TOOLS: [(&str, &str); 2] = [(BUILDAH, "buildah"), (BWRAP, "bubblewrap")];
const BUILDAH: &str = "buildah";
const BWRAP: &str = "bwrap";
/// No user namespace and no overlay file system is needed.
const STORAGE: [&str; 2] = ["--storage-driver", "vfs"];
const LAST_STAGE: &str = "FROM scratch\n";
const COPY: &str = "COPY --from=build /rootfs/ /\n";

/// What to put into the image.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// This program in place of a release build, to try the image without one. Its sizes are not judged
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Builds and tests the image; whether it is as it must be.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let home = home(args.binary.is_none())?;
    provide(&home)?;
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => release::program()?,
    };
    make(&binary, &home)?;
    Ok(test(&home, args.binary.is_none(), "")?.ok)
}

/// The same with the debug program, as a part of all tests; what keeps it from running is told.
pub(crate) fn tests() -> Result<(bool, Vec<String>)> {
    let home = home(false)?;
    if let Err(error) = provide(&home) {
        let left_out = format!(
            "image: NOT CHECKED: the files of the container image, its settings and its program: {error:#}"
        );
        eprintln!("xtask: {left_out}");
        return Ok((true, vec![left_out]));
    }
    make(&repo::binary("debug", "eastwest")?, &home)?;
    let ended = test(&home, false, "image | ")?;
    Ok((ended.ok, ended.kept.into_iter().map(|line| format!("image: {line}")).collect()))
}

fn home(is_release: bool) -> Result<PathBuf> {
    Ok(repo::target()?.join(if is_release { RELEASE } else { OTHER }))
}

/// Builds the image of a program.
fn make(binary: &Path, home: &Path) -> Result<()> {
    clear(home)?;
    let list = home.join("eastwest.cdx.json");
    sbom::write(None, &list)?;
    lay_out(binary, &list, &home.join("context/rootfs"))?;
    build(home)
}

/// The sizes of the image of the last release, in bytes: of its files, and compressed. None if there was none.
pub(crate) fn sizes() -> Result<Option<[u64; 2]>> {
    let home = home(true)?;
    let [files, blobs] = ["context/rootfs", "oci/blobs/sha256"].map(|folder| home.join(folder));
    if !(files.is_dir() && blobs.is_dir()) {
        return Ok(None);
    }
    Ok(Some([bytes_in(&files)?, bytes_in(&blobs)?]))
}

/// What the files below a folder have together.
fn bytes_in(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_in(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Sees to it that both tools are there and work. Debian has both; installing them needs root.
fn provide(home: &Path) -> Result<()> {
    install()?;
    fs::create_dir_all(home).with_context(|| home.display().to_string())?;
    if !run::quiet(buildah(home).arg("info")) {
        bail!(
            "buildah does not work for this user; see what `buildah {} info` says",
            STORAGE.join(" ")
        );
    }
    // As the checks start the program: a container may forbid what a machine allows.
    let contained =
        ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "true"];
    if !run::quiet(Command::new(BWRAP).args(contained)) {
        bail!("bwrap cannot start a program here; see what `bwrap {}` says", contained.join(" "));
    }
    Ok(())
}

fn install() -> Result<()> {
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|(program, _)| !run::quiet(Command::new(program).arg("--version")))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    run::say(&format!("apt-get install {}", missing.join(" ")));
    run::quiet(Command::new("apt-get").arg("update"));
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(&missing);
    if !run::quiet(&mut install) {
        bail!("run as root: apt-get install {}", missing.join(" "));
    }
    Ok(())
}

/// Removes what an earlier run left; its folders are read-only, as in the image.
fn clear(home: &Path) -> Result<()> {
    if home.exists() {
        run::quiet(Command::new("chmod").args(["-R", "u+w"]).arg(home));
        fs::remove_dir_all(home).with_context(|| home.display().to_string())?;
    }
    fs::create_dir_all(home.join("context")).with_context(|| home.display().to_string())
}

fn lay_out(binary: &Path, list: &Path, rootfs: &Path) -> Result<()> {
    let script = repo::root()?.join("deploy/image/rootfs.sh");
    if !run::quiet(Command::new("sh").arg(script).arg(binary).arg(list).arg(rootfs)) {
        bail!("deploy/image/rootfs.sh fails for {}", binary.display());
    }
    Ok(())
}

fn build(home: &Path) -> Result<()> {
    let dockerfile = fs::read_to_string(repo::root()?.join("Dockerfile")).context("Dockerfile")?;
    let stage = last_stage(&dockerfile)?;
    let context = home.join("context");
    fs::write(context.join("Dockerfile"), stage).context("the last stage")?;
    run::say("buildah build");
    let mut build = buildah(home);
    build.args(["build", "--isolation", "chroot", "--timestamp", "0", "--tag", TAG]).arg(&context);
    buildah_succeeds(&mut build)?;
    let layout = format!("oci:{}:{LAYOUT_TAG}", home.join("oci").display());
    buildah_succeeds(buildah(home).args(["push", TAG, &layout]))
}

/// The last stage, with files of the context in place of those of the stage before.
fn last_stage(dockerfile: &str) -> Result<String> {
    let (_, stage) =
        dockerfile.rsplit_once(LAST_STAGE).context("the last stage is not FROM scratch")?;
    if !stage.contains(COPY) || stage.matches("COPY").count() != 1 {
        bail!("the last stage of the Dockerfile must copy once: {COPY}");
    }
    Ok(format!("{LAST_STAGE}{}", stage.replace(COPY, "COPY rootfs/ /\n")))
}

/// buildah with storage of its own.
fn buildah(home: &Path) -> Command {
    let mut command = Command::new(BUILDAH);
    command.args(STORAGE);
    command.arg("--root").arg(home.join("storage")).arg("--runroot").arg(home.join("run"));
    command
}

fn buildah_succeeds(command: &mut Command) -> Result<()> {
    if run::live(command, |_| false)?.ok {
        return Ok(());
    }
    bail!("{command:?} fails");
}

/// Tries the image. Its lines are shown after `mark`; the sum at the end and what was not checked are kept.
fn test(home: &Path, is_release: bool, mark: &str) -> Result<Ended> {
    let root = repo::root()?;
    run::say("tests/wire/image_checks.py");
    let mut command = Command::new(requirements::python(&root)?);
    command.args(["-m", "pytest", "-n", "0", "tests/wire/image_checks.py"]);
    command.env("EASTWEST_IMAGE", home).env("EASTWEST_IMAGE_IS_RELEASE", is_release.to_string());
    let is_told = |line: &str| {
        line.contains("NOT CHECKED") || line.starts_with("==") && line.contains(" in ")
    };
    run::marked(command.current_dir(root), mark, is_told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_takes_its_files_from_the_context() {
        let dockerfile = format!("FROM a AS build\nRUN b\n\n{LAST_STAGE}{COPY}USER 1\n");
        assert_eq!(last_stage(&dockerfile).unwrap(), "FROM scratch\nCOPY rootfs/ /\nUSER 1\n");
    }

    #[test]
    fn a_stage_that_copies_something_else_is_refused() {
        let more = format!("{LAST_STAGE}{COPY}COPY b /\n");
        assert!(last_stage(&more).is_err() && last_stage("FROM debian\n").is_err());
    }

    #[test]
    fn the_dockerfile_of_this_repository_has_such_a_stage() {
        let dockerfile = fs::read_to_string(repo::root().unwrap().join("Dockerfile")).unwrap();
        assert!(last_stage(&dockerfile).unwrap().contains("USER 65532:65532"));
    }

    #[test]
    fn what_is_released_is_the_program_that_was_compared_and_the_image_that_was_tested() {
        let read = |name: &str| fs::read_to_string(repo::root().unwrap().join(name)).unwrap();
        let dockerfile = read("Dockerfile");
        assert!(dockerfile.contains("    deploy/image/build.sh \\\n"), "{dockerfile}");
        assert!(!dockerfile.contains("cargo build"), "{dockerfile}");
        let release = read(".github/workflows/release.yml");
        let pushed = format!("skopeo copy oci:target/image/oci:{LAYOUT_TAG} ");
        let steps = ["cargo xtask reproduce\n", "cargo xtask image\n", &pushed];
        let steps = steps.map(|step| release.find(step).unwrap());
        assert!(steps.is_sorted(), "{release}");
    }
}
