//! The HTTP face of the daemon.
//!
//! In come requests; out go pages, each made from one look at the engine, and what a token opens goes to the engine as
//! an event. In reading order: [`metrics`], [`ack`], [`http`].

pub(crate) mod metrics;

pub(crate) mod ack;

pub(crate) mod http;
