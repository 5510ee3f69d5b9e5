//! Who calls whom in one namespace, as nodes and edges to draw and to list.
//!
//! **Invariant:** every edge begins and ends at a node of the graph. A service of which nobody knows what it calls has an
//! edge to the node [`NodeKind::Unknown`], so that a picture does not show it as one that calls nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::declaration::intent::Intent;
use crate::declaration::settings::Settings;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::service::ServiceStatus;
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::call::{Call, Offered, Traffic};
use crate::planner::traffic;
use crate::view::View;

/// The node of what nobody knows.
const UNKNOWN: &str = "?";

/// Who calls whom in one namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Graph {
    /// Every service in the namespace or to be in it, and what no service offers and is called all the same.
    /// Sorted by id.
    pub nodes: Vec<Node>,
    /// Every call.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// The node of this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        let at = self.nodes.binary_search_by(|node| node.id.as_str().cmp(id)).ok()?;
        self.nodes.get(at)
    }
}

/// A service, or something that no service offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Node {
    /// Its id in the graph: `cluster/service`; the discovery name of what no service offers; `?`.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub service: Option<ServiceKey>,
    /// What it offers in this namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<NodeOffer>,
}

/// What a node is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum NodeKind {
    /// A service that opted in.
    Managed,
    /// A service that did not opt in, or of a cluster that is not watched. Nobody knows what it calls.
    Foreign,
    /// A discovery name that is called and that no service offers.
    Missing,
    /// What is called is not known.
    Unknown,
}

/// One endpoint of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeOffer {
    /// Its discovery name.
    #[schemars(with = "String")]
    pub name: DiscoveryName,
    /// What clients call, `host:port`; `?` is a port that only an unread task definition tells.
    pub alias: String,
    /// Whether a deployment that has it completed.
    pub ready: bool,
}

/// One call, between two nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Edge {
    /// The id of the node that calls.
    pub from: String,
    /// The id of the node that is called.
    pub to: String,
    /// The call.
    #[serde(flatten)]
    pub call: Call,
}

/// Who calls whom in each known namespace. One look at the whole fleet tells it of all of them.
pub fn graphs(view: &View, settings: &Settings, plan: &Plan) -> BTreeMap<NamespaceId, Graph> {
    let mut members = members(view, plan);
    let graph = |(id, traffic): (NamespaceId, Traffic)| {
        let nodes = members.remove(&id).unwrap_or_default();
        (id, of_traffic(view, nodes, traffic))
    };
    traffic(view, settings).into_iter().map(graph).collect()
}

fn of_traffic(view: &View, mut nodes: BTreeMap<String, Node>, traffic: Traffic) -> Graph {
    let Traffic { calls, offers } = traffic;
    for offer in offers {
        let Offered { name, alias, server, is_ready: ready } = offer;
        let node = nodes.entry(server.to_string()).or_insert_with(|| of_service(view, &server));
        node.offers.push(NodeOffer { name, alias, ready });
    }
    for call in &calls {
        for node in [of_service(view, &call.client), callee(view, call)] {
            nodes.entry(node.id.clone()).or_insert(node);
        }
    }
    let edges = calls.into_iter().map(|call| Edge {
        from: call.client.to_string(),
        to: callee(view, &call).id,
        call,
    });
    Graph { edges: edges.collect(), nodes: nodes.into_values().collect() }
}

/// The services in each namespace, or to be in it.
fn members(view: &View, plan: &Plan) -> BTreeMap<NamespaceId, BTreeMap<String, Node>> {
    let wanted = plan.entries.iter();
    let wanted = wanted.filter_map(|(key, entry)| Some((key, entry.namespace.as_ref()?)));
    let active = view.all_services().filter(|service| service.status == ServiceStatus::Active);
    let deployed =
        active.filter_map(|service| Some((&service.key, view.namespace_in_force(service)?)));
    let mut members: BTreeMap<NamespaceId, BTreeMap<String, Node>> = BTreeMap::new();
    for (key, namespace) in wanted.chain(deployed) {
        let here = members.entry(namespace.id.clone()).or_default();
        here.entry(key.to_string()).or_insert_with(|| of_service(view, key));
    }
    members
}

fn of_service(view: &View, key: &ServiceKey) -> Node {
    let intent = view.service(key).map(|service| &service.intent);
    let is_managed = intent.is_some_and(|intent| *intent != Intent::NotOptedIn);
    let kind = if is_managed { NodeKind::Managed } else { NodeKind::Foreign };
    Node { id: key.to_string(), kind, service: Some(key.clone()), offers: Vec::new() }
}

