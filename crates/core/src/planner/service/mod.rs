//! What one service is to be, and what of it ECS would refuse.
//!
//! **In:** a declaration and what is known of the service. **Out:** the wanted configuration, or why there is none.

pub mod choice;
pub(crate) mod eligible;
pub(crate) mod ports;
pub mod settle;
pub(crate) mod pinned;
pub(crate) mod failed_configurations;
pub mod contended;
