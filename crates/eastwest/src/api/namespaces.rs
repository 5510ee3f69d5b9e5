//! `GET /api/v1/namespaces`: the Cloud Map namespaces, and how the services in each stand.

use std::collections::BTreeMap;

use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::engine::Engine;
use eastwest_core::report::standing::Standing;
use serde::Serialize;

use super::listing::namespace_of;
use super::services::standing_of;
use crate::daemon::clock::Clock;

/// What a name or an id of a namespace may mean: none, one, or all that have this name. An id means one.
pub(crate) fn named<'a, T>(all: &'a [T], of: fn(&T) -> &Namespace, wanted: &str) -> Vec<&'a T> {
    match all.iter().find(|each| of(each).id.as_str() == wanted) {
        Some(one) => vec![one],
        None => all.iter().filter(|each| of(each).name.as_str() == wanted).collect(),
    }
}

/// `GET /api/v1/namespaces`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespacesPage {
    /// Every namespace of the account and Region.
    pub(crate) namespaces: Vec<NamespaceRow>,
    /// When they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) read_at: Option<jiff::Timestamp>,
    /// Why they could not be read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

/// One namespace.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct NamespaceRow {
    /// The namespace.
    #[serde(flatten)]
    #[schemars(with = "NamespaceSchema")]
    pub(crate) namespace: Namespace,
    /// How many services of the watched clusters are in it or to be in it, by how they stand.
    pub(crate) standings: BTreeMap<Standing, usize>,
}

/// What a namespace has.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase", rename = "Namespace")]
#[expect(dead_code, reason = "only its JSON Schema is made from it")]
struct NamespaceSchema {
    /// Its id.
    id: String,
    /// Its ARN.
    arn: String,
    /// Its name.
    name: String,
    /// The name by which ECS finds it.
    http_name: String,
    /// `HTTP`, `DNS_PRIVATE` or `DNS_PUBLIC`.
    kind: String,
    /// The account that owns it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

impl NamespacesPage {
    /// The page of this moment.
    pub(crate) fn new(engine: &Engine, clock: Clock) -> Self {
        let view = engine.view();
        let mut standings: BTreeMap<_, BTreeMap<Standing, usize>> = BTreeMap::new();
        for (key, service) in view.services() {
            if let Some(namespace) = namespace_of(engine, key, service) {
                let here = standings.entry(&namespace.id).or_default();
                *here.entry(standing_of(engine, key, service)).or_default() += 1;
            }
        }
        let row = |namespace: &Namespace| NamespaceRow {
            namespace: namespace.clone(),
            standings: standings.get(&namespace.id).cloned().unwrap_or_default(),
        };
        let trouble = match &view.namespaces {
            Some(Seen::Unknown(fault)) => Some(fault.to_string()),
            Some(Seen::Known(_) | Seen::Absent) | None => None,
        };
        Self {
            namespaces: view.known_namespaces().iter().map(row).collect(),
            read_at: view.namespaces_at.map(|at| clock.calendar(at)),
            trouble,
        }
    }
}
