//! Maintenance windows: when a change may begin.
//!
//! A window opens by a cron pattern in a time zone and stays open for its duration. If it opens again in that time, the
//! duration starts again. **At a moment a change may begin if no deny window that applies is open and, if any allow
//! window applies, at least one of them is open.** A rollout that runs when a window closes goes on. Everything here is
//! a pure function of the moment and takes bounded time, even for a hostile document.

mod pattern;
mod zone;

pub(crate) use pattern::Pattern;
pub(crate) use zone::Zone;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::ecs::name::{ClusterName, NamespaceName, NamespaceRef};
use crate::ecs::namespace::Namespace;
use zone::{earlier, later};

/// How far ahead an opening is searched: far enough for each day of the calendar, 29 February too.
const HORIZON: Duration = Duration::from_hours(9 * 366 * 24);
/// How often the search for the next opening looks at a window.
const LOOKS: usize = 4096;
/// How often the search for contradictions looks at a window.
const LOOKS_AT_ALL: usize = 32_768;
/// Where the search for contradictions starts, 2026-01-01T00:00:00Z. It is fixed, so that a document is good or bad no
/// matter when it is read.
const BEGIN: i64 = 1_767_225_600;

/// Whether changes may begin in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Kind {
    /// Where allow windows apply, a change begins only in one of them.
    Allow,
    /// No change begins in it.
    Deny,
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub(crate) kind: Kind,
    pub(crate) pattern: Pattern,
    pub(crate) duration: Duration,
    pub(crate) zone: Zone,
    /// Where it applies; everywhere if empty.
    pub(crate) namespaces: BTreeSet<NamespaceRef>,
    pub(crate) clusters: BTreeSet<ClusterName>,
}

/// Where a change is to be made.
#[derive(Debug, Clone, Copy)]
pub struct ChangeTarget<'a> {
    /// The cluster; none for what belongs to no cluster.
    pub cluster: Option<&'a ClusterName>,
    /// The namespace.
    pub namespace: TargetNamespace<'a>,
}

/// The namespace of a change, if there is one.
#[derive(Debug, Clone, Copy)]
pub enum TargetNamespace<'a> {
    /// None, or none that is known.
    Nothing,
    /// This one.
    Known(&'a Namespace),
    /// One that eastwest will create.
    New(&'a NamespaceName),
}

/// Why no change may begin, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub why: Why,
    /// The next moment at which a change may begin. None: there is none for years, or the search took too long.
    pub opens_at: Option<Timestamp>,
}

/// Why no change may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// This deny window is open.
    Denied(Box<Window>),
    /// None of the allow windows is.
    NoneOpen,
}

/// Why no change may begin at `place` at this moment. `None`: a change may begin.
pub fn closed(windows: &[Window], place: ChangeTarget<'_>, at: Timestamp) -> Option<Closed> {
    let applying: Vec<&Window> = windows.iter().filter(|window| window.applies(place)).collect();
    let of = |kind| applying.iter().copied().filter(move |window| window.kind == kind);
    let why = match of(Kind::Deny).find(|window| window.is_open(at)) {
        Some(window) => Why::Denied(Box::new(window.clone())),
        None if of(Kind::Allow).next().is_none() => return None,
        None if of(Kind::Allow).any(|window| window.is_open(at)) => return None,
        None => Why::NoneOpen,
    };
    let mut looks = LOOKS;
    let opens_at = match next_free(&applying, at, &mut looks) {
        Next::At(moment) => Some(moment),
        Next::Never | Next::Unknown => None,
    };
    Some(Closed { why, opens_at })
}

/// An allow window in which no change can ever begin, and the deny windows that always cover it; all by number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contradiction {
    pub(crate) allow: usize,
    pub(crate) denies: Vec<usize>,
}

/// The allow windows that deny windows always cover. Only deny windows count that apply everywhere where the allow
/// window does. A contradiction that takes too long to find is not found.
pub(crate) fn contradictions(windows: &[&Window]) -> Vec<Contradiction> {
    let mut looks = LOOKS_AT_ALL;
    let allows = (0..windows.len()).filter(|number| windows[*number].kind == Kind::Allow);
    allows.filter_map(|allow| contradiction(windows, allow, &mut looks)).collect()
}