/// The node at which a call ends. No discovery name has a `/`, so that it is never taken for a service.
fn callee(view: &View, call: &Call) -> Node {
    let (id, kind) = match (&call.server, &call.name) {
        (Some(server), _) => return of_service(view, server),
        (None, Some(name)) => (name.to_string(), NodeKind::Missing),
        (None, None) => (UNKNOWN.to_owned(), NodeKind::Unknown),
    };
    Node { id, kind, service: None, offers: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::testing::{Stage, namespace};

    fn of(text: &str) -> Graph {
        let stage = Stage::read(text);
        let id = namespace("internal.myapp").id;
        let mut graphs = graphs(&stage.view, &stage.settings, &stage.plan());
        let graph = graphs.remove(&id).unwrap_or_default();
        for node in &graph.nodes {
            assert_eq!(graph.node(&node.id), Some(node));
        }
        for edge in &graph.edges {
            assert!(graph.node(&edge.from).is_some() && graph.node(&edge.to).is_some());
        }
        graph
    }

    fn check(text: &str, expected: &Expect) {
        let mut lines = String::new();
        let graph = of(text);
        for node in &graph.nodes {
            let kind: &str = node.kind.into();
            write!(lines, "{} {kind}", node.id).expect("a String takes all text");
            for offer in &node.offers {
                let ready = if offer.ready { "" } else { " (not ready)" };
                write!(lines, " {}@{}{ready}", offer.name, offer.alias).expect("it does");
            }
            lines.push('\n');
        }
        for Edge { from, to, call } in &graph.edges {
            let how = if call.inferred { "inferred" } else { "declared" };
            let alias = call.alias.as_deref().unwrap_or("-");
            writeln!(lines, "{from} -> {to} {alias} {how} {}", call.state).expect("it does");
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn what_is_declared_and_what_the_environment_says_are_edges() {
        check(
            "api - | in internal.myapp http/api@api:8080 | http=8080 | deployed=10
             orders mode=client-server, needs=api | in internal.myapp http/orders@orders:80 | http=8080/http | deployed=20
             web mode=client | in internal.myapp | http=8080 env:http://api:8080;ORDERS_HOST=orders | deployed=50",
            &expect![[r#"
                prod/api foreign api@api:8080
                prod/orders managed orders@orders:80
                prod/web managed
                prod/orders -> prod/api api:8080 declared reachable
                prod/web -> prod/api api:8080 inferred reachable
                prod/web -> prod/orders orders:80 inferred reachable
            "#]],
        );
    }

    #[test]
    fn what_nobody_offers_and_what_was_not_read_end_at_nodes_of_their_own() {
        check(
            "api mode=client-server, namespace=internal.myapp | off | http=8080/http
             a mode=client, needs=gone | in internal.myapp | http=8080 | deployed=50
             b mode=client | in internal.myapp | ? | deployed=50
             c mode=client, needs=api | in internal.myapp | http=8080 | deployed=50
             d mode=client | in internal.myapp | http=8080 env:http://lost.internal.myapp:80 | deployed=50",
            &expect![[r#"
                ? unknown
                gone missing
                prod/a managed
                prod/api managed api@api.internal.myapp:8080 (not ready)
                prod/b managed
                prod/c managed
                prod/d managed
                prod/a -> gone - declared missing
                prod/b -> ? - inferred unknown
                prod/c -> prod/api api.internal.myapp:8080 declared missing
                prod/d -> ? - inferred missing
            "#]],
        );
    }

    #[test]
    fn tasks_that_began_before_an_endpoint_are_stale() {
        check(
            "api - | in internal.myapp http/api@api:8080 | http=8080 | deployed=10 past=10:SUCCESSFUL:in_internal.myapp_http/api@api:8080
             old mode=client, needs=api | in internal.myapp | http=8080 | deployed=5
             new mode=client, needs=api | in internal.myapp | http=8080 | deployed=50
             out mode=client, needs=api, namespace=internal.myapp | off | http=8080 | deployed=50",
            &expect![[r#"
                prod/api foreign api@api:8080
                prod/new managed
                prod/old managed
                prod/out managed
                prod/new -> prod/api api:8080 declared reachable
                prod/old -> prod/api api:8080 declared stale
                prod/out -> prod/api api:8080 declared stale
            "#]],
        );
    }

    #[test]
    fn another_namespace_is_another_graph() {
        check(
            "namespace internal.myapp
             namespace other
             api - | in other http/api@api:8080 | http=8080 | deployed=10
             web mode=client, needs=api | in other | http=8080 | deployed=50
             lone mode=client | in internal.myapp | http=8080 | deployed=50",
            &expect![[r#"
                prod/lone managed
            "#]],
        );
    }
}
