//! The two alphabets of the engine: what it asks the world to do, and what the world answers.
//!
//! Exactly one event answers each effect. An effect carries everything that its execution needs, so its executor makes
//! no choice. The daemon executes effects through the AWS SDK, the simulator in process on virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::ecs::fault::Fault;
use crate::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseWrite};
use crate::ecs::name::ClusterName;
use crate::ecs::past::Past;
use crate::ecs::queue::{Message, QueueUrl};
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::plan::action::{Accepted, Action};
use crate::plan::asked_pause::{PauseScope, PausedOver};
use crate::plan::consent::PlanId;
use crate::plan::prerequisite::Prerequisite;
use crate::view::reading::{Answer, ClusterReading, Question};

/// Something to be done out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// List the clusters of the account. Answered by [`Event::ClustersFound`].
    FindClusters,
    /// Read a cluster's default namespace and all its services with their tags.
    /// Answered by [`Event::Swept`].
    Sweep(ClusterName),
    /// Read some services of one cluster again. Answered by [`Event::Refreshed`].
    Refresh(ClusterName, BTreeSet<ServiceKey>),
    /// Read one service again, raw answer included, with its recent rollouts: the read before a write.
    /// Answered by [`Event::Confirmed`].
    Confirm(ServiceKey),
    /// Read something that a plan lacks. Answered by [`Event::Answered`].
    Ask(Question),
    /// Change the world, in one attempt. Answered by [`Event::Applied`].
    Apply(Action),
    /// Make something that services wait for. Answered by [`Event::Made`].
    Make(Prerequisite),
    /// Wait for messages of the queue, twenty seconds at most. Answered by [`Event::Received`].
    Receive(QueueUrl),
    /// Delete messages of the queue by their receipts, at most ten. Answered by [`Event::Deleted`].
    Delete(QueueUrl, Vec<String>),
    /// Read a lease: a strongly consistent read, tried once and given up after
    /// [`LeaseSettings::retry_after`](crate::declaration::settings::LeaseSettings::retry_after). Answered by
    /// [`Event::LeaseRead`].
    ReadLease(LeaseKey),
    /// Write a lease under a condition: tried once, never again, and given up after as long. Answered by
    /// [`Event::LeaseWritten`].
    WriteLease(Box<LeaseWrite>),
}

/// What happened out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Time has passed; something may be due.
    Tick,
    /// Stop: start nothing new, and give up the leases that are held once no write of ours is under way.
    Stop,
    /// A person agrees to a plan that changes much at once.
    Acknowledged(PlanId),
    /// A person asks to send once more what ECS gave up for a service.
    Retry(ServiceKey),
    /// A person pauses something for so long.
    Pause(PauseScope, Duration, PausedOver),
    /// A person ends a pause of exactly this.
    Resume(PauseScope),
    /// A person asks to read a service again now, or everything.
    Look(Option<ServiceKey>),
    /// Answers [`Effect::FindClusters`].
    ClustersFound(Result<BTreeSet<ClusterName>, Fault>),
    /// Answers [`Effect::Sweep`].
    Swept(ClusterReading),
    /// Answers [`Effect::Refresh`].
    Refreshed(ClusterName, BTreeMap<ServiceKey, Seen<EcsService>>),
    /// Answers [`Effect::Confirm`].
    Confirmed(ServiceKey, Seen<EcsService>, Seen<Vec<Past>>),
    /// Answers [`Effect::Ask`].
    Answered(Answer),
    /// Answers [`Effect::Apply`].
    Applied(Action, Result<Accepted, Fault>),
    /// Answers [`Effect::Make`] with the ARN or id of what is there now.
    Made(Prerequisite, Result<String, Fault>),
    /// Answers [`Effect::Receive`].
    Received(Result<Vec<Message>, Fault>),
    /// Answers [`Effect::Delete`].
    Deleted(Result<(), Fault>),
    /// Answers [`Effect::ReadLease`] with the item, if there is one.
    LeaseRead(LeaseKey, Result<Option<LeaseItem>, Fault>),
    /// Answers [`Effect::WriteLease`].
    LeaseWritten(Box<LeaseWrite>, Result<LeaseOutcome, Fault>),
}

impl Effect {
    /// The event that says that this effect could not be carried out, for a reason outside of AWS.
    pub fn failed(&self, fault: Fault) -> Event {
        match self {
            Self::FindClusters => Event::ClustersFound(Err(fault)),
            Self::Sweep(cluster) => Event::Swept(ClusterReading {
                cluster: cluster.clone(),
                default_namespace: Seen::Unknown(fault.clone()),
                listing: Err(fault),
                services: BTreeMap::new(),
                unchanged: BTreeMap::new(),
            }),
            Self::Refresh(cluster, services) => {
                let unknown = |key: &ServiceKey| (key.clone(), Seen::Unknown(fault.clone()));
                Event::Refreshed(cluster.clone(), services.iter().map(unknown).collect())
            }
            Self::Confirm(key) => {
                let (service, history) = (Seen::Unknown(fault.clone()), Seen::Unknown(fault));
                Event::Confirmed(key.clone(), service, history)
            }
            Self::Ask(question) => Event::Answered(question.failed(fault)),
            Self::Apply(action) => Event::Applied(action.clone(), Err(fault)),
            Self::Make(prerequisite) => Event::Made(prerequisite.clone(), Err(fault)),
            Self::Receive(_) => Event::Received(Err(fault)),
            Self::Delete(..) => Event::Deleted(Err(fault)),
            Self::ReadLease(key) => Event::LeaseRead(key.clone(), Err(fault)),
            Self::WriteLease(write) => Event::LeaseWritten(write.clone(), Err(fault)),
        }
    }
}

/// For log lines: what is done to what, and nothing of what is sent.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FindClusters => f.write_str("find-clusters"),
            Self::Sweep(cluster) => write!(f, "sweep {cluster}"),
            Self::Refresh(cluster, keys) => {
                write!(f, "refresh {cluster}")?;
                keys.iter().try_for_each(|key| write!(f, " {}", key.name))
            }
            Self::Confirm(key) => write!(f, "confirm {key}"),
            Self::Ask(Question::Namespaces) => f.write_str("ask namespaces"),
            Self::Ask(Question::NamespaceUse(id, ..)) => write!(f, "ask use {id}"),
            Self::Ask(Question::TaskDefinition(arn)) => write!(f, "ask task {}", arn.resource()),
            Self::Ask(Question::History(key)) => write!(f, "ask history {key}"),
            Self::Ask(Question::LatestRevision(family)) => write!(f, "ask latest {family}"),
            Self::Ask(Question::Parameters(name)) => write!(f, "ask parameters {name}"),
            Self::Make(prerequisite) => write!(f, "make {prerequisite}"),
            Self::Apply(action) => write!(f, "apply {} {}", action.kind(), action.service()),
            Self::Receive(_) => f.write_str("receive"),
            Self::Delete(_, receipts) => write!(f, "delete {}", receipts.join(" ")),
            Self::ReadLease(key) => write!(f, "read-lease {key}"),
            Self::WriteLease(write) => write!(f, "write-lease {}", write.key),
        }
    }
}
