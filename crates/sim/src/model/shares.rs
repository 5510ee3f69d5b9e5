//! Namespaces of another account, shared with this one through AWS RAM.
//!
//! Invariants: a shared namespace is listed with its owner and answers to its ARN alone, never to its name
//! (DG:service-connect-shared-namespaces); this account cannot delete it. A share without the permission that
//! Service Connect needs is seen and refused when it is used
//! (DG:service-connect-shared-namespaces-troubleshooting); one that was withdrawn is not there.

use super::Model;
use super::namespaces::NamespaceState;
use crate::shapes::ApiError;
use crate::shapes::cloud_map::NamespaceType;

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

impl Model {
    /// Shares the HTTP namespace `name` of another account with this one, or changes what it may do with it: the
    /// namespace's ARN.
    pub fn share_namespace(&mut self, name: &str, account: &str, share: Share) -> String {
        let same = |each: &&mut NamespaceState| each.name == name && each.account == account;
        if let Some(namespace) = self.namespaces.values_mut().find(same) {
            namespace.share = Some(share);
            return namespace.arn.clone();
        }
        let mut namespace = self.new_namespace(name, NamespaceType::Http);
        namespace.arn = self.arns.namespace_of(account, &namespace.id);
        name.clone_into(&mut namespace.http_name);
        account.clone_into(&mut namespace.account);
        namespace.share = Some(share);
        let arn = namespace.arn.clone();
        self.namespaces.insert(namespace.id.clone(), namespace);
        arn
    }

    /// The ARN of a namespace, whoever owns it.
    pub(super) fn namespace_arn(&self, id: &str) -> String {
        let found = self.namespaces.get(id).map(|namespace| namespace.arn.clone());
        found.unwrap_or_else(|| self.arns.namespace(id))
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
