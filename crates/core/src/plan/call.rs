//! Who calls whom in a namespace, and what is offered there. Data and words, no decision.

use std::fmt;

use serde::Serialize;

use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;

/// Who calls whom in one namespace, and what is offered there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The calls, in the order of clients and of what they call.
    pub calls: Vec<Call>,
    /// The endpoints, in the order of their names.
    pub offers: Vec<Offered>,
}

/// One endpoint that a service offers, or is to offer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offered {
    /// Its discovery name.
    pub name: DiscoveryName,
    /// What clients call, `host:port`; `?` is a port that only an unread task definition tells.
    pub alias: String,
    /// The service.
    pub server: ServiceKey,
    /// Whether a deployment that has it completed.
    pub is_ready: bool,
}

/// One service calls another, or something that no service offers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Who calls.
    #[schemars(with = "String")]
    pub client: ServiceKey,
    /// The discovery name that it calls; none where nobody knows, or where it may be a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub name: Option<DiscoveryName>,
    /// Who offers it; none where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub server: Option<ServiceKey>,
    /// What it calls there, `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether only its environment or its command says so, and nobody declared it.
    pub inferred: bool,
    /// Whether the call succeeds, as far as Service Connect is concerned.
    pub state: CallState,
}

/// Whether a call succeeds, as far as Service Connect is concerned; the best is least.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum CallState {
    /// The endpoint is there, and the client's tasks know it.
    Reachable,
    /// The client's tasks began before the endpoint was there, or before the client joined: they do not know it.
    Stale,
    /// Something was not read that tells: the task definition, the history of the server, who uses the namespace.
    Unknown,
    /// No service offers it, or the first deployment that brings it has not completed.
    Missing,
}

impl CallState {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
