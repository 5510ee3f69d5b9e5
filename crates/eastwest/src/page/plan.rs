//! `/plan`: what eastwest does now and in which order, what it holds and why, and what waits for a person's consent.
//!
//! **Invariant:** a list has at most [`MOST`] rows and says how many more there are, and holds of one reason are one
//! block: a brake that holds a thousand services is one thing for a person to decide.

use std::collections::BTreeMap;

use askama::Template;
use eastwest_core::declaration::issue::Weight;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::reason::{Ending, Reason};
use eastwest_core::report::cost::{Cost, cost};
use eastwest_core::report::standing::Standing;
use eastwest_core::view::ServiceView;

use super::frame::{Access, Frame, Reader, Section};
use super::words::{count, span};
use crate::api::issues::issues;
use crate::api::services::standing_of;
use crate::daemon::shared::Shared;

/// How many rows each list has.
const MOST: usize = 100;

/// One step.
struct StepRow {
    service: (String, String),
    action: String,
    namespace: Option<String>,
    changes: Vec<String>,
    tasks: u32,
    notes: Vec<String>,
}

/// The holds of one reason.
struct HoldGroup {
    reason: &'static str,
    standing: Standing,
    ending: &'static str,
    count: usize,
    rows: Vec<HoldRow>,
    more: usize,
}

/// One hold.
struct HoldRow {
    service: (String, String),
    action: Option<String>,
    why: String,
    ends: String,
    /// What is wrong with its declaration, where that holds it.
    issues: Vec<String>,
}

/// A plan that waits for consent.
struct Waiting {
    id: String,
    why: String,
    count: usize,
    tasks: u32,
    rows: Vec<StepRow>,
    more: usize,
}

