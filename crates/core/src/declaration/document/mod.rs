//! What a platform team declares in Parameter Store, for many services at once.
//!
//! The document is one parameter, or all parameters below a path. Their order does not matter. **Invariant:** a
//! document is in force as a whole or not at all. Each fault in it is an issue with the parameter and the JSON pointer,
//! and the last good document stays in force.
//!
//! ```text
//!  text ──tree──▶ Node ──conform──▶ of the schema's shape ──parameter, entry──▶ Part ──join──▶ Document
//!                          shape ──▶ schema                    value
//! ```

mod tree;
mod report;
mod conform;
mod template;
mod host_pattern;
mod shape;
mod entry;
mod part;
mod window_entries;
mod parameter;
mod join;
mod write;

pub use host_pattern::HostPattern;
pub(crate) use report::escaped;
pub use shape::schema;
pub use write::write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::declared::Declaration;
use super::issue::{Issue, Weight};
use super::windows::Window;
use crate::ecs::name::{DiscoveryName, NamespaceName, NamespaceRef};
use crate::ecs::namespace::NewNamespace;
use crate::ecs::parameter::Parameter;
use crate::ecs::service_key::ServicePath;
use part::NamedPart;

/// Reads the parameters of the document, in any order, and merges them. There is a document only if no issue blocks it.
/// The place of an issue is `<parameter>#<JSON pointer>`.
pub fn read(parameters: &[Parameter]) -> (Option<Document>, Vec<Issue>) {
    if parameters.is_empty() {
        let allowed = "at least one parameter: without one there is no document";
        return (None, vec![Issue::new("document", "no parameter", allowed)]);
    }
    let mut issues = Vec::new();
    let mut parts = Vec::new();
    for parameter in parameters {
        let (part, found) = parameter::read(parameter);
        issues.extend(found);
        parts.extend(part.map(|part| NamedPart { name: parameter.name.as_str(), part }));
    }
    parts.sort_by_key(|part| part.name);
    let (document, contradictions) = join::join(&parts);
    issues.extend(contradictions);
    issues.sort();
    let is_whole = issues.iter().all(|issue| issue.weight == Weight::Advice);
    (is_whole.then_some(document), issues)
}

/// Reads the parameter that a `document` tag names: one service's entry. The person who wrote the tag may not be
/// allowed to read the parameter, so its text is shown only if it has the shape of an entry.
pub fn read_entry(parameter: &Parameter) -> (Option<Declaration>, Vec<Issue>) {
    parameter::read_entry(parameter)
}

/// What all parameters say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The namespaces to create where they are missing.
    pub namespaces: BTreeMap<NamespaceName, NewNamespace>,
    /// Values for services that do not set them.
    pub defaults: DocumentDefaults,
    /// The entry of each service.
    pub services: BTreeMap<ServicePath, Arc<Declaration>>,
    /// The discovery names that only these services may have.
    pub claims: BTreeMap<DiscoveryName, BTreeSet<ServicePath>>,
    /// The hosts that may be aliases beside those that every service may take.
    pub aliases: AllowedAliases,
    /// How much may change at once.
    pub limits: Limits,
    /// When a change may begin, sorted.
    pub windows: Vec<Window>,
    /// Whether nothing may change at all.
    pub freeze: bool,
    /// Whether a task definition revision may be registered that names a port.
    pub name_ports: bool,
}

/// The hosts that may be aliases beside those that every service may take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedAliases {
    /// For every service of a namespace.
    pub namespaces: BTreeMap<NamespaceName, BTreeSet<HostPattern>>,
    /// For one service.
    pub services: BTreeMap<ServicePath, BTreeSet<HostPattern>>,
}

/// Values for services that do not set them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentDefaults {
    /// The namespace to be in.
    pub namespace: Option<NamespaceRef>,
    /// How an endpoint is named.
    pub discovery_name: Option<Template>,
}

/// How an endpoint is named: a text with `{service}`, `{cluster}` and `{port}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub(crate) String);

/// How much may change at once; the flags give what is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Rollouts at once in one cluster.
    pub rollouts_per_cluster: Option<usize>,
    /// Rollouts at once in one namespace.
    pub rollouts_per_namespace: Option<usize>,
    /// How many services of a namespace one pass may change without consent.
    pub mass_change: Option<MassChange>,
    /// Whose changes are counted together for that.
    pub mass_change_per: Option<MassChangePer>,
    /// How long an endpoint must have stood before clients are rolled out again for it.
    pub refresh_every: Option<Duration>,
    /// For how long an old name stays for clients that still name it; without it, until that is mended.
    pub drop_old_names: Option<Duration>,
    /// For how long a name that was in use is kept from other services.
    pub name_quarantine: Option<Duration>,
}

/// Whose changes are counted together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MassChangePer {
    /// Those of all services of a namespace.
    #[default]
    Namespace,
    /// Those of one cluster in a namespace.
    Cluster,
}

/// A number of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MassChange {
    /// So many of a hundred.
    Percent(u8),
    /// So many.
    Count(usize),
}

#[cfg(test)]
mod tests;
