//! `/services/<cluster>/<service>`: everything about one service.
//!
//! What is wanted stands beside what is in force, each field with the source that set it; then how its deployments went,
//! who calls whom, and what eastwest did.

use std::collections::BTreeMap;

use askama::Template;
use eastwest_core::ecs::name::NamespaceId;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::ecs::tool::Tool;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::beside::{Beside, beside};
use eastwest_core::report::explain::{Said, Unexplained, explain_at};
use eastwest_core::report::graph::Graph;
use eastwest_core::report::health::Health;
use eastwest_core::report::status::{BegunBy, Status};

use super::calls::CallRow;
use super::changes::Happened;
use super::frame::{Access, Frame, Reader, Section};
use super::pauses::{self, PauseRow};
use super::place::handle;
use super::row::Row;
use super::timeline::{Point, points};
use super::words::Moment;
use crate::api::listing::namespace_of;
use crate::daemon::shared::Shared;

/// How many of its events are shown.
const EVENTS: usize = 50;
/// How many calls in each direction.
const CALLS: usize = 100;

/// The graphs of all namespaces.
pub(crate) type Graphs = BTreeMap<NamespaceId, Graph>;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NoPage {
    /// There is no such service, as far as eastwest sees.
    NotThere(String),
    /// It cannot be told now.
    NotNow(String),
}

/// One field of both sides.
struct FieldRow {
    name: &'static str,
    wanted: Option<String>,
    source: Option<String>,
    overruled: Vec<String>,
    actual: Option<String>,
    differs: bool,
}

/// The fields of one endpoint, or of the service as a whole.
struct FieldGroup {
    /// The endpoint.
    endpoint: Option<String>,
    rows: Vec<FieldRow>,
}

/// What is said of its status.
struct Told {
    sync: &'static str,
    health: &'static str,
    event: Option<String>,
    snippet: Option<String>,
    begun_by: Option<&'static str>,
    may_retry: bool,
}

/// Where its metrics are.
struct Metrics {
    /// The console's page of all metrics.
    console: Option<String>,
    /// What to search for there: the names of metrics that have the same dimensions, and the search that finds them.
    searches: [(&'static [&'static str], String); 2],
}

/// The page.
#[derive(Template)]
#[template(path = "service.html")]
pub(crate) struct ServicePage {
    frame: Frame,
    row: Row,
    namespace: Option<(String, String)>,
    told: Option<Told>,
    managed: bool,
    arn: Option<String>,
    read: Moment,
    trouble: Option<String>,
    tool: Option<&'static str>,
    note: Option<String>,
    pauses: Vec<PauseRow>,
    issues: Vec<(bool, String)>,
    fields: Vec<FieldGroup>,
    contested_by: Vec<(String, String)>,
    points: Vec<Point>,
    callees: Vec<CallRow>,
    more_callees: usize,
    callers: Vec<CallRow>,
    more_callers: usize,
    history: Vec<Happened>,
    metrics: Option<Metrics>,
}

impl ServicePage {
    /// The page of the service at a path. The graphs are those of this moment.
    pub(crate) fn new(
        shared: &Shared,
        path: &ServicePath,
        graphs: &Graphs,
        reader: Reader,
    ) -> Result<Self, NoPage> {
        let now = shared.clock.now().calendar;
        let engine = shared.engine();
        let (view, plan) = (engine.view(), engine.plan());
        let explanation =
            explain_at(view, engine.settings(), path, plan).map_err(|none| no_page(&none))?;
        let explanation = explanation.named(view.namespace_names());
        let not_there = || NoPage::NotThere(format!("there is no ECS service {path}"));
        let key = view.at_path(path).ok_or_else(not_there)?;
        let service = view.service(key).ok_or_else(not_there)?;
        let last = service.last.as_deref();
        let history = view.histories.get(key).and_then(|(_, seen)| seen.known());
        let entry = plan.entries.get(key);
        let namespace = namespace_of(&engine, key, service);
        let graph = namespace.and_then(|namespace| graphs.get(&namespace.id));
        let (called, calling) = graph.map(|graph| calls(graph, key)).unwrap_or_default();
        let events = shared.history.of_service(key, EVENTS);
        let contested = entry.map(|entry| entry.contested_by.as_slice()).unwrap_or_default();
        let issues = explanation.issues.iter();
        let blocks = |issue: &eastwest_core::declaration::issue::Issue| {
            issue.weight == eastwest_core::declaration::issue::Weight::Blocking
        };
        Ok(Self {
            frame: Frame::new(path.to_string(), Section::Fleet, reader),
            row: Row::new(&engine, shared.clock, key, service),
            namespace: namespace
                .map(|namespace| (namespace.name.to_string(), handle(view, namespace))),
            told: told(&engine, key),
            managed: explanation.managed,
            arn: last.map(|last| last.arn.to_string()),
            read: Moment::ago(shared.clock.calendar(service.read_at), now),
            trouble: service.trouble.as_ref().map(ToString::to_string),
            tool: match service.tool {
                Tool::CloudFormation => Some("CloudFormation"),
                Tool::Terraform => Some("Terraform or OpenTofu"),
                Tool::Pulumi => Some("Pulumi"),
                Tool::Unknown => None,
            },
            note: entry.and_then(|entry| entry.note.clone()),
            pauses: pauses::rows(&engine, shared.clock, Some(key)),
            issues: issues.map(|issue| (blocks(issue), issue.to_string())).collect(),
            fields: groups(beside(view, plan, &explanation)),
            contested_by: contested
                .iter()
                .map(|key| (key.cluster.to_string(), key.name.to_string()))
                .collect(),
            points: last.map(|last| points(last, history)).unwrap_or_default(),
            more_callees: called.len().saturating_sub(CALLS),
            callees: called.into_iter().take(CALLS).collect(),
            more_callers: calling.len().saturating_sub(CALLS),
            callers: calling.into_iter().take(CALLS).collect(),
            history: events.iter().map(|event| Happened::new(event, now)).collect(),
            metrics: last.and_then(|last| last.connect()).map(|_| Metrics::of(key)),
        })
    }

