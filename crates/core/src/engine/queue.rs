//! Which key is due when: one entry for each key, the earliest time wins, never two runs of one key.
//!
//! Retries belong here and nowhere else: a key that failed comes back later and later, up to a limit, and
//! at its ordinary pace after the first success.

use std::collections::{BTreeMap, BTreeSet};

use crate::declaration::settings::{Timing, backoff};
use crate::ecs::time::Now;

/// Keys with their due times.
#[derive(Debug, Clone)]
pub(crate) struct Queue<K> {
    due: BTreeMap<K, Now>,
    running: BTreeSet<K>,
    failures: BTreeMap<K, u32>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self { due: BTreeMap::new(), running: BTreeSet::new(), failures: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Queue<K> {
    /// Makes a key due at `at`, or earlier if it already is. Pushed while it runs, it runs again after.
    pub(crate) fn push(&mut self, key: K, at: Now) {
        self.due.entry(key).and_modify(|due| *due = at.min(*due)).or_insert(at);
    }

    /// Makes a key due now, or after a wait that grows with its failures in a row. Does nothing while the key runs or
    /// waits already.
    pub(crate) fn ask(&mut self, key: &K, timing: &Timing, now: Now) {
        if self.running.contains(key) || self.due.contains_key(key) {
            return;
        }
        let wait = match self.failures.get(key) {
            None => std::time::Duration::ZERO,
            Some(failures) => backoff(timing, failures - 1),
        };
        self.due.insert(key.clone(), now.plus(wait));
    }

    /// Takes at most `most` keys that are due and satisfy `wanted`; of more, those that have waited longest. Each runs
    /// until [`Self::ended`].
    pub(crate) fn take_due(
        &mut self,
        now: Now,
        most: usize,
        wanted: impl Fn(&K) -> bool,
    ) -> Vec<K> {
        let is_due =
            |(key, at): &(&K, &Now)| **at <= now && !self.running.contains(*key) && wanted(key);
        let mut due: Vec<(&K, &Now)> = self.due.iter().filter(is_due).collect();
        if due.len() > most {
            due.sort_by_key(|(_, at)| **at);
        }
        let due: Vec<K> = due.into_iter().map(|(key, _)| key.clone()).take(most).collect();
        for key in &due {
            self.due.remove(key);
            self.running.insert(key.clone());
        }
        due
    }

    /// Notes that a key's run ended, and how.
    pub(crate) fn ended(&mut self, key: &K, succeeded: bool) {
        self.running.remove(key);
        if succeeded {
            self.failures.remove(key);
        } else {
            *self.failures.entry(key.clone()).or_default() += 1;
        }
    }

    /// The same for every running key that satisfies `which`.
    pub(crate) fn ended_where(&mut self, which: impl Fn(&K) -> bool, succeeded: bool) {
        let ended: Vec<K> = self.running.iter().filter(|key| which(key)).cloned().collect();
        for key in ended {
            self.ended(&key, succeeded);
        }
    }

    /// Makes a key due at `at` unless it waits or runs already.
    pub(crate) fn push_if_absent(&mut self, key: K, at: Now) {
        if !self.running.contains(&key) {
            self.due.entry(key).or_insert(at);
        }
    }

    /// How often a key has failed in a row.
    pub(crate) fn failures(&self, key: &K) -> u32 {
        self.failures.get(key).copied().unwrap_or_default()
    }

    /// How many keys satisfying `wanted` run.
    pub(crate) fn running(&self, wanted: impl Fn(&K) -> bool) -> usize {
        self.running.iter().filter(|key| wanted(key)).count()
    }

    /// When the next key that satisfies `wanted` and is not running falls due.
    pub(crate) fn next_due(&self, wanted: impl Fn(&K) -> bool) -> Option<Now> {
        let waiting = |key: &K| !self.running.contains(key) && wanted(key);
        self.due.iter().filter(|(key, _)| waiting(key)).map(|(_, at)| *at).min()
    }

    /// How many keys wait or run.
    pub(crate) fn depth(&self) -> usize {
        self.due.len() + self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Now {
        Now { since_start: Duration::from_secs(seconds), calendar: jiff::Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn the_earliest_time_of_a_key_wins() {
        let mut queue = Queue::default();
        queue.push("a", at(10));
        queue.push("a", at(5));
        queue.push("a", at(20));
        assert_eq!(queue.next_due(|_| true), Some(at(5)));
        assert_eq!(queue.take_due(at(5), 9, |_| true), ["a"]);
        assert_eq!(queue.next_due(|_| true), None);
    }

    #[test]
    fn where_not_all_may_run_those_do_that_have_waited_longest() {
        let mut queue = Queue::default();
        for (key, due) in [("a", 3), ("b", 1), ("c", 1), ("d", 2)] {
            queue.push(key, at(due));
        }
        assert_eq!(queue.take_due(at(9), 3, |_| true), ["b", "c", "d"]);
    }

    #[test]
    fn a_key_never_runs_twice_at_once_and_runs_again_if_pushed_meanwhile() {
        let mut queue = Queue::default();
        queue.push("a", at(0));
        assert_eq!(queue.take_due(at(0), 9, |_| true), ["a"]);
        queue.push("a", at(1));
        assert!(queue.take_due(at(2), 9, |_| true).is_empty());
        queue.ended(&"a", true);
        assert_eq!(queue.take_due(at(2), 9, |_| true), ["a"]);
    }

    #[test]
    fn failures_double_the_wait_up_to_the_limit_and_a_success_resets_it() {
        let timing = Timing::default();
        let mut queue = Queue::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            queue.ask(&"a", &timing, at(0));
            waits.push(queue.next_due(|_| true).map(|due| due.since_start.as_secs()));
            queue.take_due(at(10_000), 1, |_| true);
            queue.ended(&"a", false);
        }
        assert_eq!(waits[..5], [Some(0), Some(2), Some(4), Some(8), Some(16)]);
        assert_eq!(waits[11], Some(300));
        queue.ended(&"a", true);
        queue.ask(&"a", &timing, at(0));
        assert_eq!(queue.next_due(|_| true), Some(at(0)));
    }
}
