//! What AWS has: names, services, deployments, task definitions, namespaces, Service Connect; time and faults.
//!
//! **In:** nothing; this is the ground floor. **Out:** the types that every other room speaks of.
//!
//! Nothing here knows what is wanted, or how sure a reading is. How sure we are is the business of [`crate::view`].

pub mod time;
pub mod text;
pub mod name;
pub mod host;
pub mod service_key;
pub mod fault;
pub mod seen;
pub mod parameter;
pub mod queue;
pub mod tool;
pub mod lease;
pub mod environment;
pub mod known_hosts;
pub mod connect;
pub mod task_definition;
pub mod service;
pub mod namespace;
pub mod task;
pub mod network;
pub mod past;
pub mod defaults;
pub mod claim;
pub mod canonical;
pub mod change;
pub mod namespace_names;
