//! What needs a person: which service, namespace, cluster or document, and why.
//!
//! **Invariant:** what a person chose is no concern, however long it lasts: a pause, a freeze, a closed window, a policy.
//! Only a service that differs for long from what is declared is one all the same, unless it is paused or frozen.
//!
//! A concern is a state and no event. So a lost event costs nothing, and what a process did not see begin it sees stand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::standing::Standing;
use super::status::Status;
use crate::ecs::name::{ClusterName, NamespaceName};
use crate::ecs::service_key::ServiceKey;
use crate::plan::reason::Reason;

/// What needs a person, of which kind; the gravest is least.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ConcernKind {
    /// ECS took a rollout back, or gave it up.
    TakenBack,
    /// Another writer keeps changing a service back.
    Contended,
    /// Too much of a namespace would change at once: the brake holds all of it.
    MassChange,
    /// Another service has the name, or the document keeps it for others.
    Conflict,
    /// Anything else that only a person mends.
    NeedsPerson,
    /// A cluster cannot be read.
    Unreadable,
    /// The latest document is not in force.
    Document,
    /// A service differs from what is declared for longer than it should.
    Drift,
}

impl ConcernKind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a concern is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The document.
    Document,
    /// The list of all clusters.
    Clusters,
    /// A cluster.
    Cluster(ClusterName),
    /// The services of a namespace together, if it is known; those of one cluster, where each cluster is counted apart.
    Namespace(Option<NamespaceName>, Option<ClusterName>),
    /// A service.
    Service(ServiceKey),
}

impl Subject {
    /// The cluster that must be read to see it.
    pub fn cluster(&self) -> Option<&ClusterName> {
        match self {
            Self::Document | Self::Clusters | Self::Namespace(_, None) => None,
            Self::Cluster(cluster) | Self::Namespace(_, Some(cluster)) => Some(cluster),
            Self::Service(key) => Some(&key.cluster),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("the document"),
            Self::Clusters => f.write_str("the list of clusters"),
            Self::Cluster(cluster) => write!(f, "cluster {cluster}"),
            Self::Namespace(Some(namespace), _) => write!(f, "namespace {namespace}"),
            Self::Namespace(None, _) => f.write_str("an unknown namespace"),
            Self::Service(key) => key.fmt(f),
        }
    }
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// Of which kind.
    pub kind: ConcernKind,
    /// The reason that the status gives.
    pub reason: Option<Reason>,
    /// The reason in words.
    pub why: String,
    /// What would end it.
    pub ends: Option<String>,
    /// Since when, by the calendar.
    pub since: jiff::Timestamp,
}

/// What makes two concerns about one subject the same: then it is told once.
pub type Topic = (ConcernKind, Option<Reason>);

impl Concern {
    /// Its topic. Where the kind says little, the reason counts too.
    pub fn topic(&self) -> Topic {
        (self.kind, self.reason.filter(|_| self.kind == ConcernKind::NeedsPerson))
    }
}

/// How a subject is that is not in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// It needs a person.
    Concern(Concern),
    /// Not now, or nobody can tell: it waits, rolls, is paused, or was not seen. What needed a person before may still.
    Unclear,
}

/// Whose business it is to tell people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This process's.
    Leads,
    /// That of another one, which leads.
    Follows,
    /// Nobody's that we know of.
    Unknown,
}

/// What needs a person at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerns {
    /// Whose business it is.
    pub role: Role,
    /// Every subject that is not in order.
    pub seen: BTreeMap<Subject, Sighting>,
    /// The clusters that were read whole.
    pub read: BTreeSet<ClusterName>,
    /// Whether each watched cluster was read whole, or cannot be read.
    pub all_read: bool,
    /// Whether a hold of all services may hide the brake of a namespace.
    pub hides_brakes: bool,
}

