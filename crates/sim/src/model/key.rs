//! The name by which one ECS service is known here: its cluster's name and its own.
//!
//! Invariant: keys order by cluster first, so that one cluster's services are a range of the map.

use std::fmt;

/// Cluster and service name; shown and parsed as `cluster/service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcsServiceKey {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub name: String,
}

impl EcsServiceKey {
    /// The key of that service in that cluster.
    pub fn new(cluster: impl Into<String>, name: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), name: name.into() }
    }

    /// The names of its cluster and of itself.
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.cluster, &self.name)
    }

    /// Reads `cluster/service`; a bare name is a service of the cluster `default`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('/') {
            Some((cluster, name)) => Self::new(cluster, name),
            None => Self::new("default", text),
        }
    }
}

impl fmt::Display for EcsServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

/// The key in a long service ARN (`.../service/cluster/name`).
pub(super) fn arn_key(reference: &str) -> Option<EcsServiceKey> {
    let (_, path) = reference.strip_prefix("arn:")?.split_once(":service/")?;
    let (cluster, name) = path.split_once('/')?;
    Some(EcsServiceKey::new(cluster, name))
}

/// The key and the last part of an ARN of a service's part (`.../kind/cluster/service/id`).
pub(super) fn part_key(arn: &str, kind: &str) -> Option<EcsServiceKey> {
    let (_, path) = arn.split_once(&format!(":{kind}/"))?;
    let mut parts = path.split('/');
    let key = EcsServiceKey::new(parts.next()?, parts.next()?);
    parts.next().map(|_| key)
}
