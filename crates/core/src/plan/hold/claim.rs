//! What has a name of a namespace that another service wants.

use std::fmt;

use crate::ecs::name::Arn;
use crate::ecs::service_key::ServiceKey;

/// Who stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// An ECS service that has the name in force.
    Has(ServiceKey, Arn),
    /// An ECS service that wants it too and comes first: it is older, or its ARN sorts first.
    Precedes(ServiceKey, Arn),
    /// An ECS service that had the name in force; it is kept for it for a time.
    Had(Box<Had>),
    /// A Cloud Map service that no ECS service we can see uses.
    Leftover(Arn),
    /// A Cloud Map service where tasks register without Service Connect, and the ECS service that says so.
    Registry(Arn, ServiceKey),
}

/// The former owner of a name, and until when the name is kept for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Had {
    /// The service that had it.
    pub service: ServiceKey,
    /// That service's ARN.
    pub arn: Arn,
    /// When others may take it; `None` if that time is over.
    pub free_at: Option<jiff::Timestamp>,
    /// A client that needs the name and runs. While there is one, no other service takes it.
    pub needed_by: Option<ServiceKey>,
}

impl fmt::Display for Had {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, arn, free_at, needed_by } = self;
        write!(f, "was in use by {service} ({arn}) and is kept for it")?;
        match (free_at, needed_by) {
            (Some(at), Some(client)) => {
                write!(f, " until {at:.0}, and while {client}, which needs it, calls it")
            }
            (Some(at), None) => write!(f, " until {at:.0}"),
            (None, Some(client)) => write!(f, " while {client}, which needs it, calls it"),
            (None, None) => Ok(()),
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
            Self::Had(had) => had.fmt(f),
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
