//! The two alphabets of the engine: what it asks the world to do, and what the world answers.
//!
//! Each effect is answered by exactly one event. An effect carries all that its execution needs: whoever
//! executes it makes no choice. The daemon executes them through the AWS SDK, the simulator in process
//! on virtual time.

use std::collections::{BTreeMap, BTreeSet};

use crate::ecs::fault::Fault;
use crate::ecs::name::{
    Arn, ClusterName, DeploymentId, EcsServiceName, Family, NamespaceId, NamespaceRef,
    ParameterName, ServiceKey,
};
use crate::ecs::time::AwsTime;
use crate::guard::brake::PlanId;
use crate::plan::action::Action;
use crate::plan::prerequisite::Prerequisite;
use crate::view::history::Past;
use crate::view::{EcsService, Namespace, NamespaceUse, Seen, TaskDefinition};

/// Something to be done out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// List the clusters of the account. Answered by [`Event::ClustersFound`].
    FindClusters,
    /// Read a cluster's default namespace and all its services with their tags.
    /// Answered by [`Event::Swept`].
    Sweep(ClusterName),
    /// Read some services of one cluster again. Answered by [`Event::Refreshed`].
    Refresh(ClusterName, BTreeSet<EcsServiceName>),
    /// Read one service again, raw answer included, with its recent rollouts: the read before a write.
    /// Answered by [`Event::Confirmed`].
    Confirm(ServiceKey),
    /// Read something that a plan lacks. Answered by [`Event::Answered`].
    Ask(Question),
    /// Change the world, in one attempt. Answered by [`Event::Applied`].
    Apply(Action),
    /// Make something that services wait for. Answered by [`Event::Made`].
    Make(Prerequisite),
}

/// Something a plan needs to know and a sweep does not tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which namespaces are there?
    Namespaces,
    /// Who uses this namespace, over all clusters? The clusters we watch need not be described again.
    NamespaceUse(NamespaceId, Arn, BTreeSet<ClusterName>),
    /// What is in this task definition revision?
    TaskDefinition(Arn),
    /// What became of this service's recent rollouts?
    History(ServiceKey),
    /// What is in the latest active revision of this task definition family?
    LatestRevision(Family),
    /// What does this parameter hold, or every parameter below this path?
    Parameters(ParameterName),
}

/// A parameter of Parameter Store.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: ParameterName,
    /// Its version; begins anew when a deleted parameter is created again.
    pub version: i64,
    /// When it was last written.
    pub modified_at: AwsTime,
    /// Whether it is a `SecureString`: then nothing of its text is shown anywhere.
    pub is_secret: bool,
    /// Its text, decrypted.
    pub text: String,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({} bytes)", self.name, self.version, self.text.len())
    }
}

/// What a sweep saw of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterReading {
    /// Which cluster.
    pub cluster: ClusterName,
    /// Its default namespace; `Known(None)` where it has none.
    pub default_namespace: Seen<Option<NamespaceRef>>,
    /// Whether every page of the listing arrived; only then does a service's absence mean something.
    pub listing: Result<(), Fault>,
    /// Each listed service as far as it could be described.
    pub services: BTreeMap<EcsServiceName, Seen<EcsService>>,
}

/// What happened out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Time has passed; something may be due.
    Tick,
    /// Please stop: start nothing new.
    Stop,
    /// Somebody agrees to a plan that changes much at once.
    Acknowledged(PlanId),
    /// Answers [`Effect::FindClusters`].
    ClustersFound(Result<BTreeSet<ClusterName>, Fault>),
    /// Answers [`Effect::Sweep`].
    Swept(ClusterReading),
    /// Answers [`Effect::Refresh`].
    Refreshed(ClusterName, BTreeMap<EcsServiceName, Seen<EcsService>>),
    /// Answers [`Effect::Confirm`].
    Confirmed(ServiceKey, Seen<EcsService>, Seen<Vec<Past>>),
    /// Answers [`Effect::Ask`].
    Answered(Answer),
    /// Answers [`Effect::Apply`].
    Applied(Action, Result<Accepted, Fault>),
    /// Answers [`Effect::Make`]: the ARN or id of what is there now.
    Made(Prerequisite, Result<String, Fault>),
}

