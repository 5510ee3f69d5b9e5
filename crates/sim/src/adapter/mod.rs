//! Carries out the engine's effects by the same API calls as the real adapter makes, on virtual time.
//!
//! **In:** an [`Effect`](eastwest_core::engine::effect::Effect), a model, and what each call meets. **Out:** the one event that
//! answers the effect, after the calls that it takes. Each call happens at its own virtual instant and has its own
//! fate, so a reading of many parts shows many instants.
//!
//! Nothing here decides what eastwest does.
//!
//! | file | what it does |
//! |---|---|
//! | `virtual_time` | lets a call sleep until an instant; nothing ever waits for real |
//! | `in_flight` | a write on its way to AWS |
//! | `calls` | one call: it travels, meets the weather, is tried again |
//! | `convert` | the model's answers as the types of `core`, and back |
//! | `pages` | every page of a listing |
//! | `messages` | what is received from a queue and deleted |
//! | `services`, `history`, `namespaces`, `parameters` | what is read |
//! | `leases` | the lease table, read and written |
//! | `task_definitions`, `create_namespace` | what is created that services wait for |
//! | `execute` | which calls each effect is |
//! | `bench` | one effect at a time, with no controller: for property tests |

mod bench;
pub(crate) mod calls;
pub(crate) mod convert;
mod create_namespace;
pub(crate) mod execute;
mod history;
pub(crate) mod in_flight;
mod leases;
mod messages;
mod namespaces;
mod pages;
mod parameters;
mod services;
mod task_definitions;
pub(crate) mod virtual_time;

pub use bench::Bench;
pub use execute::request;
