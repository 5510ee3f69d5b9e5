//! One way to people: what it was told, what waits for it, and how it fares.
//!
//! **Invariant:** one message at a time is under way. A failed one is not kept: the next is made from what is so then, so
//! that after an outage people are told what still needs them.
//!
//! **Invariant:** each topic of a subject is told once, until that subject is over. That it is over is told only where the
//! topic was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::known::Known;
use super::limit::Limit;
use super::message::{Group, Message, Thing, Told, grouped};
use super::pace::Pace;
use crate::ecs::time::Now;
use crate::report::concern::{ConcernKind, Subject, Topic};

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It arrived but for these of its groups, by their number from 0.
    InPart(BTreeSet<usize>),
    /// It did not arrive, as far as we know. The receiver may have asked for a wait.
    Failed(Option<Duration>),
}

/// What was counted of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that arrived, at least in part.
    pub sent: u64,
    /// Messages that did not arrive, or not whole.
    pub failed: u64,
    /// Things that were never told: given up, or over before they could be.
    pub dropped: u64,
}

/// What became of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Told,
    Dropped,
}

/// The topics of one subject that need not be told again.
type Fates = BTreeMap<Topic, Fate>;

/// A subject that is over, which is not told yet.
#[derive(Debug, Clone)]
struct Ended {
    /// What was told of it.
    fates: Fates,
    /// Since when it may be told.
    ripe_at: Now,
}

/// One channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    fates: BTreeMap<Subject, Fates>,
    ended: BTreeMap<Subject, Ended>,
    /// What the message under way tells, group by group.
    in_flight: Option<Vec<Vec<Thing>>>,
    /// How many messages failed in a row.
    failures: u32,
    not_before: Option<Now>,
    limit: Limit,
    counts: Counts,
    /// What was dropped up to the last message that arrived.
    dropped_before: u64,
    is_first: bool,
}

