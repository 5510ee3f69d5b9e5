//! The pretend world: one model of ECS, Cloud Map and SSM with two faces.
//!
//! `model` holds the state and the rules, `shapes` what requests and answers look like, `wire` speaks
//! awsJson to any AWS SDK or CLI, and the in-process face executes the engine's effects on virtual time.

pub mod adapter;
pub mod clock;
pub mod faults;
pub mod in_process;
pub mod judge;
pub mod life;
pub mod model;
pub mod quotas;
pub mod shapes;
pub mod wire;
