//! One lease: who holds it as far as we see, whether we may write, and the next call.
//!
//! Only the local monotonic clock counts. A watcher counts from the moment at which it *saw* a change, a holder from the
//! moment at which it *sent* its last successful renewal. So the holder stops before any other process may begin, as
//! long as the rates of their clocks differ by 0.8 to 1.25.
//!
//! **Invariant:** we hold a lease only if we know that an item of our own was in the table, and for no longer than the
//! duration after it was sent. An item that only bears our name is another's.
//!
//! **Invariant:** nobody writes before it has looked at the item, without a gap, for a whole duration. So neither a table
//! that was set back nor an item that was deleted lets two processes write at once.
//!
//! **Invariant:** one call at a time. Its condition names all members of the item that is expected, so of two writes that
//! expect the same item one takes effect, however late.

use std::time::Duration;

use super::sight::Sight;
use crate::declaration::settings::LeaseSettings;
use crate::ecs::fault::Fault;
use crate::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseRecord, LeaseWrite, next_epoch};
use crate::ecs::time::Now;
use crate::plan::leader::{Leader, LeaseChange, NotTaking, NotWriting};

/// A call to the lease table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseCall {
    /// Read the item.
    Read(LeaseKey),
    /// Write it.
    Write(Box<LeaseWrite>),
}

/// What is wanted of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Renew it if it is held, and look on otherwise.
    Keep,
    /// The same, and take it if it is free.
    Compete,
    /// Give it up if it is held, and look on.
    GiveUp,
}

/// Who holds a lease, for the decision who is to lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// We hold it.
    Ours,
    /// Another process holds it.
    Others,
    /// Nobody holds it.
    Free,
    /// Its item cannot be understood, and has not expired.
    Odd,
    /// It was not read yet.
    Unread,
    /// It cannot be read.
    Unknown,
}

/// A write of ours, and what it would make of us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attempt {
    record: LeaseRecord,
    sent_at: Now,
    /// From when on its holder may write.
    writes_from: Now,
    /// Whether nothing shows that the last holder had stopped. It may have held the lease until this took effect, which is
    /// known only once it is seen.
    is_blind: bool,
}

/// A call that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Calling {
    Read,
    Write(Attempt),
}

/// One lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    key: LeaseKey,
    sight: Option<Sight>,
    /// Since when we look without a gap of a duration.
    looking_since: Now,
    /// When we last saw the item.
    looked_at: Option<Now>,
    largest_epoch: u64,
    renewals: u64,
    /// Our last write that took effect, while we hold the lease.
    own: Option<Attempt>,
    /// Our writes that may take effect still, or may have.
    unanswered: Vec<Attempt>,
    calling: Option<Calling>,
    next_read: Now,
    next_write: Now,
    read_fault: Option<Fault>,
    write_fault: Option<Fault>,
    is_giving_up: bool,
}

impl Lease {
    /// A lease of which nothing is known yet.
    pub fn new(key: LeaseKey, now: Now) -> Self {
        Self {
            key,
            sight: None,
            looking_since: now,
            looked_at: None,
            largest_epoch: 0,
            renewals: 0,
            own: None,
            unanswered: Vec::new(),
            calling: None,
            next_read: now,
            next_write: now,
            read_fault: None,
            write_fault: None,
            is_giving_up: false,
        }
    }

    /// Which lease it is.
    pub(crate) fn key(&self) -> &LeaseKey {
        &self.key
    }

    /// Who holds it.
    pub(crate) fn standing(&self, settings: &LeaseSettings, now: Now) -> Standing {
        if self.own.is_some() {
            return Standing::Ours;
        }
        let is_old = |at: Now| now.since(at) >= settings.duration;
        match (self.looked_at, &self.sight) {
            (Some(at), _) if is_old(at) => Standing::Unknown,
            (_, Some(sight)) if !sight.is_held(now) => Standing::Free,
            (_, Some(sight)) if sight.is_odd() => Standing::Odd,
            (_, Some(_)) => Standing::Others,
            (_, None) if is_old(self.looking_since) => Standing::Unknown,
            (_, None) => Standing::Unread,
        }
    }

    /// Whether a write may leave now.
    pub fn may_write(&self, settings: &LeaseSettings, now: Now) -> bool {
        let is_in_time = |own: &Attempt| {
            now.since(own.sent_at) < settings.stop_after() && own.writes_from <= now
        };
        !self.is_giving_up && self.own.as_ref().is_some_and(is_in_time)
    }

    /// The epoch under which we hold it, if we do.
    pub fn own_epoch(&self) -> Option<u64> {
        self.own.as_ref().map(|own| own.record.epoch)
    }

    /// Whether a call is under way or we hold it.
    pub(crate) fn is_busy(&self) -> bool {
        self.calling.is_some() || self.own.is_some()
    }

    /// What keeps us from reading or writing it.
    pub(crate) fn trouble(&self) -> Option<&Fault> {
        self.write_fault.as_ref().or(self.read_fault.as_ref())
    }

    /// Whether it is to be given up.
    pub(crate) fn is_giving_up(&self) -> bool {
        self.is_giving_up
    }

