//! `GET /api/v1/plan`, and `eastwest plan --json`: what is done, what is held, and what is wrong.

use std::collections::BTreeMap;

use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::issue::Issue;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::look::Looked;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::awaited::Awaited;
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::contention::Contention;
use eastwest_core::plan::doubt::CallDoubt;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::need::{MissingEndpoint, Need};
use eastwest_core::plan::{Missing, Plan};
use eastwest_core::planner::{namespaces_that_differ, unmatched_entries};
use eastwest_core::report::cost::{Cost, cost};
use eastwest_core::view::View;
use serde::Serialize;

use super::is_whole;
use super::issues::issues;
use super::shape;

/// `GET /api/v1/plan`, and `eastwest plan --json`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct PlanPage {
    /// The id of the whole plan.
    #[schemars(with = "String")]
    pub(crate) id: PlanId,
    /// What eastwest may write.
    #[schemars(with = "shape::Policy")]
    pub(crate) policy: Policy,
    /// What eastwest creates first.
    #[schemars(with = "Vec<shape::Missing>")]
    pub(crate) missing: Vec<Missing>,
    /// What to do now, in this order.
    pub(crate) steps: Vec<StepRow>,
    /// What is wanted and held.
    pub(crate) holds: Vec<HoldRow>,
    /// The clients whose calls may fail. Nothing is done about that but by people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) doubts: Vec<DoubtRow>,
    /// Issues of what is declared, advice included.
    pub(crate) issues: Vec<IssueRow>,
    /// The names that services call: as declared, else as inferred from their environment.
    #[schemars(with = "BTreeMap<String, Vec<shape::Need>>")]
    pub(crate) needs: BTreeMap<ServiceKey, Vec<Need>>,
    /// The document, where one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<DocumentRow>,
    /// What could not be read.
    pub(crate) faults: Vec<FaultRow>,
    /// The sums.
    pub(crate) summary: Summary,
    /// What all of it costs.
    #[schemars(with = "shape::Cost")]
    pub(crate) cost: Cost,
    /// Whether no lease keeps another copy of eastwest from writing, too.
    #[serde(rename = "reliesOnBeingAlone")]
    pub(crate) relies_on_being_alone: bool,
}

/// One step.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepRow {
    /// The service to change.
    #[schemars(with = "String")]
    pub(crate) service: ServiceKey,
    /// The call.
    #[schemars(with = "shape::Action")]
    pub(crate) action: Action,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Change>")]
    pub(crate) changes: Vec<Change>,
    /// The namespace that it joins or is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// How many tasks the rollout replaces.
    pub(crate) tasks: u32,
    /// A remark: that it is one phase of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The server that must complete first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Awaited>")]
    pub(crate) awaits: Option<Box<Awaited>>,
    /// The endpoints that it needs and that its tasks do not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::MissingEndpoint>")]
    pub(crate) lacks: Vec<MissingEndpoint>,
    /// How many more it lacks.
    #[serde(skip_serializing_if = "is_whole")]
    pub(crate) lacks_more: usize,
    /// The other writer, where this is one more attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Contention>")]
    pub(crate) contention: Option<Box<Contention>>,
}

/// One hold.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldRow {
    /// The service.
    #[schemars(with = "String")]
    pub(crate) service: ServiceKey,
    /// Why.
    #[serde(flatten)]
    #[schemars(with = "shape::Hold")]
    pub(crate) hold: Hold,
    /// What would be done, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Action>")]
    pub(crate) action: Option<Action>,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::Change>")]
    pub(crate) changes: Vec<Change>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The endpoints that it needs and that its tasks do not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shape::MissingEndpoint>")]
    pub(crate) lacks: Vec<MissingEndpoint>,
    /// How many more it lacks.
    #[serde(skip_serializing_if = "is_whole")]
    pub(crate) lacks_more: usize,
}

/// A client in order whose calls may fail.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct DoubtRow {
    /// The client.
    #[schemars(with = "String")]
    pub(crate) service: ServiceKey,
    /// Why its calls may fail, or why nobody knows.
    pub(crate) doubt: String,
    /// What would end it.
    pub(crate) ends: String,
}

/// One issue.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct IssueRow {
    /// The service whose tag it is.
    #[schemars(with = "String")]
    pub(crate) service: ServiceKey,
    /// The issue.
    #[serde(flatten)]
    #[schemars(with = "shape::Issue")]
    pub(crate) issue: Issue,
}

/// The document and its sources.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentRow {
    /// Whether one is in force. Until then eastwest writes nothing.
    pub(crate) in_force: bool,
    /// Whether it freezes everything.
    pub(crate) freeze: bool,
    /// How many services it names.
    pub(crate) services: usize,
    /// What is wrong with the latest reading; the last good one stays in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
    /// Its issues, advice included.
    #[schemars(with = "Vec<shape::Issue>")]
    pub(crate) issues: Vec<Issue>,
    /// Where eastwest reads it.
    pub(crate) sources: Vec<SourceRow>,
}

/// One parameter, or every one below a path.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct SourceRow {
    /// Its name or path.
    #[schemars(with = "String")]
    pub(crate) name: ParameterName,
    /// Why the last read failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

/// One failed read of a whole cluster.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct FaultRow {
    /// The cluster; `*` for the list of clusters.
    pub(crate) cluster: String,
    /// What failed and what to do.
    pub(crate) message: String,
}

