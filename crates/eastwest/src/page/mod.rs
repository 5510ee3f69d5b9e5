//! The dashboard: pages for people, each made from one look at the engine.
//!
//! In come the engine, the history and what a reader asked for in the address; out go HTML, and the one style sheet and
//! script that all pages share. No HTTP is spoken here and nothing is decided: the words are those of `core`.
//!
//! **Invariant:** every text that did not come from this program passes through the escaping of the templates, or of
//! [`drawing`]. No page has a script or a style of its own, so that the pages work under `default-src 'self'`.
//!
//! **Invariant:** a page holds the engine for as long as it takes to copy what it shows, and not while it is written.
//!
//! In reading order: [`assets`], [`words`], [`frame`], [`pauses`], [`place`], [`row`], [`changes`], [`sides`], [`fleet`], [`timeline`],
//! [`calls`], [`service`], [`layers`], [`drawing`], [`namespace`], [`plan`], [`events`], [`login`], [`refusal`].

pub(crate) mod assets;

pub(crate) mod words;

pub(crate) mod frame;

pub(crate) mod pauses;

pub(crate) mod place;

pub(crate) mod row;

pub(crate) mod changes;

pub(crate) mod sides;

pub(crate) mod fleet;

pub(crate) mod timeline;

pub(crate) mod calls;

pub(crate) mod service;

pub(crate) mod layers;

pub(crate) mod drawing;

pub(crate) mod namespace;

pub(crate) mod plan;

pub(crate) mod events;

pub(crate) mod login;

pub(crate) mod refusal;

#[cfg(test)]
mod tests;
