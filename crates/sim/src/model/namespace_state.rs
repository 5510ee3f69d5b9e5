//! One namespace, and what its owner lets this account do with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::shapes::cloud_map::NamespaceType;
use crate::shapes::{ApiError, Time};

/// One namespace.
#[derive(Debug, Clone)]
pub(super) struct NamespaceState {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) http_name: String,
    pub(super) kind: NamespaceType,
    pub(super) description: Option<String>,
    pub(super) created_at: Time,
    pub(super) creator_request_id: Option<String>,
    pub(super) hosted_zone: Option<String>,
    pub(super) vpc: Option<String>,
    pub(super) tags: Arc<BTreeMap<String, String>>,
    pub(super) services: u32,
    /// Who owns it.
    pub(super) account: String,
    /// How its owner shares it with this account; none: it is this account's own.
    pub(super) share: Option<Share>,
}

/// What the owner of a namespace lets this account do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// All that Service Connect needs (`AWSRAMPermissionCloudMapECSFullPermission`).
    Full,
    /// To see it.
    WithoutPermission,
    /// Nothing any more.
    Withdrawn,
}

impl Share {
    /// The share named by `full`, `without-permission` or `withdrawn`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "full" => Some(Self::Full),
            "without-permission" => Some(Self::WithoutPermission),
            "withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

impl NamespaceState {
    /// Whether this account can see it.
    pub(super) fn is_there(&self) -> bool {
        self.share != Some(Share::Withdrawn)
    }

    /// Whether it is this account's own.
    pub(super) fn is_own(&self) -> bool {
        self.share.is_none()
    }

    /// Refuses its use by a service where its owner does not permit that.
    pub(super) fn check_permission(&self, caller: &str) -> Result<(), ApiError> {
        if self.share != Some(Share::WithoutPermission) {
            return Ok(());
        }
        let call = "servicediscovery:CreateService";
        Err(ApiError::client(format!(
            "User: arn:aws:sts::{caller}:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler is not authorized to perform: {call} on resource: {} because no resource-based policy allows the {call} action",
            self.arn
        )))
    }
}
