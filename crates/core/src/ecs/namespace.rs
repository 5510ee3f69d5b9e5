//! Cloud Map namespaces, and the services in them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use super::name::{Arn, DiscoveryName, NamespaceId, NamespaceName, Port};
use super::seen::Seen;
use super::service::EcsService;
use super::time::AwsTime;

/// A Cloud Map namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its id.
    pub id: NamespaceId,
    /// Its ARN: what we send.
    pub arn: Arn,
    /// Its name: the suffix of default aliases.
    pub name: NamespaceName,
    /// The name ECS resolves a short name by; differs from `name` where the name was used before
    /// (SD:DiscoverInstancesRequest.NamespaceName).
    pub http_name: NamespaceName,
    /// `HTTP`, `DNS_PRIVATE` or `DNS_PUBLIC`.
    pub kind: String,
    /// The account that owns it, where AWS gives it. A namespace of another account is shared with this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A Cloud Map service: a taken discovery name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudMapService {
    /// Its ARN.
    pub arn: Arn,
    /// Its name.
    pub name: DiscoveryName,
    /// When it was created.
    pub created_at: AwsTime,
}

/// An instance of a Cloud Map service. Of what Service Connect registers, only these attributes are documented.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Where it is (`AWS_INSTANCE_IPV4`, else `AWS_INSTANCE_IPV6`).
    pub address: Option<IpAddr>,
    /// The port that it listens on (`AWS_INSTANCE_PORT`).
    pub port: Option<Port>,
}

/// Who uses a namespace, over all clusters: what is read before a new name is claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceUse {
    /// Its Cloud Map services.
    pub cloud_map: Vec<CloudMapService>,
    /// The ECS services in it that run in clusters we do not watch, but for those that we may not read.
    pub elsewhere: Vec<EcsService>,
    /// Every ECS service in it, clients included: ECS allows 300 (GR:ecs-service).
    pub members: BTreeSet<Arn>,
}

impl NamespaceUse {
    /// What two listings and a look at each service elsewhere tell.
    ///
    /// A look that failed for a while makes all of it unknown: that service may have a name that shows nowhere else.
    /// A service that we may not read, or that is gone since it was listed, is left out. Its discovery name still shows
    /// by its Cloud Map service.
    pub fn read(
        cloud_map: Vec<CloudMapService>,
        members: BTreeSet<Arn>,
        looks: impl IntoIterator<Item = Seen<EcsService>>,
    ) -> Seen<Self> {
        let mut elsewhere = Vec::new();
        for look in looks {
            match look {
                Seen::Known(service) => elsewhere.push(service),
                Seen::Unknown(fault) if fault.kind.is_transient() => return Seen::Unknown(fault),
                Seen::Unknown(_) | Seen::Absent => {}
            }
        }
        Seen::Known(Self { cloud_map, elsewhere, members })
    }
}

/// A Cloud Map namespace to create.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NewNamespace {
    /// Its name.
    pub name: NamespaceName,
    /// The VPC of a private DNS namespace; none for an HTTP namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
}

impl NewNamespace {
    /// The same id for the same namespace, so that a repeated request after a crash is the same request
    /// (SD:CreateHttpNamespaceRequest.CreatorRequestId, at most 64 characters).
    pub fn request_id(&self) -> String {
        let words = [self.name.as_str(), "|", self.vpc.as_deref().unwrap_or_default()];
        // FNV-1a, 64 bit: stable over versions of the program, which the standard hasher does not promise to be.
        let hash = words.concat().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("eastwest-{hash:016x}")
    }
}

#[cfg(test)]
mod tests;
