//! The shapes that eastwest publishes: typed pages, the same for HTTP and for the command line.
//!
//! In come a plan, the view and the settings; out go values that serialize to the JSON of `/api/v1/*` and `--json`. In
//! reading order: [`json`], [`text`], [`shape`], [`explanation_shape`], [`issues`], [`plan`], [`services`], [`listing`],
//! [`namespaces`], [`graph`], [`events`], [`explanation`].

pub(crate) mod json;

pub(crate) mod text;

pub(crate) mod shape;

pub(crate) mod explanation_shape;

pub(crate) mod issues;

pub(crate) mod plan;

pub(crate) mod services;

pub(crate) mod listing;

pub(crate) mod namespaces;

pub(crate) mod graph;

pub(crate) mod events;

pub(crate) mod explanation;

/// Whether a list was shown whole, so that nothing is said of more.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_whole(more: &usize) -> bool {
    *more == 0
}
