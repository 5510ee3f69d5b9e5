//! What is told: statuses, news, who decided each field, what a plan costs, what is deployed said in tags.
//!
//! **In:** the view and the plan. **Out:** values to show. Nothing here changes what is done.

pub mod health;
pub mod status;
pub mod standing;
pub mod graph;
pub mod verify;
pub mod news;
pub mod notice;
pub mod denied;
pub mod ready;
pub mod concern;
pub mod notifier;
pub mod cost;
pub mod explain;
pub mod beside;
pub mod import;
pub mod survey;
pub mod answering;
pub mod forecast;
