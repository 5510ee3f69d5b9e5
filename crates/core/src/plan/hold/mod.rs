//! Why a wanted change is not made now.
//!
//! A hold is data in the plan, not an error and not a log line: it is shown, counted by its
//! [`Hold::reason`] and tested. It says what is so; what would end it is said apart, by [`Hold::ends`].

pub mod claim;
mod ends;

use std::collections::BTreeSet;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::asked_pause::AskedPause;
use super::awaited::Awaited;
use super::consent::TooMany;
use super::contention::Contention;
use super::kept_name::KeptName;
use super::leader::NotLeader;
use super::prerequisite::{NamedPort, NamedPorts};
use super::reason::Reason;
use super::turn::Turn;
use crate::declaration::settings::Policy;
use crate::declaration::windows::Closed;
use crate::ecs::claim::Claim;
use crate::ecs::fault::Fault;
use crate::ecs::name::Arn;
use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::ecs::text::first_of;
use crate::view::reading::Question;
use crate::view::rollout::RolloutSpan;
use claim::Holder;

/// Why a wanted change is not made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Something that the decision rests on could not be seen.
    NotSeen(Unseen),
    /// What is declared can be read in more than one way; the issues say where.
    Ambiguous,
    /// A port of the declaration can be read in two ways, which it says.
    AmbiguousPort(String),
    /// There is no such namespace, or none was named.
    NoNamespace(String),
    /// ECS would refuse it, or tasks would not start.
    Ineligible(String),
    /// The port to serve has no name; who will give it the one that stands here.
    UnnamedPort(Box<NamedPorts>, Naming),
    /// A name would have to become what it cannot: ECS never changes the protocol it was made with.
    Immutable(String),
    /// Somebody else has the name, or has the better right to it.
    Conflict(Claim, Holder),
    /// The document keeps the name for others.
    Claimed {
        /// The name.
        claim: Claim,
        /// Who may newly take it.
        by: BTreeSet<ServicePath>,
    },
    /// The configuration in force has members this version does not know and would destroy.
    UnknownField(Vec<String>),
    /// ECS gave exactly this configuration up before, on the same task definition.
    RolledBack {
        /// The service deployment's status.
        status: String,
        /// Why, in ECS's words.
        reason: String,
        /// When it ran.
        span: RolloutSpan,
    },
    /// A server that it needs is not complete yet.
    WaitingForServer(Box<Awaited>),
    /// An old name goes only when no client calls it any more.
    WaitingForClient(Box<KeptName>),
    /// A rollout of this service is under way, ours or anybody's.
    Rolling,
    /// The document says that nothing may change, at all or at this time.
    Frozen(Frozen),
    /// The service's owner asked to hold everything.
    Paused(Option<jiff::Timestamp>),
    /// A person asked for a pause while eastwest runs.
    PausedByPerson(Box<AskedPause>),
    /// As many rollouts as allowed are under way.
    Budget(Turn),
    /// Somebody else keeps changing it back.
    Contended(Box<Contention>),
    /// Too much of a namespace would change at once; somebody must agree.
    MassChange(Box<TooMany>),
    /// AWS refused this very change, or could not take it; it is tried again later.
    Refused(Fault),
    /// The plan breaks this rule of our own, which is a bug of ours: nothing at all is written.
    Breach(&'static str),
    /// The operator's policy does not allow it.
    Observe(Policy),
    /// It is the ECS service that eastwest itself runs as.
    OwnService,
    /// Another process leads the cluster, or who leads it is not known.
    NotLeader(Box<NotLeader>),
}

/// What could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// The service itself, and why.
    Service(Fault),
    /// The last complete listing did not show it.
    Unlisted,
    /// AWS answers with older states of it than we have seen.
    Lagging,
    /// No good document was read since the start; its issues say why.
    BadDocument,
    /// Something was made just now and is not seen yet.
    JustMade,
    /// It was read before it opted in, and not all of that was kept.
    Partly,
    /// Something else that was asked, and the failure if there was one.
    Answer(Question, Option<Fault>),
    /// We have just started: what we read may be older than our own last write.
    JustStarted,
    /// So many services of the same namespace are not read yet, so how much a pass would change is not known.
    Extent(usize),
    /// A service that was listed and never read since the start may be rolling: how many do is not known.
    Rollouts(ServiceKey, Fault),
    /// The answer to our last write was lost; whether it took effect is not known yet.
    LastWrite,
}

