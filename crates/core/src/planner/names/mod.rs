//! Decides which service may have which name of a namespace, and whether the namespace takes one more service.
//!
//! **In:** the names that every service wants and has, the document's claims, and the names in Cloud Map. **Out:** the
//! reason why a service cannot have a name now, and the phases in which a circle of services swaps names.

pub(crate) mod claims;
pub(crate) mod kept;
pub(crate) mod register;
pub(crate) mod capacity;
pub(crate) mod conflict;
pub(crate) mod swap;
