//! What the API shows: typed pages made from the engine, the same for HTTP and for the command line.

use std::collections::BTreeMap;

use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::issue::Issue;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::connect::Endpoint;
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::{Arn, ParameterName, ServiceKey};
use eastwest_core::ecs::service::{EcsService, Rollout};
use eastwest_core::engine::Engine;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::awaited::Awaited;
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::contention::Contention;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::need::{Lack, Need};
use eastwest_core::plan::{Missing, Plan};
use eastwest_core::planner::{entries_for_nobody, namespaces_that_differ};
use eastwest_core::report::cost::{Cost, cost};
use eastwest_core::report::status::Status;
use eastwest_core::view::{ServiceView, View};
use serde::Serialize;

use crate::shared::Shared;

/// `GET /api/v1/services`.
#[derive(Debug, Serialize)]
pub struct ServicesPage {
    /// The clusters watched.
    pub clusters: Vec<ClusterRow>,
    /// Every service of theirs.
    pub services: Vec<ServiceRow>,
}

/// One cluster.
#[derive(Debug, Serialize)]
pub struct ClusterRow {
    /// Its name.
    pub name: String,
    /// When a sweep last covered all of it.
    pub swept_at: Option<jiff::Timestamp>,
    /// Why the last one did not.
    pub trouble: Option<String>,
}

/// One service.
#[derive(Debug, Serialize)]
pub struct ServiceRow {
    /// `cluster/name`.
    pub service: ServiceKey,
    /// Its ARN, once read.
    pub arn: Option<Arn>,
    /// Whether it opted in.
    pub managed: bool,
    /// What its tags ask for; absent where they ask for nothing or cannot be understood.
    pub declared: Option<Intent>,
    /// Its status, if it opted in.
    #[serde(flatten)]
    pub status: Option<Status>,
    /// Since when the status is so.
    pub since: Option<jiff::Timestamp>,
    /// What is declared for it and cannot be honoured, advice included.
    pub issues: Vec<Issue>,
    /// The names it calls, as declared, else as its environment tells.
    pub needs: Vec<Need>,
    /// The endpoints that it needs and that its tasks do not know.
    pub lacks: Vec<Lack>,
    /// Where it differs from what is wanted.
    pub changes: Vec<Change>,
    /// Who else wants a name it has.
    pub contested_by: Vec<ServiceKey>,
    /// What else is to be said of what is planned for it.
    pub note: Option<String>,
    /// The configuration in force.
    pub deployed: Option<Deployed>,
}