/// What of the document keeps changes from being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frozen {
    /// Its switch.
    Document,
    /// Its maintenance windows.
    Window(Closed),
}

/// Who gives a port its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// A person.
    ByHand,
    /// We, because the document says so: a revision is registered.
    ByUs,
    /// This revision has the name already; the service does not run it.
    In(Arn),
}

impl Hold {
    /// A hold until that is answered.
    pub fn until_answered(question: Question) -> Self {
        Self::NotSeen(Unseen::Answer(question, None))
    }

    /// Its name, one of a closed set: a metric's label.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotSeen(_) => Reason::NotSeen,
            Self::Ambiguous | Self::AmbiguousPort(_) => Reason::Ambiguous,
            Self::NoNamespace(_) => Reason::NoNamespace,
            Self::Ineligible(_) | Self::UnnamedPort(..) => Reason::Ineligible,
            Self::Immutable(_) => Reason::Immutable,
            Self::Conflict(..) => Reason::Conflict,
            Self::Claimed { .. } => Reason::Claimed,
            Self::UnknownField(_) => Reason::UnknownField,
            Self::RolledBack { .. } => Reason::RolledBack,
            Self::WaitingForServer(_) => Reason::WaitingForServer,
            Self::WaitingForClient(..) => Reason::WaitingForClient,
            Self::Rolling => Reason::Rolling,
            Self::Frozen(_) => Reason::Frozen,
            Self::Paused(_) | Self::PausedByPerson(_) => Reason::Paused,
            Self::Budget(_) => Reason::Budget,
            Self::Contended(_) => Reason::Contended,
            Self::MassChange(_) => Reason::MassChange,
            Self::Refused(_) => Reason::Refused,
            Self::Breach(_) => Reason::Breach,
            Self::Observe(_) => Reason::Observe,
            Self::OwnService => Reason::OwnService,
            Self::NotLeader(_) => Reason::NotLeader,
        }
    }

    /// When it goes away by itself, if that is known.
    pub fn ends_at(&self) -> Option<jiff::Timestamp> {
        match self {
            Self::Paused(until) => *until,
            Self::PausedByPerson(pause) => Some(pause.until),
            Self::Frozen(Frozen::Window(closed)) => closed.opens_at,
            Self::Budget(turn) => turn.ends_at(),
            Self::WaitingForClient(kept) => kept.until,
            _ => None,
        }
    }

    /// What must be asked before this hold can go away by itself.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::NotSeen(Unseen::Answer(question, _)) => Some(question),
            _ => None,
        }
    }
}

