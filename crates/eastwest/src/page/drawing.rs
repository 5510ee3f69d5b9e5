//! The picture of who calls whom: where each box and each line is. A template writes it as SVG, with all texts escaped.
//!
//! **Invariant:** a picture has at most [`MOST_BOXES`] boxes and [`MOST_LINES`] lines. Of a larger graph only the calls
//! that do not get through are drawn, and where even these are too many, nothing is. The page says which it is.
//!
//! **Invariant:** the same graph is drawn the same way, so that a picture does not jump while nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::plan::call::CallState;
use eastwest_core::report::graph::{Edge, Graph, Node, NodeKind};

use super::calls::look;
use super::layers::{self, Place};

/// More is no picture that a person can read.
const MOST_BOXES: usize = 60;
const MOST_LINES: usize = 150;
/// The longest name in a box, in characters.
const LONGEST: usize = 26;
/// The height of a box, and the room between boxes and between layers.
const HEIGHT: f64 = 40.0;
const GAP: f64 = 22.0;
const LAYER_GAP: f64 = 96.0;
/// The room around the picture.
const MARGIN: f64 = 12.0;
/// The length of an arrow's head, as the template draws it.
const HEAD: f64 = 9.0;
/// The width of a character of a name, and of what stands beside it.
const CHARACTER: f64 = 7.6;
const PADDING: f64 = 40.0;

/// What of a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All calls.
    Whole,
    /// Only the calls that do not get through.
    Failing,
    /// Nothing: it would be too large.
    Nothing,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawing {
    /// Its size.
    pub(crate) width: i64,
    /// Its size.
    pub(crate) height: i64,
    /// The boxes.
    pub(crate) boxes: Vec<NodeBox>,
    /// The lines.
    pub(crate) lines: Vec<Line>,
}

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NodeBox {
    /// Its upper left corner.
    pub(crate) x: i64,
    /// Its upper left corner.
    pub(crate) y: i64,
    /// Its size.
    pub(crate) width: i64,
    /// Its size.
    pub(crate) height: i64,
    /// The cluster, or what it is where it is no service.
    pub(crate) above: String,
    /// Its name, shortened.
    pub(crate) name: String,
    /// All of it.
    pub(crate) title: String,
    /// What it is, as a class.
    pub(crate) kind: &'static str,
    /// The service: cluster and name.
    pub(crate) service: Option<(String, String)>,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The path that it takes.
    pub(crate) path: String,
    /// Where its sign stands.
    pub(crate) middle: (i64, i64),
    /// Its state; its name is a class, too.
    pub(crate) state: CallState,
    /// The shape of its state.
    pub(crate) look: &'static str,
    /// All of it.
    pub(crate) title: String,
}

impl Line {
    /// Whether there is nothing to be said of it.
    pub(crate) fn gets_through(&self) -> bool {
        self.state == CallState::Reachable
    }
}

/// What is drawn of a graph.
pub(crate) fn draw(graph: &Graph) -> (Extent, Option<Drawing>) {
    let fits = |edges: &[&Edge]| edges.len() <= MOST_LINES && ends(edges).len() <= MOST_BOXES;
    let all: Vec<&Edge> = graph.edges.iter().collect();
    if fits(&all) {
        return (Extent::Whole, lay_out(graph, &all));
    }
    let failing: Vec<&Edge> =
        all.into_iter().filter(|edge| edge.call.state != CallState::Reachable).collect();
    if fits(&failing) {
        return (Extent::Failing, lay_out(graph, &failing));
    }
    (Extent::Nothing, None)
}

/// The nodes at the ends of these calls, each with its number.
fn ends<'a>(edges: &[&'a Edge]) -> BTreeMap<&'a str, usize> {
    let names = edges.iter().flat_map(|edge| [edge.from.as_str(), edge.to.as_str()]);
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().zip(0..).collect()
}

