//! Who leads a cluster: only the holder of its lease writes there.

use std::fmt;

use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;

/// Who leads a cluster, as far as this process knows. Times are of our own calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// This process.
    Us {
        /// The number of this taking of the lease.
        epoch: u64,
    },
    /// This process holds the lease and does not write.
    UsNotWriting {
        /// The number of this taking of the lease.
        epoch: u64,
        /// Why not.
        why: NotWriting,
    },
    /// Another process.
    Other {
        /// Its name for people.
        holder: String,
        /// Whether this process has the same name.
        is_namesake: bool,
        /// The number of this taking of the lease.
        epoch: u64,
        /// Since when we have seen it lead.
        since: jiff::Timestamp,
    },
    /// Nobody: the lease is free, was released, or has expired.
    Nobody {
        /// Why this process does not take it.
        why: NotTaking,
    },
    /// The item in the table cannot be understood.
    Odd {
        /// What is wrong with it.
        wrong: String,
        /// Since when we have seen it so.
        since: jiff::Timestamp,
    },
    /// The lease was not read yet. A cluster without services has none.
    NotRead,
    /// The lease cannot be read.
    Unknown(Fault),
}

/// Why the holder of a lease does not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWriting {
    /// It has just taken it, and nothing shows that its predecessor has stopped.
    JustTaken,
    /// Its last renewal is too long ago. The fault of the last attempt, if that is known.
    Late(Option<Fault>),
    /// It gives it up.
    Releasing,
}

/// Why a free lease is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaking {
    /// It is about to be.
    Soon,
    /// Another process leads this cluster, or may lead it, and one process is to lead all.
    Yields(ClusterName),
    /// It cannot be written.
    Fault(Fault),
    /// This process only watches.
    Observes,
}

/// Why this process makes no change in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLeader {
    /// The cluster.
    pub cluster: ClusterName,
    /// Who leads it.
    pub leader: Leader,
}

impl Leader {
    /// Whether this process holds the lease.
    pub fn is_us(&self) -> bool {
        matches!(self, Self::Us { .. } | Self::UsNotWriting { .. })
    }

    /// The fault that keeps this process from leading, if one does.
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Unknown(fault)
            | Self::Nobody { why: NotTaking::Fault(fault) }
            | Self::UsNotWriting { why: NotWriting::Late(Some(fault)), .. } => Some(fault),
            _ => None,
        }
    }
}

impl NotLeader {
    /// What would end it, in one short sentence that begins with a small letter.
    pub(crate) fn ends(&self) -> String {
        let said = match &self.leader {
            Leader::Us { .. } | Leader::Nobody { why: NotTaking::Soon } | Leader::NotRead => {
                "within seconds"
            }
            Leader::UsNotWriting { why: NotWriting::JustTaken, .. } => {
                "once the duration of the lease has passed since it was taken"
            }
            Leader::UsNotWriting { why: NotWriting::Late(_), .. } => {
                "once a renewal succeeds, or another process has taken the lease"
            }
            Leader::UsNotWriting { why: NotWriting::Releasing, .. } => {
                "once another process has taken the lease"
            }
            Leader::Other { .. } => {
                "the leader makes the change; this process does so once the lease is released or has expired"
            }
            Leader::Nobody { why: NotTaking::Yields(cluster) } => {
                return format!(
                    "once this process may lead cluster {cluster}, too, or another process leads this one"
                );
            }
            Leader::Nobody { why: NotTaking::Observes } => "with --policy upsert-only or sync",
            Leader::Odd { .. } => {
                "once the item is mended or deleted; left as it is, it counts as expired after the duration of a lease"
            }
            Leader::Unknown(_) | Leader::Nobody { why: NotTaking::Fault(_) } => {
                "once the lease table can be read and written again; eastwest keeps trying"
            }
        };
        said.to_owned()
    }

