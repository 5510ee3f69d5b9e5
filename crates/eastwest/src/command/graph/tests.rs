//! What is drawn of a graph, whole.

use eastwest_core::ecs::name::{Arn, NamespaceId, NamespaceName};
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::call::{Call, CallState};
use eastwest_core::report::graph::{Edge, Graph, Node, NodeKind};
use expect_test::expect;

use super::draw::{NamespaceGraph, dot, mermaid};
use super::keep;

fn key(name: &str) -> ServiceKey {
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}");
    ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a cluster and a service")
}

fn call(to: &str, alias: Option<&str>, state: CallState, inferred: bool) -> Edge {
    let call = Call {
        client: key("web"),
        name: None,
        server: None,
        alias: alias.map(str::to_owned),
        inferred,
        state,
    };
    Edge { from: "prod/web".to_owned(), to: to.to_owned(), call }
}

fn graphs() -> Vec<NamespaceGraph> {
    let node = |id: &str, kind| Node { id: id.to_owned(), kind, service: None, offers: Vec::new() };
    let namespace = Namespace {
        id: NamespaceId::as_read("ns-1"),
        arn: Arn::as_read("arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-1"),
        name: NamespaceName::as_read("internal.myapp"),
        http_name: NamespaceName::as_read("internal.myapp"),
        kind: "HTTP".to_owned(),
        owner: None,
    };
    let nodes = vec![
        node("?", NodeKind::Unknown),
        node("gone", NodeKind::Missing),
        node("prod/api", NodeKind::Foreign),
        node("prod/web", NodeKind::Managed),
    ];
    let edges = vec![
        call("prod/api", Some("api:8080"), CallState::Reachable, false),
        call("gone", None, CallState::Missing, false),
        call("?", Some("a\"]; click n0_0 \"javascript:alert(1)\" <b>\\"), CallState::Unknown, true),
    ];
    vec![NamespaceGraph { namespace, graph: Graph { nodes, edges } }]
}

#[test]
fn mermaid_has_a_subgraph_for_each_namespace_and_no_text_of_users_is_syntax() {
    expect![[r#"
        flowchart LR
          subgraph s0["internal.myapp"]
            n0_0{{"not known"}}
            n0_1{{"gone (nobody offers it)"}}
            n0_2(["prod/api (not opted in)"])
            n0_3["prod/web"]
            n0_3 -->|"api:8080"| n0_2
            n0_3 -.->|"missing"| n0_1
            n0_3 -.->|"a#34;]; click n0_0 #34;javascript:alert(1)#34; #60;b#62;#92;, unknown, inferred"| n0_0
          end
    "#]].assert_eq(&mermaid(&graphs()));
}

#[test]
fn dot_has_a_cluster_for_each_namespace_and_no_text_of_users_is_syntax() {
    expect![[r#"
        digraph eastwest {
          rankdir=LR;
          node [shape=box, style=rounded];
          subgraph cluster_0 {
            label="internal.myapp";
            n0_0 [label="not known", shape=hexagon, style=dashed];
            n0_1 [label="gone (nobody offers it)", shape=hexagon, style=dashed];
            n0_2 [label="prod/api (not opted in)", style="rounded,dashed"];
            n0_3 [label="prod/web"];
            n0_3 -> n0_2 [label="api:8080"];
            n0_3 -> n0_1 [label="missing", style=dashed, color=red];
            n0_3 -> n0_0 [label="a\"]; click n0_0 \"javascript:alert(1)\" <b>\\, unknown, inferred", style=dotted];
          }
        }
    "#]].assert_eq(&dot(&graphs()));
}

#[test]
fn a_namespace_is_found_by_its_name_or_its_id_and_a_wrong_name_gets_the_nearest() {
    for name in ["internal.myapp", "ns-1"] {
        let mut all = graphs();
        keep(&mut all, name).expect("it is there");
        assert_eq!(all.len(), 1);
    }
    let error = keep(&mut graphs(), "internal.myap").expect_err("it is not there").to_string();
    assert_eq!(
        error,
        r#""internal.myap": no such namespace was seen; did you mean internal.myapp?"#
    );
}
