//! What of a plan is shown: all of it, its changes or its holds alone, or one service.
//!
//! It has what a person reads and JSON does not: the names of namespaces, and the services that are in order.

use std::collections::BTreeMap;

use clap::ValueEnum;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::change::{Change, Field};
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::engine::look::Looked;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::view::View;

use crate::api::plan::{FaultRow, PlanPage};
use crate::command::text::not_in_view;

/// Which part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// What would change.
    Changes,
    /// What is held.
    Held,
}

/// A plan as it is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its rows.
    pub(crate) page: PlanPage,
    /// The name of each namespace that is known, by its id.
    pub(crate) names: BTreeMap<String, String>,
    /// The services that are as wanted.
    pub(crate) in_sync: Vec<ServiceKey>,
    /// The one service that was asked for.
    pub(crate) service: Option<ServiceKey>,
}

impl Shown {
    /// All of a plan.
    pub(crate) fn new(looked: &Looked, settings: &Settings) -> Self {
        let mut page = PlanPage::new(&looked.plan, &looked.view, settings);
        page.faults.extend(looked.trouble.as_ref().map(|fault| FaultRow::new("*", fault)));
        let entries = looked.plan.entries.iter();
        let in_sync = entries.filter(|(_, entry)| entry.verdict == Verdict::InSync);
        Self {
            page,
            names: names(&looked.view),
            in_sync: in_sync.map(|(key, _)| key.clone()).collect(),
            service: None,
        }
    }

    /// A change as a person reads it: a namespace by its name, everything else as it is.
    pub(crate) fn named(&self, change: &Change) -> Change {
        let mut change = change.clone();
        if change.field == Field::Namespace {
            for side in [&mut change.from, &mut change.to].into_iter().flatten() {
                if let Some(name) = self.names.get(side.as_str()) {
                    side.clone_from(name);
                }
            }
        }
        change
    }

    /// Leaves out all but this part. The sums stay those of the whole plan.
    pub(crate) fn keep_only(&mut self, only: Only) {
        match only {
            Only::Changes => {
                self.page.holds.clear();
                self.page.missing.retain(|missing| missing.hold.is_none());
            }
            Only::Held => {
                self.page.steps.clear();
                self.page.missing.retain(|missing| missing.hold.is_some());
            }
        }
        self.page.doubts.clear();
        let steps = self.page.steps.iter().map(|row| &row.service);
        let shown: Vec<_> = steps.chain(self.page.holds.iter().map(|row| &row.service)).collect();
        self.page.issues.retain(|row| shown.contains(&&row.service));
    }

    /// Leaves out all but this service.
    pub(crate) fn keep_service(&mut self, view: &View, path: &ServicePath) -> anyhow::Result<()> {
        let key = view.at_path(path).ok_or_else(|| not_in_view(path, view))?.clone();
        self.page.steps.retain(|row| row.service == key);
        self.page.holds.retain(|row| row.service == key);
        self.page.doubts.retain(|row| row.service == key);
        self.page.issues.retain(|row| row.service == key);
        self.page.needs.retain(|service, _| *service == key);
        self.page.missing.clear();
        self.in_sync.retain(|service| *service == key);
        self.service = Some(key);
        Ok(())
    }
}

/// Names by id. Two namespaces of one name, of two accounts, are told apart by their ids.
fn names(view: &View) -> BTreeMap<String, String> {
    let known = view.known_namespaces();
    let named = known.iter().map(|namespace| {
        let is_same = |other: &&_| name_of(other) == name_of(namespace);
        let id = namespace.id.to_string();
        let name = name_of(namespace);
        let is_alone = known.iter().filter(is_same).count() == 1;
        (id.clone(), if is_alone { name.to_owned() } else { format!("{name} ({id})") })
    });
    named.collect()
}

fn name_of(namespace: &Namespace) -> &str {
    namespace.name.as_str()
}
