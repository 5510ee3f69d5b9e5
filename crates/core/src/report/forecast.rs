//! What a tool's plan will come to: the difference between the plan of today and the one made for the world afterwards.
//!
//! What is wrong today already is nobody's news: only what the tool brings about is told.

use std::collections::BTreeSet;

use crate::declaration::issue::{Issue, Weight};
use crate::declaration::proposed::{Deed, Proposed};
use crate::ecs::change::Change;
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::{Action, ActionKind};
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::view::View;

/// A world and the plan for it.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// What is seen.
    pub view: &'a View,
    /// What follows from it.
    pub plan: &'a Plan,
}

/// What a tool's plan will come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// What is wrong or worth knowing.
    pub findings: Vec<Foreseen>,
    /// What eastwest will roll out because of it.
    pub rollouts: Vec<Rollout>,
}

/// One thing that is wrong or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The service.
    pub service: ServiceKey,
    /// What it is.
    pub what: Trouble,
}

/// What is wrong with a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Its declaration.
    Declared(Issue),
    /// A change of it, until a person mends something.
    Held(Hold),
}

/// One rollout that eastwest will begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The service.
    pub service: ServiceKey,
    /// What is done.
    pub kind: ActionKind,
    /// How many tasks it replaces.
    pub tasks: u32,
    /// What changes. Nothing of a service that is to come: its task definition is not known yet.
    pub changes: Vec<Change>,
    /// What it waits for first.
    pub waits: Option<String>,
}

/// How much is known of what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// The tool's plan alone: only what stands in it can be wrong.
    OfThePlan,
    /// What is there, too.
    OfTheWorld,
}

/// What the tool brings about.
pub fn forecast(
    proposed: &[Proposed],
    before: Moment<'_>,
    after: Moment<'_>,
    knowledge: Knowledge,
) -> Forecast {
    let mut forecast = Forecast::default();
    for one in proposed {
        let advice = one.advice.iter().cloned().map(Trouble::Declared);
        forecast.findings.extend(advice.map(|what| Foreseen { service: one.key(), what }));
    }
    let known: BTreeSet<(&ServiceKey, &Issue)> = issues(before).collect();
    for (service, issue) in issues(after) {
        if !known.contains(&(service, issue)) {
            let what = Trouble::Declared(issue.clone());
            forecast.findings.push(Foreseen { service: service.clone(), what });
        }
    }
    for (key, entry) in &after.plan.entries {
        let known = before.plan.entries.get(key);
        let is_new = is_new(proposed, key);
        if let Some(hold) = new_hold(entry, known).filter(|hold| {
            counts(hold, knowledge) && !(is_new && hangs_on_what_is_to_come(hold, before, key))
        }) {
            let what = Trouble::Held(hold.clone());
            forecast.findings.push(Foreseen { service: key.clone(), what });
        }
        if knowledge == Knowledge::OfTheWorld {
            forecast.rollouts.extend(rollout(key, entry, known, after.view, is_new));
        }
    }
    forecast
}

/// What is wrong with declarations, and what cannot be honoured of them.
fn issues(moment: Moment<'_>) -> impl Iterator<Item = (&ServiceKey, &Issue)> {
    let declared = moment.view.services();
    let declared = declared.flat_map(|(key, service)| service.issues.iter().map(move |i| (key, i)));
    let advice = moment.plan.advice.iter();
    declared.chain(advice.flat_map(|(key, issues)| issues.iter().map(move |i| (key, i))))
}

fn is_new(proposed: &[Proposed], key: &ServiceKey) -> bool {
    proposed.iter().any(|one| one.is_about(key) && one.deed != Deed::Update)
}

/// What holds a service afterwards and did not before.
fn new_hold<'a>(entry: &'a Entry, known: Option<&Entry>) -> Option<&'a Hold> {
    let hold = entry.hold()?;
    (known.and_then(Entry::hold) != Some(hold)).then_some(hold)
}

/// Whether a hold is a mistake that can be known, or says that something could not be checked.
fn counts(hold: &Hold, knowledge: Knowledge) -> bool {
    let of_the_plan = matches!(
        hold,
        Hold::Ambiguous | Hold::Ineligible(_) | Hold::Conflict(..) | Hold::Claimed { .. }
    );
    match knowledge {
        Knowledge::OfTheWorld => hold.is_mistake() || matches!(hold, Hold::NotSeen(_)),
        Knowledge::OfThePlan => hold.is_mistake() && of_the_plan,
    }
}

/// Whether a new service is held for what comes with it: the default namespace of its cluster, the ports of its task
/// definition.
fn hangs_on_what_is_to_come(hold: &Hold, before: Moment<'_>, key: &ServiceKey) -> bool {
    match hold {
        Hold::NoNamespace(_) => !before.view.clusters.contains_key(&key.cluster),
        Hold::AmbiguousPort(_) | Hold::UnnamedPort(..) => true,
        _ => false,
    }
}

/// The rollout that an entry leads to, if it did not before.
fn rollout(
    key: &ServiceKey,
    entry: &Entry,
    known: Option<&Entry>,
    view: &View,
    is_new: bool,
) -> Option<Rollout> {
    let action = wanted(entry)?;
    if known.and_then(wanted) == Some(action) {
        return None;
    }
    let service = view.service(key).and_then(|service| service.last.as_ref());
    Some(Rollout {
        service: key.clone(),
        kind: action.kind(),
        tasks: service.map_or(0, |service| service.desired_count),
        changes: if is_new { Vec::new() } else { entry.changes.clone() },
        waits: entry.hold().map(|hold| format!("{hold}; ends {}", hold.ends())),
    })
}

/// What is done now, or once what holds it is over; nothing where a mistake must be mended first.
fn wanted(entry: &Entry) -> Option<&Action> {
    match &entry.verdict {
        Verdict::Step { action } => Some(action),
        Verdict::Hold { hold, action } if !hold.is_mistake() => action.as_ref(),
        Verdict::Hold { .. } | Verdict::InSync => None,
    }
}

impl Trouble {
    /// Whether the tool's plan should not be applied as it is.
    pub fn is_wrong(&self) -> bool {
        match self {
            Self::Declared(issue) => issue.weight == Weight::Blocking,
            // What is wrong with the declaration is told by itself.
            Self::Held(hold) => *hold != Hold::Ambiguous,
        }
    }
}

impl Forecast {
    /// The services that are rolled out.
    pub fn services(&self) -> BTreeSet<&ServiceKey> {
        self.rollouts.iter().map(|rollout| &rollout.service).collect()
    }
}
