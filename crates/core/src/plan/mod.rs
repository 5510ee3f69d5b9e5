//! What a plan is: entries, actions, holds, prerequisites. Data and words, no decision.
//!
//! **In:** nothing but types of the rooms below. **Out:** the values that the planner makes, the guard holds and the
//! reports show.

pub mod action;
pub mod reason;
pub mod prerequisite;
pub mod need;
pub mod awaited;
pub mod contention;
mod fingerprint;
pub mod turn;
pub mod consent;
pub mod kept_name;
pub mod leader;
pub mod asked_pause;
pub mod hold;
pub mod doubt;
pub mod call;
pub mod entry;
pub mod adopted;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::declaration::issue::Issue;
use crate::ecs::service_key::ServiceKey;
use crate::view::reading::Question;
use action::Action;
use adopted::Adopted;
use doubt::CallDoubt;
use entry::{Entry, Verdict};
use hold::Hold;
use need::Need;
use prerequisite::Prerequisite;

/// What to do about every service that opted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One entry for each service that opted in.
    pub entries: BTreeMap<ServiceKey, Entry>,
    /// The order in which steps are taken: servers before the clients that need them.
    pub order: Vec<ServiceKey>,
    /// What is to be made first.
    pub missing: Vec<Missing>,
    /// What services call, as far as it is declared or can be inferred.
    pub needs: BTreeMap<ServiceKey, Vec<Need>>,
    /// What cannot be honoured of it; nothing waits for that.
    pub advice: BTreeMap<ServiceKey, Vec<Issue>>,
    /// What is kept although nothing declares it, since others deployed it.
    pub adopted: BTreeMap<ServiceKey, Adopted>,
    /// What else must be read before it is known who calls whom. Nothing is held for it.
    pub unread: BTreeSet<Question>,
}

/// Something that the document has us make and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What to make.
    pub prerequisite: Prerequisite,
    /// Why that is not done now, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What may be in the way and is no reason to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Plan {
    /// The steps in the order to take them.
    pub fn steps(&self) -> impl Iterator<Item = (&ServiceKey, &Action)> {
        self.order.iter().filter_map(|key| match &self.entries.get(key)?.verdict {
            Verdict::Step { action } => Some((key, action)),
            Verdict::InSync | Verdict::Hold { .. } => None,
        })
    }

    /// Those of these services that have a step, in their order.
    pub(crate) fn steps_of<'k>(
        &self,
        keys: &'k [ServiceKey],
    ) -> impl Iterator<Item = &'k ServiceKey> {
        let is_step = |entry: &Entry| matches!(entry.verdict, Verdict::Step { .. });
        keys.iter().filter(move |key| self.entries.get(*key).is_some_and(is_step))
    }

    /// Takes back what a guard held of these: it looks at the moment, and that has passed.
    pub(crate) fn release(&mut self, steps: &[ServiceKey]) {
        for key in steps {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.release();
            }
        }
    }

    /// The holds in the order of services.
    pub fn holds(&self) -> impl Iterator<Item = (&ServiceKey, &Hold)> {
        self.entries.iter().filter_map(|(key, entry)| Some((key, entry.hold()?)))
    }

    /// What must be asked before all holds are decided on facts, and before it is known who calls whom.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        let doubts = self.entries.values().flat_map(|entry| &entry.doubts);
        let unread = doubts.filter_map(CallDoubt::question).chain(&self.unread);
        self.holds().filter_map(|(_, hold)| hold.question()).chain(unread)
    }
}
