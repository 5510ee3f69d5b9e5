//! `eastwest graph`: who calls whom in each namespace, after one look.
//!
//! It prints what other programs draw: Mermaid for a page of GitHub, DOT for Graphviz ([`draw`]), or JSON; or a
//! [`picture`] of its own.

mod draw;

mod picture;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use eastwest_core::ecs::name::NamespaceId;
use eastwest_core::ecs::text::did_you_mean;
use eastwest_core::engine::look::{Looked, shown_policy};
use eastwest_core::report::graph::graphs;
use serde::Serialize;

use self::draw::{NamespaceGraph, dot, mermaid};
use self::picture::svg;
use super::look::look;
use super::out;
use super::versioned::Versioned;
use super::world;
use crate::api::json;
use crate::api::namespaces::named;
use crate::api::plan::FaultRow;
use crate::config::Config;

/// Flags of `graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphFlags {
    /// The namespace, by name or id. Default: every namespace in which a service is.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) only: Option<String>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    pub(crate) format: Format,
    /// Print JSON: the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Read these captured files or folders instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A flowchart of Mermaid, which GitHub and GitLab draw in Markdown.
    Mermaid,
    /// A graph for Graphviz: `eastwest graph --format dot | dot -Tsvg`.
    Dot,
    /// A picture of one namespace, laid out as on the dashboard.
    Svg,
    /// Nodes and edges as JSON.
    Json,
}

#[derive(Serialize)]
struct Page<'a> {
    namespaces: &'a [NamespaceGraph],
}

/// Prints the graph. Exit codes: 0; 1 something could not be read.
pub(crate) async fn run(config: &Config, flags: &GraphFlags) -> anyhow::Result<ExitCode> {
    let world = world::origin(config, &flags.from).await?.world;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    let looked = look(world, &settings).await;
    let mut found = graphs(&looked.view, &settings, &looked.plan);
    let known = looked.view.known_namespaces().iter();
    let graphs = known.map(|namespace| NamespaceGraph {
        graph: found.remove(&namespace.id).unwrap_or_default(),
        namespace: namespace.clone(),
    });
    let mut graphs: Vec<NamespaceGraph> = graphs.collect();
    match &flags.only {
        Some(name) => keep(&mut graphs, name)?,
        None => graphs.retain(|each| !each.graph.nodes.is_empty()),
    }
    let text = match if flags.json { Format::Json } else { flags.format } {
        Format::Mermaid => mermaid(&graphs),
        Format::Dot => dot(&graphs),
        Format::Svg => svg(&graphs)?,
        Format::Json => json::pretty(&Versioned::new(Page { namespaces: &graphs }))? + "\n",
    };
    out::print(&text)?;
    Ok(exit_code(&looked))
}

/// Leaves out all but this namespace.
fn keep(graphs: &mut Vec<NamespaceGraph>, name: &str) -> anyhow::Result<()> {
    let found = named(graphs, |each| &each.namespace, name).into_iter();
    let wanted: BTreeSet<NamespaceId> = found.map(|each| each.namespace.id.clone()).collect();
    if wanted.is_empty() {
        let near = did_you_mean(name, graphs.iter().map(|each| each.namespace.name.as_str()));
        bail!("{name:?}: no such namespace was seen{near}");
    }
    graphs.retain(|each| wanted.contains(&each.namespace.id));
    Ok(())
}

/// What could not be read is missing in the graph; standard error says what it is.
fn exit_code(looked: &Looked) -> ExitCode {
    let faults = FaultRow::of_look(looked);
    for FaultRow { cluster, message } in &faults {
        eprintln!("error: cluster {cluster}: {message}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
