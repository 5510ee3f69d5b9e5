//! The shapes of Amazon ECS (2014-11-13): requests, answers and what they are made of.
//!
//! Split by what they talk about; everything is re-exported here, so callers write `ecs::` and AWS's name.
//! The answer's `Service` is `EcsService`, because four different things are called a service here.

mod cluster;
mod connect;
mod deployment;
mod service;
mod task;

pub use cluster::*;
pub use connect::*;
pub use deployment::*;
pub use service::*;
pub use task::*;
