//! In which format a command prints what a pipeline reads.

use clap::ValueEnum;

/// How a plan, or what `lint` found, is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Annotations of a pull request, for GitHub Actions.
    Github,
    /// JUnit XML: a case for each service.
    Junit,
}
