//! A graph in the words of Mermaid and of Graphviz.
//!
//! **Invariant:** a text of AWS or of users is only ever a quoted label, with what ends a quote escaped: names of nodes are
//! numbers. So no name can become syntax, or a link.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::plan::call::CallState;
use eastwest_core::report::graph::{Edge, Graph, Node, NodeKind};
use serde::Serialize;

use crate::api::text::line;

/// The graph of one namespace.
#[derive(Debug, Serialize)]
pub(super) struct NamespaceGraph {
    pub(super) namespace: Namespace,
    #[serde(flatten)]
    pub(super) graph: Graph,
}

/// A flowchart, with a subgraph for each namespace.
pub(super) fn mermaid(graphs: &[NamespaceGraph]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (at, NamespaceGraph { namespace, graph }) in graphs.iter().enumerate() {
        line(&mut text, format_args!("  subgraph s{at}[\"{}\"]", html(namespace.name.as_str())));
        let ids = ids(at, &graph.nodes);
        for node in &graph.nodes {
            let label = labels(node).iter().map(|text| html(text)).collect::<Vec<_>>().join("<br>");
            let (open, close) = match node.kind {
                NodeKind::Managed => ("[", "]"),
                NodeKind::Foreign => ("([", "])"),
                NodeKind::Missing | NodeKind::Unknown => ("{{", "}}"),
            };
            line(&mut text, format_args!("    {}{open}\"{label}\"{close}", ids[node.id.as_str()]));
        }
        for edge in &graph.edges {
            let arrow = if edge.call.state == CallState::Reachable { "-->" } else { "-.->" };
            let (from, to) = (&ids[edge.from.as_str()], &ids[edge.to.as_str()]);
            let label = html(&label(edge));
            let label = if label.is_empty() { label } else { format!("|\"{label}\"|") };
            line(&mut text, format_args!("    {from} {arrow}{label} {to}"));
        }
        text.push_str("  end\n");
    }
    text
}

/// A directed graph, with a cluster for each namespace.
pub(super) fn dot(graphs: &[NamespaceGraph]) -> String {
    let mut text =
        "digraph eastwest {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n".to_owned();
    for (at, NamespaceGraph { namespace, graph }) in graphs.iter().enumerate() {
        line(&mut text, format_args!("  subgraph cluster_{at} {{"));
        line(&mut text, format_args!("    label=\"{}\";", quoted(namespace.name.as_str())));
        let ids = ids(at, &graph.nodes);
        for node in &graph.nodes {
            let label =
                labels(node).iter().map(|text| quoted(text)).collect::<Vec<_>>().join("\\n");
            let more = match node.kind {
                NodeKind::Managed => "",
                NodeKind::Foreign => ", style=\"rounded,dashed\"",
                NodeKind::Missing | NodeKind::Unknown => ", shape=hexagon, style=dashed",
            };
            line(
                &mut text,
                format_args!("    {} [label=\"{label}\"{more}];", ids[node.id.as_str()]),
            );
        }
        for edge in &graph.edges {
            let (from, to) = (&ids[edge.from.as_str()], &ids[edge.to.as_str()]);
            let style = match edge.call.state {
                CallState::Reachable => "",
                CallState::Stale => ", style=dashed, color=orange",
                CallState::Unknown => ", style=dotted",
                CallState::Missing => ", style=dashed, color=red",
            };
            let label = quoted(&label(edge));
            line(&mut text, format_args!("    {from} -> {to} [label=\"{label}\"{style}];"));
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

/// A name for each node: numbers, so that no text of others is one.
fn ids(graph: usize, nodes: &[Node]) -> BTreeMap<&str, String> {
    let named = nodes.iter().enumerate();
    named.map(|(at, node)| (node.id.as_str(), format!("n{graph}_{at}"))).collect()
}

/// The lines of a node: what it is, and what it offers.
fn labels(node: &Node) -> Vec<String> {
    let name = match node.kind {
        NodeKind::Managed => node.id.clone(),
        NodeKind::Foreign => format!("{} (not opted in)", node.id),
        NodeKind::Missing => format!("{} (nobody offers it)", node.id),
        NodeKind::Unknown => "not known".to_owned(),
    };
    let offers = node.offers.iter().map(|offer| {
        let ready = if offer.ready { "" } else { " (not complete)" };
        format!("{}{ready}", offer.alias)
    });
    [name].into_iter().chain(offers).collect()
}

/// What is called, and whether that succeeds.
fn label(edge: &Edge) -> String {
    let call = &edge.call;
    let alias = call.alias.clone();
    let state = (call.state != CallState::Reachable).then(|| call.state.to_string());
    let inferred = call.inferred.then(|| "inferred".to_owned());
    alias.into_iter().chain(state).chain(inferred).collect::<Vec<_>>().join(", ")
}

/// A label of Mermaid, whose entities are written with `#` (mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters).
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' => {
                // Writing to a String cannot fail.
                let _: std::fmt::Result = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A quoted text of DOT (graphviz.org/doc/info/lang.html).
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
