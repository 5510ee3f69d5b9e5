//! `eastwest capture DIR`: what `--from` reads, written into a folder.
//!
//! One thorough look reads everything that a plan may need, and each answer of AWS is kept as it came. Before anything is
//! written, what may be secret is taken out: core decides which words of containers' texts may stay. A call that AWS
//! refused is named in the manifest, so that a plan made from the folder does not take it for absent.
//!
//! **Invariant:** nothing that may be secret reaches the disk, not even for a moment.

mod folder;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use eastwest_aws::{Captures, Heard};
use eastwest_core::ecs::text::first_of;
use eastwest_core::engine::look::{Look, shown_policy};
use eastwest_core::report::answering::known_hosts;
use serde::Serialize;
use serde_json::json;

use self::folder::Folder;
use super::look;
use super::out;
use super::versioned::Versioned;
use super::world;
use crate::api::json;
use crate::config::Config;

/// Flags of `capture`.
#[derive(Debug, Args)]
pub(crate) struct CaptureFlags {
    /// The folder to write. It may be there already if it is empty.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Replace an earlier capture in that folder. A folder with other files in it is never replaced.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what was captured as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What was captured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Captured {
    folder: String,
    files: Vec<String>,
    clusters: Vec<String>,
    services: usize,
    /// The calls that could not be made, a line for each.
    not_read: Vec<String>,
}

/// Captures. Exit codes: 0 everything was read, 1 something could not be read or written.
pub(crate) async fn run(config: &Config, flags: &CaptureFlags) -> anyhow::Result<ExitCode> {
    let folder = Folder::to_write(&flags.folder, flags.force)?;
    let heard = Arc::new(Mutex::new(Captures::default()));
    let note = Arc::clone(&heard);
    let on_answer = move |one: Heard| note.lock().unwrap_or_else(PoisonError::into_inner).hear(one);
    let world = world::looking(config, Some(Arc::new(on_answer))).await?;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    let region = world.region().to_owned();
    let thorough = Look::thorough(settings.clone(), look::now());
    let looked = look::carry_out(world, thorough).await;

    let mut answers = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    answers.redact(&known_hosts(&looked.view, &settings), &settings.prefix);
    let clusters: Vec<String> = looked.view.clusters.keys().map(ToString::to_string).collect();
    let about = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "capturedAt": jiff::Timestamp::now().to_string(),
        "region": region,
        "clusters": clusters,
    });
    let files = answers.files(&about);
    folder.write(&files)?;
    let mut not_read = answers.unread();
    not_read.extend(looked.trouble.filter(|_| not_read.is_empty()).map(|fault| fault.to_string()));
    let captured = Captured {
        folder: flags.folder.display().to_string(),
        files: files.into_iter().map(|file| file.name).collect(),
        clusters,
        services: looked.view.services().count(),
        not_read,
    };
    let text =
        if flags.json { json::pretty(&Versioned::new(&captured))? + "\n" } else { captured.text() };
    out::print(&text)?;
    for line in &captured.not_read {
        eprintln!("error: could not be read: {line}");
    }
    Ok(if captured.not_read.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Captured {
    /// One line about what there is, and one about what to do with it.
    fn text(&self) -> String {
        let count = |number: usize, one: &str| {
            if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
        };
        let of = match self.clusters.as_slice() {
            [] => String::new(),
            clusters => format!(" of {}", first_of(clusters, ", ")),
        };
        let missing = match self.not_read.len() {
            0 => String::new(),
            calls => {
                format!("{} could not be made: the manifest names them.\n", count(calls, "call"))
            }
        };
        format!(
            "{}{of} in {}: {}\n{missing}Plan for it with: eastwest plan --from {}\n",
            count(self.services, "service"),
            count(self.files.len(), "file"),
            self.folder,
            self.folder,
        )
    }
}
