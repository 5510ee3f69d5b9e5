//! What keeps running: the loop around the engine, and what of it is logged and counted.
//!
//! In come events, from AWS through [`driver`] and from people through [`shared`]; out go effects, log lines and
//! counters. No decision is taken here. In reading order: [`clock`], [`telemetry`], [`signals`], [`client`], [`own_service`], [`identity`],
//! [`metric`], [`metric_labels`], [`metric_table`], [`meters`], [`record`], [`history`], [`panics`], [`shared`], [`pauses`], [`silence`], [`notify`], [`driver`].

pub(crate) mod clock;

pub(crate) mod telemetry;

pub(crate) mod signals;

pub(crate) mod client;

pub(crate) mod own_service;

pub(crate) mod identity;

pub(crate) mod metric;

pub(crate) mod metric_labels;

pub(crate) mod metric_table;

pub(crate) mod meters;

pub(crate) mod record;

pub(crate) mod history;

pub(crate) mod panics;

pub(crate) mod shared;

pub(crate) mod pauses;

pub(crate) mod silence;

pub(crate) mod notify;

pub(crate) mod driver;
