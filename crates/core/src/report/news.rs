//! What has changed and is told once.

use super::status::Status;
use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::plan::prerequisite::Prerequisite;

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

/// Something that changed, told once: a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A service's status is another.
    Status(ServiceKey, Option<Status>),
    /// A write leaves: which fields it changes, from what to what, in words. It may change none, to refresh a client.
    Changing(ServiceKey, String),
    /// A write was accepted or failed.
    Applied(ServiceKey, &'static str, Result<String, Fault>),
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
    /// A rollout ended: how long we saw it run, and whether it completed.
    RolledOut(ServiceKey, std::time::Duration, bool),
    /// We were stopped, or starved, for that long: everything is read anew before anything is written.
    Stopped(std::time::Duration),
    /// A plan broke a rule of ours: nothing was written.
    Breach(ServiceKey, &'static str),
}