/// The answer to a question; it repeats what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The namespaces of this account and region, shared ones included.
    Namespaces(Seen<Vec<Namespace>>),
    /// Who uses a namespace.
    NamespaceUse(NamespaceId, Seen<NamespaceUse>),
    /// A task definition.
    TaskDefinition(Arn, Seen<TaskDefinition>),
    /// A service's recent rollouts.
    History(ServiceKey, Seen<Vec<Past>>),
    /// The latest active revision of a family; absent where there is none.
    LatestRevision(Family, Seen<TaskDefinition>),
    /// The parameter, or all below a path, whole or unknown; absent where a parameter is not there.
    Parameters(ParameterName, Seen<Vec<Parameter>>),
}

/// What AWS answered to an accepted write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The deployment that the write started.
    pub deployment: DeploymentId,
    /// When AWS says it was created.
    pub created_at: AwsTime,
}

impl Answer {
    /// Whether this is the answer to that question.
    pub fn answers(&self, question: &Question) -> bool {
        match (self, question) {
            (Self::Namespaces(_), Question::Namespaces) => true,
            (Self::NamespaceUse(id, _), Question::NamespaceUse(asked, ..)) => id == asked,
            (Self::TaskDefinition(arn, _), Question::TaskDefinition(asked)) => arn == asked,
            (Self::History(key, _), Question::History(asked)) => key == asked,
            (Self::LatestRevision(family, _), Question::LatestRevision(asked)) => family == asked,
            (Self::Parameters(name, _), Question::Parameters(asked)) => name == asked,
            _ => false,
        }
    }

    /// Whether it tells anything: a failure does not, nor does a path with nothing below it.
    pub fn succeeded(&self) -> bool {
        match self {
            Self::Namespaces(seen) => seen.known().is_some(),
            Self::NamespaceUse(_, seen) => seen.known().is_some(),
            Self::TaskDefinition(_, seen) | Self::LatestRevision(_, seen) => seen.known().is_some(),
            Self::History(_, seen) => seen.known().is_some(),
            // Nothing below a path may become something: it is asked again, but not at once.
            Self::Parameters(_, seen) => seen.known().is_some_and(|found| !found.is_empty()),
        }
    }
}

impl Effect {
    /// The event that says this effect could not be carried out, for whatever reason lies outside of AWS.
    pub fn failed(&self, fault: Fault) -> Event {
        match self {
            Self::FindClusters => Event::ClustersFound(Err(fault)),
            Self::Sweep(cluster) => Event::Swept(ClusterReading {
                cluster: cluster.clone(),
                default_namespace: Seen::Unknown(fault.clone()),
                listing: Err(fault),
                services: BTreeMap::new(),
            }),
            Self::Refresh(cluster, services) => {
                let unknown = |name: &EcsServiceName| (name.clone(), Seen::Unknown(fault.clone()));
                Event::Refreshed(cluster.clone(), services.iter().map(unknown).collect())
            }
            Self::Confirm(key) => {
                let (service, history) = (Seen::Unknown(fault.clone()), Seen::Unknown(fault));
                Event::Confirmed(key.clone(), service, history)
            }
            Self::Ask(question) => Event::Answered(question.failed(fault)),
            Self::Apply(action) => Event::Applied(action.clone(), Err(fault)),
            Self::Make(prerequisite) => Event::Made(prerequisite.clone(), Err(fault)),
        }
    }
}

impl Question {
    /// The answer that nothing could be told.
    pub fn failed(&self, fault: Fault) -> Answer {
        match self {
            Self::Namespaces => Answer::Namespaces(Seen::Unknown(fault)),
            Self::NamespaceUse(id, ..) => Answer::NamespaceUse(id.clone(), Seen::Unknown(fault)),
            Self::TaskDefinition(arn) => Answer::TaskDefinition(arn.clone(), Seen::Unknown(fault)),
            Self::History(key) => Answer::History(key.clone(), Seen::Unknown(fault)),
            Self::LatestRevision(family) => {
                Answer::LatestRevision(family.clone(), Seen::Unknown(fault))
            }
            Self::Parameters(name) => Answer::Parameters(name.clone(), Seen::Unknown(fault)),
        }
    }
}
