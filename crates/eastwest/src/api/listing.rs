//! The page of all services, with what its rows are found and sorted by.
//!
//! **Invariant:** a page of some of them is made of the very bytes of the whole page, so that a thousand readers of
//! pages hold the memory of one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use eastwest_core::ecs::connect::Endpoint;
use eastwest_core::ecs::name::NamespaceId;
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::health::Health;
use eastwest_core::report::standing::Standing;
use eastwest_core::report::status::{Status, Sync};
use eastwest_core::view::ServiceView;
use serde::Serialize;

use super::json;
use super::services::{ClusterRow, ServiceRow, Sums, queue_row};
use crate::daemon::clock::Clock;

/// The page of all services.
pub(crate) struct Listing {
    bytes: Box<[u8]>,
    /// All before the first row.
    head: Range<usize>,
    /// All after the last row but the last brace.
    tail: Range<usize>,
    rows: Vec<IndexRow>,
}

impl AsRef<[u8]> for Listing {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// One row, and what it is found by.
struct IndexRow {
    bytes: Range<usize>,
    service: ServiceKey,
    standing: Standing,
    sync: Option<Sync>,
    health: Option<Health>,
    since: Option<jiff::Timestamp>,
    namespace: Option<(NamespaceId, String)>,
    /// Everything of it that is searched, in small letters.
    text: Box<str>,
}

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub(crate) enum Sort {
    /// What needs a person first, then by name.
    #[default]
    Standing,
    /// By cluster and name.
    Name,
    /// The latest change first; what has no time comes last.
    Since,
}

/// Which rows are asked for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The cluster.
    pub(crate) cluster: Option<String>,
    /// The namespace, by id or name.
    pub(crate) namespace: Option<String>,
    /// Any of these.
    pub(crate) sync: Option<Vec<Sync>>,
    /// Any of these.
    pub(crate) health: Option<Vec<Health>>,
    /// Any of these.
    pub(crate) standing: Option<Vec<Standing>>,
    /// Words that must all be in the row, in small letters.
    pub(crate) words: Vec<String>,
    /// By what.
    pub(crate) sort: Sort,
    /// How many are passed over.
    pub(crate) offset: usize,
    /// How many are shown.
    pub(crate) limit: usize,
}

/// The parts of a page, in order; all but the sums are parts of the whole page.
pub(crate) struct Part {
    /// All before the first row.
    pub(crate) head: Range<usize>,
    /// The rows.
    pub(crate) rows: Vec<Range<usize>>,
    /// All after the last row but the last brace.
    pub(crate) tail: Range<usize>,
    /// The sums.
    pub(crate) sums: Sums,
}

impl Listing {
    /// The page of this moment.
    pub(crate) fn new(engine: &Engine, clock: Clock) -> Self {
        let clusters: Vec<ClusterRow> = ClusterRow::all(engine, clock);
        let mut text = format!("{{\"clusters\":{},\"services\":[", of(&clusters));
        let head = 0..text.len();
        let mut rows = Vec::new();
        for (key, view) in engine.view().services() {
            if !rows.is_empty() {
                text.push(',');
            }
            let began = text.len();
            let row = ServiceRow::of(engine, clock, key, view);
            text.push_str(&of(&row));
            rows.push(IndexRow::new(engine, view, &row, began..text.len()));
        }
        let end = text.len();
        text.push(']');
        if let Some(queue) = queue_row(engine) {
            text.push_str(",\"queue\":");
            text.push_str(&of(&queue));
        }
        let tail = end..text.len();
        text.push('}');
        Self { bytes: text.into_bytes().into_boxed_slice(), head, tail, rows }
    }

