//! Something that anybody can bring about as often as he likes is logged at once, and from then on once a minute with
//! its number.
//!
//! **Invariant:** each of them is counted in exactly one line.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// What happened since the last line.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// None where nothing has happened for a minute.
    untold: Mutex<Option<u64>>,
}

impl Flood {
    /// Notes that it happened once more. `tell` logs how often it did.
    pub(crate) fn note(self: &Arc<Self>, tell: fn(u64)) {
        if !self.is_first() {
            return;
        }
        tell(1);
        let flood = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(MINUTE).await;
                match flood.minute_over() {
                    Some(count) => tell(count),
                    None => break,
                }
            }
        });
    }

    /// Counts one. Returns whether it is the first for a minute, which is told at once.
    fn is_first(&self) -> bool {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = untold.is_none();
        *untold = Some(untold.map_or(0, |count| count + 1));
        is_first
    }

    /// How often it happened in the minute since the last line; none if it did not.
    fn minute_over(&self) -> Option<u64> {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let count = untold.filter(|count| *count > 0);
        *untold = count.map(|_| 0);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_minute() {
        let flood = Flood::default();
        assert!(flood.is_first());
        assert!((0..21_800).all(|_| !flood.is_first()));
        assert_eq!(flood.minute_over(), Some(21_800));
        assert!(!flood.is_first());
        assert_eq!(flood.minute_over(), Some(1));
    }

    #[test]
    fn after_a_quiet_minute_the_next_is_told_at_once() {
        let flood = Flood::default();
        assert!(flood.is_first());
        assert_eq!(flood.minute_over(), None);
        assert!(flood.is_first());
    }
}
