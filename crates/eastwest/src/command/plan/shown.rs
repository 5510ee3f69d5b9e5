//! What of a plan is shown: all of it, its changes or its holds alone, or one service.
//!
//! It has what a person reads and JSON does not: the names of namespaces, and the services that are in order.

use clap::ValueEnum;
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::namespace_names::NamespaceNames;
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
    /// The namespaces that are known.
    pub(crate) namespaces: Vec<Namespace>,
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
            namespaces: looked.view.known_namespaces().to_vec(),
            in_sync: in_sync.map(|(key, _)| key.clone()).collect(),
            service: None,
        }
    }

    /// A change as a person reads it: a namespace by its name, everything else as it is.
    pub(crate) fn named(&self, change: &Change) -> Change {
        NamespaceNames::of(&self.namespaces).change(change)
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