    fn path(&self) -> String {
        format!("{}/{}", self.row.cluster, self.row.name)
    }

    fn is_different(&self) -> bool {
        self.fields.iter().any(|group| group.rows.iter().any(|row| row.differs))
    }
}

fn no_page(unexplained: &Unexplained) -> NoPage {
    match unexplained {
        Unexplained::Unread(..) => NoPage::NotNow(unexplained.to_string()),
        Unexplained::NotWatched(_) | Unexplained::NotThere(..) => {
            NoPage::NotThere(unexplained.to_string())
        }
    }
}

fn told(engine: &Engine, key: &ServiceKey) -> Option<Told> {
    let Status { sync, health, reason, event, snippet, begun_by, .. } = &engine.status(key)?.status;
    let health: Health = *health;
    Some(Told {
        sync: (*sync).into(),
        health: health.into(),
        event: event.clone(),
        snippet: snippet.clone(),
        begun_by: begun_by.map(|by| match by {
            BegunBy::Eastwest => "eastwest began this rollout",
            BegunBy::Others => "others began this rollout",
        }),
        may_retry: *reason == Some(Reason::RolledBack),
    })
}

/// The rows by endpoint. What is set nowhere and stands nowhere is left out.
fn groups(rows: Vec<Beside>) -> Vec<FieldGroup> {
    let mut groups: Vec<FieldGroup> = Vec::new();
    for row in rows.into_iter().filter(|row| row.wanted.is_some() || row.actual.is_some()) {
        let endpoint = row.endpoint.clone();
        let row = FieldRow {
            name: row.field,
            source: row.wanted.as_ref().map(source),
            wanted: row.wanted.map(|said| said.value),
            overruled: row
                .overruled
                .iter()
                .map(|said| format!("{} ({})", said.value, source(said)))
                .collect(),
            actual: row.actual,
            differs: row.differs,
        };
        match groups.iter_mut().find(|group| group.endpoint == endpoint) {
            Some(group) => group.rows.push(row),
            None => groups.push(FieldGroup { endpoint, rows: vec![row] }),
        }
    }
    groups
}

fn source(said: &Said) -> String {
    let by: &str = said.by.into();
    said.place.as_ref().map_or_else(|| by.to_owned(), |place| format!("{by} {place}"))
}

/// What a service calls, and who calls it.
fn calls(graph: &Graph, key: &ServiceKey) -> (Vec<CallRow>, Vec<CallRow>) {
    let id = key.to_string();
    let rows = |is_it: &dyn Fn(&eastwest_core::report::graph::Edge) -> bool| {
        let edges = graph.edges.iter().filter(|edge| is_it(edge));
        edges.map(|edge| CallRow::new(graph, edge)).collect()
    };
    (rows(&|edge| edge.from == id), rows(&|edge| edge.to == id))
}

impl Metrics {
    /// Where CloudWatch has what the proxies of a service measure (DG:"Amazon ECS CloudWatch metrics"). What a service
    /// is asked has the discovery name that it offers; what its own calls come to has the one that it calls.
    fn of(key: &ServiceKey) -> Self {
        let region = key.scope.region();
        let is_region = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        // In other partitions the console has other hosts.
        let is_known = is_region(region)
            && !["cn-", "us-gov-", "us-iso"].iter().any(|other| region.starts_with(other));
        let search = |dimensions: &str| {
            let (cluster, name) = (&key.cluster, &key.name);
            format!(
                "{{AWS/ECS,ClusterName,{dimensions}}} ClusterName=\"{cluster}\" ServiceName=\"{name}\""
            )
        };
        Self {
            console: is_known.then(|| {
                format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#metricsV2")
            }),
            searches: [
                (&["RequestCount"], search("DiscoveryName,ServiceName")),
                (
                    &["HTTPCode_Target_5XX_Count", "TargetResponseTime"],
                    search("ServiceName,TargetDiscoveryName"),
                ),
            ],
        }
    }
}