    /// The part that is asked for.
    pub(crate) fn part(&self, wanted: &Wanted) -> Part {
        let mut standings = BTreeMap::new();
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| wanted.allows(row)) {
            *standings.entry(row.standing).or_default() += 1;
            if is_one_of(wanted.standing.as_ref(), Some(row.standing)) {
                found.push(row);
            }
        }
        match wanted.sort {
            // They stand so already.
            Sort::Name => {}
            Sort::Standing => found.sort_by_key(|row| row.standing),
            Sort::Since => found.sort_by_key(|row| (row.since.is_none(), Reverse(row.since))),
        }
        let Wanted { offset, limit, .. } = *wanted;
        let rows = found.iter().skip(offset).take(limit).map(|row| row.bytes.clone());
        let sums = Sums { total: found.len(), offset, limit, standings };
        Part { head: self.head.clone(), rows: rows.collect(), tail: self.tail.clone(), sums }
    }
}

impl IndexRow {
    fn new(engine: &Engine, view: &ServiceView, row: &ServiceRow, bytes: Range<usize>) -> Self {
        let namespace = namespace_of(engine, &row.service, view);
        let namespace =
            namespace.map(|namespace| (namespace.id.clone(), namespace.name.to_string()));
        let status = row.status.as_ref();
        let name = namespace.as_ref().map(|(_, name)| name.as_str());
        let endpoints = row.deployed.as_ref().map_or(&[][..], |deployed| &deployed.endpoints);
        let text = search_text(&row.service, name, status, endpoints);
        Self {
            bytes,
            service: row.service.clone(),
            standing: row.standing,
            sync: status.map(|status| status.sync),
            health: status.map(|status| status.health),
            since: row.since,
            namespace,
            text: text.into_boxed_str(),
        }
    }
}

impl Wanted {
    /// Whether a row is asked for, whatever its standing.
    fn allows(&self, row: &IndexRow) -> bool {
        let cluster = self.cluster.as_ref();
        let namespace = self.namespace.as_ref();
        let is_in = |wanted: &String| {
            row.namespace.as_ref().is_some_and(|(id, name)| id.as_str() == wanted || name == wanted)
        };
        cluster.is_none_or(|cluster| row.service.cluster.as_str() == cluster)
            && namespace.is_none_or(is_in)
            && is_one_of(self.sync.as_ref(), row.sync)
            && is_one_of(self.health.as_ref(), row.health)
            && self.words.iter().all(|word| row.text.contains(word.as_str()))
    }
}

/// Everything of a service that is searched, in small letters: its names, why it stands so, and what it offers.
pub(crate) fn search_text(
    service: &ServiceKey,
    namespace: Option<&str>,
    status: Option<&Status>,
    endpoints: &[Endpoint],
) -> String {
    let mut text = service.to_string();
    let reason = status.and_then(|status| status.reason).map(Reason::name);
    let message = status.and_then(|status| status.message.as_deref());
    for part in [namespace, reason, message].into_iter().flatten() {
        text.push('\n');
        text.push_str(part);
    }
    for endpoint in endpoints {
        text.push('\n');
        text.push_str(endpoint.discovery().as_str());
        let alias = endpoint.alias.as_ref();
        if let Some(host) = alias.and_then(|alias| alias.dns_name.as_ref()) {
            text.push('\n');
            text.push_str(host.as_str());
        }
    }
    text.to_lowercase()
}

/// Whether a value is among those that are asked for; every value is where nothing is.
fn is_one_of<T: PartialEq>(wanted: Option<&Vec<T>>, value: Option<T>) -> bool {
    wanted.is_none_or(|wanted| value.is_some_and(|value| wanted.contains(&value)))
}

/// The namespace that a service is to be in, else the one that it is in.
pub(crate) fn namespace_of<'e>(
    engine: &'e Engine,
    key: &ServiceKey,
    view: &'e ServiceView,
) -> Option<&'e Namespace> {
    let wanted = engine.plan().entries.get(key).and_then(|entry| entry.namespace.as_ref());
    let deployed = || engine.view().namespace_in_force(view.last.as_deref()?);
    wanted.or_else(deployed)
}

fn of(value: &impl Serialize) -> String {
    json::line(value).expect("every row has a JSON form")
}
