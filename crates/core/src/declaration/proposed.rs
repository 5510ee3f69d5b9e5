//! What a tool that deploys services is about to do to them, as far as its own plan tells.

use std::collections::BTreeMap;

use super::issue::Issue;
use crate::ecs::name::{Arn, ClusterName, EcsServiceName};
use crate::ecs::service_key::ServiceKey;

/// The cluster of a service whose plan does not tell it yet.
pub(crate) const UNKNOWN_CLUSTER: &str = "(known after apply)";

/// What is about to happen to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It comes into being.
    Create,
    /// Its tags change.
    Update,
    /// It is deleted and made again.
    Replace,
    /// It is deleted.
    Delete,
}

/// One service that a tool is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// What the tool calls it: `module.shop.aws_ecs_service.web[0]`.
    pub address: String,
    /// What is about to happen.
    pub deed: Deed,
    /// Its cluster; a stand-in where only the apply tells it.
    pub cluster: ClusterName,
    /// Its name; its address where only the apply tells it.
    pub name: EcsServiceName,
    /// Its ARN as far as it is known.
    pub arn: Arn,
    /// How many tasks it is to run.
    pub tasks: u32,
    /// All its tags, as far as they are known.
    pub tags: BTreeMap<String, String>,
    /// Whether every tag of ours is known. Else nothing follows from the tags.
    pub is_complete: bool,
    /// What is worth knowing about it beside its tags.
    pub advice: Vec<Issue>,
}

impl Proposed {
    /// Which service it is, or will be.
    pub fn key(&self) -> ServiceKey {
        let mut key = ServiceKey::of(&self.cluster, &self.arn);
        key.name = self.name.clone();
        key
    }

    /// Whether this is about the service of that key, whatever is known of its account.
    pub(crate) fn is_about(&self, key: &ServiceKey) -> bool {
        self.cluster == key.cluster && self.name == key.name
    }

    /// Whether the service is there afterwards with these tags.
    pub(crate) fn comes(&self) -> bool {
        self.is_complete && matches!(self.deed, Deed::Create | Deed::Replace)
    }
}
