//! Who lives in a life, and what they do: services and their owners, pipelines, other tools, the platform team.
//!
//! **In:** a seed, and the model as it stands. **Out:** the next event of somebody, as an [`Outside`]; it is done by the
//! same operations as anybody's.
//!
//! Nobody here knows of the controller, except for who ends or stops its process.

pub(crate) mod definition;
pub(crate) mod details;
pub(crate) mod documents;
pub(crate) mod fleet;
pub(crate) mod kinds;
pub(crate) mod others;
pub(crate) mod outside;
pub(crate) mod settings;

pub use definition::{Definition, Flaw, definition};
pub use fleet::Fleet;
pub use outside::{Newcomer, Outside};