impl Serialize for Hold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snippet = self.snippet();
        let members = 3 + usize::from(snippet.is_some());
        let mut hold = serializer.serialize_struct("Hold", members)?;
        hold.serialize_field("reason", &self.reason())?;
        hold.serialize_field("message", &self.to_string())?;
        hold.serialize_field("ends", &self.ends())?;
        if let Some(snippet) = snippet {
            hold.serialize_field("snippet", &snippet)?;
        }
        hold.end()
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSeen(unseen) => unseen.fmt(f),
            Self::Ambiguous => f.write_str("invalid declaration: see its issues"),
            Self::AmbiguousPort(why)
            | Self::NoNamespace(why)
            | Self::Ineligible(why)
            | Self::Immutable(why) => f.write_str(why),
            Self::UnnamedPort(named, naming) => unnamed_port(f, named, naming),
            Self::Conflict(claim, holder) => write!(f, "{claim} {holder}"),
            Self::Claimed { claim, by } => {
                write!(f, "{claim} is claimed in the document ")?;
                if by.is_empty() {
                    return f.write_str("and kept from everybody");
                }
                write!(f, "for {}", first_of(by, ", "))
            }
            Self::UnknownField(members) => write!(
                f,
                "its configuration has members that this version of eastwest does not know and would delete: {}",
                members.join(", ")
            ),
            Self::RolledBack { status, reason, span: _ } => {
                write!(f, "exactly this configuration failed before ({status}")?;
                let colon = if reason.is_empty() { "" } else { ": " };
                write!(f, "{colon}{reason})")
            }
            Self::WaitingForServer(awaited) => awaited.fmt(f),
            Self::WaitingForClient(kept) => kept.fmt(f),
            Self::Rolling => f.write_str("a deployment of this service is running"),
            Self::Frozen(Frozen::Document) => {
                f.write_str("the document sets freeze: nothing is changed")
            }
            Self::Frozen(Frozen::Window(closed)) => closed.fmt(f),
            Self::Paused(None) => {
                f.write_str("paused by its pause tag or its entry in the document, with no end")
            }
            Self::Paused(Some(_)) => {
                f.write_str("paused by its pause tag or its entry in the document")
            }
            Self::PausedByPerson(pause) => pause.fmt(f),
            Self::Budget(turn) => turn.fmt(f),
            Self::Contended(contention) => contention.fmt(f),
            Self::MassChange(why) => why.fmt(f),
            Self::Refused(fault) => fault.fmt(f),
            Self::Breach(rule) => {
                write!(f, "eastwest found a fault in its own plan and writes nothing: {rule}")
            }
            Self::Observe(policy) => {
                let name: &str = policy.into();
                write!(f, "policy {name} does not allow this write")
            }
            Self::OwnService => f.write_str(
                "this is eastwest's own service, which it does not roll out: whoever may tag the service could have it restart itself",
            ),
            Self::NotLeader(why) => why.fmt(f),
        }
    }
}

fn unnamed_port(
    f: &mut fmt::Formatter<'_>,
    NamedPorts { task_definition, ports }: &NamedPorts,
    naming: &Naming,
) -> fmt::Result {
    for (at, NamedPort { container, container_port, name, .. }) in ports.iter().enumerate() {
        let revision = task_definition.resource();
        f.write_str(if at == 0 { "" } else { "; " })?;
        write!(
            f,
            "the port mapping {container_port} of container {container} in {revision} has no name: "
        )?;
        match naming {
            Naming::ByHand => write!(f, "register a revision with \"name\": \"{name}\"")?,
            Naming::ByUs => write!(f, "a revision that names it {name} is registered first")?,
            Naming::In(arn) => {
                write!(
                    f,
                    "{} names it; deploy that revision, eastwest never does",
                    arn.resource()
                )?;
            }
        }
    }
    Ok(())
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(fault) => write!(f, "the service could not be read: {fault}"),
            Self::Unlisted => f.write_str("the last listing of its cluster did not show it"),
            Self::Lagging => {
                f.write_str("AWS answers with an older state of it than before")
            }
            Self::BadDocument => {
                f.write_str("the document is invalid, and no valid one was read since the start")
            }
            Self::JustMade => f.write_str("created just now; AWS does not show it yet"),
            Self::Partly => f.write_str("the document has just named it; reading it again"),
            Self::Answer(question, None) => write!(f, "not read yet: {question}"),
            Self::Answer(question, Some(fault)) => {
                write!(f, "could not read {question}: {fault}")
            }
            Self::JustStarted => {
                f.write_str("waiting: eastwest started less than 10 s ago, or has not read the cluster since")
            }
            Self::Extent(open) => {
                let noun = if *open == 1 { "service" } else { "services" };
                write!(
                    f,
                    "{open} more {noun} of the namespace must be read before eastwest knows how much would change at once"
                )
            }
            Self::Rollouts(key, fault) => write!(
                f,
                "{key} has not been read since the start and may be rolling: {fault}"
            ),
            Self::LastWrite => f.write_str(
                "the answer to the last write was lost: reading the service to see whether it took effect",
            ),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespaces => f.write_str("the list of namespaces"),
            Self::NamespaceUse(id, ..) => write!(f, "who uses namespace {id}"),
            Self::TaskDefinition(arn) => write!(f, "task definition {}", arn.resource()),
            Self::History(_) => f.write_str("its recent service deployments"),
            Self::LatestRevision(family) => write!(f, "the latest revision of {family}"),
            Self::Parameters(name) => write!(f, "parameter {name}"),
        }
    }
}

#[cfg(test)]
mod tests;
