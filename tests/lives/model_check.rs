//! What every model check prints.

use std::time::Instant;

use stateright::{Checker, Model};

/// How large the part of a space was that a check has seen, and how long it took.
pub(crate) fn print_size<M: Model>(checker: &impl Checker<M>, space: &str, began: Instant) {
    println!(
        "{space}: {} states, {} of them different, to a depth of {}, in {:.1} s",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f64(),
    );
}
