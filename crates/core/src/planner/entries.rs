//! The entries of a plan that is being made. Each stage adds what it found and hands the entries on.

use std::collections::BTreeMap;

use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::SHOWN;
use crate::plan::awaited::Awaited;
use crate::plan::doubt::CallDoubt;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;

/// One entry for each service that opted in.
#[derive(Debug)]
pub(crate) struct Entries(BTreeMap<ServiceKey, Entry>);

/// Two services that want one name.
#[derive(Debug)]
pub(crate) struct Contest {
    /// The service that has the name, or gets it first.
    pub(crate) winner: ServiceKey,
    /// The service that waits for it.
    pub(crate) loser: ServiceKey,
}

impl FromIterator<(ServiceKey, Entry)> for Entries {
    fn from_iter<T: IntoIterator<Item = (ServiceKey, Entry)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Entries {
    pub(crate) fn get(&self, key: &ServiceKey) -> Option<&Entry> {
        self.0.get(key)
    }

    /// All entries in the order of keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ServiceKey, &Entry)> {
        self.0.iter()
    }

    pub(crate) fn into_map(self) -> BTreeMap<ServiceKey, Entry> {
        self.0
    }

    /// With other entries in place of those of the same services.
    pub(super) fn replaced(mut self, entries: Vec<(ServiceKey, Entry)>) -> Self {
        self.0.extend(entries);
        self
    }

    /// With the server that each of these steps waits for.
    pub(super) fn awaiting(self, awaited: Vec<(ServiceKey, Awaited)>) -> Self {
        self.with_each(awaited, |entry, awaited| entry.awaits = Some(Box::new(awaited)))
    }

    /// With these steps held. What is held already stays as it is.
    pub(super) fn held(self, holds: Vec<(ServiceKey, Hold)>) -> Self {
        self.with_each(holds, Entry::hold_step)
    }

    /// With these notes after those that are there.
    pub(super) fn noted(self, notes: Vec<(ServiceKey, String)>) -> Self {
        self.with_each(notes, |entry, note| entry.add_note(&note))
    }

    /// With the doubts about the calls of each client.
    pub(super) fn doubted(self, doubts: Vec<(ServiceKey, Vec<CallDoubt>)>) -> Self {
        self.with_each(doubts, |entry, doubts| entry.doubts = doubts)
    }

    /// With the services that want a name of each winner.
    pub(super) fn contested(self, contests: Vec<Contest>) -> Self {
        let losers = contests.into_iter().map(|contest| (contest.winner, contest.loser)).collect();
        self.with_each(losers, |entry, loser| {
            if entry.contested_by.len() < SHOWN {
                entry.contested_by.push(loser);
            } else {
                entry.contested_by_more += 1;
            }
        })
    }

    fn with_each<T>(mut self, found: Vec<(ServiceKey, T)>, apply: impl Fn(&mut Entry, T)) -> Self {
        for (key, found) in found {
            if let Some(entry) = self.0.get_mut(&key) {
                apply(entry, found);
            }
        }
        self
    }
}
