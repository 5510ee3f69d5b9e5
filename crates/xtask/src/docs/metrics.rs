//! The page of metrics, out of the JSON that `eastwest metrics` prints.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::Deserialize;

const HEAD: &str = "\
<!-- Written by `cargo xtask docs`; edit crates/eastwest/src/daemon/metric_table.rs, not this page. -->

# Metrics

`GET /metrics` serves these metrics in the text format of Prometheus. [Monitoring](monitoring.md) says how to scrape them,
and which alerts and which dashboard come with eastwest.

Labels come from closed sets, or they are names whose number is bounded. Only two families name services: at most 200
series each, those that are not in order first.

Label values that eastwest coins are spelt as its statuses and reasons are: `OutOfSync`, `RolledBack`, `AccessLogs`,
`TimedOut`. Names from elsewhere keep their spelling: clusters, services, namespaces, AWS's operations, and the policy,
which is the value of a flag. The labels are `ecs_service` and `cloudmap_namespace`, because Prometheus often has a
`service` and a `namespace` of its own for what it scrapes.

`job` and `instance` in the queries are the labels that Prometheus adds. Give all copies of eastwest that watch the same
clusters the same `job`, and those of another account or Region another one.
";

#[derive(Deserialize)]
struct Listing {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    title: String,
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    labels: Vec<Label>,
    help: String,
    purpose: String,
    query: String,
}

#[derive(Deserialize)]
struct Label {
    name: String,
    values: Option<Vec<String>>,
    names: Option<String>,
}

/// The page.
pub(super) fn page(json: &str) -> Result<String> {
    let listing: Listing =
        serde_json::from_str(json).context("`eastwest metrics` prints another shape")?;
    let mut page = String::from(HEAD);
    for group in &listing.groups {
        let _ = write!(page, "\n## {}\n", group.title);
        for metric in &group.metrics {
            metric.write(&mut page);
        }
    }
    Ok(page)
}

impl Metric {
    fn write(&self, page: &mut String) {
        let Self { name, kind, help, purpose, query, .. } = self;
        let _ = write!(
            page,
            "\n### {name}\n\n{help} Use it to see {purpose}\n\n| {kind} | |\n|---|---|\n"
        );
        for label in &self.labels {
            let _ = writeln!(page, "| `{}` | {} |", label.name, label.values());
        }
        let _ = write!(page, "\n```promql\n{query}\n```\n");
    }
}

impl Label {
    fn values(&self) -> String {
        let closed = self.values.iter().flatten().map(|value| format!("`{value}`"));
        let closed = closed.collect::<Vec<_>>().join(", ");
        self.names.clone().unwrap_or(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_metric_is_shown_with_its_type_its_labels_and_its_query() {
        let json = r#"{"groups":[{"title":"The fleet","metrics":[{"name":"eastwest_x","type":"gauge",
            "labels":[{"name":"sync","values":["Synced","Unknown"]},{"name":"cluster","names":"a cluster"}],
            "help":"Help.","purpose":"whether.","query":"eastwest_x > 0"}]}]}"#;
        let page = page(json).expect("a page");
        let end = "## The fleet\n\n### eastwest_x\n\nHelp. Use it to see whether.\n\n| gauge | |\n|---|---|\n\
                   | `sync` | `Synced`, `Unknown` |\n| `cluster` | a cluster |\n\n```promql\neastwest_x > 0\n```\n";
        assert!(page.ends_with(end), "{page}");
    }
}
