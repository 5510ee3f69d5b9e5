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
    /// What the item says, or what is wrong with it. Every step asks, so it is read once.
    says: Option<Result<LeaseRecord, String>>,
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
        let says = item.as_ref().map(LeaseItem::read);
        let lasts = match &says {
            None => Duration::ZERO,
            Some(Ok(record)) if record.is_released() => Duration::ZERO,
            Some(Ok(record)) => {
                before.map_or(record.duration, |old| old.lasts.max(record.duration))
            }
            Some(Err(_)) => settings.duration,
        };
        let holder_since = before.map_or(now, |before| before.holder_since);
        Self { item, says, since: now, holder_since, lasts }
    }

    pub(super) fn is_held(&self, now: Now) -> bool {
        now.since(self.since) < self.lasts
    }

    pub(super) fn is_odd(&self) -> bool {
        self.says.as_ref().is_some_and(Result::is_err)
    }

    pub(super) fn leader(&self, settings: &LeaseSettings) -> Option<Leader> {
        let since = self.holder_since.calendar;
        Some(match self.says.as_ref()? {
            Ok(LeaseRecord { holder, session, epoch, .. }) => {
                let is_namesake = *holder == settings.holder && *session != settings.session;
                Leader::Other { holder: holder.clone(), is_namesake, epoch: *epoch, since }
            }
            Err(wrong) => Leader::Odd { wrong: wrong.clone(), since },
        })
    }

    /// What is new about an item of others.
    pub(super) fn news(&self, before: Option<&Self>) -> Option<LeaseChange> {
        match (&self.says, before.map(|before| &before.says)) {
            (None, Some(Some(_))) => Some(LeaseChange::Deleted),
            (None, _) => None,
            (Some(Err(wrong)), _) => Some(LeaseChange::Odd(wrong.clone())),
            (Some(Ok(record)), _) if record.is_released() => {
                Some(LeaseChange::Freed { holder: record.holder.clone() })
            }
            (Some(Ok(now)), Some(Some(Ok(before))))
                if (&now.session, now.epoch) == (&before.session, before.epoch) =>
            {
                None
            }
            (Some(Ok(record)), _) => {
                Some(LeaseChange::Seen { holder: record.holder.clone(), epoch: record.epoch })
            }
        }
    }
}
