//! The HTTP face of the daemon.
//!
//! In come requests; out go pages, each made from one look at the engine, and what a token opens goes to the engine as
//! an event. In reading order: [`metrics`], [`gate`], [`ack`], [`retry`], [`http`].

pub(crate) mod metrics;

pub(crate) mod gate;

pub(crate) mod ack;

pub(crate) mod retry;

pub(crate) mod http;
