//! The pretend world: one model of ECS, Cloud Map and SSM, and of the events that tell of them, with two faces.
//!
//! The wire speaks AWS's JSON protocol to any AWS SDK or CLI. In process, the engine runs against the same model on
//! virtual time, thousands of lives a minute, and every write is judged.
//!
//! A room imports only rooms below it:
//!
//! ```text
//! run       one run: a controller, virtual time, a trace; a whole life from a seed
//! judge     the invariants, by the model's truth alone
//! life      who lives in a life, and what they do
//! adapter   the engine's effects, carried out by API calls        wire   AWS's JSON protocol on a socket
//! faults    what each call meets                                  (imports faults, model, shapes)
//! model     the state and the rules of the pretend world
//! shapes    what requests and answers look like
//! ```

pub mod adapter;
pub mod faults;
pub mod judge;
pub mod life;
pub mod model;
pub mod run;
pub mod shapes;
#[cfg(feature = "wire")]
pub mod wire;
