//! The HTTP face of the daemon.
//!
//! In come requests; out go pages, each made from one look at the engine and shared by all who read it, and what a token
//! opens goes to the engine as an event. Everybody who reaches the port may send what he likes, so everything here has a
//! bound. In reading order: [`problem`], [`query`], [`metrics`], [`copies`], [`flood`], [`host`], [`gate`], [`ack`],
//! [`retry`], [`reconcile`], [`pause`], [`explanation`], [`listing`], [`graph`], [`events`], [`openapi`], [`session`], [`site`], [`forms`],
//! [`http`], and what carries them: [`connections`], [`patience`], [`server`].

pub(crate) mod problem;

pub(crate) mod query;

pub(crate) mod metrics;

pub(crate) mod copies;

pub(crate) mod flood;

pub(crate) mod host;

pub(crate) mod gate;

pub(crate) mod ack;

pub(crate) mod retry;

pub(crate) mod reconcile;

pub(crate) mod pause;

pub(crate) mod explanation;

pub(crate) mod listing;

pub(crate) mod graph;

pub(crate) mod events;

pub(crate) mod openapi;

pub(crate) mod session;

pub(crate) mod site;

pub(crate) mod forms;

pub(crate) mod http;

pub(crate) mod connections;

pub(crate) mod patience;

pub(crate) mod server;
