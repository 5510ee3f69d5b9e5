//! `eastwest completions` and `eastwest man`: what a package installs beside the program.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;

/// Flags of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsFlags {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManFlags {
    /// The folder to write the pages into; it is made if it is not there.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// Prints the completions for a shell.
pub(crate) fn completions(flags: &CompletionsFlags, mut cli: Command) -> ExitCode {
    clap_complete::generate(flags.shell, &mut cli, "eastwest", &mut std::io::stdout());
    ExitCode::SUCCESS
}

/// Writes a manual page for each command.
pub(crate) fn man(flags: &ManFlags, cli: Command) -> anyhow::Result<ExitCode> {
    let folder = &flags.folder;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(cli.disable_help_subcommand(true), folder));
    written.with_context(|| format!("cannot write the pages into {}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