impl Channel {
    pub(super) fn new() -> Self {
        Self {
            fates: BTreeMap::new(),
            ended: BTreeMap::new(),
            in_flight: None,
            failures: 0,
            not_before: None,
            limit: Limit::default(),
            counts: Counts::default(),
            dropped_before: 0,
            is_first: true,
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// This process leads from now on: the next message is the first.
    pub(super) fn begin(&mut self) {
        self.is_first = true;
    }

    /// Another process leads from now on, and tells what is over.
    pub(super) fn rest(&mut self) {
        self.ended.clear();
    }

    /// Takes what stands as told by another process.
    pub(super) fn inherit(&mut self, subject: &Subject, topic: Topic) {
        self.fates.entry(subject.clone()).or_default().entry(topic).or_insert(Fate::Told);
    }

    /// Forgets a subject that is over while another process leads.
    pub(super) fn forget(&mut self, subject: &Subject) {
        self.fates.remove(subject);
    }

    /// Whether the message under way tells something of a subject.
    pub(super) fn carries(&self, subject: &Subject) -> bool {
        self.in_flight.iter().flatten().flatten().any(|thing| thing.subject == *subject)
    }

    /// Another topic takes the place of one that was ripe. Unless it was told, or is on its way, it is lost.
    pub(super) fn supersede(&mut self, subject: &Subject, topic: Topic) {
        let told = Told::Begins(topic);
        let mut carried = self.in_flight.iter().flatten().flatten();
        let is_carried = carried.any(|thing| thing.subject == *subject && thing.told == told);
        if !is_carried && self.is_untold(subject, topic) {
            self.counts.dropped += 1;
        }
    }

    /// A subject is over: that is told where something was told of it. What was ripe and was not told is lost.
    pub(super) fn end(&mut self, subject: &Subject, known: &Known, pace: &Pace, now: Now) {
        if known.is_ripe(pace, now) && self.is_untold(subject, known.concern.topic()) {
            self.counts.dropped += 1;
        }
        let fates = self.fates.remove(subject).unwrap_or_default();
        if fates.values().any(|fate| *fate == Fate::Told) {
            self.ended.insert(subject.clone(), Ended { fates, ripe_at: now });
        }
    }

    /// A subject needs a person again before people were told that it does not: they know it already.
    pub(super) fn resume(&mut self, subject: &Subject) {
        if self.carries(subject) {
            return;
        }
        if let Some(ended) = self.ended.remove(subject) {
            self.fates.insert(subject.clone(), ended.fates);
        }
    }

    /// Whether a topic is still to be told. That a service differs for long is nothing new to who knows more of it.
    fn is_untold(&self, subject: &Subject, (kind, reason): Topic) -> bool {
        match self.fates.get(subject) {
            // People know it, and were not told yet that it was over for a while.
            None => !self.ended.contains_key(subject),
            Some(_) if kind == ConcernKind::Drift => false,
            Some(fates) => !fates.contains_key(&(kind, reason)),
        }
    }

    /// The next message, if it is time for one.
    pub(super) fn due(
        &mut self,
        known: &BTreeMap<Subject, Known>,
        pace: &Pace,
        now: Now,
    ) -> Option<Message> {
        let waits = self.not_before.is_some_and(|at| at > now);
        if self.in_flight.is_some() || waits || !self.limit.allows(pace, now) {
            return None;
        }
        let ripe = self.ripe(known, pace, now);
        let first = ripe.iter().map(|(at, _)| *at).min()?;
        if now.since(first) < pace.gather {
            return None;
        }
        let things = ripe.into_iter().map(|(_, thing)| {
            let concern = known.get(&thing.subject).map(|known| &known.concern);
            (thing, concern)
        });
        let (groups, waiting) = grouped(things);
        let (groups, in_flight): (Vec<Group>, Vec<Vec<Thing>>) = groups.into_iter().unzip();
        self.in_flight = Some(in_flight);
        self.limit.take(pace, now);
        let dropped = self.counts.dropped - self.dropped_before;
        Some(Message { number: 0, groups, waiting, dropped, is_first: self.is_first })
    }

    /// What may be told now, and since when.
    fn ripe(&self, known: &BTreeMap<Subject, Known>, pace: &Pace, now: Now) -> Vec<(Now, Thing)> {
        let begins = known.iter().filter(|(_, known)| known.is_ripe(pace, now));
        let begins = begins.filter_map(|(subject, known)| {
            let topic = known.concern.topic();
            let is_waiting = known.over_since.is_none() && self.is_untold(subject, topic);
            let thing = || Thing { subject: subject.clone(), told: Told::Begins(topic) };
            is_waiting.then(|| (known.since.plus(pace.ripe_after), thing()))
        });
        let ends = self.ended.iter().filter(|(subject, _)| !known.contains_key(subject));
        let ends = ends.map(|(subject, ended)| {
            let told = ended.fates.iter().filter(|(_, fate)| **fate == Fate::Told);
            let kind = told.map(|((kind, _), _)| *kind).min().unwrap_or(ConcernKind::NeedsPerson);
            (ended.ripe_at, Thing { subject: subject.clone(), told: Told::Over(kind) })
        });
        begins.chain(ends).collect()
    }

    /// Takes in what became of the message under way.
    pub(super) fn ended(
        &mut self,
        outcome: &Outcome,
        known: &BTreeMap<Subject, Known>,
        pace: &Pace,
        now: Now,
    ) {
        let Some(groups) = self.in_flight.take() else { return };
        let is_lost = |number: usize| match outcome {
            Outcome::Delivered => false,
            Outcome::InPart(failed) => failed.contains(&number),
            Outcome::Failed(_) => true,
        };
        let (mut arrived, mut lost) = (Vec::new(), Vec::new());
        for (number, things) in groups.into_iter().enumerate() {
            if is_lost(number) { lost.extend(things) } else { arrived.extend(things) }
        }
        if !arrived.is_empty() {
            (self.is_first, self.dropped_before) = (false, self.counts.dropped);
            self.counts.sent += 1;
        }
        for thing in arrived {
            self.settle(thing, Fate::Told);
        }
        if lost.is_empty() {
            (self.failures, self.not_before) = (0, None);
            return;
        }
        self.counts.failed += 1;
        self.failures = self.failures.saturating_add(1);
        let asked = if let Outcome::Failed(asked) = outcome { *asked } else { None };
        self.not_before = Some(now.plus(pace.wait(self.failures, asked)));
        let gives_up = self.failures.is_multiple_of(pace.give_up_after);
        for thing in lost {
            if gives_up || !is_wanted(&thing, known) {
                self.counts.dropped += 1;
                self.settle(thing, Fate::Dropped);
            }
        }
    }

    /// Notes that a thing need not be told again.
    fn settle(&mut self, Thing { subject, told }: Thing, fate: Fate) {
        match told {
            Told::Begins(topic) => {
                self.fates.entry(subject).or_default().insert(topic, fate);
            }
            Told::Over(_) => {
                self.ended.remove(&subject);
            }
        }
    }
}

/// Whether a thing that did not arrive is still to be told.
fn is_wanted(thing: &Thing, known: &BTreeMap<Subject, Known>) -> bool {
    match thing.told {
        Told::Begins(topic) => {
            known.get(&thing.subject).is_some_and(|known| known.concern.topic() == topic)
        }
        // Where it needs a person again meanwhile, people know that already.
        Told::Over(_) => true,
    }
}