    /// Writes nothing more under it, for it is to be given up.
    pub fn give_up(&mut self) {
        self.is_giving_up = self.own.is_some();
    }

    /// Notes that time has passed. A lease that was not renewed for its whole duration is not ours any more, whatever the
    /// table says.
    pub fn pass_time(&mut self, settings: &LeaseSettings, now: Now) -> Option<LeaseChange> {
        self.unanswered.retain(|attempt| now.since(attempt.sent_at) < settings.duration);
        let own = self.own.as_ref()?;
        if now.since(own.sent_at) < settings.duration {
            return None;
        }
        self.own = None;
        (self.next_read, self.next_write) = (now, now);
        self.is_giving_up = false;
        Some(LeaseChange::Lapsed)
    }

    /// The next call, if it is due. It is under way until [`Self::read`] or [`Self::written`].
    pub fn start_call(
        &mut self,
        settings: &LeaseSettings,
        course: Course,
        now: Now,
    ) -> Option<LeaseCall> {
        if self.next_call(settings, course, now)? > now {
            return None;
        }
        let attempt = match &self.own {
            Some(own) if course == Course::GiveUp => self.successor(own, Duration::ZERO, now),
            Some(own) => self.successor(own, settings.duration, now),
            None if self.is_to_be_taken(settings, course, now) && self.next_write <= now => {
                self.taking(settings, now)
            }
            None => {
                self.calling = Some(Calling::Read);
                return Some(LeaseCall::Read(self.key.clone()));
            }
        };
        self.renewals = attempt.record.renewal;
        let (key, item) = (self.key.clone(), attempt.record.item());
        let expected = match &self.own {
            Some(own) => Some(own.record.item()),
            None => self.sight.as_ref().and_then(|sight| sight.item.clone()),
        };
        self.calling = Some(Calling::Write(attempt));
        Some(LeaseCall::Write(Box::new(LeaseWrite { key, expected, item })))
    }

    /// When the next call is due; none while one is under way.
    pub(crate) fn next_call(
        &self,
        settings: &LeaseSettings,
        course: Course,
        now: Now,
    ) -> Option<Now> {
        if self.calling.is_some() {
            return None;
        }
        let Some(own) = &self.own else {
            let is_to_be_taken = self.is_to_be_taken(settings, course, now);
            let take = is_to_be_taken.then_some(self.next_write);
            return take.into_iter().chain([self.next_read]).min();
        };
        match course {
            Course::GiveUp => Some(self.next_write),
            Course::Keep if self.is_giving_up => None,
            Course::Keep | Course::Compete => {
                Some(own.sent_at.plus(settings.renew_every()).max(self.next_write))
            }
        }
    }

    /// The moments after `seen` at which something changes by time alone.
    pub(crate) fn next_change(&self, settings: &LeaseSettings, seen: Now) -> Option<Now> {
        let own = self.own.iter().flat_map(|own| {
            let (stops, ends) = (settings.stop_after(), settings.duration);
            [own.writes_from, own.sent_at.plus(stops), own.sent_at.plus(ends)]
        });
        let watched = self.own.is_none();
        let expires = self.sight.iter().map(|sight| sight.since.plus(sight.lasts));
        let unknown = [self.looked_at.unwrap_or(self.looking_since).plus(settings.duration)];
        let changes = own.chain(expires.chain(unknown).filter(|_| watched));
        changes.filter(|at| *at > seen).min()
    }

    fn is_to_be_taken(&self, settings: &LeaseSettings, course: Course, now: Now) -> bool {
        course == Course::Compete && self.standing(settings, now) == Standing::Free
    }

    /// The write after one of our own: a renewal, or a release with a duration of zero.
    fn successor(&self, own: &Attempt, duration: Duration, now: Now) -> Attempt {
        let record = LeaseRecord { renewal: self.renewals + 1, duration, ..own.record.clone() };
        Attempt { record, sent_at: now, writes_from: own.writes_from, is_blind: false }
    }

    fn taking(&self, settings: &LeaseSettings, now: Now) -> Attempt {
        let record = LeaseRecord {
            holder: settings.holder.clone(),
            session: settings.session.clone(),
            epoch: next_epoch(self.largest_epoch),
            renewal: self.renewals + 1,
            duration: settings.duration,
        };
        let writes_from = now.max(self.looking_since.plus(settings.duration));
        Attempt { record, sent_at: now, writes_from, is_blind: !self.has_seen_the_end() }
    }

    /// Whether what was seen shows that the last holder has stopped: its lease expired before our eyes, or it gave it up.
    /// It does not where the item is gone, or is older than one that we have seen.
    fn has_seen_the_end(&self) -> bool {
        let Some(item) = self.sight.as_ref().and_then(|sight| sight.item.as_ref()) else {
            return false;
        };
        let is_set_back = item.epoch().is_none_or(|epoch| epoch < self.largest_epoch);
        !(item.read().is_ok_and(|record| record.is_released()) && is_set_back)
    }

