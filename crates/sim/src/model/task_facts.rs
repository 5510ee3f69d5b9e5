//! What is set of tasks beside what rollouts make of them: how their proxies fare, and in which network they are.
//!
//! Invariant: nothing here starts, stops or moves a task.

use std::collections::BTreeMap;

use super::key::EcsServiceKey;

/// How the proxies of the running tasks of a service fare (API:Container.healthStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHealth {
    /// Their health check passes.
    Healthy,
    /// It fails.
    Unhealthy,
    /// It has no result.
    Unknown,
}

impl ProxyHealth {
    /// The health that a word means.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "healthy" => Some(Self::Healthy),
            "unhealthy" => Some(Self::Unhealthy),
            "unknown" => Some(Self::Unknown),
            _ => None,
        }
    }

    /// As AWS writes it.
    pub(super) fn as_sent(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What was set of tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskFacts {
    pub(super) proxies: BTreeMap<EcsServiceKey, ProxyHealth>,
    pub(super) on_loopback: bool,
}

impl TaskFacts {
    /// How the proxies of a service's running tasks fare.
    pub(super) fn proxies_of(&self, key: &EcsServiceKey) -> ProxyHealth {
        self.proxies.get(key).copied().unwrap_or(ProxyHealth::Healthy)
    }

    /// A task's address: any, but always the same for the same task.
    pub(super) fn address(&self, task: u128) -> String {
        let bytes = task.to_be_bytes();
        let first = if self.on_loopback { 127 } else { 10 };
        format!("{first}.{}.{}.{}", bytes[1], bytes[2], bytes[3])
    }
}
