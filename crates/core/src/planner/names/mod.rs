//! Who may have which name of a namespace.
//!
//! **In:** what every service wants to be called, and what is deployed. **Out:** who must wait for whom, and why.

pub(crate) mod claims;
pub(crate) mod register;
pub(crate) mod swap;
pub(crate) mod capacity;
