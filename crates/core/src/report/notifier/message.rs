//! One message to people: what needs a person, and what does no longer, in groups.
//!
//! **Invariant:** a message has at most [`MOST_GROUPS`] groups, a group names at most [`MOST_NAMED`] subjects and says how
//! many there are, and its texts are short and harmless. So a message is bounded, whatever a fleet does and whoever wrote
//! the tags. EventBridge takes ten events in one call, one for each group.

use std::collections::BTreeMap;

use crate::ecs::text::printable;
use crate::plan::reason::Reason;
use crate::report::concern::{Concern, ConcernKind, Subject, Topic};

/// The most groups of a message.
const MOST_GROUPS: usize = 10;
/// The most subjects that a group names.
const MOST_NAMED: usize = 20;
/// The longest text, in characters.
const LONGEST: usize = 600;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which message it is of this process, from 1.
    pub number: u64,
    /// What it tells, the gravest first.
    pub groups: Vec<Group>,
    /// How many things wait for the next message.
    pub waiting: usize,
    /// How many things were never told, since the last message that arrived.
    pub dropped: u64,
    /// Whether it is the first since the process started, or began to lead: what it tells may have stood before.
    pub is_first: bool,
}

/// What is told of one or more subjects alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Of which kind it is, or was.
    pub kind: ConcernKind,
    /// Whether it is over.
    pub is_over: bool,
    /// The reason that the status gives.
    pub reason: Option<Reason>,
    /// The reason in words; empty where it is over.
    pub why: String,
    /// What would end it.
    pub ends: Option<String>,
    /// Since when the first of them is so; none where it is over.
    pub since: Option<jiff::Timestamp>,
    /// The subjects: the first of them, if there are many.
    pub subjects: Vec<Subject>,
    /// How many there are.
    pub count: usize,
}

/// Something to tell of one subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) subject: Subject,
    pub(super) told: Told,
}

/// What is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// That it needs a person.
    Begins(Topic),
    /// That what was told of it is over.
    Over(ConcernKind),
}

/// What makes things one group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    is_over: bool,
    kind: ConcernKind,
    reason: Option<Reason>,
    why: String,
}

/// Things by group, the gravest first, at most [`MOST_GROUPS`]; and how many things are left.
pub(super) fn grouped<'a>(
    things: impl IntoIterator<Item = (Thing, Option<&'a Concern>)>,
) -> (Vec<(Group, Vec<Thing>)>, usize) {
    let mut groups: BTreeMap<Likeness, (Group, Vec<Thing>)> = BTreeMap::new();
    for (thing, concern) in things {
        let group = Group::of(thing.told, concern);
        let Group { is_over, kind, reason, .. } = group;
        let likeness = Likeness { is_over, kind, reason, why: group.why.clone() };
        let (group, members) = groups.entry(likeness).or_insert_with(|| (group, Vec::new()));
        group.add(&thing.subject, concern);
        members.push(thing);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    let rest = groups.split_off(groups.len().min(MOST_GROUPS));
    let left = rest.iter().map(|(_, members)| members.len()).sum();
    (groups, left)
}

impl Group {
    fn of(told: Told, concern: Option<&Concern>) -> Self {
        let (kind, is_over) = match told {
            Told::Begins((kind, _)) => (kind, false),
            Told::Over(kind) => (kind, true),
        };
        let concern = concern.filter(|_| !is_over);
        Self {
            kind,
            is_over,
            reason: concern.and_then(|concern| concern.reason),
            why: concern.map(|concern| printable(&concern.why, LONGEST)).unwrap_or_default(),
            ends: concern.and_then(|concern| Some(printable(concern.ends.as_deref()?, LONGEST))),
            since: None,
            subjects: Vec::new(),
            count: 0,
        }
    }

    fn add(&mut self, subject: &Subject, concern: Option<&Concern>) {
        self.count += 1;
        if self.subjects.len() < MOST_NAMED {
            self.subjects.push(subject.clone());
        }
        let since = concern.filter(|_| !self.is_over).map(|concern| concern.since);
        self.since = self.since.into_iter().chain(since).min();
    }
}
