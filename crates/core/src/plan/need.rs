//! What a service calls, and which endpoints its tasks do not know.

use serde::Serialize;

use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::AwsTime;

/// An endpoint that a client's tasks do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingEndpoint {
    /// Its discovery name.
    pub name: DiscoveryName,
    /// What the client would call.
    pub alias: String,
    /// Who offers it.
    pub server: ServiceKey,
    /// When the deployment that brought it completed, by AWS's clock; none where that is not known.
    #[serde(skip)]
    pub since: Option<AwsTime>,
}

/// A name that a service calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Need {
    /// The discovery name.
    pub name: DiscoveryName,
    /// Whether its environment says so, and nobody else.
    pub inferred: bool,
}
