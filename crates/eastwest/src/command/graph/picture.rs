//! A graph as one SVG that stands alone, laid out as on the dashboard.

use anyhow::{Context as _, bail};
use askama::Template;
use eastwest_core::plan::call::CallState;
use strum::VariantArray as _;

use super::draw::NamespaceGraph;
use crate::page::drawing::{Drawing, Extent, draw};

#[derive(Template)]
#[template(path = "graph.svg", escape = "html")]
struct Picture<'a> {
    name: &'a str,
    drawing: Drawing,
    states: Vec<&'static str>,
}

/// The picture of one namespace.
///
/// # Errors
///
/// Several namespaces make several pictures, and a namespace without a call or with too many makes none.
pub(super) fn svg(graphs: &[NamespaceGraph]) -> anyhow::Result<String> {
    let [one] = graphs else {
        let names: Vec<&str> = graphs.iter().map(|each| each.namespace.name.as_str()).collect();
        let names = names.join(", ");
        bail!(
            "a picture is of one namespace: name one of {names}, as eastwest graph NAMESPACE --format svg"
        );
    };
    let name = one.namespace.name.as_str();
    let (extent, drawing) = draw(&one.graph);
    if extent == Extent::Nothing {
        bail!("{name} is too large for one picture; use --format dot and Graphviz");
    }
    if extent == Extent::Failing {
        eprintln!(
            "{name} is too large for one picture: only the calls that do not get through are drawn"
        );
    }
    let drawing = drawing.with_context(|| format!("no call is known in {name}"))?;
    let states = CallState::VARIANTS.iter().map(|state| state.name()).collect();
    Ok(Picture { name, drawing, states }.render()?)
}
