//! Decides what each call meets: how long it travels, and how it fails.
//!
//! **In:** rules that somebody posted, rates, a seed, one planned mishap; then each call as it begins. **Out:** the
//! strike that the call meets, if any, and a count of everything that struck.
//!
//! In reading order: `rules` (the kinds of faults, and rules that somebody posts), `catalogue` (everything that can
//! happen in a life), `mishap` (one planned fault or crash), `weather` (all of it, for each call of a run).
//!
//! It knows nothing of HTTP and nothing of effects: the wire turns a [`Strike`] into bytes or silence, the adapter into
//! a failed call.

mod catalogue;
pub(crate) mod mishap;
mod rules;
mod weather;

pub use catalogue::{CATALOGUE, Group};
pub use mishap::{Call, Mishap};
pub use rules::{
    Faults, KINDS, Kind, LAG_MS_MAX, LiveRule, Rule, RuleError, STALE_LAG, Strike, is_list, lags,
    names_missing,
};
pub use weather::{Counts, Weather};