fn contradiction(windows: &[&Window], allow: usize, looks: &mut usize) -> Option<Contradiction> {
    let covers = |deny: &Window| deny.kind == Kind::Deny && deny.covers(windows[allow]);
    let mut denies: Vec<usize> = (0..windows.len()).filter(|at| covers(windows[*at])).collect();
    if denies.is_empty() || !is_covered(windows, allow, &denies, looks) {
        return None;
    }
    // A deny window that is not needed to cover it is not named.
    for deny in denies.clone() {
        let others: Vec<usize> = denies.iter().copied().filter(|other| *other != deny).collect();
        if is_covered(windows, allow, &others, looks) {
            denies = others;
        }
    }
    Some(Contradiction { allow, denies })
}

fn is_covered(windows: &[&Window], allow: usize, denies: &[usize], looks: &mut usize) -> bool {
    let begin = Timestamp::from_second(BEGIN).unwrap_or_default();
    let together = denies.iter().copied().chain([allow]).map(|number| windows[number]);
    next_free(&together.collect::<Vec<_>>(), begin, looks) == Next::Never
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    At(Timestamp),
    Never,
    /// The search took too long.
    Unknown,
}

/// The first moment from `from` on at which these windows let a change begin.
fn next_free(windows: &[&Window], from: Timestamp, looks: &mut usize) -> Next {
    let until = later(from, HORIZON);
    let of = |kind| windows.iter().filter(move |window| window.kind == kind);
    let mut at = from;
    while at < until {
        let Some(left) = looks.checked_sub(windows.len()) else { return Next::Unknown };
        *looks = left;
        let closes = of(Kind::Deny).filter_map(|window| window.open_until(at)).max();
        if let Some(closes) = closes {
            at = closes;
        } else if of(Kind::Allow).next().is_none() || of(Kind::Allow).any(|w| w.is_open(at)) {
            return Next::At(at);
        } else {
            let opens = of(Kind::Allow).filter_map(|window| window.opens_after(at, until)).min();
            at = opens.unwrap_or(until);
        }
    }
    Next::Never
}

impl Window {
    fn applies(&self, place: ChangeTarget<'_>) -> bool {
        let in_cluster = || place.cluster.is_some_and(|cluster| self.clusters.contains(cluster));
        let in_namespace = || self.namespaces.iter().any(|named| place.namespace.is(named));
        (self.clusters.is_empty() || in_cluster()) && (self.namespaces.is_empty() || in_namespace())
    }

    /// Whether it applies everywhere where the other one does.
    fn covers(&self, other: &Self) -> bool {
        fn all<T: Ord>(these: &BTreeSet<T>, others: &BTreeSet<T>) -> bool {
            these.is_empty() || !others.is_empty() && others.is_subset(these)
        }
        all(&self.clusters, &other.clusters) && all(&self.namespaces, &other.namespaces)
    }

    fn is_open(&self, at: Timestamp) -> bool {
        self.open_until(at).is_some()
    }

    /// When it closes, if it is open and does not open again before.
    fn open_until(&self, at: Timestamp) -> Option<Timestamp> {
        if self.pattern.is_always() {
            return Some(Timestamp::MAX);
        }
        let opened = self.zone.last(&self.pattern, earlier(at, self.duration), at)?;
        Some(later(opened, self.duration))
    }

    fn opens_after(&self, at: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.zone.first(&self.pattern, at, until)
    }
}

impl TargetNamespace<'_> {
    /// Whether `named` means this namespace.
    fn is(self, named: &NamespaceRef) -> bool {
        match (self, named) {
            (Self::Known(known), NamespaceRef::Name(name)) => {
                known.name == *name || known.http_name == *name
            }
            (Self::Known(known), NamespaceRef::Id(id) | NamespaceRef::Arn(_, id)) => {
                known.id == *id
            }
            (Self::New(new), NamespaceRef::Name(name)) => new == name,
            (Self::New(_), NamespaceRef::Id(_) | NamespaceRef::Arn(..)) | (Self::Nothing, _) => {
                false
            }
        }
    }
}

/// As `0 22 * * MON-FRI for 4h, Europe/Berlin`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.duration.as_secs();
        let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
        let whole =
            units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, 's'));
        let (unit, letter) = whole;
        let (text, zone) = (self.pattern.text(), self.zone.name());
        write!(f, "{text} for {}{letter}, {zone}", seconds / unit)
    }
}

impl Closed {
    /// When changes may begin again.
    pub(crate) fn ends(&self) -> String {
        match self.opens_at {
            Some(moment) => format!("at {moment}, when a window opens"),
            None => {
                "once the document's windows change; eastwest found no later opening".to_owned()
            }
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Denied(window) => {
                write!(f, "outside of its maintenance windows: the deny window {window} is open")
            }
            Why::NoneOpen => {
                f.write_str("outside of its maintenance windows: none of them is open")
            }
        }
    }
}

#[cfg(test)]
mod tests;
