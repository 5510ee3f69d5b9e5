//! What AWS has: names, services, deployments, task definitions, namespaces, Service Connect; time and faults.
//!
//! **In:** nothing; this is the ground floor. **Out:** the types that every other room speaks of.
//!
//! Nothing here is decided about what is wanted, and nothing says how well we know it: that is [`crate::view`].

pub mod canonical;
pub mod connect;
pub mod environment;
pub mod fault;
pub mod name;
pub mod time;
