//! The filters of Cloud Map's lists.
//!
//! Invariant: a filter that a list does not have is refused, and never taken for one that admits all.

use crate::shapes::ApiError;
use crate::shapes::cloud_map::Filter;

/// Refuses a filter this list does not have.
pub(super) fn check_filters(filters: &[Filter], known: &[&str]) -> Result<(), ApiError> {
    match filters.iter().find(|filter| !known.contains(&filter.name.as_str())) {
        Some(filter) => {
            Err(ApiError::invalid_input(format!("Invalid filter name: {}", filter.name)))
        }
        None => Ok(()),
    }
}

impl Filter {
    /// Whether a value passes; `BEGINS_WITH` compares the start, everything else the whole.
    pub(super) fn admits(&self, value: &str) -> bool {
        let begins = self.condition.as_deref() == Some("BEGINS_WITH");
        self.values.iter().any(|each| value == each || (begins && value.starts_with(each.as_str())))
    }
}
