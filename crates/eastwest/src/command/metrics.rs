//! `eastwest metrics`: every metric as JSON, from the same rows that they are made from.

use std::process::ExitCode;

use serde::Serialize;

use crate::daemon::metric::{Group, Label, Metric, Values};
use crate::daemon::metric_table::GROUPS;

#[derive(Serialize)]
struct GroupRow {
    title: &'static str,
    metrics: Vec<MetricRow>,
}

#[derive(Serialize)]
struct MetricRow {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    labels: Vec<LabelRow>,
    help: &'static str,
    purpose: &'static str,
    query: &'static str,
}

/// A label with its closed set, or with what its values name.
#[derive(Serialize)]
struct LabelRow {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'static str>,
}

/// Prints them.
pub(crate) fn run() -> ExitCode {
    let groups: Vec<_> = GROUPS.iter().map(GroupRow::new).collect();
    println!("{:#}", serde_json::json!({ "groups": groups }));
    ExitCode::SUCCESS
}

impl GroupRow {
    fn new(group: &Group) -> Self {
        let metrics = group.metrics.iter().map(|metric| MetricRow::new(metric)).collect();
        Self { title: group.title, metrics }
    }
}

impl MetricRow {
    fn new(metric: &Metric) -> Self {
        let &Metric { name, kind, labels, help, purpose, query } = metric;
        let labels = labels.iter().map(LabelRow::new).collect();
        Self { name, kind: kind.name(), labels, help, purpose, query }
    }
}

impl LabelRow {
    fn new(label: &Label) -> Self {
        let (values, names) = match label.values {
            Values::Closed(values) => (Some(values()), None),
            Values::Named(what) => (None, Some(what)),
        };
        Self { name: label.name, values, names }
    }
}