/// The page.
#[derive(Template)]
#[template(path = "plan.html")]
pub(crate) struct PlanPage {
    frame: Frame,
    id: String,
    policy: &'static str,
    summary: String,
    costs: Vec<(&'static str, String)>,
    relies_on_being_alone: bool,
    document: Option<String>,
    missing: Vec<(String, Option<String>)>,
    steps: Vec<StepRow>,
    more_steps: usize,
    waiting: Vec<Waiting>,
    holds: Vec<HoldGroup>,
    doubts: Vec<((String, String), String, String)>,
    more_doubts: usize,
}

impl PlanPage {
    /// The page of this moment.
    pub(crate) fn new(shared: &Shared, reader: Reader) -> Self {
        let engine = shared.engine();
        let (view, plan, settings) = (engine.view(), engine.plan(), engine.settings());
        let all_steps: Vec<(&ServiceKey, &Action)> = plan.steps().collect();
        let steps = all_steps.iter().take(MOST);
        let steps = steps.filter_map(|(key, action)| {
            Some(StepRow::new(&engine, key, action, plan.entries.get(key)?))
        });
        let doubts: Vec<_> = plan
            .entries
            .iter()
            .flat_map(|(key, entry)| entry.doubts.iter().map(move |doubt| (key, doubt)))
            .collect();
        let holds = plan.holds().count();
        let missing = plan.missing.iter().map(|missing| {
            let hold = missing.hold.as_ref().map(|hold| format!("{hold}; ends {}", hold.ends()));
            (missing.prerequisite.to_string(), hold)
        });
        Self {
            frame: Frame::new("Plan", Section::Plan, reader),
            id: plan.id().to_string(),
            policy: settings.policy.into(),
            summary: summary(all_steps.len(), holds, plan.entries.len()),
            costs: costs(&cost(plan, view, settings), all_steps.len()),
            relies_on_being_alone: settings.lease.is_none(),
            document: document(&engine),
            missing: missing.collect(),
            steps: steps.collect(),
            more_steps: all_steps.len().saturating_sub(MOST),
            waiting: waiting(&engine),
            holds: groups(&engine),
            more_doubts: doubts.len().saturating_sub(MOST),
            doubts: doubts
                .iter()
                .take(MOST)
                .map(|(key, doubt)| (parts(key), doubt.to_string(), doubt.ends()))
                .collect(),
        }
    }
}

fn parts(key: &ServiceKey) -> (String, String) {
    (key.cluster.to_string(), key.name.to_string())
}

fn summary(steps: usize, held: usize, all: usize) -> String {
    let in_sync = all - steps - held;
    match (steps, held) {
        (0, 0) => {
            format!("Nothing to do. {} as wanted.", count(in_sync, "service is", "services are"))
        }
        _ => {
            format!("{} now, {held} held, {in_sync} as wanted.", count(steps, "change", "changes"))
        }
    }
}

/// What all of it costs. Of that, so many services roll out now.
fn costs(cost: &Cost, now: usize) -> Vec<(&'static str, String)> {
    let Cost { services, tasks, stale_clients, rounds, time } = cost;
    if *services == 0 {
        return Vec::new();
    }
    let time = match time {
        None => "not known: no service's past tells".to_owned(),
        Some(estimate) => {
            let time = span(std::time::Duration::from_secs(estimate.seconds));
            match estimate.guessed {
                0 => format!("about {time}"),
                guessed => {
                    format!("about {time}; {guessed} of them without a past, taken as the others")
                }
            }
        }
    };
    let later = services.saturating_sub(now);
    let mut costs = vec![("Services that roll out now", now.to_string())];
    if later > 0 {
        costs.push(("Later: after consent, in turn, or by policy", later.to_string()));
    }
    costs.extend([
        ("Tasks that all of them replace", tasks.to_string()),
        ("Clients left behind or rolled out for it", stale_clients.len().to_string()),
        ("Rounds of rollouts", rounds.to_string()),
        ("Time for all", time),
    ]);
    costs
}

fn document(engine: &Engine) -> Option<String> {
    let sources = &engine.settings().sources.documents;
    if sources.is_empty() {
        return None;
    }
    let names: Vec<String> = sources.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    let view = engine.view();
    let state = match (&view.document, view.in_force.trouble()) {
        (None, None) => "not read yet: nothing is written".to_owned(),
        (None, Some(why)) => format!("not in force, and nothing is written: {why}"),
        (Some(document), None) if document.freeze => "in force; it freezes everything".to_owned(),
        (Some(_), None) => "in force".to_owned(),
        (Some(_), Some(why)) => format!("the last good one is in force; the latest is not: {why}"),
    };
    Some(format!("{names}: {state}"))
}

impl StepRow {
    fn new(engine: &Engine, key: &ServiceKey, action: &Action, entry: &Entry) -> Self {
        let last = engine.view().service(key).and_then(|service| service.last.as_ref());
        let names = engine.view().namespace_names();
        let awaits = entry.awaits.as_ref().map(ToString::to_string);
        let contention = entry.contention.as_ref().map(ToString::to_string);
        Self {
            service: parts(key),
            action: action.kind().to_string(),
            namespace: entry.namespace.as_ref().map(|namespace| namespace.name.to_string()),
            changes: names.changes(&entry.changes).iter().map(ToString::to_string).collect(),
            tasks: last.map_or(0, |last| last.desired_count),
            notes: [entry.note.clone(), awaits, contention].into_iter().flatten().collect(),
        }
    }
}

/// The plans that wait for consent, with what acknowledging each would set going.
fn waiting(engine: &Engine) -> Vec<Waiting> {
    let mut plans: BTreeMap<PlanId, Waiting> = BTreeMap::new();
    for (key, entry) in &engine.plan().entries {
        let Verdict::Hold { hold: Hold::MassChange(why), action: Some(action) } = &entry.verdict
        else {
            continue;
        };
        let waiting = plans.entry(why.plan.clone()).or_insert_with(|| Waiting {
            id: why.plan.to_string(),
            why: why.to_string(),
            count: 0,
            tasks: 0,
            rows: Vec::new(),
            more: 0,
        });
        let row = StepRow::new(engine, key, action, entry);
        waiting.count += 1;
        waiting.tasks = waiting.tasks.saturating_add(row.tasks);
        if waiting.rows.len() < MOST {
            waiting.rows.push(row);
        } else {
            waiting.more += 1;
        }
    }
    plans.into_values().collect()
}

/// The holds by reason. What needs a person comes first, as on the page of the fleet.
fn groups(engine: &Engine) -> Vec<HoldGroup> {
    let mut groups: BTreeMap<Reason, HoldGroup> = BTreeMap::new();
    for (key, entry) in &engine.plan().entries {
        let Verdict::Hold { hold, action } = &entry.verdict else { continue };
        let Some(service) = engine.view().service(key) else { continue };
        let standing = standing_of(engine, key, service);
        let reason = hold.reason();
        let group = groups.entry(reason).or_insert_with(|| HoldGroup {
            reason: reason.name(),
            standing,
            ending: match hold.ending() {
                Ending::ByPerson => "a person ends it",
                Ending::ByAnother => "it goes on after another service",
                Ending::ByItself => "it ends by itself",
            },
            count: 0,
            rows: Vec::new(),
            more: 0,
        });
        group.standing = group.standing.min(standing);
        group.count += 1;
        if group.rows.len() < MOST {
            group.rows.push(HoldRow {
                service: parts(key),
                action: action.as_ref().map(|action| action.kind().to_string()),
                why: hold.to_string(),
                ends: hold.ends(),
                issues: match hold {
                    Hold::Ambiguous => blocking(engine, key, service),
                    _ => Vec::new(),
                },
            });
        } else {
            group.more += 1;
        }
    }
    let mut groups: Vec<HoldGroup> = groups.into_values().collect();
    groups.sort_by_key(|group| group.standing);
    groups
}

/// The issues that hold a service.
fn blocking(engine: &Engine, key: &ServiceKey, service: &ServiceView) -> Vec<String> {
    let issues = issues(key, service, engine.plan());
    issues.filter(|issue| issue.weight == Weight::Blocking).map(ToString::to_string).collect()
}

impl HoldGroup {
    /// What all of them say, where all say the same: then it is said once. Issues are of one service each.
    fn shared(&self) -> Option<&HoldRow> {
        let first = self.rows.first()?;
        let same =
            |row: &HoldRow| row.issues.is_empty() && row.why == first.why && row.ends == first.ends;
        self.rows.iter().all(same).then_some(first)
    }
}
