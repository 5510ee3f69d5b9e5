//! A plan that changes more at once than may change without somebody agreeing, and what names it.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::action::Action;
use super::fingerprint::fingerprint;
use crate::ecs::name::{ClusterName, NamespaceName};
use crate::ecs::service_key::ServiceKey;

/// How many hexadecimal digits of the hash make an id.
const DIGITS: usize = 12;

/// What a plan is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PlanId(String);

impl PlanId {
    /// Reads an id: twelve hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The id of these changes.
    pub(crate) fn of<'a>(changes: impl Iterator<Item = (&'a ServiceKey, &'a Action)>) -> Self {
        let mut hash = Sha256::new();
        for (key, action) in changes {
            let action = fingerprint(action);
            hash.update(format!("{key} {action}\n"));
        }
        let mut digits = String::with_capacity(DIGITS);
        for byte in hash.finalize().iter().take(DIGITS / 2) {
            // Writing to a String cannot fail.
            let _: fmt::Result = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a change waits for consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMany {
    /// What to acknowledge.
    pub plan: PlanId,
    /// The namespace; none where it cannot be told.
    pub namespace: Option<NamespaceName>,
    /// The cluster, where each cluster is counted apart.
    pub cluster: Option<ClusterName>,
    /// How many of its services would change without consent.
    pub changes: usize,
    /// How many services are in it, or are to be.
    pub of: usize,
    /// How many may change without consent.
    pub limit: usize,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, namespace, cluster, changes, of, limit } = self;
        match namespace {
            Some(namespace) => write!(f, "{changes} of {of} services in namespace {namespace}")?,
            None => write!(f, "{changes} of {of} services in no known namespace")?,
        }
        if let Some(cluster) = cluster {
            write!(f, " and cluster {cluster}")?;
        }
        write!(
            f,
            " would change; without an acknowledgement at most {limit} may. The plan is {plan}"
        )
    }
}