fn lay_out(graph: &Graph, edges: &[&Edge]) -> Option<Drawing> {
    let ids = ends(edges);
    if ids.is_empty() {
        return None;
    }
    let nodes: BTreeMap<&str, &Node> =
        graph.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let longest =
        ids.keys().filter_map(|id| nodes.get(id)).map(|node| words(node).1.chars().count());
    let characters = u32::try_from(longest.max().unwrap_or_default()).unwrap_or(u32::MAX);
    let width = (f64::from(characters) * CHARACTER + PADDING).max(110.0);
    let places = places(&ids, edges, width);
    let boxes: Vec<NodeBox> = ids
        .iter()
        .filter_map(|(id, number)| {
            let (x, y) = places.get(*number)?;
            Some(of_node(nodes.get(id)?, (*x, *y), width))
        })
        .collect();
    let lines = edges.iter().filter_map(|edge| {
        let from = places.get(*ids.get(edge.from.as_str())?)?;
        let to = places.get(*ids.get(edge.to.as_str())?)?;
        Some(of_edge(edge, *from, *to, width))
    });
    let lines = lines.collect();
    let right = boxes.iter().map(|each| each.x + each.width).max()?;
    let below = boxes.iter().map(|each| each.y + each.height).max()?;
    let margin = whole(MARGIN);
    Some(Drawing { width: right + margin + 40, height: below + margin, boxes, lines })
}

/// The middle of each node.
fn places(ids: &BTreeMap<&str, usize>, edges: &[&Edge], width: f64) -> Vec<(f64, f64)> {
    let calls: BTreeSet<(usize, usize)> = edges
        .iter()
        .filter_map(|edge| Some((*ids.get(edge.from.as_str())?, *ids.get(edge.to.as_str())?)))
        .filter(|(from, to)| from != to)
        .collect();
    let middle = |place: Place| {
        let (layer, halves) = (coordinate(place.layer), coordinate(place.half_row));
        let x = MARGIN + width / 2.0 + layer * (width + LAYER_GAP);
        (x, MARGIN + HEIGHT / 2.0 + halves * (HEIGHT + GAP) / 2.0)
    };
    layers::places(ids.len(), &calls).into_iter().map(middle).collect()
}

