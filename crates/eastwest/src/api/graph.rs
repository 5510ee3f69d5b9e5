//! `GET /api/v1/graph`: who calls whom in one namespace.
//!
//! **Invariant:** the graphs of all namespaces are made in one go, and each answer is a part of these bytes. A plan of the
//! whole fleet stands behind a graph, so that whoever asks for many namespaces must not cause one each.

use std::ops::Range;

use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::engine::Engine;
use eastwest_core::report::graph::{Graph, graphs};
use serde::Serialize;

use super::json;
use super::namespaces::named;

/// `GET /api/v1/graph`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct GraphPage<'a> {
    /// The namespace's id.
    pub(crate) id: &'a str,
    /// Its name.
    pub(crate) namespace: &'a str,
    /// Who calls whom there.
    #[serde(flatten)]
    pub(crate) graph: Graph,
}

/// The graphs of all known namespaces.
pub(crate) struct Graphs {
    bytes: Box<[u8]>,
    namespaces: Vec<(Namespace, Range<usize>)>,
}

impl AsRef<[u8]> for Graphs {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why there is no graph.
pub(crate) enum NoGraph {
    /// No namespace has this name or id; these are known.
    NotThere(Vec<String>),
    /// More than one namespace has this name: their ids.
    Several(Vec<String>),
}

impl Graphs {
    /// The graphs of this moment.
    pub(crate) fn new(engine: &Engine) -> Self {
        let view = engine.view();
        let mut graphs = graphs(view, engine.settings(), engine.plan());
        let mut text = String::new();
        let mut namespaces = Vec::new();
        for namespace in view.known_namespaces() {
            let began = text.len();
            let graph = graphs.remove(&namespace.id).unwrap_or_default();
            let (id, name) = (namespace.id.as_str(), namespace.name.as_str());
            let page = GraphPage { id, namespace: name, graph };
            text.push_str(&json::line(&page).expect("every graph has a JSON form"));
            namespaces.push((namespace.clone(), began..text.len()));
        }
        Self { bytes: text.into_bytes().into_boxed_slice(), namespaces }
    }

    /// The graph of the namespace that has this id or name.
    pub(crate) fn of(&self, wanted: &str) -> Result<Range<usize>, NoGraph> {
        match named(&self.namespaces, |(namespace, _)| namespace, wanted).as_slice() {
            [] => {
                let known = self.namespaces.iter();
                Err(NoGraph::NotThere(known.map(|(each, _)| each.name.to_string()).collect()))
            }
            [(_, range)] => Ok(range.clone()),
            several => {
                let ids = several.iter().map(|(namespace, _)| namespace.id.to_string());
                Err(NoGraph::Several(ids.collect()))
            }
        }
    }
}
