//! What is shown is a function of the world: a controller that has just started says the same of a world at rest as one
//! that has lived through all of it.
//!
//! What the plan is made from is compared before any guard: what only memory tells, such as a truce with another writer
//! or a stopped wave, is the guard's. Some things AWS does not show to who comes later. So nothing is compared where a
//! document was good once and is not now, where something cannot be read now and could be once, or where a name is
//! remembered that a service had and has no longer. A service is not compared where it is remembered what stood before
//! others changed it, where it is held for members that only the reading before a write looks for, or for a leftover Cloud Map name, which is looked for only where a name is wanted
//! next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eastwest_core::declaration::document::Document;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::hold::claim::Holder;
use eastwest_core::planner::plan;
use eastwest_core::view::View;

/// What a controller says of a world.
pub(super) struct Said {
    document: Option<Arc<Document>>,
    /// Whether something could not be read, or a former name is remembered.
    is_partial: bool,
    /// Of each service: verdict, note, what its tasks do not know, doubts, needs; none where who comes later need not
    /// know it.
    services: BTreeMap<String, Option<String>>,
}

impl Said {
    /// What a plan made from this says.
    pub(super) fn of(view: &View, settings: &Settings) -> Self {
        let plan = plan(view, settings);
        let line = |(key, entry): (_, &Entry)| {
            let doubts: Vec<String> = entry.doubts.iter().map(ToString::to_string).collect();
            let note = entry.note.as_deref().unwrap_or("-");
            let (lacks, needs) = (&entry.lacks, plan.needs.get(key));
            let text = |verdict| {
                format!(
                    "{verdict}; note {note}; lacks {lacks:?}; doubts {doubts:?}; needs {needs:?}"
                )
            };
            let said = verdict(entry).filter(|_| !view.foreign_changes.contains_key(key));
            (format!("{key}"), said.map(text))
        };
        let services = plan.entries.iter().map(line).collect();
        let is_partial = view.former.iter().next().is_some()
            || view.clusters.values().any(|cluster| cluster.trouble.is_some())
            || view
                .services()
                .any(|(_, service)| service.trouble.is_some() || service.missing_since.is_some());
        Self { document: view.document.clone(), is_partial, services }
    }

    /// Whether who comes later can know as much.
    pub(super) fn is_comparable_to(&self, fresh: &Self) -> bool {
        !self.is_partial && self.document == fresh.document
    }

    /// The first service of which the two say something else.
    pub(super) fn difference(&self, fresh: &Self) -> Option<String> {
        let keys: BTreeSet<&String> = self.services.keys().chain(fresh.services.keys()).collect();
        let of = |said: &Self, key: &String| match said.services.get(key) {
            Some(said) => said.clone(),
            None => Some("nothing".to_owned()),
        };
        keys.into_iter().find_map(|key| {
            let (lived, fresh) = (of(self, key)?, of(fresh, key)?);
            (lived != fresh).then(|| format!("{key} lived: {lived}\n  fresh: {fresh}"))
        })
    }
}

/// The verdict in words; none if who comes later need not know it.
fn verdict(entry: &Entry) -> Option<String> {
    match &entry.verdict {
        Verdict::InSync => Some("in sync".to_owned()),
        Verdict::Step { action } => Some(action.kind().to_string()),
        Verdict::Hold { hold: Hold::UnknownField(_), .. }
        | Verdict::Hold { hold: Hold::Conflict(_, Holder::Leftover(_)), .. } => None,
        Verdict::Hold { hold, .. } => Some(format!("{}: {hold}", hold.reason())),
    }
}
