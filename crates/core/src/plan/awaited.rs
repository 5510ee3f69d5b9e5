//! The server that a step waits for, and until when.

use std::fmt;

use serde::Serialize;

use super::reason::Reason;
use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;

/// A server that is to be complete before its client is rolled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// The name that is needed.
    pub name: DiscoveryName,
    /// Who offers it, or is to.
    pub server: ServiceKey,
    /// Whether the need is only inferred.
    pub inferred: bool,
    /// What its server is still to do.
    pub until: Until,
}

/// What is still to happen to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// It is to be changed first.
    Changed,
    /// Its rollout is to complete.
    Complete,
    /// Its rollout completed early, and all its tasks are to run.
    Filled,
    /// It is to be changed, and held for a reason that somebody must mend.
    Mended(Reason),
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, server, inferred, until } = self;
        let how = if *inferred { "inferred from its environment" } else { "declared" };
        write!(f, "needs {name} of {server} ({how}), ")?;
        match until {
            Until::Changed => f.write_str("which changes first"),
            Until::Complete => f.write_str("whose deployment has not completed"),
            Until::Filled => {
                f.write_str("whose deployment completed early and does not run all its tasks yet")
            }
            Until::Mended(reason) => write!(f, "which is held: {reason}"),
        }
    }
}

impl Awaited {
    /// What would end the wait.
    pub(crate) fn ends(&self) -> String {
        match self.until {
            Until::Changed | Until::Complete => {
                format!("once a deployment of {} that offers it has completed", self.server)
            }
            Until::Filled => format!("once all tasks that {} is to run are running", self.server),
            Until::Mended(_) => format!(
                "once what holds {} is fixed, or {} is removed from the needs",
                self.server, self.name
            ),
        }
    }
}
