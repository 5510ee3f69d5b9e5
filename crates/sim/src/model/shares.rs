//! Namespaces of another account, shared with this one through AWS RAM.
//!
//! Invariants: a shared namespace is listed with its owner and answers to its ARN alone, never to its name
//! (DG:service-connect-shared-namespaces); this account cannot delete it. A share without the permission that
//! Service Connect needs is seen and refused when it is used
//! (DG:service-connect-shared-namespaces-troubleshooting); one that was withdrawn is not there.

use super::Model;
use super::namespace_state::{NamespaceState, Share};
use crate::shapes::cloud_map::NamespaceType;

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

    /// The ARN of a namespace of any account.
    pub(super) fn namespace_arn(&self, id: &str) -> String {
        let found = self.namespaces.get(id).map(|namespace| namespace.arn.clone());
        found.unwrap_or_else(|| self.arns.namespace(id))
    }
}
