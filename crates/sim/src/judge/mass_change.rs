//! I12: no more services of a namespace change in one go than the limit, unless somebody agreed.

use std::collections::BTreeMap;

use eastwest_core::declaration::document::{Document, MassChange};

use super::parameter_history::Known;
use super::sent_write::{Broken, SentWrite};
use super::unhindered::is_unhindered;
use crate::model::EcsServiceKey;
use crate::shapes::Time;

/// What I12 is judged by.
#[derive(Debug, Clone, Default)]
pub(super) struct Consent {
    /// The earliest instant that the latest sweep of each service may show.
    swept: BTreeMap<EcsServiceKey, Time>,
    /// The last decision on each service.
    decided: BTreeMap<EcsServiceKey, Decision>,
    /// When somebody agreed last.
    acked: Option<Time>,
    /// Whether a read was denied or partial: then the controller may not know how much would change.
    pub(super) is_blind: bool,
    /// The changes that count, each with what was known when it was decided.
    changes: Vec<Change>,
}

/// That a write was decided.
#[derive(Debug, Clone)]
struct Decision {
    at: Time,
    /// What sweeps had brought by then, of each service.
    swept: BTreeMap<EcsServiceKey, Time>,
    /// When the oldest parameter was read that it could rest on.
    read: Option<Time>,
}

/// A change of a service that counts towards the limit.
#[derive(Debug, Clone)]
struct Change {
    key: EcsServiceKey,
    namespace: String,
    caused: Time,
    decision: Decision,
}

impl Consent {
    pub(super) fn swept(&mut self, key: EcsServiceKey, from: Time) {
        self.swept.insert(key, from);
    }

    pub(super) fn decided(&mut self, key: EcsServiceKey, now: Time, known: &Known) {
        let swept = self.swept.clone();
        self.decided.insert(key, Decision { at: now, swept, read: known.from() });
    }

    /// Starts counting again: somebody agreed (`acked`), or the controller crashed.
    pub(super) fn begin_again(&mut self, acked: Option<Time>) {
        self.acked = acked.or(self.acked);
        self.changes.clear();
        if acked.is_none() {
            self.swept.clear();
        }
    }

    /// I12 counts the changes that were wanted, and known to be, when the first of them was decided.
    pub(super) fn judge(&mut self, sent: &SentWrite<'_>) -> Broken {
        let everywhere =
            sent.histories.values().filter_map(|history| history.causes.last().copied());
        let last = everywhere.chain(sent.last_change_for_all).max()?;
        let namespace = sent.after.or(sent.history.now()?.effective.as_deref())?.namespace.clone();
        let caused = sent.history.causes.last().copied()?;
        let limit = limit(sent)?;
        if self.is_blind
            || !is_unhindered(sent, self.first_at())
            || self.acked.is_some_and(|at| caused <= at)
        {
            return None;
        }
        if self.first_at().is_some_and(|first| last >= first) {
            self.changes.clear();
        }
        self.changes.retain(|change| change.key != *sent.key);
        let decision = self.decided.get(sent.key).cloned()?;
        let change =
            Change { key: sent.key.clone(), namespace: namespace.clone(), caused, decision };
        self.changes.push(change);
        let first = self.changes.first()?;
        let came_later = |all: Time| first.decision.read.is_some_and(|read| all >= read);
        if last >= first.decision.at || sent.last_change_for_all.is_some_and(came_later) {
            self.changes.clear();
            return None;
        }
        let is_known = |change: &&Change| {
            first.decision.swept.get(&change.key).is_some_and(|from| *from > change.caused)
        };
        let there = self.changes.iter().filter(|change| change.namespace == namespace);
        let known = there.filter(is_known).count();
        let text = format!("{known} services of a namespace changed, and nobody agreed");
        sent.says(known > limit, "I12", &text)
    }

    fn first_at(&self) -> Option<Time> {
        self.changes.first().map(|first| first.decision.at)
    }
}

/// How many services may change, if the limit is a number.
fn limit(sent: &SentWrite<'_>) -> Option<usize> {
    let said = |document: Option<&Document>| {
        document
            .and_then(|document| document.limits.mass_change)
            .unwrap_or(sent.settings.mass_change)
    };
    let counts = sent.evidence.documents.iter().copied().map(said).map(|share| match share {
        MassChange::Count(count) => Some(count),
        MassChange::Percent(_) => None,
    });
    counts.collect::<Option<Vec<usize>>>()?.into_iter().max()
}