    /// Whether it ends and nobody has to act.
    pub(crate) fn ends_by_itself(&self) -> bool {
        self.leader.fault().is_none_or(|fault| fault.kind.is_transient())
    }
}

impl fmt::Display for NotLeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, leader } = self;
        match leader {
            Leader::Us { epoch } => {
                write!(f, "this process leads cluster {cluster} (epoch {epoch})")
            }
            Leader::UsNotWriting { epoch, why } => {
                write!(f, "this process holds the lease of cluster {cluster} (epoch {epoch}) ")?;
                why.fmt(f)
            }
            Leader::Other { holder, is_namesake, epoch, since } => {
                let namesake = if *is_namesake { ", another process of the same name" } else { "" };
                write!(
                    f,
                    "{holder}{namesake} leads cluster {cluster} (epoch {epoch}, seen since {since:.0})"
                )
            }
            Leader::Nobody { why } => {
                write!(f, "nobody leads cluster {cluster}: ")?;
                why.fmt(f)
            }
            Leader::Odd { wrong, since } => write!(
                f,
                "the item of cluster {cluster} in the lease table was changed by others (seen since {since:.0}): {wrong}"
            ),
            Leader::NotRead => write!(f, "the lease of cluster {cluster} was not read yet"),
            Leader::Unknown(fault) => {
                write!(f, "the lease of cluster {cluster} cannot be read: {fault}")
            }
        }
    }
}

impl fmt::Display for NotWriting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JustTaken => f.write_str("and waits until its predecessor must have stopped"),
            Self::Late(None) => f.write_str("but could not renew it in time"),
            Self::Late(Some(fault)) => write!(f, "but cannot renew it: {fault}"),
            Self::Releasing => f.write_str("and gives it up"),
        }
    }
}

impl fmt::Display for NotTaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Soon => f.write_str("this process is about to take its lease"),
            Self::Yields(cluster) => write!(
                f,
                "one process is to lead all clusters, and this one does not lead cluster {cluster}"
            ),
            Self::Fault(fault) => write!(f, "its lease cannot be taken: {fault}"),
            Self::Observes => f.write_str("this process only observes"),
        }
    }
}

/// Something that happened to a lease, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseChange {
    /// This process took it.
    Taken {
        /// The number of this taking of the lease.
        epoch: u64,
    },
    /// This process gave it up.
    Released,
    /// Others changed it while this process held it.
    Lost,
    /// This process could not renew it for its whole duration.
    Lapsed,
    /// Another process holds it.
    Seen {
        /// Its name for people.
        holder: String,
        /// The number of this taking of the lease.
        epoch: u64,
    },
    /// Another process gave it up.
    Freed {
        /// Its name for people.
        holder: String,
    },
    /// Its item was deleted.
    Deleted,
    /// Its item cannot be understood: what is wrong.
    Odd(String),
    /// It cannot be read or written, or can be again.
    Trouble(Option<Fault>),
}

impl fmt::Display for LeaseChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { epoch } => write!(f, "this process leads it now (epoch {epoch})"),
            Self::Released => f.write_str("this process gave its lease up"),
            Self::Lost => f.write_str("this process lost its lease: others changed the item"),
            Self::Lapsed => {
                f.write_str("this process could not renew its lease, which has expired")
            }
            Self::Seen { holder, epoch } => write!(f, "{holder} leads it (epoch {epoch})"),
            Self::Freed { holder } => write!(f, "{holder} gave its lease up"),
            Self::Deleted => f.write_str("the item of its lease was deleted"),
            Self::Odd(wrong) => write!(
                f,
                "the item of its lease was changed by others: {wrong}. Mend or delete it; left as it is, it counts as expired after the duration of a lease"
            ),
            Self::Trouble(None) => f.write_str("its lease can be read and written again"),
            Self::Trouble(Some(fault)) => {
                write!(
                    f,
                    "its lease cannot be read or written, and nothing is written without it: {fault}"
                )
            }
        }
    }
}