/// The sums of a plan.
#[derive(Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Services to connect or change.
    pub(crate) connect: usize,
    /// Services to switch off.
    pub(crate) disconnect: usize,
    /// Services to roll out again as they are.
    pub(crate) refresh: usize,
    /// Wanted and held.
    pub(crate) held: usize,
    /// As wanted.
    pub(crate) in_sync: usize,
    /// Services that were seen and did not opt in.
    pub(crate) not_opted_in: usize,
    /// Tasks that the steps replace.
    pub(crate) tasks: u32,
}

impl PlanPage {
    /// The page for a plan.
    pub(crate) fn new(plan: &Plan, view: &View, settings: &Settings) -> Self {
        let tasks = |key: &ServiceKey| {
            view.service(key).and_then(|s| s.last.as_ref()).map_or(0, |last| last.desired_count)
        };
        let entries = &plan.entries;
        let steps: Vec<StepRow> = plan
            .steps()
            .filter_map(|(key, action)| Some((key, action, entries.get(key)?)))
            .map(|(key, action, entry)| StepRow {
                service: key.clone(),
                action: action.clone(),
                changes: entry.changes.clone(),
                namespace: entry.namespace.as_ref().map(|namespace| namespace.name.to_string()),
                tasks: tasks(key),
                note: entry.note.clone(),
                awaits: entry.awaits.clone(),
                lacks: entry.lacks.clone(),
                lacks_more: entry.lacks_more,
                contention: entry.contention.clone(),
            })
            .collect();
        let holds: Vec<HoldRow> =
            entries.iter().filter_map(|(key, entry)| HoldRow::new(key, entry)).collect();
        let doubts = entries.iter().flat_map(|(key, entry)| {
            let row = |doubt: &CallDoubt| DoubtRow::new(key.clone(), doubt);
            entry.doubts.iter().map(row)
        });
        let issues = view.services().flat_map(|(service, view)| {
            let row = |issue: &Issue| IssueRow { service: service.clone(), issue: issue.clone() };
            issues(service, view, plan).map(row).collect::<Vec<_>>()
        });
        let in_sync = entries.len() - steps.len() - holds.len();
        let strangers = view.services().filter(|(_, seen)| seen.intent == Intent::NotOptedIn);
        let not_opted_in = strangers.count();
        Self {
            summary: Summary { held: holds.len(), in_sync, not_opted_in, ..Summary::of(&steps) },
            id: plan.id(),
            policy: settings.policy,
            missing: plan.missing.clone(),
            steps,
            holds,
            doubts: doubts.collect(),
            issues: issues.collect(),
            document: DocumentRow::new(view, settings),
            needs: plan.needs.clone(),
            faults: FaultRow::of_clusters(view).collect(),
            cost: cost(plan, view, settings),
            relies_on_being_alone: settings.lease.is_none(),
        }
    }
}

impl Summary {
    /// The sums of steps.
    fn of(steps: &[StepRow]) -> Self {
        let mut sums = Self::default();
        for step in steps {
            match step.action {
                Action::Connect { .. } => sums.connect += 1,
                Action::Disconnect { .. } => sums.disconnect += 1,
                Action::Refresh { .. } => sums.refresh += 1,
            }
            sums.tasks += step.tasks;
        }
        sums
    }
}

impl DocumentRow {
    fn new(view: &View, settings: &Settings) -> Option<Self> {
        let document = view.document.as_ref();
        let sources = settings.sources.documents.iter().map(|name| SourceRow {
            name: name.clone(),
            trouble: view.in_force.source(name).and_then(|s| Some(s.trouble.as_ref()?.to_string())),
        });
        (!settings.sources.documents.is_empty()).then(|| Self {
            in_force: document.is_some(),
            freeze: document.is_some_and(|document| document.freeze),
            services: document.map_or(0, |document| document.services.len()),
            trouble: view.in_force.trouble(),
            issues: [
                view.in_force.issues.clone(),
                namespaces_that_differ(view),
                unmatched_entries(view),
            ]
            .concat(),
            sources: sources.collect(),
        })
    }
}

impl HoldRow {
    fn new(key: &ServiceKey, entry: &Entry) -> Option<Self> {
        let Verdict::Hold { hold, action } = &entry.verdict else { return None };
        Some(Self {
            service: key.clone(),
            hold: hold.clone(),
            action: action.clone(),
            changes: entry.changes.clone(),
            note: entry.note.clone(),
            lacks: entry.lacks.clone(),
            lacks_more: entry.lacks_more,
        })
    }
}

impl DoubtRow {
    fn new(service: ServiceKey, doubt: &CallDoubt) -> Self {
        Self { service, doubt: doubt.to_string(), ends: doubt.ends() }
    }
}

impl FaultRow {
    /// What failed, for people.
    pub(crate) fn new(cluster: &str, fault: &Fault) -> Self {
        Self { cluster: cluster.to_owned(), message: fault.to_string() }
    }

    /// What failed of whole clusters.
    pub(crate) fn of_clusters(view: &View) -> impl Iterator<Item = Self> {
        view.clusters
            .iter()
            .filter_map(|(name, cluster)| Some(Self::new(name.as_str(), cluster.trouble.as_ref()?)))
    }

    /// What failed in one look: the list of clusters, then whole clusters.
    pub(crate) fn of_look(looked: &Looked) -> Vec<Self> {
        let listing = looked.trouble.iter().map(|fault| Self::new("*", fault));
        listing.chain(Self::of_clusters(&looked.view)).collect()
    }
}
