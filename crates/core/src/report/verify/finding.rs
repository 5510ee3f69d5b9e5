//! What was found: data to show, the same for people and for programs.

use serde::Serialize;

use super::commands::TryIt;
use super::probes::ProbeRow;
use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;

/// What is to be thought of a finding; the worst is greatest.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It is neither good nor bad, and worth knowing.
    Note,
    /// It could not be told.
    Unknown,
    /// It does not work.
    Broken,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Check {
    /// Whether it is known what is wanted.
    Wanted,
    /// Whether the deployments run the tasks that they should.
    Tasks,
    /// Whether the proxy of each task is healthy.
    Proxies,
    /// Whether the endpoint is deployed.
    Deployed,
    /// Whether the tasks are instances of the Cloud Map service.
    Instances,
    /// Whether each instance accepts a TCP connection.
    Tcp,
    /// Whether each instance answers an HTTP request.
    Http,
    /// Whether the tasks of a client know the endpoint.
    Call,
    /// Whether the security groups let a client through.
    Groups,
}

impl Check {
    /// Its name in JSON and for people.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Level {
    /// Its name in JSON and for people.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The exit code of a command whose worst finding this is: 0 all is well, 1 something could not be told, 2 something
    /// does not work.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok | Self::Note => 0,
            Self::Unknown => 1,
            Self::Broken => 2,
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is to be thought of it.
    pub level: Level,
    /// What was looked at.
    pub check: Check,
    /// What was found.
    pub message: String,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub(super) fn new(level: Level, check: Check, message: impl Into<String>) -> Self {
        Self { level, check, message: message.into(), advice: None }
    }

    pub(super) fn ok(check: Check, message: impl Into<String>) -> Self {
        Self::new(Level::Ok, check, message)
    }

    pub(super) fn note(check: Check, message: impl Into<String>) -> Self {
        Self::new(Level::Note, check, message)
    }

    pub(super) fn unknown(check: Check, message: impl Into<String>) -> Self {
        Self::new(Level::Unknown, check, message)
    }

    pub(super) fn broken(check: Check, message: impl Into<String>) -> Self {
        Self::new(Level::Broken, check, message)
    }

    pub(super) fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Each service that was verified.
    pub services: Vec<ServiceReport>,
    /// How many services are how.
    pub summary: Summary,
}

/// How many services have which worst finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Services of which all is as it should be.
    pub ok: usize,
    /// Services of which something could not be told, and nothing is known to be broken.
    pub unknown: usize,
    /// Services of which something does not work.
    pub broken: usize,
}

impl Summary {
    pub(super) fn add(&mut self, level: Level) {
        match level {
            Level::Ok | Level::Note => self.ok += 1,
            Level::Unknown => self.unknown += 1,
            Level::Broken => self.broken += 1,
        }
    }
}

/// What was found of one service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceReport {
    /// The service.
    pub service: ServiceKey,
    /// The worst that was found.
    pub level: Level,
    /// What was found of its deployments, its tasks and their proxies.
    pub findings: Vec<Finding>,
    /// What was found of each endpoint that it is to offer.
    pub endpoints: Vec<EndpointReport>,
    /// What was found of its calls; if it was asked for by name, also of the calls of others to it.
    pub calls: Vec<CallReport>,
}

impl ServiceReport {
    /// Everything that was found of it.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        let of_endpoints = self.endpoints.iter().flat_map(|endpoint| &endpoint.findings);
        let of_calls = self.calls.iter().flat_map(|call| &call.findings);
        self.findings.iter().chain(of_endpoints).chain(of_calls)
    }
}

/// What was found of one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointReport {
    /// Its discovery name.
    pub name: DiscoveryName,
    /// What clients call, `host:port`.
    pub alias: String,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What each instance that was asked answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeRow>,
    /// How to try it from a task of a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub try_it: Option<TryIt>,
}

/// What was found of one call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallReport {
    /// Who calls.
    pub client: ServiceKey,
    /// The discovery name that it calls, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<DiscoveryName>,
    /// Who offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServiceKey>,
    /// What was found.
    pub findings: Vec<Finding>,
}
