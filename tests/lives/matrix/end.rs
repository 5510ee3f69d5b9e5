//! The state a story ends in: what is in force, what else there is, and what the controller says of it.
//!
//! Invariant: without ids and times, so that two runs that came to the same by different ways read the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use eastwest_core::engine::Engine;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::plan::reason::Reason;
use eastwest_sim::model::Model;
use eastwest_sim::shapes::cloud_map::ListRequest;
use eastwest_sim::shapes::ecs::{EcsServiceStatus, ListTaskDefinitionsRequest};

use crate::scenarios::show;
use crate::scenarios::story::Story;

macro_rules! line {
    ($text:expr, $($what:tt)*) => { writeln!($text, $($what)*).expect("a String takes everything") };
}

/// Everything that a run is to end with.
pub(crate) fn of(story: &mut Story) -> String {
    let mut text = story.world.with_model(|model| truth(model));
    match story.world.controller() {
        Some(engine) => text.push_str(&said(engine)),
        None => line!(text, "no controller runs"),
    }
    show::masked(&text)
}

/// What is in force, and what else there is.
pub(crate) fn truth(model: &Model) -> String {
    let mut text = String::new();
    for (key, state) in model.services() {
        // What is deleted can be described for a while, and that while is nobody's business.
        if state.status == EcsServiceStatus::Active {
            line!(text, "  {key}: {}, tags {:?}", show::in_force(state), state.tags);
        }
    }
    let all = ListRequest { max_results: Some(100), ..ListRequest::default() };
    let namespaces = model.list_namespaces(&all).map(|answer| answer.namespaces);
    let mut names = BTreeMap::new();
    for namespace in namespaces.unwrap_or_default() {
        line!(text, "  namespace {} {:?}", namespace.name, namespace.kind);
        names.insert(namespace.id, namespace.name);
    }
    let mut held: Vec<String> = model
        .cloud_map_services()
        .map(|(_, each)| {
            let owner = each.owner.as_ref().map(|owner| owner.key.to_string());
            let namespace = names.get(&each.namespace).map_or("?", String::as_str);
            format!("  name {} of {namespace}: {}", each.name, owner.unwrap_or("by hand".into()))
        })
        .collect();
    held.sort();
    for each in held {
        line!(text, "{each}");
    }
    let every = ListTaskDefinitionsRequest::default();
    for arn in model.list_task_definitions(&every).unwrap_or_default().task_definition_arns {
        line!(text, "  {}", arn.rsplit('/').next().unwrap_or_default());
    }
    text
}

/// What the controller makes of it, in words of closed sets.
fn said(engine: &Engine) -> String {
    let mut text = String::new();
    for (key, entry) in &engine.plan().entries {
        let verdict = match &entry.verdict {
            Verdict::InSync => "in sync",
            Verdict::Step { action } => action.kind().into(),
            Verdict::Hold { hold, .. } => hold.reason().name(),
        };
        line!(text, "  plan {key}: {verdict}");
    }
    for (key, _) in engine.view().services() {
        if let Some(status) = engine.status(key).map(|published| &published.status) {
            let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
            let reason = status.reason.map_or("", Reason::name);
            line!(text, "  status {key}: {sync} {health} {reason}");
        }
    }
    text
}
