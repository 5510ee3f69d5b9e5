//! What a plan is: entries, actions, holds, prerequisites. Data and words, no decision.
//!
//! **In:** nothing but types of the rooms below. **Out:** the values that the planner makes, the guard holds and the
//! reports show.

pub mod action;
pub mod hold;
pub mod prerequisite;
