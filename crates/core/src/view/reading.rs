//! What we ask AWS, and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ecs::fault::Fault;
use crate::ecs::name::{Arn, ClusterName, Family, NamespaceId, NamespaceRef, ParameterName};
use crate::ecs::namespace::{Namespace, NamespaceUse};
use crate::ecs::parameter::Parameter;
use crate::ecs::past::Past;
use crate::ecs::seen::Seen;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task_definition::TaskDefinition;

/// Something that a plan needs to know and a sweep does not show.
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

/// What a sweep saw of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterReading {
    /// Which cluster.
    pub cluster: ClusterName,
    /// Its default namespace; `Known(None)` where it has none.
    pub default_namespace: Seen<Option<NamespaceRef>>,
    /// Whether every page of the listing arrived; only then does a service's absence mean something.
    pub listing: Result<(), Fault>,
    /// Each listed service as far as it could be described, but for those below.
    pub services: BTreeMap<ServiceKey, Seen<EcsService>>,
    /// The listed services that were read as the view had them at that moment: see [`View::unchanged`](super::View::unchanged).
    pub unchanged: BTreeMap<ServiceKey, Arc<EcsService>>,
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

    /// Whether it has content: a failure has none, and a path with nothing below it has none.
    pub fn succeeded(&self) -> bool {
        match self {
            Self::Namespaces(seen) => seen.known().is_some(),
            Self::NamespaceUse(_, seen) => seen.known().is_some(),
            Self::TaskDefinition(_, seen) | Self::LatestRevision(_, seen) => seen.known().is_some(),
            Self::History(_, seen) => seen.known().is_some(),
            // An empty path may get parameters later: it is asked again, but not at once.
            Self::Parameters(_, seen) => seen.known().is_some_and(|found| !found.is_empty()),
        }
    }
}

impl Question {
    /// The answer if the call failed.
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
