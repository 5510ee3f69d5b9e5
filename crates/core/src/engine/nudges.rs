//! The looks that hints bring forward.
//!
//! A hint brings a look at once. AWS may send it before a reading shows what changed, so a second look follows once
//! readings cannot lag any more.
//!
//! **Invariant:** a key waits once, however many messages name it. Between two looks at one key lies a pause, so that
//! somebody who changes a tag again and again makes few calls.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ecs::time::Now;
use crate::view::hint::Hint;

/// The shortest time between two looks at one key that hints bring forward.
const PAUSE: Duration = Duration::from_secs(2);
/// So many keys may wait. After more of them, all clusters are swept: that is less work.
const MOST: usize = 10_000;

/// The looks that hints bring forward.
#[derive(Debug, Clone, Default)]
pub(super) struct Nudges {
    waiting: BTreeMap<Hint, Nudge>,
}

/// The looks at one key.
#[derive(Debug, Clone, Copy)]
struct Nudge {
    /// When the first hint came that no look has answered.
    since: Now,
    /// When the next look is due.
    due: Now,
    /// When the latest look began.
    looked_at: Option<Now>,
    /// Whether the next look is the last one.
    is_last: bool,
}

impl Nudges {
    /// Notes a hint. False if too many wait already.
    pub(super) fn note(&mut self, hint: Hint, now: Now) -> bool {
        let is_full = self.waiting.len() >= MOST;
        match self.waiting.get_mut(&hint) {
            Some(nudge) if nudge.is_last => {
                let looked_at = nudge.looked_at.unwrap_or(now);
                let due = now.max(looked_at.plus(PAUSE));
                *nudge = Nudge { since: now, due, is_last: false, ..*nudge };
            }
            Some(_) => {}
            None if is_full => return false,
            None => {
                let nudge = Nudge { since: now, due: now, looked_at: None, is_last: false };
                self.waiting.insert(hint, nudge);
            }
        }
        true
    }

    /// Takes the keys to look at now. Each is due once more after `lag`, if it was not its last look.
    pub(super) fn take_due(&mut self, lag: Duration, now: Now) -> Vec<Hint> {
        let mut due = Vec::new();
        self.waiting.retain(|hint, nudge| {
            if nudge.due > now {
                return true;
            }
            due.push(hint.clone());
            let stays = !nudge.is_last;
            *nudge = Nudge { due: now.plus(lag), looked_at: Some(now), is_last: true, ..*nudge };
            stays
        });
        due
    }

    /// When the next look is due.
    pub(super) fn next_due(&self) -> Option<Now> {
        self.waiting.values().map(|nudge| nudge.due).min()
    }

    /// Since when a hint about this key waits for its effect, if one does.
    pub(super) fn since(&self, hint: &Hint) -> Option<Now> {
        self.waiting.get(hint).map(|nudge| nudge.since)
    }

    /// How many keys wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, key};

    const LAG: Duration = Duration::from_secs(10);

    fn hint(name: &str) -> Hint {
        Hint::Service(key(name))
    }

    #[test]
    fn a_hint_brings_a_look_at_once_and_another_when_readings_cannot_lag_any_more() {
        let mut nudges = Nudges::default();
        assert!(nudges.note(hint("web"), at(5)));
        assert_eq!(nudges.take_due(LAG, at(5)), [hint("web")]);
        assert_eq!(nudges.next_due(), Some(at(15)));
        assert!(nudges.take_due(LAG, at(14)).is_empty());
        assert_eq!(nudges.take_due(LAG, at(15)), [hint("web")]);
        assert_eq!((nudges.next_due(), nudges.len()), (None, 0));
    }

    #[test]
    fn a_key_that_is_named_ten_times_a_second_is_looked_at_every_two_seconds() {
        let mut nudges = Nudges::default();
        let looks = (0..60).filter(|second| {
            for _ in 0..10 {
                nudges.note(hint("web"), at(*second));
            }
            !nudges.take_due(LAG, at(*second)).is_empty()
        });
        assert_eq!(looks.count(), 30);
    }

    #[test]
    fn ten_thousand_keys_wait_and_no_more() {
        let mut nudges = Nudges::default();
        for number in 0..MOST {
            assert!(nudges.note(hint(&format!("s{number}")), at(0)));
        }
        assert!(!nudges.note(hint("one-more"), at(0)));
        assert!(nudges.note(hint("s7"), at(0)), "it waits already");
        assert_eq!(nudges.len(), MOST);
    }
}
