//! What has changed and is told once.

use super::status::Status;
use crate::ecs::fault::Fault;
use crate::ecs::name::ServiceKey;
use crate::plan::prerequisite::Prerequisite;

/// Something that changed, told once: a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A service's status is another.
    Status(ServiceKey, Option<Status>),
    /// A write was accepted or failed.
    Applied(ServiceKey, &'static str, Result<String, Fault>),
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
