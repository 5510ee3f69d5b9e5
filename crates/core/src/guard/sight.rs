//! The item of a lease as it was last seen: since when, for how long it is held, and what is new about it.
//!
//! Time counts from the moment at which a change was seen.

use std::time::Duration;

use crate::declaration::settings::LeaseSettings;
use crate::ecs::lease::{LeaseItem, LeaseRecord};
use crate::ecs::time::Now;
use crate::plan::leader::{Leader, LeaseChange};

/// The item as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sight {
    pub(super) item: Option<LeaseItem>,
    /// When this item was first seen.
    pub(super) since: Now,
    /// When this taking was first seen.
    holder_since: Now,
    /// For how long it is held unless it changes. An edit may lengthen it, not shorten it.
    pub(super) lasts: Duration,
}

impl Sight {
    /// What is seen now, after what was seen before.
    pub(super) fn new(
        settings: &LeaseSettings,
        before: Option<&Self>,
        item: Option<LeaseItem>,
        now: Now,
    ) -> Self {
        let of_taking = |item: &LeaseItem| (item.session.clone(), item.epoch.clone());
        let taking = item.as_ref().map(of_taking);
        let before = before.filter(|before| before.item.as_ref().map(of_taking) == taking);
        let lasts = match item.as_ref().map(LeaseItem::read) {
            None => Duration::ZERO,
            Some(Ok(record)) if record.is_released() => Duration::ZERO,
            Some(Ok(record)) => {
                before.map_or(record.duration, |old| old.lasts.max(record.duration))
            }
            Some(Err(_)) => settings.duration,
        };
        let holder_since = before.map_or(now, |before| before.holder_since);
        Self { item, since: now, holder_since, lasts }
    }

    pub(super) fn is_held(&self, now: Now) -> bool {
        now.since(self.since) < self.lasts
    }

    pub(super) fn is_odd(&self) -> bool {
        self.item.as_ref().is_some_and(|item| item.read().is_err())
    }

    pub(super) fn leader(&self, settings: &LeaseSettings) -> Option<Leader> {
        let since = self.holder_since.calendar;
        Some(match self.item.as_ref()?.read() {
            Ok(LeaseRecord { holder, session, epoch, .. }) => {
                let is_namesake = holder == settings.holder && session != settings.session;
                Leader::Other { holder, is_namesake, epoch, since }
            }
            Err(wrong) => Leader::Odd { wrong, since },
        })
    }

    /// What is new about an item of others.
    pub(super) fn news(&self, before: Option<&Self>) -> Option<LeaseChange> {
        let record_of = |sight: &Self| sight.item.as_ref().map(LeaseItem::read);
        let before = before.map(record_of);
        match (record_of(self), before) {
            (None, Some(Some(_))) => Some(LeaseChange::Deleted),
            (None, _) => None,
            (Some(Err(wrong)), _) => Some(LeaseChange::Odd(wrong)),
            (Some(Ok(record)), _) if record.is_released() => {
                Some(LeaseChange::Freed { holder: record.holder })
            }
            (Some(Ok(now)), Some(Some(Ok(before))))
                if (&now.session, now.epoch) == (&before.session, before.epoch) =>
            {
                None
            }
            (Some(Ok(record)), _) => {
                Some(LeaseChange::Seen { holder: record.holder, epoch: record.epoch })
            }
        }
    }
}
