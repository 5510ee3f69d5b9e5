//! `/namespaces/<name>`: who calls whom in one namespace, as a picture and as a table.

use std::collections::BTreeSet;

use askama::Template;

use super::calls::{CallRow, End, WORST_FIRST, look};
use super::drawing::{Drawing, Extent, draw};
use super::frame::{Access, Frame, Reader, Section};
use super::place::of_handle;
use super::service::{Graphs, NoPage};
use crate::daemon::shared::Shared;

/// How many calls and services are listed.
const MOST: usize = 1000;

/// How many calls are in a state.
struct StateSum {
    name: &'static str,
    look: &'static str,
    count: usize,
}

/// A service that offers something.
struct OfferRow {
    server: End,
    name: String,
    alias: String,
    is_ready: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "namespace.html")]
pub(crate) struct NamespacePage {
    frame: Frame,
    name: String,
    id: String,
    kind: String,
    extent: Extent,
    drawing: Option<Drawing>,
    services: usize,
    states: [StateSum; 4],
    calls: Vec<CallRow>,
    more_calls: usize,
    offers: Vec<OfferRow>,
    alone: Vec<End>,
}

impl NamespacePage {
    /// The page of a namespace. The graphs are those of this moment.
    pub(crate) fn new(
        shared: &Shared,
        asked: &str,
        graphs: &Graphs,
        reader: Reader,
    ) -> Result<Self, NoPage> {
        let namespace = {
            let engine = shared.engine();
            match of_handle(engine.view(), asked).as_slice() {
                [namespace] => (*namespace).clone(),
                [] => return Err(none(asked, engine.view().namespaces.is_some())),
                several => {
                    let ids: Vec<&str> = several.iter().map(|each| each.id.as_str()).collect();
                    let ids = ids.join(", ");
                    return Err(NoPage::NotThere(format!(
                        "several namespaces are named {asked}; ask for one by its id: {ids}"
                    )));
                }
            }
        };
        let empty = eastwest_core::report::graph::Graph::default();
        let graph = graphs.get(&namespace.id).unwrap_or(&empty);
        let (extent, drawing) = draw(graph);
        let mut calls: Vec<CallRow> =
            graph.edges.iter().map(|edge| CallRow::new(graph, edge)).collect();
        calls.sort_by_key(|call| WORST_FIRST.iter().position(|state| *state == call.state));
        let states = WORST_FIRST.map(|state| {
            let count = calls.iter().filter(|call| call.state == state).count();
            StateSum { name: state.name(), look: look(state), count }
        });
        let offers = graph.nodes.iter().flat_map(|node| {
            node.offers.iter().map(|offer| OfferRow {
                server: End::of(node),
                name: offer.name.to_string(),
                alias: offer.alias.clone(),
                is_ready: offer.ready,
            })
        });
        let calling: BTreeSet<&str> =
            graph.edges.iter().flat_map(|edge| [edge.from.as_str(), edge.to.as_str()]).collect();
        let alone = graph.nodes.iter().filter(|node| !calling.contains(node.id.as_str()));
        let alone = alone.map(End::of);
        Ok(Self {
            frame: Frame::new(namespace.name.to_string(), Section::Fleet, reader),
            name: namespace.name.to_string(),
            id: namespace.id.to_string(),
            kind: namespace.kind,
            extent,
            drawing,
            services: graph.nodes.iter().filter(|node| node.service.is_some()).count(),
            states,
            more_calls: calls.len().saturating_sub(MOST),
            calls: calls.into_iter().take(MOST).collect(),
            offers: offers.take(MOST).collect(),
            alone: alone.take(MOST).collect(),
        })
    }
}

fn none(asked: &str, is_read: bool) -> NoPage {
    if is_read {
        NoPage::NotThere(format!("eastwest sees no namespace {asked} in this account and Region"))
    } else {
        NoPage::NotNow("the namespaces were not read yet; try again in a few seconds".to_owned())
    }
}