    /// Takes in the answer to a read.
    pub fn read(
        &mut self,
        settings: &LeaseSettings,
        answer: Result<Option<LeaseItem>, Fault>,
        now: Now,
    ) -> Vec<LeaseChange> {
        self.calling = None;
        self.next_read = now.plus(settings.watch_every());
        match answer {
            Ok(item) => {
                self.read_fault = None;
                self.look(settings, item, now)
            }
            Err(fault) => {
                self.read_fault = Some(fault);
                Vec::new()
            }
        }
    }

    /// Takes in the answer to a write.
    pub fn written(
        &mut self,
        settings: &LeaseSettings,
        answer: Result<LeaseOutcome, Fault>,
        now: Now,
    ) -> Vec<LeaseChange> {
        let Some(Calling::Write(attempt)) = self.calling.take() else { return Vec::new() };
        self.write_fault = answer.as_ref().err().cloned();
        self.next_write = now;
        match answer {
            Ok(LeaseOutcome::Written) => {
                let item = attempt.record.item();
                self.unanswered.push(attempt);
                self.look(settings, Some(item), now)
            }
            Ok(LeaseOutcome::Differs(item)) => {
                // It may have been sent twice below us, and taken effect the first time.
                self.unanswered.push(attempt);
                self.look(settings, item, now)
            }
            Err(fault) => {
                self.next_write = now.max(attempt.sent_at.plus(settings.retry_after()));
                if fault.kind.leaves_effect_unknown() {
                    self.unanswered.push(attempt);
                }
                Vec::new()
            }
        }
    }

    /// Takes in what the table has. An item that is exactly what an unanswered write of ours wanted shows that it took
    /// effect.
    fn look(
        &mut self,
        settings: &LeaseSettings,
        item: Option<LeaseItem>,
        now: Now,
    ) -> Vec<LeaseChange> {
        if self.looked_at.is_none_or(|at| now.since(at) >= settings.duration) {
            self.looking_since = now;
        }
        self.looked_at = Some(now);
        let seen_epoch = item.as_ref().and_then(LeaseItem::epoch).unwrap_or_default();
        self.largest_epoch = self.largest_epoch.max(seen_epoch);
        let of_item =
            |attempt: &&Attempt| item.as_ref().is_some_and(|item| *item == attempt.record.item());
        let took_effect = self.unanswered.iter().find(of_item).cloned();
        let is_news = self.sight.as_ref().is_none_or(|sight| sight.item != item);
        let before = is_news.then(|| {
            let sight = Sight::new(settings, self.sight.as_ref(), item, now);
            self.sight.replace(sight)
        });
        if let Some(attempt) = took_effect {
            return self.took_effect(settings, attempt, now).into_iter().collect();
        }
        let lost = self.own.take().map(|_| LeaseChange::Lost);
        if lost.is_some() {
            self.is_giving_up = false;
            self.unanswered.clear();
        }
        let seen = before.and_then(|before| self.sight.as_ref()?.news(before.as_ref()));
        lost.into_iter().chain(seen).collect()
    }

    /// A write of ours took effect. None of those before it can take effect any more.
    fn took_effect(
        &mut self,
        settings: &LeaseSettings,
        attempt: Attempt,
        now: Now,
    ) -> Option<LeaseChange> {
        self.unanswered.clear();
        let epoch = attempt.record.epoch;
        if attempt.record.is_released() {
            self.is_giving_up = false;
            self.next_read = now.plus(settings.watch_every());
            return self.own.take().map(|_| LeaseChange::Released);
        }
        let mut attempt = attempt;
        if std::mem::take(&mut attempt.is_blind) {
            attempt.writes_from = attempt.writes_from.max(now.plus(settings.duration));
        }
        let is_new = self.own_epoch() != Some(epoch);
        let is_in_time = now.since(attempt.sent_at) < settings.duration;
        self.own = is_in_time.then_some(attempt);
        (is_in_time && is_new).then_some(LeaseChange::Taken { epoch })
    }

    /// Who leads, for people. A free lease is shown with this reason why we do not take it.
    pub(crate) fn leader(&self, settings: &LeaseSettings, why: NotTaking, now: Now) -> Leader {
        if let Some(own) = &self.own {
            let epoch = own.record.epoch;
            let why = if self.may_write(settings, now) {
                return Leader::Us { epoch };
            } else if self.is_giving_up {
                NotWriting::Releasing
            } else if now < own.writes_from {
                NotWriting::JustTaken
            } else {
                NotWriting::Late(self.write_fault.clone())
            };
            return Leader::UsNotWriting { epoch, why };
        }
        let nobody = || {
            let fault = self.write_fault.clone().map(NotTaking::Fault);
            Leader::Nobody { why: fault.unwrap_or(why) }
        };
        match (self.standing(settings, now), &self.sight, &self.read_fault) {
            (Standing::Unknown | Standing::Unread, _, Some(fault)) => {
                Leader::Unknown(fault.clone())
            }
            (Standing::Others | Standing::Odd, Some(sight), _) => {
                sight.leader(settings).unwrap_or_else(nobody)
            }
            (Standing::Free, ..) => nobody(),
            _ => Leader::NotRead,
        }
    }
}

#[cfg(test)]
mod tests;
