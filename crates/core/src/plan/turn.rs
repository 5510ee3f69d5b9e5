//! What a service waits for until its own rollout may begin: a place in a budget, or the wave of its namespace.

use std::fmt;

use crate::ecs::name::{ClusterName, DiscoveryName, NamespaceName};
use crate::ecs::service_key::ServiceKey;

/// What a service waits for until its own rollout may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The budget of one cluster is used up.
    Cluster(ClusterName, InUse),
    /// The budget of one namespace is used up.
    Namespace(NamespaceName, InUse),
    /// A wave starts with one rollout, and that one has not completed.
    First {
        /// The namespace of the wave.
        namespace: NamespaceName,
        /// The service that goes first.
        service: ServiceKey,
    },
    /// A rollout failed, which stopped the wave.
    Stopped {
        /// The namespace of the wave.
        namespace: NamespaceName,
        /// The service whose rollout failed.
        service: ServiceKey,
        /// When the next wave may start.
        until: jiff::Timestamp,
    },
    /// An endpoint that a client needs must have stood for a while before the client is rolled out again for it.
    Refresh {
        /// The endpoint.
        name: DiscoveryName,
        /// Who offers it.
        server: ServiceKey,
        /// From when on it has stood for long enough.
        until: jiff::Timestamp,
    },
}

/// The rollouts that use up a budget: those that run, and those that this pass starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// How many rollouts may run at once.
    pub limit: usize,
    /// How many do.
    pub count: usize,
    /// One of them. However many there are, a message names one.
    pub by: ServiceKey,
}

impl Turn {
    /// What ends the wait.
    pub(super) fn ends(&self) -> String {
        match self {
            Self::Cluster(..) | Self::Namespace(..) => {
                "once one of those rollouts has ended".to_owned()
            }
            Self::First { service, .. } => format!("once the rollout of {service} has completed"),
            Self::Stopped { until, .. } => format!("at {until}"),
            Self::Refresh { until, .. } => {
                format!("at {until}, or with its next deployment, whoever starts it")
            }
        }
    }

    /// When it ends, if that is known.
    pub(super) fn ends_at(&self) -> Option<jiff::Timestamp> {
        match self {
            Self::Stopped { until, .. } | Self::Refresh { until, .. } => Some(*until),
            Self::Cluster(..) | Self::Namespace(..) | Self::First { .. } => None,
        }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(name, in_use) => in_use.write(f, "cluster", name.as_str()),
            Self::Namespace(name, in_use) => in_use.write(f, "namespace", name.as_str()),
            Self::First { namespace, service } => write!(
                f,
                "waiting for {service}: the wave in namespace {namespace} starts with one rollout, and the others follow once it has completed"
            ),
            Self::Stopped { namespace, service, until } => write!(
                f,
                "the rollout of {service} failed and stopped the wave in namespace {namespace}: the next wave starts with one rollout at {until}"
            ),
            Self::Refresh { name, server, until } => write!(
                f,
                "its tasks do not know {name} of {server}, which came just now: it is rolled out again at {until} if {name} is still there"
            ),
        }
    }
}

impl InUse {
    fn write(&self, f: &mut fmt::Formatter<'_>, kind: &str, name: &str) -> fmt::Result {
        let Self { limit, count, by } = self;
        let verb = if *count == 1 { "is" } else { "are" };
        write!(f, "waiting for its turn: {count} of {limit} allowed rollouts {verb} running in ")?;
        write!(f, "{kind} {name} ({by}")?;
        match count.saturating_sub(1) {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::key;

    fn waits(limit: usize, count: usize) -> String {
        let in_use = InUse { limit, count, by: key("fastapi") };
        Turn::Namespace(NamespaceName::as_read("internal.myapp"), in_use).to_string()
    }

    #[test]
    fn a_service_that_waits_for_its_turn_learns_who_has_it() {
        assert_eq!(
            waits(1, 1),
            "waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/fastapi)"
        );
        assert_eq!(
            waits(5, 6),
            "waiting for its turn: 6 of 5 allowed rollouts are running in namespace internal.myapp (prod/fastapi and 5 more)"
        );
    }
}
