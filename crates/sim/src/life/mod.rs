//! Who lives in a life, and what they do: services and their owners, pipelines, other tools, the platform team.
//!
//! **In:** a seed, and the model as it stands. **Out:** the next outside event, as an [`Outside`]. It is
//! carried out by the same operations as everybody's.
//!
//! In reading order: `definition` and `outside` (what can happen), `kinds` (how it is counted); `details` and `fleet`
//! (the services, and what happens to them); `documents` (the platform team); `messages` (the queue); `others` (other writers); `settings` (what
//! is drawn before a life begins).
//!
//! Nothing here knows the controller, except that its process may be ended or stopped.

pub(crate) mod definition;
pub(crate) mod details;
pub(crate) mod documents;
pub(crate) mod fleet;
pub(crate) mod kinds;
pub(crate) mod messages;
pub(crate) mod others;
pub(crate) mod replicas;
pub(crate) mod outside;
pub(crate) mod settings;

pub use definition::{Definition, Flaw, definition};
pub use fleet::Fleet;
pub use outside::{Newcomer, Outside};
