//! What has changed and is told once.

use std::fmt;

use super::status::Status;
use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::plan::action::ActionKind;
use crate::plan::adopted::Adopted;
use crate::plan::leader::LeaseChange;
use crate::plan::prerequisite::Prerequisite;
use crate::view::hint::MessageKind;

/// How the services of a cluster are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Opted in, in sync and healthy.
    pub in_order: usize,
    /// Opted in, and not in sync or not healthy.
    pub not_in_order: usize,
    /// Not opted in.
    pub not_opted_in: usize,
}

/// How a rollout that was seen running ended: a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
pub enum RolloutEnd {
    /// All its tasks run.
    Completed,
    /// It failed, and ECS went back to an earlier deployment.
    RolledBack,
    /// It failed, and ECS did not go back.
    Failed,
    /// A newer deployment took its place before it ended, or before its end was read.
    Superseded,
    /// The service was deleted.
    Deleted,
}

impl RolloutEnd {
    /// Whether a person must look.
    pub fn is_failure(self) -> bool {
        match self {
            Self::RolledBack | Self::Failed => true,
            Self::Completed | Self::Superseded | Self::Deleted => false,
        }
    }
}

impl fmt::Display for RolloutEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "the rollout completed",
            Self::RolledBack => "the rollout failed and ECS rolled it back",
            Self::Failed => "the rollout failed and ECS did not roll it back",
            Self::Superseded => "a newer deployment took the place of the rollout",
            Self::Deleted => "the service was deleted during its rollout",
        })
    }
}

/// Something about the queue or its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueNews {
    /// A message came: what it is about.
    Message(MessageKind),
    /// A write left so long after the message that brought its look forward.
    Followed(std::time::Duration),
    /// More messages came than looks can follow: everything is swept.
    Flooded,
    /// Messages cannot be received or deleted, or can be again.
    Trouble(Option<Fault>),
}

/// Something that changed, told once: a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A service's status is another.
    Status(ServiceKey, Option<Status>),
    /// A write leaves: which fields it changes, from what to what, in words. It may change none, to refresh a client.
    Changing(ServiceKey, String),
    /// A write was accepted or failed.
    Applied(ServiceKey, ActionKind, Result<String, Fault>),
    /// A cluster has been read whole for the first time: how its services are.
    FirstReading(ClusterName, Census),
    /// A cluster could not be swept, or can be again.
    Cluster(String, Option<Fault>),
    /// Something that services wait for was made, or could not be.
    Made(Prerequisite, Result<String, Fault>),
    /// Another document is in force.
    InForce,
    /// Something is wrong with the latest document, or nothing any more; the last good one is in force meanwhile.
    Document(Option<String>),
    /// A rollout ended: how long we saw it run, and how it ended.
    RolledOut(ServiceKey, std::time::Duration, RolloutEnd),
    /// Others deployed what nothing declares, and it is kept.
    Adopted(ServiceKey, Adopted),
    /// A deployment of others began this long after one of ours.
    Overtaken(ServiceKey, std::time::Duration),
    /// We were stopped, or starved, for that long: everything is read anew before anything is written.
    Stopped(std::time::Duration),
    /// Something about the queue or its messages.
    Queue(QueueNews),
    /// Another process leads a cluster, or the lease cannot be read or written, or can be again.
    Lease(ClusterName, LeaseChange),
    /// A plan broke a rule of ours: nothing was written.
    Breach(ServiceKey, &'static str),
}
