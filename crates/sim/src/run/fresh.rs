//! What is shown is a function of the world: a controller that has just started says the same of a world at rest as one
//! that has lived through all of it.
//!
//! What the plan is made from is compared before any guard: what only memory tells, such as a truce with another writer
//! or a stopped wave, is the guard's.

use std::collections::BTreeMap;

use eastwest_core::declaration::settings::Settings;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::planner::plan;
use eastwest_core::view::View;

/// What a plan says of each service: verdict, note, what its tasks do not know, doubts, needs.
pub(super) fn said(view: &View, settings: &Settings) -> BTreeMap<String, String> {
    let plan = plan(view, settings);
    let line = |(key, entry): (_, &eastwest_core::plan::entry::Entry)| {
        let verdict = match &entry.verdict {
            Verdict::InSync => "in sync".to_owned(),
            Verdict::Step { action } => action.name().to_owned(),
            Verdict::Hold { hold, .. } => format!("{}: {hold}", hold.reason()),
        };
        let doubts: Vec<String> = entry.doubts.iter().map(ToString::to_string).collect();
        let note = entry.note.as_deref().unwrap_or("-");
        let (lacks, needs) = (&entry.lacks, plan.needs.get(key));
        let text =
            format!("{verdict}; note {note}; lacks {lacks:?}; doubts {doubts:?}; needs {needs:?}");
        (format!("{key}"), text)
    };
    plan.entries.iter().map(line).collect()
}

/// The first service of which the two say something else.
pub(super) fn difference(
    lived: &BTreeMap<String, String>,
    fresh: &BTreeMap<String, String>,
) -> Option<String> {
    let keys = lived.keys().chain(fresh.keys());
    let found = keys.into_iter().find(|key| lived.get(*key) != fresh.get(*key))?;
    let of = |said: &BTreeMap<String, String>| said.get(found).cloned().unwrap_or_default();
    Some(format!("{found} lived: {}\n  fresh: {}", of(lived), of(fresh)))
}