fn coordinate(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// What stands in a box: its first and its second line.
fn words(node: &Node) -> (String, String) {
    let shorten = |text: &str| {
        let mut short: String = text.chars().take(LONGEST).collect();
        if text.chars().nth(LONGEST).is_some() {
            short.push('…');
        }
        short
    };
    match (&node.service, node.kind) {
        (Some(key), _) => (shorten(key.cluster.as_str()), shorten(key.name.as_str())),
        (None, NodeKind::Unknown) => ("not known".to_owned(), "?".to_owned()),
        (None, _) => ("nobody offers".to_owned(), shorten(&node.id)),
    }
}

fn of_node(node: &Node, (x, y): (f64, f64), width: f64) -> NodeBox {
    let (above, name) = words(node);
    let kind: &'static str = node.kind.into();
    let what = match node.kind {
        NodeKind::Managed => "opted in",
        NodeKind::Foreign => "did not opt in",
        NodeKind::Missing => "no service offers this name",
        NodeKind::Unknown => "what is called is not known",
    };
    NodeBox {
        x: whole(x - width / 2.0),
        y: whole(y - HEIGHT / 2.0),
        width: whole(width),
        height: whole(HEIGHT),
        above,
        name,
        title: format!("{}: {what}", node.id),
        kind,
        service: node.service.as_ref().map(|key| (key.cluster.to_string(), key.name.to_string())),
    }
}

fn of_edge(edge: &Edge, from: (f64, f64), to: (f64, f64), width: f64) -> Line {
    let start = (from.0 + width / 2.0, from.1);
    let end = (to.0 - width / 2.0 - HEAD, to.1);
    let goes_on = end.0 > start.0;
    // A line that goes back leaves and arrives in a wider bow, so that it is seen beside the boxes.
    let reach = if goes_on { ((end.0 - start.0) / 2.0).max(24.0) } else { 36.0 };
    let lift = if goes_on { 0.0 } else { HEIGHT };
    let controls = ((start.0 + reach, start.1 + lift), (end.0 - reach, end.1 + lift));
    let path = format!(
        "M{} {} C{} {} {} {} {} {}",
        whole(start.0),
        whole(start.1),
        whole(controls.0.0),
        whole(controls.0.1),
        whole(controls.1.0),
        whole(controls.1.1),
        whole(end.0),
        whole(end.1)
    );
    let middle = |a: f64, b: f64, c: f64, d: f64| whole((a + 3.0 * b + 3.0 * c + d) / 8.0);
    let state = edge.call.state;
    let alias = edge.call.alias.as_deref().unwrap_or("an endpoint that is not known");
    Line {
        path,
        middle: (
            middle(start.0, controls.0.0, controls.1.0, end.0),
            middle(start.1, controls.0.1, controls.1.1, end.1),
        ),
        state,
        look: look(state),
        title: format!("{} calls {} at {alias}: {state}", edge.from, edge.to),
    }
}

/// The nearest point of the grid.
#[expect(clippy::cast_possible_truncation, reason = "a picture is some thousand points wide")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use eastwest_core::ecs::name::{Arn, DiscoveryName};
    use eastwest_core::ecs::service_key::ServiceKey;
    use eastwest_core::plan::call::Call;

    use super::*;

    fn key(name: &str) -> ServiceKey {
        let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}");
        ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a key")
    }

    /// A graph of numbered services that call each other so.
    fn graph(calls: &[(usize, usize, CallState)]) -> Graph {
        let names = calls.iter().flat_map(|(from, to, _)| [*from, *to]);
        let names: std::collections::BTreeSet<usize> = names.collect();
        let node = |n: &usize| Node {
            id: format!("prod/s{n}"),
            kind: NodeKind::Managed,
            service: Some(key(&format!("s{n}"))),
            offers: Vec::new(),
        };
        let edge = |(from, to, state): &(usize, usize, CallState)| Edge {
            from: format!("prod/s{from}"),
            to: format!("prod/s{to}"),
            call: Call {
                client: key(&format!("s{from}")),
                name: Some(DiscoveryName::as_read("x")),
                server: Some(key(&format!("s{to}"))),
                alias: Some("x:80".to_owned()),
                inferred: false,
                state: *state,
            },
        };
        Graph { nodes: names.iter().map(node).collect(), edges: calls.iter().map(edge).collect() }
    }

    /// Numbers that look drawn and are the same in every run.
    fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        move |below| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % below
        }
    }

    #[test]
    fn any_graph_is_drawn_the_same_way_twice_and_no_box_lies_on_another() {
        for seed in 0..200 {
            let mut next = numbers(seed);
            let (services, calls) = (2 + next(20), 1 + next(40));
            let calls: Vec<_> = (0..calls)
                .map(|_| (next(services), next(services), CallState::Reachable))
                .collect();
            let graph = graph(&calls);
            let (extent, Some(drawing)) = draw(&graph) else { panic!("seed {seed}: no picture") };
            assert_eq!(extent, Extent::Whole);
            assert_eq!(draw(&graph).1.as_ref(), Some(&drawing), "seed {seed}");
            assert_eq!(drawing.boxes.len(), graph.nodes.len(), "seed {seed}");
            for (at, one) in drawing.boxes.iter().enumerate() {
                assert!(one.x >= 0 && one.y >= 0, "seed {seed}: {one:?}");
                for other in &drawing.boxes[at + 1..] {
                    let beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
                    let below = one.y + one.height <= other.y || other.y + other.height <= one.y;
                    assert!(beside || below, "seed {seed}: {one:?} lies on {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_caller_stands_left_of_what_it_calls() {
        let (_, drawing) = draw(&graph(&[(0, 1, CallState::Reachable), (1, 2, CallState::Stale)]));
        let boxes = drawing.expect("a picture").boxes;
        assert!(boxes[0].x < boxes[1].x && boxes[1].x < boxes[2].x, "{boxes:?}");
    }

    #[test]
    fn of_a_large_graph_only_what_does_not_get_through_is_drawn() {
        let mut calls: Vec<_> = (1..300).map(|n| (0, n, CallState::Reachable)).collect();
        calls.push((7, 8, CallState::Missing));
        let (extent, drawing) = draw(&graph(&calls));
        assert_eq!(extent, Extent::Failing);
        assert_eq!(drawing.expect("a picture").lines.len(), 1);
        let all: Vec<_> = (1..300).map(|n| (0, n, CallState::Missing)).collect();
        assert_eq!(draw(&graph(&all)), (Extent::Nothing, None));
    }
}
