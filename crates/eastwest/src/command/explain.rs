//! `eastwest explain <cluster>/<service>`: one look, and then the wanted value of each field and which source set it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use eastwest_core::ecs::name::{ClusterName, EcsServiceName};
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::look::shown_policy;
use eastwest_core::report::explain::{Explained, Explanation, Said, explain_at};

use super::look::look;
use super::text::{line, mark};
use super::world;
use crate::api::json;
use crate::config::Config;

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The ECS service to explain.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: String,
    /// Read these captured files instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Print the explanation as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Looks as a plan does, and explains the service.
pub(crate) async fn run(config: &Config, flags: &ExplainFlags) -> anyhow::Result<ExitCode> {
    let world = world::origin(config, &flags.from).await?.world;
    let path = path(&flags.service)?;
    let mut settings = config.settings.clone();
    settings.policy = shown_policy(settings.policy);
    // Another cluster may hold what the service waits for, so all that are watched are read.
    if let Some(clusters) = &mut settings.clusters {
        clusters.insert(path.cluster.clone());
    }
    let looked = look(world, &settings).await;
    if let Some(fault) = looked.trouble {
        bail!("the clusters cannot be listed: {fault}");
    }
    let explanation = explain_at(&looked.view, &settings, &path, &looked.plan);
    let explanation = explanation.map_err(|unexplained| anyhow::anyhow!("{unexplained}"))?;
    if flags.json {
        println!("{}", json::pretty(&explanation)?);
    } else {
        print!("{}", shown(&explanation));
    }
    Ok(ExitCode::SUCCESS)
}

fn path(text: &str) -> anyhow::Result<ServicePath> {
    let (cluster, name) = text
        .split_once('/')
        .filter(|(_, name)| !name.is_empty() && !name.contains('/'))
        .with_context(|| {
            format!("{text:?} is not a service: use <cluster>/<service>, for example prod/web")
        })?;
    let cluster = ClusterName::parse(cluster)
        .map_err(|refused| anyhow::anyhow!("{text:?}: {}", refused.allowed))?;
    Ok(ServicePath { cluster, name: EcsServiceName::as_read(name) })
}

/// The explanation as a person reads it.
pub(crate) fn shown(explanation: &Explanation) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{}", explanation.service));
    if !explanation.managed {
        line(&mut text, format_args!("  not opted in: eastwest never changes it"));
    }
    let mut endpoint = None;
    for field in &explanation.fields {
        if field.endpoint != endpoint {
            endpoint.clone_from(&field.endpoint);
            let port = endpoint.as_ref().map(ToString::to_string).unwrap_or_default();
            line(&mut text, format_args!("  endpoint on port {port}"));
        }
        show_field(&mut text, field);
    }
    if let Some(hold) = &explanation.hold {
        line(&mut text, format_args!("  held: {hold}"));
    }
    for issue in &explanation.issues {
        line(&mut text, format_args!("  {} {issue}", mark(issue)));
    }
    text
}

fn show_field(text: &mut String, field: &Explained) {
    let indent = if field.endpoint.is_some() { 4 } else { 2 };
    let (value, by) = match &field.said {
        Some(said) => (said.value.as_str(), who(said)),
        None => ("-", "not set by any source".to_owned()),
    };
    let name = field.field;
    line(text, format_args!("{:indent$}{name:<16} {value:<40} {by}", ""));
    for said in &field.overruled {
        let value = &said.value;
        let mark = "over";
        line(text, format_args!("{:indent$}{mark:>16} {value:<40} {}", "", who(said)));
    }
}

fn who(said: &Said) -> String {
    let by: &str = said.by.into();
    match &said.place {
        Some(place) => format!("{by} {place}"),
        None => by.to_owned(),
    }
}
