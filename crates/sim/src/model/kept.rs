//! A value with a short memory, so that a read can be answered from the past.
//!
//! Invariant: what is read at an instant is what was true then, for about the last sixty seconds; older
//! questions get the oldest memory, and an instant before the value's birth gets nothing. A version is
//! shared until it changes: remembering costs one copy for each instant at which something changed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::AsOf;
use crate::shapes::Time;

/// How long versions are kept, in milliseconds.
const MEMORY_MS: u64 = 60_000;

/// A value and its recent versions.
#[derive(Debug, Clone)]
pub(super) struct Kept<T> {
    born: Time,
    since: Time,
    current: Arc<T>,
    past: VecDeque<(Time, Arc<T>)>,
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(now: Time, value: T) -> Self {
        Self { born: now, since: now, current: Arc::new(value), past: VecDeque::new() }
    }

    pub(super) fn get(&self) -> &T {
        &self.current
    }

    /// The value as it was then; `None` before its birth.
    pub(super) fn at(&self, as_of: AsOf) -> Option<&T> {
        let AsOf::At(time) = as_of else { return Some(&self.current) };
        if time < self.born {
            return None;
        }
        if time >= self.since {
            return Some(&self.current);
        }
        let then = self.past.iter().rev().find(|(since, _)| *since <= time);
        Some(then.or_else(|| self.past.front()).map_or(self.get(), |(_, value)| value))
    }

    /// The value for changing; the version until now is remembered.
    pub(super) fn change(&mut self, now: Time) -> &mut T {
        if now > self.since {
            self.past.push_back((self.since, Arc::clone(&self.current)));
            self.since = now;
            let oldest = now.minus_ms(MEMORY_MS);
            while self.past.get(1).is_some_and(|(since, _)| *since <= oldest) {
                self.past.pop_front();
            }
        }
        Arc::make_mut(&mut self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::{AsOf, Kept};
    use crate::shapes::Time;

    #[test]
    fn a_read_of_the_past_sees_what_was_true_then() {
        let mut kept = Kept::new(Time(1000), 'a');
        *kept.change(Time(2000)) = 'b';
        *kept.change(Time(3000)) = 'c';
        assert_eq!(kept.at(AsOf::At(Time(999))), None);
        assert_eq!(kept.at(AsOf::At(Time(1999))), Some(&'a'));
        assert_eq!(kept.at(AsOf::At(Time(2500))), Some(&'b'));
        assert_eq!(kept.at(AsOf::At(Time(9000))), Some(&'c'));
        assert_eq!(kept.at(AsOf::Now), Some(&'c'));
    }

    #[test]
    fn memory_ends_after_a_minute_and_the_oldest_version_answers() {
        let mut kept = Kept::new(Time(0), 0);
        for second in 1..200_u64 {
            *kept.change(Time(second * 1000)) = second;
        }
        assert!(kept.past.len() <= 62);
        assert_eq!(kept.at(AsOf::At(Time(1))), Some(&139));
    }
}
