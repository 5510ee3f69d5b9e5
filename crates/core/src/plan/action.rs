//! The closed list of things we can do to AWS, one call each.

use std::fmt;

use serde::Serialize;

use crate::declaration::settings::Policy;
use crate::ecs::connect::Connect;
use crate::ecs::name::DeploymentId;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;

/// A change, fully specified: whoever executes it has nothing left to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// `UpdateService{cluster, service, serviceConnectConfiguration}` with the whole configuration.
    Connect {
        /// Which service.
        service: ServiceKey,
        /// What it shall be.
        connect: Connect,
    },
    /// `UpdateService` with `enabled: false`.
    Disconnect {
        /// Which service.
        service: ServiceKey,
    },
    /// `UpdateService{cluster, service, forceNewDeployment}`: the same configuration rolled out anew, so that its
    /// tasks learn of the endpoints that came after their deployment (DG:service-connect-concepts-deploy).
    Refresh {
        /// Which service.
        service: ServiceKey,
    },
}

impl Action {
    /// The service it changes.
    pub fn service(&self) -> &ServiceKey {
        match self {
            Self::Connect { service, .. }
            | Self::Disconnect { service }
            | Self::Refresh { service } => service,
        }
    }

    /// What it does.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Connect { .. } => ActionKind::Connect,
            Self::Disconnect { .. } => ActionKind::Disconnect,
            Self::Refresh { .. } => ActionKind::Refresh,
        }
    }
}

/// What an action does. As a text it is a metric's label, and shown it is the word of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum ActionKind {
    /// Sets the configuration.
    Connect,
    /// Switches Service Connect off.
    Disconnect,
    /// Rolls the tasks out again.
    Refresh,
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Refresh => "refresh",
        })
    }
}

/// What AWS answered to an accepted write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The deployment that the write started.
    pub deployment: DeploymentId,
    /// When AWS says it was created.
    pub created_at: AwsTime,
}

impl Policy {
    /// Whether something may be done.
    pub(crate) fn allows(self, action: &Action) -> bool {
        match (self, action) {
            (Self::Observe, _) | (Self::UpsertOnly, Action::Disconnect { .. }) => false,
            (Self::UpsertOnly | Self::Sync, _) => true,
        }
    }

    /// Whether what services wait for may be made.
    pub(crate) fn allows_making(self) -> bool {
        match self {
            Self::Observe => false,
            Self::UpsertOnly | Self::Sync => true,
        }
    }
}