/// The configuration in force: the PRIMARY deployment's.
#[derive(Debug, Serialize)]
pub struct Deployed {
    /// The deployment.
    pub deployment: String,
    /// How far it is.
    pub rollout: Rollout,
    /// Whether Service Connect is on.
    pub enabled: bool,
    /// The namespace as ECS shows it.
    pub namespace: Option<String>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// `GET /api/v1/plan`, and `eastwest plan --json`.
#[derive(Debug, Serialize)]
pub struct PlanPage {
    /// What the whole plan is known by.
    pub id: PlanId,
    /// What may be written.
    pub policy: Policy,
    /// What is to be made first.
    pub missing: Vec<Missing>,
    /// What to do now, in this order.
    pub steps: Vec<StepRow>,
    /// What is wanted and held.
    pub holds: Vec<HoldRow>,
    /// What is declared and cannot be honoured, advice included.
    pub issues: Vec<IssueRow>,
    /// What services call, as declared, else as their environment tells.
    pub needs: BTreeMap<ServiceKey, Vec<Need>>,
    /// The document, where one is configured.
    pub document: Option<DocumentRow>,
    /// What could not be read.
    pub faults: Vec<FaultRow>,
    /// The sums.
    pub summary: Summary,
    /// What all of it will cost.
    pub cost: Cost,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct StepRow {
    /// The service to change.
    pub service: ServiceKey,
    /// The call.
    pub action: Action,
    /// What differs.
    pub changes: Vec<Change>,
    /// The namespace it is to be in.
    pub namespace: Option<String>,
    /// How many tasks the rollout replaces.
    pub tasks: u32,
    /// What else is to be said of it: that it is one phase of several.
    pub note: Option<String>,
    /// The server that is to be complete first; until then it waits.
    pub awaits: Option<Box<Awaited>>,
    /// The endpoints that it needs and that its tasks do not know.
    pub lacks: Vec<Lack>,
    /// Who fights over it, where it is tried once more.
    pub contention: Option<Box<Contention>>,
}

/// One hold.
#[derive(Debug, Serialize)]
pub struct HoldRow {
    /// The service.
    pub service: ServiceKey,
    /// Why.
    #[serde(flatten)]
    pub hold: Hold,
    /// What would be done, where that is known.
    pub action: Option<Action>,
    /// What differs.
    pub changes: Vec<Change>,
    /// What else is to be said of it.
    pub note: Option<String>,
    /// The endpoints that it needs and that its tasks do not know.
    pub lacks: Vec<Lack>,
}

/// One issue.
#[derive(Debug, Serialize)]
pub struct IssueRow {
    /// The service whose tag it is.
    pub service: ServiceKey,
    /// The issue.
    #[serde(flatten)]
    pub issue: Issue,
}

/// The document and its sources.
#[derive(Debug, Serialize)]
pub struct DocumentRow {
    /// Whether one is in force; until then nothing is written.
    pub in_force: bool,
    /// Whether it says that nothing may change.
    pub freeze: bool,
    /// How many services it names.
    pub services: usize,
    /// What is wrong with the latest reading; the last good one stays in force.
    pub trouble: Option<String>,
    /// Everything that is wrong, or worth knowing, in it.
    pub issues: Vec<Issue>,
    /// Where it is read.
    pub sources: Vec<SourceRow>,
}

/// One parameter, or every one below a path.
#[derive(Debug, Serialize)]
pub struct SourceRow {
    /// Its name or path.
    pub name: ParameterName,
    /// Why it told nothing the last time, if so.
    pub trouble: Option<String>,
}

/// One failed read of a whole cluster.
#[derive(Debug, Serialize)]
pub struct FaultRow {
    /// The cluster; `*` for the list of clusters.
    pub cluster: String,
    /// What failed and what to do.
    pub message: String,
}

/// The sums of a plan.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Services to connect or change.
    pub connect: usize,
    /// Services to switch off.
    pub disconnect: usize,
    /// Services to roll out anew as they are.
    pub refresh: usize,
    /// Wanted and held.
    pub held: usize,
    /// As wanted.
    pub in_sync: usize,
    /// Tasks that the steps replace.
    pub tasks: u32,
}

impl ServicesPage {
    /// The page of this moment.
    pub fn new(engine: &Engine, shared: &Shared) -> Self {
        let clusters = engine.view().clusters.iter().map(|(name, cluster)| ClusterRow {
            name: name.to_string(),
            swept_at: cluster.complete_at.map(|at| shared.calendar(at)),
            trouble: cluster.trouble.as_ref().map(ToString::to_string),
        });
        let services = engine.view().services().map(|(key, view)| {
            let told = engine.status(&key);
            let since = told.map(|(_, since)| shared.calendar(*since));
            ServiceRow::new(
                key,
                view,
                engine.plan(),
                (told.map(|(status, _)| status.clone()), since),
            )
        });
        Self { clusters: clusters.collect(), services: services.collect() }
    }
}

impl ServiceRow {
    fn new(
        service: ServiceKey,
        view: &ServiceView,
        plan: &Plan,
        (status, since): (Option<Status>, Option<jiff::Timestamp>),
    ) -> Self {
        let entry = plan.entries.get(&service);
        Self {
            arn: view.last.as_ref().map(|last| last.arn.clone()),
            managed: view.intent != Intent::NotOptedIn,
            declared: matches!(view.intent, Intent::Declared(_)).then(|| view.intent.clone()),
            status,
            since,
            issues: issues(&service, view, plan).cloned().collect(),
            needs: plan.needs.get(&service).cloned().unwrap_or_default(),
            lacks: entry.map(|entry| entry.lacks.clone()).unwrap_or_default(),
            changes: entry.map(|entry| entry.changes.clone()).unwrap_or_default(),
            contested_by: entry.map(|entry| entry.contested_by.clone()).unwrap_or_default(),
            note: entry.and_then(|entry| entry.note.clone()),
            deployed: view.last.as_deref().and_then(Deployed::new),
            service,
        }
    }
}

/// Everything declared for a service that cannot be honoured; what only the plan can tell comes last.
fn issues<'a>(
    key: &ServiceKey,
    view: &'a ServiceView,
    plan: &'a Plan,
) -> impl Iterator<Item = &'a Issue> {
    view.issues.iter().chain(plan.advice.get(key).into_iter().flatten())
}

impl Deployed {
    fn new(service: &EcsService) -> Option<Self> {
        let primary = service.primary()?;
        let connect = primary.connect.as_ref();
        Some(Self {
            deployment: primary.id.to_string(),
            rollout: primary.rollout,
            enabled: connect.is_some(),
            namespace: connect.and_then(|c| c.namespace.as_ref()).map(ToString::to_string),
            endpoints: connect.map(|connect| connect.endpoints.clone()).unwrap_or_default(),
        })
    }
}

impl PlanPage {
    /// The page for a plan.
    pub fn new(plan: &Plan, view: &View, settings: &Settings) -> Self {
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
                contention: entry.contention.clone(),
            })
            .collect();
        let holds: Vec<HoldRow> =
            entries.iter().filter_map(|(key, entry)| HoldRow::new(key, entry)).collect();
        let issues = view.services().flat_map(|(service, view)| {
            let row = |issue: &Issue| IssueRow { service: service.clone(), issue: issue.clone() };
            issues(&service, view, plan).map(row).collect::<Vec<_>>()
        });
        let faults = view.clusters.iter().filter_map(|(name, cluster)| {
            Some(FaultRow::new(name.as_str(), cluster.trouble.as_ref()?))
        });
        let in_sync = entries.len() - steps.len() - holds.len();
        Self {
            summary: Summary { held: holds.len(), in_sync, ..Summary::of(&steps) },
            id: plan.id(),
            policy: settings.policy,
            missing: plan.missing.clone(),
            steps,
            holds,
            issues: issues.collect(),
            document: DocumentRow::new(view, settings),
            needs: plan.needs.clone(),
            faults: faults.collect(),
            cost: cost(plan, view, settings),
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
                entries_for_nobody(view),
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
        })
    }
}

impl FaultRow {
    /// What failed, for people.
    pub fn new(cluster: &str, fault: &Fault) -> Self {
        Self { cluster: cluster.to_owned(), message: fault.to_string() }
    }
}
