//! From a world as text to a plan as text, by theme.

mod capacity;
mod aliases;
mod claims;
mod eligibility;
mod gone;
mod holds;
mod immutable;
mod launch;
mod names;
mod namespaces;
mod ports;
mod prerequisites;
mod properties;
mod swap;
