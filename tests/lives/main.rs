//! Stories, thousands of drawn lives, and every mishap at every call. All of them run the real engine against the
//! simulator's model, on virtual time.
//!
//! They are a package of their own because they are compiled with optimization: `cargo lives` runs them, which is
//! `cargo test --profile lives --package eastwest-lives`. They are one program, because each program would compile the
//! world anew for its controller.

mod attacks;
mod checkers;
mod engines;
mod environment;
mod leases;
mod matrix;
mod model_check;
mod prerequisites;
mod proof;
mod scenarios;
mod simulation;

/// About a third of a life is allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