impl Concerns {
    /// Whether a subject is in order, or gone: it was looked for and not seen.
    pub(super) fn is_over(&self, subject: &Subject) -> bool {
        if self.seen.contains_key(subject) {
            return false;
        }
        match subject {
            Subject::Document | Subject::Clusters => self.all_read,
            Subject::Namespace(..) => self.all_read && !self.hides_brakes,
            Subject::Cluster(_) | Subject::Service(_) => {
                self.all_read
                    || subject.cluster().is_some_and(|cluster| self.read.contains(cluster))
            }
        }
    }
}

/// Whether a service of this status needs a person, and why. `is_late` says that it differs for too long.
pub fn kind(status: &Status, standing: Standing, is_late: bool) -> Option<ConcernKind> {
    match status.reason {
        Some(
            Reason::RolledBack
            | Reason::RollingBack
            | Reason::RolloutFailed
            | Reason::NothingToGoBackTo,
        ) => Some(ConcernKind::TakenBack),
        Some(Reason::Contended) => Some(ConcernKind::Contended),
        Some(Reason::MassChange) => Some(ConcernKind::MassChange),
        Some(Reason::Conflict | Reason::Claimed) => Some(ConcernKind::Conflict),
        Some(Reason::HookPaused) => Some(ConcernKind::NeedsPerson),
        Some(Reason::Paused | Reason::Frozen | Reason::Leaving) => None,
        _ if standing == Standing::Broken => Some(ConcernKind::NeedsPerson),
        _ => is_late.then_some(ConcernKind::Drift),
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;
    use crate::report::health::Health;
    use crate::report::status::Sync;
    use crate::testing::key;

    fn status(reason: Reason, health: Health) -> Status {
        Status { reason: Some(reason), ..Status::new(Sync::OutOfSync, health) }
    }

    #[test]
    fn what_a_person_chose_is_no_concern_however_long_it_lasts() {
        for reason in [Reason::Paused, Reason::Frozen] {
            let chosen = status(reason, Health::Suspended);
            assert_eq!(kind(&chosen, Standing::Held, true), None, "{reason}");
        }
        let observed = status(Reason::Observe, Health::Healthy);
        assert_eq!(kind(&observed, Standing::Held, false), None);
        assert_eq!(kind(&observed, Standing::Held, true), Some(ConcernKind::Drift));
    }

    #[test]
    fn what_only_a_person_mends_is_one_whatever_its_reason() {
        for reason in Reason::VARIANTS {
            let chosen = matches!(reason, Reason::Paused | Reason::Frozen | Reason::Leaving);
            let broken = kind(&status(*reason, Health::Degraded), Standing::Broken, false);
            assert_eq!(broken.is_some(), !chosen, "{reason}");
        }
    }

    #[test]
    fn only_of_a_kind_that_says_little_the_reason_makes_another_topic() {
        let concern = |kind, reason| Concern {
            kind,
            reason: Some(reason),
            why: String::new(),
            ends: None,
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        let taken = |reason| concern(ConcernKind::TakenBack, reason).topic();
        assert_eq!(taken(Reason::RollingBack), taken(Reason::RolledBack));
        let other = |reason| concern(ConcernKind::NeedsPerson, reason).topic();
        assert_ne!(other(Reason::Ambiguous), other(Reason::Ineligible));
    }

    #[test]
    fn what_was_not_looked_for_is_not_over() {
        let mut concerns = Concerns {
            role: Role::Leads,
            seen: BTreeMap::new(),
            read: BTreeSet::new(),
            all_read: false,
            hides_brakes: false,
        };
        let web = Subject::Service(key("web"));
        assert!(!concerns.is_over(&web), "its cluster was not read");
        concerns.read.insert(ClusterName::as_read("prod"));
        assert!(concerns.is_over(&web));
        let brake = Subject::Namespace(None, None);
        assert!(!concerns.is_over(&brake));
        (concerns.all_read, concerns.hides_brakes) = (true, true);
        assert!(!concerns.is_over(&brake) && concerns.is_over(&Subject::Document));
        concerns.seen.insert(web.clone(), Sighting::Unclear);
        assert!(!concerns.is_over(&web), "nobody can tell");
    }
}
