//! A name of a namespace that somebody wants, and what has it.

use std::fmt;

use crate::ecs::name::{Arn, DiscoveryName, DnsName, Port};
use crate::ecs::service_key::ServiceKey;

/// A name that only one ECS service of a namespace can have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A discovery name.
    Discovery(DiscoveryName),
    /// A client alias's host and port.
    Alias(DnsName, Port),
}

/// Who stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// An ECS service that has the name in force.
    Has(ServiceKey, Arn),
    /// An ECS service that wants it too and comes first: it is older, or its ARN sorts first.
    Precedes(ServiceKey, Arn),
    /// A Cloud Map service that no ECS service we can see uses.
    Leftover(Arn),
    /// A Cloud Map service where tasks register without Service Connect, and the ECS service that says so.
    Registry(Arn, ServiceKey),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discovery(name) => write!(f, "discovery name {name}"),
            Self::Alias(host, port) => write!(f, "alias {host}:{port}"),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Has(key, arn) => write!(f, "is held by {key} ({arn})"),
            Self::Precedes(key, arn) => {
                write!(f, "goes to {key} ({arn}), which comes first by age, then by ARN")
            }
            Self::Leftover(arn) => write!(
                f,
                "is taken by the Cloud Map service {arn}, which no ECS service seen here uses"
            ),
            Self::Registry(arn, key) => write!(
                f,
                "is taken by the Cloud Map service {arn}, where the tasks of {key} register by serviceRegistries, without Service Connect"
            ),
        }
    }
}
