//! Decides what one service is to be, and what ECS would refuse or has refused.
//!
//! **In:** a declaration and what is known of the service. **Out:** the wanted configuration, or the reason why there is
//! none or why it cannot be sent.

pub(crate) mod alias;
pub(crate) mod choice;
pub(crate) mod eligible;
pub(crate) mod ports;
mod remaining;
mod no_namespace;
pub(crate) mod settle;
pub(crate) mod pinned;
pub(crate) mod failed_configurations;
pub(crate) mod contended;
