//! What a platform team declares in Parameter Store, for many services at once.
//!
//! One parameter, or every parameter below a path: then they are merged by a rule that does not depend on their
//! order. **Invariant:** a document is in force whole or not at all; whatever is wrong in it is an issue with the
//! parameter and the JSON pointer, and the last good one stays in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::declaration::Declaration;
use crate::name::{DiscoveryName, NamespaceName, NamespaceRef, ServiceKey};
use crate::prerequisite::NewNamespace;

/// Everything that the parameters say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The namespaces to create where they are missing.
    pub namespaces: BTreeMap<NamespaceName, NewNamespace>,
    /// What holds for services that do not say it themselves.
    pub defaults: Defaults,
    /// What each service shall be.
    pub services: BTreeMap<ServiceKey, Arc<Declaration>>,
    /// The discovery names that only these services may have.
    pub claims: BTreeMap<DiscoveryName, BTreeSet<ServiceKey>>,
    /// How much may change at once.
    pub limits: Limits,
    /// Whether nothing may change at all.
    pub freeze: bool,
    /// Whether a task definition revision may be registered that names a port.
    pub name_ports: bool,
}

/// What holds for services that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The namespace to be in.
    pub namespace: Option<NamespaceRef>,
    /// How an endpoint is named.
    pub discovery_name: Option<Template>,
}

/// How an endpoint is named: a text with `{service}`, `{cluster}` and `{port}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub(crate) String);

/// How much may change at once; what is absent is said by the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Rollouts at once in one cluster.
    pub rollouts_per_cluster: Option<usize>,
    /// Rollouts at once in one namespace.
    pub rollouts_per_namespace: Option<usize>,
    /// How many services of a namespace one pass may change without somebody's consent.
    pub mass_change: Option<MassChange>,
}

/// A number of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MassChange {
    /// So many of a hundred.
    Percent(u8),
    /// So many.
    Count(usize),
}
/// STUB
pub fn read(_: &[crate::effect::Parameter]) -> (Option<Document>, Vec<crate::issue::Issue>) {
    (None, Vec::new())
}
/// STUB
pub fn read_entry(_: &crate::effect::Parameter) -> (Option<Declaration>, Vec<crate::issue::Issue>) {
    (None, Vec::new())
}
impl Template {
    /// STUB
    pub fn render(&self, _: &ServiceKey, _: &crate::name::PortName) -> String {
        self.0.clone()
    }
}
