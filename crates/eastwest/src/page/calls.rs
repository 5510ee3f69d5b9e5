//! Calls between services, as rows of a table.

use eastwest_core::plan::call::CallState;
use eastwest_core::report::graph::{Edge, Graph, Node, NodeKind};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallRow {
    /// Who calls.
    pub(crate) from: End,
    /// Who is called.
    pub(crate) to: End,
    /// What is called there.
    pub(crate) alias: Option<String>,
    /// Whether only its environment says so.
    pub(crate) inferred: bool,
    /// Whether it succeeds.
    pub(crate) state: CallState,
}

/// One end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// How it reads.
    pub(crate) text: String,
    /// The service: cluster and name.
    pub(crate) service: Option<(String, String)>,
}

impl End {
    /// The end at a node of this id.
    pub(super) fn new(graph: &Graph, id: &str) -> Self {
        graph.node(id).map_or_else(|| Self { text: id.to_owned(), service: None }, Self::of)
    }

    /// The end that is a node.
    pub(super) fn of(node: &Node) -> Self {
        let service = node.service.as_ref();
        Self {
            text: match node.kind {
                NodeKind::Unknown => "not known".to_owned(),
                NodeKind::Managed | NodeKind::Foreign | NodeKind::Missing => node.id.clone(),
            },
            service: service.map(|key| (key.cluster.to_string(), key.name.to_string())),
        }
    }
}

impl CallRow {
    /// The row of an edge.
    pub(super) fn new(graph: &Graph, edge: &Edge) -> Self {
        Self {
            from: End::new(graph, &edge.from),
            to: End::new(graph, &edge.to),
            alias: edge.call.alias.clone(),
            inferred: edge.call.inferred,
            state: edge.call.state,
        }
    }

    /// The standing whose shape and colour its state has.
    pub(crate) fn look(&self) -> &'static str {
        look(self.state)
    }

    /// What its state means.
    pub(crate) fn meaning(&self) -> &'static str {
        match self.state {
            CallState::Reachable => "The endpoint is there, and the client's tasks know it.",
            CallState::Stale => {
                "The client's tasks began before the endpoint was there: they do not know it."
            }
            CallState::Missing => {
                "No service offers it, or the first deployment that brings it has not completed."
            }
            CallState::Unknown => "Something was not read that tells whether the call succeeds.",
        }
    }
}

/// The states in the order in which a reader should look.
pub(super) const WORST_FIRST: [CallState; 4] =
    [CallState::Missing, CallState::Stale, CallState::Unknown, CallState::Reachable];

/// The standing whose shape and colour a state has.
pub(super) fn look(state: CallState) -> &'static str {
    match state {
        CallState::Reachable => "inOrder",
        CallState::Stale => "held",
        CallState::Missing => "broken",
        CallState::Unknown => "notOptedIn",
    }
}
