//! From a world as text to a plan as text, by theme.

mod holds;
mod names;
mod namespaces;
mod ports;
mod properties;
